// What an operator asks the running program: `chatpad realtime top`, `chatpad realtime why`, and the
// metrics of refusals. Both verbs are for whoever may read the home.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import http from 'node:http';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { RANDOM_UUID, account, call } from '../lib/callers.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually, programPath, startServer } from '../lib/server.mjs';

let server;
let person;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  person = await account(server);
  await server.sql.unsafe(`
    create table public.papers (id bigint primary key, owner uuid, secret boolean, n int);
    alter table public.papers enable row level security;
    create policy own_papers on public.papers for select to authenticated using (owner = auth.uid());
    create policy no_secrets on public.papers as restrictive for select to authenticated using (not secret);
    create policy odd on public.papers for select to anon using (1 / (n - 3) > 0);
    alter publication supabase_realtime add table public.papers;
    create table public.unpublished (id int primary key);
    create table public."odd ""name""" ("a key" text, "b'key" int, body text, primary key ("a key", "b'key"));
    alter table public."odd ""name""" enable row level security;
    create policy "the ""policy""" on public."odd ""name""" using (body like '%$1;--');
  `);
  await server.sql.unsafe(`alter publication supabase_realtime add table public."odd ""name"""`);
  await server.sql`insert into public.papers values (1, ${person.id}, false, 1), (2, ${person.id}, null, 1),
    (3, gen_random_uuid(), false, 3)`;
  await server.sql.unsafe(`insert into public."odd ""name""" values ('a''b', 7, 'x$1;--'), ('c', 8, 'x')`);
  await server.sql.unsafe(`create policy team_read on realtime.messages for select to authenticated
    using (realtime.topic() = 'team' and extension = 'broadcast')`);
});
after(() => server?.stop());

const run = async (...words) => {
  const { stdout } = await promisify(execFile)(programPath(), ['realtime', ...words], { env: { ...process.env, ...server.variables } });
  return stdout;
};
const top = async (...more) => JSON.parse(await run('top', '--json', ...more));
const why = async (...words) => JSON.parse(await run('why', '--json', ...words));
const sentences = (said) => said.findings.map((finding) => `${finding.result}: ${finding.sentence}`).join('\n');

describe('realtime top', () => {
  it('says what each loop, both streams, personas and topics do', async () => {
    const sockets = [];
    for (let i = 0; i < 4; ++i) {
      const socket = new Socket(server);
      await socket.opened;
      await socket.join('realtime:crowded', i === 0 ? { postgres_changes: [{ event: '*', schema: 'public', table: 'papers' }] } : {});
      sockets.push(socket);
    }
    await sockets[0].join('realtime:\u001b[31mred', {});
    await sockets[0].next('changes are live', (frame) => frame.event === 'system' && frame.payload.extension === 'postgres_changes');
    for (let i = 0; i < 5; ++i) sockets[1].push('realtime:crowded', 'broadcast', { type: 'broadcast', event: 'e', payload: {} }, '1');
    await sockets[2].next('a broadcast', (frame) => frame.event === 'broadcast');
    await server.sql`update public.papers set n = 2 where id = 1`;
    const said = await eventually('the check of the persona', async () => {
      const now = await top();
      return now.personas[0]?.checks > 0 && now;
    });
    assert.deepEqual(said.loops.map(({ loop, answered }) => [loop, answered]), [[0, true], [1, true]]);
    assert.equal(said.sockets, 4);
    assert.equal(said.channels, 5);
    assert.ok(said.loops.every((loop) => loop.sockets > 0), 'connections are dealt to both loops');
    assert.ok(said.feed.live && said.changes.live);
    assert.match(said.feed.slot, /^chatpad_[0-9a-f]{16}$/);
    assert.equal(said.feed.wal_status, 'reserved');
    assert.equal(said.wal.limit_bytes, 2 ** 30);
    assert.deepEqual([said.personas[0].role, said.personas[0].channels], ['anon', 1]);
    const busy = said.topics.find(({ topic }) => topic === 'crowded');
    assert.ok(busy.members === 4 && busy.messages_per_s > 0 && busy.private === false, JSON.stringify(said.topics));
    const text = await run('top', '--once');
    assert.match(text, /^Durable events {2}live/m);
    assert.match(text, /crowded/);
    assert.ok(!text.includes('\u001b'), 'a name writes nothing to the terminal');
    const metrics = (await call(server, '/metrics', { method: 'GET' })).text;
    assert.ok(!metrics.includes('crowded'), 'names of topics are in no metric');
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  it('is a socket in the home for its own user, which takes GET of one path', async () => {
    const socketPath = path.join(server.home, 'control.sock');
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
    const ask = (method, target) => new Promise((resolve, reject) => {
      http.request({ socketPath, method, path: target }, (reply) => {
        let body = '';
        reply.on('data', (bytes) => (body += bytes)).on('end', () => resolve([reply.statusCode, body]));
      }).on('error', reject).end();
    });
    assert.equal((await ask('GET', '/metrics'))[0], 404);
    assert.equal((await ask('POST', '/realtime'))[0], 405);
    const [status, body] = await ask('GET', '/realtime?format=json&interval_ms=1&shown=99999999999999999999&x');
    assert.equal(status, 200);
    assert.equal(JSON.parse(body).loops.length, 2);
    // A client that leaves before its second look harms nobody.
    const left = http.request({ socketPath, path: '/realtime?interval_ms=60000' }).on('error', () => {});
    left.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    left.destroy();
    assert.equal((await ask('GET', '/realtime?interval_ms=1'))[0], 200);
  });

  it('says in a sentence that nothing runs, and that a path is too long', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'chatpad-'));
    const at = (folder) => promisify(execFile)(programPath(), ['realtime', 'top', '--once'], { env: { ...process.env, CHATPAD_HOME: folder } });
    await assert.rejects(at(home), (error) => /No program runs on this home/.test(error.stderr) && error.code === 1);
    await assert.rejects(at(path.join(home, 'x'.repeat(100))), (error) => /may have 107: set CHATPAD_HOME/.test(error.stderr));
    rmSync(home, { recursive: true });
  });
});

describe('realtime why, of rows', () => {
  const papers = (...more) => why('--table', 'papers', '--user', person.id, ...more);

  it('says which policy said no, and how', async () => {
    assert.equal((await papers('--row', '1')).sees, true);
    const secret = await papers('--row', '2');
    assert.equal(secret.sees, false);
    assert.equal(secret.verdict, 'The restrictive policy no_secrets is null.');
    assert.deepEqual(secret.policies.map(({ name, kind, result }) => [name, kind, result]), [
      ['own_papers', 'permissive', 'true'], ['no_secrets', 'restrictive', 'null'], ['odd', 'permissive', 'other roles'],
    ]);
    assert.equal((await papers('--row', '3')).verdict, 'The only permissive policy says no: own_papers is false.');
    const raising = await why('--table', 'public.papers', '--row', 'id=3');
    assert.equal(raising.sees, false);
    assert.match(raising.verdict, /division by zero.*RlsPolicyError.*Policy odd raises/);
    const visitor = await why('--table', 'papers', '--row', '1', '--role', 'visitor');
    assert.match(visitor.verdict, /Role visitor (may not use the table's schema|has no SELECT)/);
  });

  it('says the same as the hub does', async () => {
    const socket = new Socket(server);
    await socket.opened;
    await socket.join('realtime:papers', { postgres_changes: [{ event: 'UPDATE', schema: 'public', table: 'papers' }] }, person.token);
    await socket.next('subscribed', (frame) => frame.event === 'system' && frame.payload.status === 'ok');
    for (const id of [2, 3, 1]) await server.sql`update public.papers set n = n where id = ${id}`;
    await socket.next('the row it may see', (frame) => frame.event === 'postgres_changes');
    const got = socket.received.filter((frame) => frame.event === 'postgres_changes').map((frame) => Number(frame.payload.data.record.id));
    const said = [];
    for (const id of [2, 3, 1]) if ((await why('--table', 'papers', '--row', String(id), '--token', person.token)).sees) said.push(id);
    assert.deepEqual(said, got);
    await socket.close();
  });

  it('says what is wrong before any policy is asked', async () => {
    assert.match((await why('--table', 'nowhere')).verdict, /There is no table public\.nowhere/);
    assert.match((await why('--table', 'unpublished', '--row', '1')).verdict, /alter publication supabase_realtime add table public\.unpublished/);
    assert.match((await papers('--row', '99')).verdict, /There is no row with this key/);
    assert.match((await papers('--row', '1', '--filter', 'n=gt.100')).verdict, /filter on n \(n=gt\.100\) does not fit/);
    assert.match((await papers('--row', '1', '--filter', 'nope=eq.1')).verdict, /no column of this name: nope/);
    assert.match((await papers('--event', 'DELETE')).verdict, /they read owner, secret/);
    assert.match(sentences(await papers()), /note: Row level security is on/);
    const service = await why('--table', 'papers', '--row', '3', '--claims', '{"role": "service_role"}');
    assert.equal(service.sees, true, sentences(service));
  });

  it('takes names and values as they are, whatever they hold', async () => {
    const odd = (...row) => why('--schema', 'public', '--table', 'odd "name"', '--user', person.id, ...row.flatMap((one) => ['--row', one]));
    const seen = await odd("a key=a'b", "b'key=7");
    assert.equal(seen.sees, true, sentences(seen));
    assert.match((await odd('a key=c', "b'key=8")).verdict, /The only permissive policy says no: the "policy" is false/);
    assert.match((await odd("a key=x'; drop table public.papers; --", "b'key=1")).verdict, /no row with this key/);
    assert.match((await odd('c')).verdict, /The key has column a key/);
    await assert.rejects(odd('a key=c', "b'key=not a number"), (error) => /22P02/.test(error.stderr));
    assert.equal((await server.sql`select count(*)::int from public.papers`)[0].count, 3);
  });

  it('changes nothing, whatever a policy does', async () => {
    await server.sql.unsafe(`create table public.diary (id int);
      create function public.write_down() returns boolean language plpgsql security definer as
        'begin insert into public.diary values (1); return true; end';
      create table public.watched (id int primary key); alter table public.watched enable row level security;
      create policy writes on public.watched using (public.write_down());
      alter publication supabase_realtime add table public.watched; insert into public.watched values (1)`);
    const said = await why('--table', 'watched', '--row', '1', '--user', person.id);
    assert.match(said.verdict, /writes raises \(25006/);
    assert.equal((await server.sql`select count(*)::int from public.diary`)[0].count, 0);
  });
});

describe('realtime why, of topics', () => {
  it('says what may be read and written, and which policy decides', async () => {
    const team = await why('--topic', 'realtime:team', '--user', person.id);
    assert.equal(team.sees, true, sentences(team));
    assert.deepEqual(team.findings.map(({ result }) => result), ['yes', 'no', 'no', 'no'], sentences(team));
    const other = await why('--topic', 'other', '--user', person.id);
    assert.equal(other.sees, false);
    assert.match(other.verdict, /It may not join the private channel.*team_read is false/);
    const own = await why('--topic', `account:${person.id}`, '--token', person.token);
    assert.equal(own.sees, true, sentences(own));
    assert.match(sentences(own), /one of ChatPad's own/);
    const foreign = await why('--topic', `account:${RANDOM_UUID()}`, '--user', person.id);
    assert.equal(foreign.sees, false);
  });
  it('says whether an event was for the topic at all', async () => {
    const send = async (topic, isPrivate) => {
      await server.sql`select realtime.send('{}'::jsonb, 'told', ${topic}, ${isPrivate})`;
      return (await server.sql`select id from realtime.messages where topic = ${topic} and event = 'told' order by inserted_at desc limit 1`)[0].id;
    };
    const ask = (id) => why('--topic', 'team', '--user', person.id, '--row', id);
    const there = await ask(await send('team', true));
    assert.equal(there.sees, true, sentences(there));
    assert.match(sentences(there), /yes: The event told was written for this topic/);
    assert.match((await ask(await send('team', false))).verdict, /public channel of this name/);
    assert.match((await ask(await send('another', true))).verdict, /for the topic another/);
    assert.match((await ask(RANDOM_UUID())).verdict, /no event with this id/);
  });

  it('refuses what makes no sense with a sentence', async () => {
    const refused = (words, sentence) => assert.rejects(run('why', ...words), (error) => sentence.test(error.stderr) && error.code !== 0);
    await refused([], /Name --topic or --table/);
    await refused(['--topic', 'x', '--user', 'me'], /which is a UUID/);
    await refused(['--topic', 'x', '--token', 'abc'], /token/i);
    await refused(['--topic', 'x', '--claims', '{"role": "postgres"}'], /There is no role postgres/);
    await refused(['--topic', 'x', '--claims', '['], /JSON/i);
  });
});

describe('metrics', () => {
  it('count refused joins by their code and closed sockets by their reason', async () => {
    const socket = new Socket(server);
    await socket.opened;
    assert.equal((await socket.join('realtime:')).status, 'error');
    assert.equal((await socket.join('realtime:nobody', { private: true })).status, 'error');
    const { text } = await call(server, '/metrics', { method: 'GET' });
    assert.match(text, /^chatpad_realtime_joins_refused_total\{code="topic_name_required"\} 1$/m);
    assert.match(text, /^chatpad_realtime_joins_refused_total\{code="unauthorized"\} 1$/m);
    assert.match(text, /^chatpad_realtime_feed_lag_bytes \d+$/m);
    await socket.close();
  });
});
