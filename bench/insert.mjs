// A visitor's message, committed with fsync: our post path beside pgbench calling the same function
// in the same pipelined flight. The conversations are taken over by a person, so nothing is
// answered and the commit is the whole work. Nothing is pinned; database and durable feed are the
// same for both. For information: pgbench with a plain insert into a table with one index.
//   BENCH_CLIENTS: concurrency, and database connections of both (16)
import { spawnSync } from 'node:child_process';
import { pgbenchRun, wrk } from './lib/load.mjs';
import { fn, personToken, takenOver, visitorToken } from './lib/people.mjs';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { databaseOf, startOurs } from './lib/server.mjs';
import { debian, fail } from './lib/tools.mjs';

const CLIENTS = Number(process.env.BENCH_CLIENTS ?? 16);
const message = 'Do you ship to Norway, and how long does a parcel take in the week before Christmas?';

const ours = await startOurs({ loops: 1, pool: CLIENTS });
const database = databaseOf(ours);
const agent = ours.env.CHATPAD_DEMO_AGENT_ID;

function sql(text) {
  const words = ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-h', database.host, '-p', database.port, '-U', 'postgres', database.database];
  const done = spawnSync(debian('psql', 'postgresql-15'), [...words, '-c', text], { encoding: 'utf8' });
  if (done.status !== 0) fail(done.stderr);
  return done.stdout.trim();
}
for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
  if (sql(`show ${name}`) !== 'on') fail(`${name} is off`);
}
sql(`drop table if exists bench_plain;
  create table bench_plain (id bigint generated always as identity primary key,
    conversation_id uuid not null, seq int not null, content text not null)`);

const visitor = await visitorToken(ours);
const ids = await takenOver(ours, CLIENTS * 4, visitor, await personToken(ours));
const reply = await fn(ours, 'widget-chat', { agentId: agent, conversationId: ids[0], message }, visitor);
if (reply.reply !== null || reply.status !== 'human_takeover') fail('the conversation was answered');

// pgbench: one conversation a client; ours: four, because requests take the next one in turn.
const conversations = `{${ids.slice(0, CLIENTS).join(',')}}`;
const claims = Buffer.from(visitor.split('.')[1], 'base64url').toString();
const env = {
  BENCH_BODY: JSON.stringify({ agentId: agent, conversationId: 'ID', message }),
  BENCH_TOKEN: visitor,
  BENCH_IDS: ids.join(','),
};
const http = (time = seconds) =>
  wrk(`${ours.url}/functions/v1/widget-chat`, { script: 'post.lua', connections: CLIENTS, seconds: time, env });
const bare = () =>
  pgbenchRun(database, {
    user: 'authenticator', script: 'insert.sql', clients: CLIENTS, seconds,
    variables: { agent, claims, conversations, message },
  });
const plain = () => pgbenchRun(database, { user: 'postgres', script: 'plain_insert.sql', clients: CLIENTS, seconds, variables: { message } });

await http(1);
const a = [];
const b = [];
const c = [];
for (let i = 0; i < rounds; ++i) {
  a.push(await http());
  b.push(await bare());
  c.push(await plain());
}
const rate = (runs) => runs.map((run) => run.perSecond);
figure('ours: committed visitor messages', rate(a), '/s');
figure('ours: p50', a.map((run) => run.p50Ms), 'ms');
figure('ours: p99', a.map((run) => run.p99Ms), 'ms');
figure('pgbench: api.post_visitor_message, same flight', rate(b), '/s');
figure('pgbench: plain insert, one index (information)', rate(c), '/s');
judge('commits/s, ours / pgbench', median(ratios(rate(a), rate(b))), { atLeast: 0.7 });
sql('drop table bench_plain');
await ours.halt();
verdict();
