// The audit log through the program: what it holds, its pages, its exports, and `chatpad audit verify`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, member, signIn } from '../lib/callers.mjs';
import { eventually, programPath, startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer();
  shop = await account(server, 'shop');
});
after(() => server?.stop());

const get = (target, token = shop.token) => call(server, target, { method: 'GET', token, headers: { 'user-agent': 'Audit test/1' } });
const logs = async (query = '') => {
  const reply = await get(`/v1/admin/audit-logs?${query}`);
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
};
const verify = (...more) => new Promise((resolve) => {
  execFile(programPath(), ['audit', 'verify', ...more], { env: { ...process.env, CHATPAD_HOME: server.home } },
    (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
});
const sealed = () => eventually('everything is chained', async () =>
  (await server.sql`select count(*)::int as n from private.audit_unsealed`)[0].n === 0, 30_000);
const lineOf = ({ stdout }) => stdout.split('\n').find((line) => line.startsWith(shop.id));

describe('the audit log', () => {
  it('holds what people do, with who, from where and to what', async () => {
    const made = await call(server, '/functions/v1/create-api-key', {
      token: shop.token, body: { accountId: shop.id, name: 'Audited', scopes: ['chat:write'] }, headers: { 'user-agent': 'Audit\ttest/\u00e9 1' },
    });
    const { data } = await logs('action=api_key.*&limit=1');
    const [row] = data;
    assert.deepEqual(
      [row.action, row.actor_type, row.actor_id, row.actor_name, row.resource_type, row.resource_id, row.tenant_id, row.ip_address],
      ['api_key.created', 'user', shop.id, 'shop', 'api_key', made.body.apiKey.id, shop.id, '127.0.0.1']);
    assert.deepEqual(row.detail, { scopes: ['chat:write'] });
    assert.match(row.user_agent, /^Audit.test\/.+ 1$/);
    await fn(server, 'start-takeover', { conversationId: shop.conversationId }, { token: shop.token });
    await fn(server, 'end-takeover', { conversationId: shop.conversationId }, { token: shop.token });
    const person = await member(server, shop.id, 'manager');
    assert.deepEqual((await logs('action=takeover.*')).data.map((one) => one.action), ['takeover.ended', 'takeover.started']);
    await signIn(server, person.email, person.password);
    const signIns = (await logs(`actor=${person.id}`)).data;
    assert.deepEqual(signIns.map((one) => one.action), ['session.created'], 'a colleague who signs in');
  });

  it('comes in pages without a hole and without a row twice', async () => {
    const all = (await logs('limit=100')).data.map((row) => row.id);
    assert.ok(all.length > 5);
    const paged = [];
    let cursor = '';
    do {
      const page = await logs(`limit=2${cursor && `&cursor=${cursor}`}`);
      paged.push(...page.data.map((row) => row.id));
      cursor = page.next_cursor;
    } while (cursor);
    assert.deepEqual(paged.filter((id) => all.includes(id)), all);
    assert.equal(new Set(paged).size, paged.length);
  });

  it('filters by time, kind and thing, and refuses what is no filter', async () => {
    const now = new Date(Date.now() + 1000).toISOString();
    assert.equal((await logs(`from=${now}`)).data.length, 0);
    assert.ok((await logs(`to=${now}&resource=api_key`)).data.every((row) => row.resource_type === 'api_key'));
    for (const query of ['actor=x', 'from=yesterday', 'to=2030-99-99T00:00:00Z', 'limit=0', 'limit=101', 'limit=x', 'cursor=x', 'tenant_id=x', 'action=%00', 'actor=%zz']) {
      const reply = await get(`/v1/admin/audit-logs?${query}`);
      assert.equal(reply.status, 400, `${query}: ${reply.text}`);
    }
    assert.equal((await logs("action=' or 1=1 --")).data.length, 0);
  });

  it('is for admins and owners', async () => {
    for (const [role, status] of [['admin', 200], ['manager', 403], ['member', 403], ['client', 403]]) {
      const person = await member(server, shop.id, role);
      assert.equal((await get(`/v1/admin/audit-logs?tenant_id=${shop.id}`, person.token)).status, status, role);
      const asked = await call(server, '/v1/admin/audit-logs/export', { token: person.token, body: { tenant_id: shop.id, action: 'nothing' } });
      assert.equal(asked.status, status === 200 ? 202 : status, role);
    }
    for (const token of [shop.key, shop.guest.token, server.env.SUPABASE_ANON_KEY]) {
      assert.ok([401, 403].includes((await get('/v1/admin/audit-logs', token)).status));
    }
  });

  it('cannot be changed by anybody who logs in', async () => {
    for (const role of ['authenticated', 'service_role', 'anon', 'api_key']) {
      for (const statement of ["update public.audit_logs set action = 'x'", 'delete from public.audit_logs', 'truncate public.audit_logs']) {
        await assert.rejects(server.sql.begin(async (sql) => {
          await sql.unsafe(`set local role ${role}`);
          await sql.unsafe(statement);
        }), /permission denied/, `${role}: ${statement}`);
      }
    }
  });
});

describe('an export', () => {
  const request = async (body) => {
    const reply = await call(server, '/v1/admin/audit-logs/export', { token: shop.token, body });
    assert.equal(reply.status, 202, reply.text);
    return { id: reply.body.export.id, url: reply.body.download_url };
  };
  const ready = (id) => eventually('the export is ready', async () => (await get(`/v1/admin/audit-logs/exports/${id}`)).body.status === 'ready', 30_000);

  it('is made in the background and fetched once', async () => {
    await server.sql`update public.api_keys set name = '=cmd|calc' where user_id = ${shop.id} and name = 'Audited'`;
    const [lines, table] = [await request({ format: 'jsonl' }), await request({ format: 'csv', action: 'api_key.*' })];
    await Promise.all([ready(lines.id), ready(table.id)]);
    const first = await fetch(lines.url);
    assert.equal(first.status, 200);
    assert.match(first.headers.get('content-disposition'), /attachment; filename="audit-log\.jsonl"/);
    const rows = (await first.text()).trim().split('\n').map((line) => JSON.parse(line));
    const listed = (await logs('limit=100')).data.map((row) => row.id);
    assert.deepEqual(listed.filter((id) => !rows.some((row) => row.id === id)), (await logs('action=export.*')).data.map((row) => row.id).filter((id) => !rows.some((row) => row.id === id)),
      'all rows from before it was asked for');
    const again = await fetch(lines.url);
    assert.equal(again.status, 404, 'the link is spent');
    assert.equal((await get(`/v1/admin/audit-logs/exports/${lines.id}`)).body.status, 'downloaded');
    const csv = await (await fetch(table.url)).text();
    const [head, ...body] = csv.trim().split('\n');
    assert.equal(head, 'created_at,id,seq,hash,actor_type,actor_id,actor_name,action,resource_type,resource_id,detail,ip_address,user_agent');
    assert.ok(body.length > 0 && body.every((line) => line.includes('"api_key.')), csv);
    const [told] = await server.sql`select payload from realtime.messages where event = 'audit_export.updated' and payload -> 'export' ->> 'id' = ${lines.id}`;
    assert.equal(told.payload.export.status, 'ready');
  });

  it('is refused by a wrong, an old and a revoked link', async () => {
    for (const token of ['', 'x', 'a'.repeat(300), "' or 1=1", '%00']) {
      const reply = await call(server, `/v1/admin/audit-logs/download?token=${token}`, { method: 'GET' });
      assert.ok([400, 404].includes(reply.status), `${token}: ${reply.text}`);
    }
    const old = await request({ format: 'csv' });
    await ready(old.id);
    await server.sql`update public.audit_exports set expires_at = now() where id = ${old.id}`;
    assert.equal((await fetch(old.url)).status, 404);
    const [{ found }] = await server.sql`select exists (select from public.audit_exports e where e::text like ${`%${old.url.split('=')[1]}%`}) as found`;
    assert.equal(found, false, 'the token is stored as a hash');
    for (const body of [{ format: 'xlsx' }, { from: 'yesterday' }, { actor: 'x' }]) {
      assert.equal((await call(server, '/v1/admin/audit-logs/export', { token: shop.token, body })).status, 400);
    }
  });
});

describe('chatpad audit verify', () => {
  it('finds every chain whole, and names the first row of one that is not', async () => {
    await sealed();
    const whole = await verify();
    assert.equal(whole.code, 0, whole.stdout + whole.stderr);
    assert.match(lineOf(whole), /^[0-9a-f-]{36} \d+ [0-9a-f]{64}$/);
    assert.match(whole.stdout, /chains?, whole\n$/);
    const heads = path.join(server.home, 'heads');
    writeFileSync(heads, whole.stdout);

    const [third] = await server.sql`select log_id from private.audit_chain where user_id = ${shop.id} and seq = 3`;
    const [before] = await server.sql`select detail from public.audit_logs where id = ${third.log_id}`;
    await server.sql`update public.audit_logs set detail = '{"forged": true}' where id = ${third.log_id}`;
    const broken = await verify();
    assert.equal(broken.code, 1);
    assert.equal(lineOf(broken), `${shop.id} BROKEN at link 3, row ${third.log_id}: the row was changed, or the link before it`);
    assert.match(broken.stdout, /not whole\n$/);
    await server.sql`update public.audit_logs set detail = ${before.detail} where id = ${third.log_id}`;
    assert.equal((await verify()).code, 0, 'as it was');

    // The end of a chain, cut off so that what is left is whole.
    const [last] = await server.sql`select seq, log_id from private.audit_chain where user_id = ${shop.id} order by seq desc limit 1`;
    await server.sql`delete from private.audit_chain where user_id = ${shop.id} and seq = ${last.seq}`;
    await server.sql`delete from public.audit_logs where id = ${last.log_id}`;
    assert.equal((await verify()).code, 0);
    const compared = await verify('--against', heads);
    assert.equal(compared.code, 1, compared.stdout);
    assert.match(compared.stdout, new RegExp(`${shop.id} BROKEN at link ${last.seq}: it is not the one of`));
  });
});
