// get-widget-config, uncached, under RLS: requests per second of ours, of Deno + postgres.js, and
// transactions per second of pgbench sending the same pipelined transaction, all on one database.
// Nothing is pinned: server, database and load share the cores, so does pgbench with the database.
// Everybody has the same number of database connections (BENCH_CONNECTIONS, 8); the HTTP servers get
// 32 keep-alive clients. Ours runs as it does by default, with one loop per core (BENCH_LOOPS, 2).
import { pgbenchRun, wrk } from './lib/load.mjs';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { databaseOf, freePort, launch, ready, startOurs } from './lib/server.mjs';
import { bench, deno } from './lib/tools.mjs';

const CONNECTIONS = Number(process.env.BENCH_CONNECTIONS ?? 8);
const CLIENTS = 32;

const LOOPS = Number(process.env.BENCH_LOOPS ?? 2);
const ours = await startOurs({ loops: LOOPS, pool: CONNECTIONS / LOOPS });
const database = databaseOf(ours);
const agent = ours.env.CHATPAD_DEMO_AGENT_ID;
const port = await freePort();
const theirs = launch('deno', [
  deno(), 'run', '-A', '--node-modules-dir=manual', `${bench}/peers/config.mjs`, String(port),
  database.host, database.port, database.database, ours.env.SUPABASE_JWT_SECRET, String(CONNECTIONS),
]);
await ready(`http://127.0.0.1:${port}/`, theirs);

const claims = Buffer.from(ours.env.SUPABASE_ANON_KEY.split('.')[1], 'base64url').toString();
const env = { BENCH_BODY: JSON.stringify({ agentId: agent }), BENCH_TOKEN: ours.env.SUPABASE_ANON_KEY };
const http = (at, time = seconds) =>
  wrk(`http://127.0.0.1:${at}/functions/v1/get-widget-config`, { script: 'post.lua', connections: CLIENTS, seconds: time, env });
const bare = (time = seconds) =>
  pgbenchRun(database, {
    user: 'authenticator', script: 'config.sql', clients: CONNECTIONS, seconds: time,
    variables: { agent, claims },
  });

await http(ours.port, 1);
await http(port, 2);
const a = [];
const b = [];
const c = [];
for (let i = 0; i < rounds; ++i) {
  a.push((await http(ours.port)).perSecond);
  b.push((await bare()).perSecond);
  c.push((await http(port)).perSecond);
}
figure('ours', a, 'requests/s');
figure('pgbench, the same pipelined transaction', b, 'transactions/s');
figure('Deno + postgres.js', c, 'requests/s');
judge('requests/s, ours / Deno + postgres.js', median(ratios(a, c)), { atLeast: 4 });
judge('ours / pgbench', median(ratios(a, b)), { atLeast: 0.5, goal: 0.7 });
await theirs.halt();
await ours.halt();
verdict();
