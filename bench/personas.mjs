// What a row costs: CPU of the program and of PostgreSQL (its writers' backends apart) per row, for
// many subscribers and many personas, on a table whose policy is has_account_access; every persona
// may see every row. Printed as a table and drawn into bench/results/personas.svg. Then how many
// deliveries that somebody's rights were asked for are possible: 500 personas at 30 and 60 rows per
// second; and how many rows a second reach all of 5,000 subscribers of a table without row level
// security when more are written than that. Nothing is pinned.
//   BENCH_GRID: "10,100,1000"; BENCH_RATE: rows per second of the grid (20); BENCH_ONLY: grid | rates | open
//   BENCH_LOOPS (0: one per core)
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deal, JOIN, prepare, runChanges } from './lib/changes.mjs';
import { figure, judge, median, rounds, seconds, verdict } from './lib/report.mjs';
import { startOurs } from './lib/server.mjs';
import { bench, fail } from './lib/tools.mjs';
import { costPlot } from './lib/plot.mjs';

const GRID = (process.env.BENCH_GRID ?? '10,100,1000').split(',').map(Number);
const GRID_PERSONAS = [1, 10, 100, 1000];
const GRID_RATE = Number(process.env.BENCH_RATE ?? 20);
const only = process.env.BENCH_ONLY ?? 'grid rates open';

const server = await startOurs({ loops: Number(process.env.BENCH_LOOPS ?? 0) });
const world = await prepare(server, 1000);
const run = async (subscribers, personas, rate, more = {}) => {
  await world.empty();
  const done = await runChanges(server, world, {
    rate, seconds, per_row: subscribers, tokens: deal(world.tokens, subscribers, personas), ...more,
  });
  if (done.missing !== 0) fail(`deliveries are missing: ${JSON.stringify(done)}`);
  return done;
};
const us = (done, part) => (done[part] / done.rows) * 1e6;

if (only.includes('grid')) {
  const nobody = await run(0, 1, GRID_RATE);
  const points = [];
  console.log(`  ${GRID_RATE} rows/s, ${seconds} s each; CPU per row in us: the program + PostgreSQL, above what nobody's listening costs`);
  for (const subscribers of GRID) {
    for (const personas of GRID_PERSONAS.filter((count) => count <= subscribers)) {
      const done = await run(subscribers, personas, GRID_RATE);
      const program = us(done, 'program_s') - us(nobody, 'program_s');
      const postgres = us(done, 'postgres_s') - us(nobody, 'postgres_s');
      points.push({ subscribers, personas, program, postgres });
      console.log(`  ${String(subscribers).padStart(6)} subscribers, ${String(personas).padStart(5)} personas: ` +
        `${program.toFixed(0).padStart(7)} + ${postgres.toFixed(0).padStart(7)} = ${(program + postgres).toFixed(0).padStart(7)} us` +
        `   sent to socket p50 ${done.sent.p50.toFixed(1)}, p95 ${done.sent.p95.toFixed(1)} ms`);
    }
  }
  const most = GRID.at(-1);
  const at = (subscribers, personas) => points.find((point) => point.subscribers === subscribers && point.personas === personas);
  const total = (point) => point.program + point.postgres;
  if (at(most, 1) && at(most, most)) {
    const growth = (total(at(most, most)) - total(at(most, 1))) / (most - 1);
    const each = (total(at(most, 1)) - total(at(GRID[0], 1))) / (most - GRID[0]);
    console.log(`  one persona more costs ${growth.toFixed(1)} us a row, one subscriber more of a persona ${each.toFixed(2)} us`);
    judge('cost of a subscriber more / a persona more', each / growth, { atMost: 0.25 });
  }
  mkdirSync(path.join(bench, 'results'), { recursive: true });
  writeFileSync(path.join(bench, 'results/personas.svg'), costPlot(points, { rate: GRID_RATE, seconds }));
}

if (only.includes('rates') || only.includes('open')) {
  const open = { join: JSON.stringify(JOIN).replace('bench_rows', 'bench_open'), sql: world.insert.open };
  for (const [name, subscribers, personas, rate, more, hold] of [
    ['500 personas x 30 rows/s', 500, 500, 30, {}, { atLeast: 15_000 * 0.99 }],
    ['500 personas x 60 rows/s', 500, 500, 60, {}, undefined],
    ['5,000 subscribers of an open table x 100 rows/s', 5000, 1, 100, open, { atLeast: 60, per: 5000 }],
  ].filter(([name]) => only.includes(name.includes('open') ? 'open' : 'rates'))) {
    const runs = [];
    for (let i = 0; i < rounds; ++i) runs.push(await run(subscribers, personas, rate, more));
    const rates = runs.map((done) => done.deliveries / Math.max(done.took_s, seconds));
    figure(`${name}: deliveries`, rates, '/s');
    figure(`${name}: before the INSERT to the socket, p50`, runs.map((done) => done.sent.p50), 'ms');
    figure(`${name}: the same, p95`, runs.map((done) => done.sent.p95), 'ms');
    figure(`${name}: the same, p99`, runs.map((done) => done.sent.p99), 'ms');
    figure(`${name}: CPU of the program per delivery`, runs.map((done) => (done.program_s / done.deliveries) * 1e6), 'us');
    figure(`${name}: CPU of PostgreSQL per delivery`, runs.map((done) => (done.postgres_s / done.deliveries) * 1e6), 'us');
    figure(`${name}: program and PostgreSQL, cores`, runs.map((done) => (done.program_s + done.postgres_s) / done.measured_s), '');
    if (hold) {
      const value = median(rates) / (hold.per ?? 1);
      judge(`${name}: ${hold.per ? 'rows delivered to all' : 'deliveries'}/s`, value, { atLeast: hold.atLeast });
    } else {
      const met = median(rates) >= 30_000 * 0.99 && median(runs.map((done) => done.sent.p95)) <= 15;
      console.log(`  goal of 30,000 deliveries/s at p95 <= 15 ms: ${met ? 'met' : 'not met'}`);
    }
  }
  console.log('  For comparison, published by Supabase for rows with rights: 3,000 deliveries/s at p95 228 ms');
}
await world.clean();
await server.halt();
verdict();
