// The nearest ten of 10,000 and 100,000 vectors of 768 numbers, exactly, and of a million through clusters:
// each path of the search beside a plain scan of the floats, by a query at a time on one core. Up to
// 100,000 vectors are random, which is the hard case: nothing is near. No search through clusters can
// be right there; a million are made as those of texts are (vectors/search.cc says how), and 10 GB of memory
// are needed. pgvector's figures are published ones, of other machines and other data.
//   BENCH_ROWS: "10000,100000,1000000"; BENCH_WIDTH (768); BENCH_QUERIES (200)
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { bench, fail, root, work } from './lib/tools.mjs';
import { judge, verdict } from './lib/report.mjs';

const ROWS = (process.env.BENCH_ROWS ?? '10000,100000,1000000').split(',').map(Number);
const WIDTH = Number(process.env.BENCH_WIDTH ?? 768);
const QUERIES = Number(process.env.BENCH_QUERIES ?? 200);
const HOLD_MS = { 10000: 0.6, 100000: 6 };
const EXACT_MAX = 200_000; // kExactRowsMax
const GROUPED = { p99: 10, recall: 0.95 };
// rivestack.io/pgvector-benchmarks: 2 vCPU, 4 GB, 4 clients; HNSW, so approximate.
const PUBLISHED = [{ what: 'pgvector 250,000 x 1536, ef 40', p50: 3.7, p95: 5.9, p99: 7.1, recall: 0.93 }];

const program = path.join(work, 'vectors-search');
const knowledge = path.join(root, 'functions/shared/knowledge');
const sources = [`${bench}/vectors/search.cc`, ...['vectors', 'clusters', 'int8_dot'].map((name) => `${knowledge}/${name}.cc`)];
const compiled = spawnSync('g++', ['-std=c++20', '-O2', `-I${root}`, '-o', program, ...sources], { encoding: 'utf8' });
if (compiled.status !== 0) fail(`g++ ${sources[0]}:\n${compiled.stderr}`);

console.log(`  ${'nearest 10 of'.padEnd(34)} ${'path'.padEnd(12)}    p50      p95      p99 ms   recall@10    bytes a row`);
for (const rows of ROWS) {
  const made = rows > EXACT_MAX ? ['texts'] : [];
  const ran = spawnSync(program, [...[rows, WIDTH, QUERIES].map(String), ...made], { encoding: 'utf8' });
  if (ran.status !== 0) fail(`${program}: ${ran.stderr}`);
  const lines = ran.stdout.trim().split('\n').map((line) => JSON.parse(line));
  for (const line of lines) {
    const times = [line.p50, line.p95, line.p99].map((value) => value.toFixed(3).padStart(8)).join(' ');
    console.log(`  ${`${rows.toLocaleString('en')} x ${WIDTH}`.padEnd(34)} ${line.path.padEnd(12)} ${times}    ${line.recall.toFixed(3)}       ${(line.bytes / rows).toFixed(0)}`);
  }
  const best = lines.at(-1);
  if (HOLD_MS[rows] && WIDTH === 768) judge(`${rows} x ${WIDTH}, ${best.path}, p50`, best.p50, { atMost: HOLD_MS[rows], unit: ' ms' });
  const exact = lines.filter((line) => line.path !== 'grouped');
  judge(`${rows} x ${WIDTH}, recall@10 of every path`, Math.min(...exact.map((line) => line.recall)), { atLeast: 1 });
  if (best.path === 'grouped') {
    console.log(`  ${ran.stderr.trim()}`);
    judge(`${rows} x ${WIDTH} through clusters, p99`, best.p99, { atMost: GROUPED.p99, unit: ' ms' });
    judge(`${rows} x ${WIDTH} through clusters, recall@10`, best.recall, { atLeast: GROUPED.recall });
  }
}
for (const line of PUBLISHED) {
  const times = [line.p50, line.p95, line.p99].map((value) => value.toFixed(3).padStart(8)).join(' ');
  console.log(`  ${line.what.padEnd(34)} ${'published'.padEnd(12)} ${times}    ${line.recall.toFixed(3)}`);
}
verdict();
