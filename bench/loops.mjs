// Two event loops beside one: deliveries per second of one topic with 1,000 subscribers. The load
// (load/loops.cc) empties its sockets seldom and without copying, so that it needs a few hundredths
// of a core and both cores are the server's: what it took is printed, as the answer counts only
// where it is small. Rounds of one loop and of two alternate; nothing is pinned. Beside them, what two
// processes that share nothing send of what one sends (load/cores.cc): where that is not about twice
// as much there are no two free cores.
import { generator } from './lib/load.mjs';
import { figure, judge, median, ratios, rounds, verdict } from './lib/report.mjs';
import { sleep, startOurs } from './lib/server.mjs';

const SUBSCRIBERS = 1000;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);
const PAYLOAD = 100;
const QUIET_MS = 1500;

async function run(loops, inFlight) {
  const server = await startOurs({ loops });
  const path = `/realtime/v1/websocket?vsn=2.0.0&apikey=${server.env.SUPABASE_ANON_KEY}`;
  await sleep(QUIET_MS);
  const words = [server.port, server.pid, SUBSCRIBERS, inFlight, SECONDS, PAYLOAD, path];
  const result = await generator('loops', words);
  await server.halt();
  return result;
}

for (const inFlight of [4, 16]) {
  const one = [];
  const two = [];
  const cores = [];
  for (let i = 0; i < rounds; ++i) {
    const { one: alone, two: both } = await generator('cores', [2]);
    cores.push(both / alone);
    one.push(await run(1, inFlight));
    two.push(await run(2, inFlight));
  }
  const of = (all, word) => all.map((each) => each[word]);
  for (const [what, all] of [['one loop', one], ['two loops', two]]) {
    figure(`${what}, ${inFlight} in flight: deliveries`, of(all, 'per_s'), '/s');
    figure(`${what}: per CPU second`, of(all, 'per_cpu_s'), '');
    figure(`${what}: cores of the server`, of(all, 'server_cores'), '');
    figure(`${what}: cores of the load`, of(all, 'load_cores'), '');
  }
  figure('two processes that share nothing / one, sends', cores, 'x');
  const faster = median(ratios(of(two, 'per_s'), of(one, 'per_s')));
  judge(`two loops / one loop, deliveries per second, ${inFlight} in flight`, faster, { atLeast: 1.7 });
  const cheaper = median(ratios(of(two, 'per_cpu_s'), of(one, 'per_cpu_s')));
  judge('two loops / one loop, deliveries per CPU second', cheaper, { atLeast: 0.85 });
}
verdict();
