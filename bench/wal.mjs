// A committed row to every subscriber's socket: 1,000 rows per second, each inserted and committed
// alone (fsync on), 100 subscribers of 10 personas, a table whose policy is has_account_access.
// Every persona may see every row, so 100,000 frames per second leave the server. Times are from
// before the INSERT is sent, its commit included, and from the acknowledged commit. Beside it a
// relay of NOTIFY in Node with `ws` that asks for no rights. Nothing is pinned.
//   BENCH_RATE: rows per second (1000); BENCH_SUBSCRIBERS (100); BENCH_PERSONAS (10); BENCH_LOOPS (0: one per core)
import { deal, prepare, runChanges } from './lib/changes.mjs';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { databaseOf, freePort, launch, sleep, startOurs } from './lib/server.mjs';
import { bench, fail } from './lib/tools.mjs';

const RATE = Number(process.env.BENCH_RATE ?? 1000);
const SUBSCRIBERS = Number(process.env.BENCH_SUBSCRIBERS ?? 100);
const PERSONAS = Number(process.env.BENCH_PERSONAS ?? 10);

const server = await startOurs({ loops: Number(process.env.BENCH_LOOPS ?? 0) });
const world = await prepare(server, PERSONAS);
const database = databaseOf(server);
const port = await freePort();
const relay = launch('notify', [process.execPath, `${bench}/peers/notify.mjs`, String(port)], {
  env: { PGHOST: database.host, PGPORT: database.port, PGDATABASE: database.database, PGUSER: 'postgres' },
});
await sleep(1000);

const load = { rate: RATE, seconds, per_row: SUBSCRIBERS };
const ours = [];
const peer = [];
for (let i = 0; i < rounds; ++i) {
  await world.empty();
  ours.push(await runChanges(server, world, { ...load, tokens: deal(world.tokens, SUBSCRIBERS, PERSONAS) }));
  await world.empty();
  peer.push(await runChanges(server, world, {
    ...load, mode: 'plain', port, program: relay.pid, sql: world.insert.notify, tokens: deal(['-'], SUBSCRIBERS, 1),
  }));
}
for (const run of [...ours, ...peer]) if (run.missing !== 0) fail(`deliveries are missing: ${JSON.stringify(run)}`);

const of = (runs, pick) => runs.map(pick);
const cpu = (run) => ((run.program_s + run.postgres_s) / run.rows) * 1e6;
console.log(`  ${RATE} rows/s, ${SUBSCRIBERS} subscribers of ${PERSONAS} personas, ${seconds} s a round`);
for (const [name, runs] of [['ours', ours], ['NOTIFY relay without rights', peer]]) {
  figure(`${name}: before the INSERT to the socket, p50`, of(runs, (run) => run.sent.p50), 'ms');
  figure(`${name}: the same, p95`, of(runs, (run) => run.sent.p95), 'ms');
  figure(`${name}: the same, p99`, of(runs, (run) => run.sent.p99), 'ms');
  figure(`${name}: committed to the socket, p50`, of(runs, (run) => run.committed.p50), 'ms');
  figure(`${name}: the same, p99`, of(runs, (run) => run.committed.p99), 'ms');
  figure(`${name}: CPU of it and PostgreSQL per row`, of(runs, cpu), 'us');
  figure(`${name}: of it, its own process`, of(runs, (run) => (run.program_s / run.rows) * 1e6), 'us');
  figure(`${name}: its own process per delivery`, of(runs, (run) => (run.program_s / run.deliveries) * 1e6), 'us');
}
figure('the load itself, of a core', of(ours, (run) => (run.load_s / run.measured_s) * 100), '%');
figure('ours / relay, p50', ratios(of(ours, (run) => run.sent.p50), of(peer, (run) => run.sent.p50)), 'x');
figure('ours / relay, CPU per row', ratios(of(ours, cpu), of(peer, cpu)), 'x');
console.log('  For comparison, published by Supabase for rows with rights: p95 228 ms at 3,000 deliveries per second');
judge('before the INSERT to the socket, p50', median(of(ours, (run) => run.sent.p50)), { atMost: 5, unit: ' ms' });
judge('before the INSERT to the socket, p99', median(of(ours, (run) => run.sent.p99)), { atMost: 30, unit: ' ms' });
await world.clean();
relay.kill('SIGKILL');
await server.halt();
verdict();
