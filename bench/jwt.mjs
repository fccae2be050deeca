// One access token verified: by us without and with the cache of verified tokens, and by jose on Node,
// for each algorithm. Pure computation on one core; rounds of both alternate.
//   BENCH_TOKENS: per round (4000)
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { figure, judge, median, ratios, rounds, verdict } from './lib/report.mjs';
import { bench, node, root, work } from './lib/tools.mjs';

const TOKENS = Number(process.env.BENCH_TOKENS ?? 4000);
const program = path.join(work, 'jwt_verify');
const sources = ['base/check', 'base/clock', 'base/error', 'base/uuid', 'wire/crypto', 'wire/jose_key', 'wire/json', 'wire/json_check', 'wire/jwt', 'wire/jwt_cache'];
execFileSync('g++', ['-std=c++20', '-O2', '-g1', `-I${root}`, '-o', program, `${bench}/jwt/verify.cc`,
  ...sources.map((name) => `${root}/runtime/${name}.cc`), '-lcrypto', '-lpthread'], { stdio: 'inherit' });

const pinned = (...words) => JSON.parse(execFileSync('taskset', ['-c', '1', ...words], { encoding: 'utf8' }));
const peer = node();
for (const algorithm of ['hs256', 'es256', 'rs256']) {
  // A signature of RS256 is slow to make, and that is not the figure.
  const tokens = String(algorithm === 'rs256' ? TOKENS / 4 : TOKENS);
  const ours = [];
  const theirs = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(pinned(program, algorithm, tokens));
    theirs.push(pinned(peer, `${bench}/peers/jose.mjs`, algorithm, tokens).fresh);
  }
  const of = (name) => ours.map((run) => run[name]);
  console.log(`${algorithm.toUpperCase()}, ${ours[0].bytes} bytes`);
  figure('verified, nobody has seen it', of('fresh'), 'us');
  figure('verified, the cache knows it', of('known'), 'us');
  figure('signed', of('signing'), 'us');
  figure('verified by jose', theirs, 'us');
  judge('without the cache', median(of('fresh')), { atMost: 30, unit: ' us' });
  judge('with the cache', median(of('known')), { atMost: 1, unit: ' us' });
  judge('beside jose', median(ratios(of('fresh'), theirs)), { atMost: 1, unit: ' x' });
}
verdict();
