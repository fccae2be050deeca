// chatpad verify-isolation: finds nothing in this program, and finds what is broken on purpose.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { programPath, startServer } from '../lib/server.mjs';

const empty = mkdtempSync(path.join(os.tmpdir(), 'chatpad-empty-'));
after(() => rmSync(empty, { recursive: true, force: true }));

function verify(words, home = empty) {
  return new Promise((resolve) => {
    execFile(programPath(), ['verify-isolation', ...words], { env: { ...process.env, CHATPAD_HOME: home, CHATPAD_LOOPS: '2' }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, holes: stdout.split('\n').filter((line) => line.startsWith('HOLE')), stdout, stderr }));
  });
}
const names = (result, ...words) => result.holes.some((hole) => words.every((word) => hole.includes(word)));

// What stands in the matrix for a subject and a persona: how often it was tried, "+" when it works by design.
function cell({ stdout }, subject, persona) {
  const [, number] = new RegExp(`^(\\(\\d+\\)) +${persona}$`, 'm').exec(stdout);
  const head = /^ +\(1\).*$/m.exec(stdout)[0];
  const row = stdout.split('\n').find((line) => line.startsWith(`${subject} `));
  return row.slice(head.indexOf(number)).split(' ')[0];
}

describe('chatpad verify-isolation', () => {
  it('finds no hole, and has asked every route, every table and every kind of channel', async () => {
    const result = await verify(['--matrix', '--mutate']);
    assert.deepEqual(result.holes, [], result.stdout + result.stderr);
    assert.equal(result.code, 0, result.stderr);
    const routes = execFileSync(programPath(), ['routes'], { encoding: 'utf8', env: { ...process.env, CHATPAD_HOME: empty } });
    for (const [, method, route] of routes.matchAll(/^([A-Z]+)\s+(\/\S*)/gm)) {
      assert.ok(result.stdout.includes(`\n${method} ${route} `), `${method} ${route} was asked`);
    }
    const [, count] = /(\d+) probes in/.exec(result.stdout);
    assert.ok(Number(count) > 2000, `${count} probes`);
    for (const subject of ['public.leads update', 'socket conversation:<id>', 'socket postgres_changes', 'mutation: drop policy', 'mutation: drop key', 'mutation: revoke']) {
      assert.ok(result.stdout.includes(subject), subject);
    }
    // What the platform's own may, and what not even they may.
    for (const [subject, superAdmin, service] of [
      ['public.messages select', true, true], ['public.messages update', false, false], ['public.agents update', true, true],
      ['public.plan_overrides insert', true, true], ['public.audit_logs delete', false, false], ['public.team_members insert', false, true], ['public.messages insert', false, false],
      ['POST /functions/v1/set-account-plan', true, true], ['POST /functions/v1/create-checkout', true, false],
      ['POST /functions/v1/list-leads', true, false], ['POST /functions/v1/leave-account', false, false],
      ['GET /auth/v1/admin/users/{id}', undefined, true], ['socket account:<id>', true, true],
    ]) {
      if (superAdmin !== undefined) assert.equal(cell(result, subject, 'super admin').includes('+'), superAdmin, `${subject}: super admin`);
      assert.equal(cell(result, subject, 'service key').includes('+'), service, `${subject}: service key`);
    }
  });

  it('names the endpoint, the table and the channel through which a hole shows', async () => {
    const result = await verify([
      '--break', 'alter policy authenticated_select on public.leads using (true)',
      '--break', 'alter policy authenticated_update on public.agents using (true) with check (true)',
      '--break', 'alter policy authenticated_select on public.messages using (true)',
      '--break', `create or replace function private.require_reader(p_account_id uuid) returns void language plpgsql stable security definer set search_path = '' as $$ begin end $$`,
      '--break', `drop policy restricted_select on realtime.messages; create policy hole on realtime.messages for select to authenticated using (true)`,
    ]);
    assert.equal(result.code, 1);
    assert.ok(names(result, 'public.leads select', 'rows of another account'), result.stdout);
    assert.ok(names(result, 'public.agents update', 'rows of another account'), result.stdout);
    assert.ok(names(result, 'POST /functions/v1/list-leads', 'texts of the other account'), result.stdout);
    assert.ok(names(result, 'POST /functions/v1/list-agents', 'told from an unknown one'), result.stdout);
    assert.ok(names(result, 'socket postgres_changes', 'a row of another account'), result.stdout);
    assert.ok(names(result, 'socket account:<id>', 'joins account'), result.stdout);
  });
});

describe('chatpad verify-isolation --database', () => {
  it('compares a database in use with what this program makes, and changes nothing', async (t) => {
    const server = await startServer();
    t.after(() => server.stop());
    const before = await server.sql`select count(*)::int as n from public.accounts`;
    const whole = await verify(['--database'], server.home);
    assert.deepEqual(whole.holes, [], whole.stderr);
    assert.equal(whole.code, 0);
    await server.sql`drop policy authenticated_select on public.agents`;
    await server.sql`grant select on public.api_keys to anon`;
    await server.sql`alter table public.leads drop constraint leads_user_id_agent_id_fkey`;
    await server.sql`alter table public.visitors no force row level security`;
    await server.sql`alter role api_key bypassrls`;
    await server.sql`create table public.project_notes (id int)`; // a project's own: nobody's business
    const damaged = await verify(['--database'], server.home);
    assert.equal(damaged.code, 1);
    for (const words of [['agents authenticated_select', 'missing'], ['api_keys SELECT to anon', 'none of ours'], ['leads_user_id_agent_id_fkey', 'missing'], ['visitors', 'forced=f'], ['api_key', 'bypassrls=t']]) {
      assert.ok(names(damaged, ...words), `${words}: ${damaged.stdout}`);
    }
    assert.ok(!damaged.stdout.includes('project_notes'));
    assert.deepEqual(await server.sql`select count(*)::int as n from public.accounts`, before);
  });
});
