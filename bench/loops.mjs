// Two event loops beside one: deliveries per second of one topic with 1,000 subscribers. Both
// servers are up at once and take turns of a quarter of a second (load/loops.cc), as the speed of a
// virtual machine changes from one second to the next. The load empties its sockets seldom and
// without copying, so that it needs a few hundredths of a core and both cores are the server's: what
// it took is printed, as the answer counts only where it is small. Nothing is pinned. Beside them,
// what two processes that share nothing send of what one sends (load/cores.cc): where that is not
// about twice as much there are no two free cores.
import path from 'node:path';
import { generator } from './lib/load.mjs';
import { figure, judge, median, ratios, rounds, verdict } from './lib/report.mjs';
import { sleep, startOurs } from './lib/server.mjs';
import { work } from './lib/tools.mjs';

const SUBSCRIBERS = 1000;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);
const PAYLOAD = 100;
const QUIET_MS = 1500;

const start = (loops) => startOurs({ name: `loops-${loops}`, loops, home: path.join(work, `loops-${loops}`) });
const target = ({ port, pid, env }) => [port, pid, `/realtime/v1/websocket?vsn=2.0.0&apikey=${env.SUPABASE_ANON_KEY}`];

async function run(inFlight) {
  const servers = [await start(1), await start(2)];
  await sleep(QUIET_MS);
  const result = await generator('loops', [SUBSCRIBERS, inFlight, SECONDS, PAYLOAD, ...servers.flatMap(target)]);
  for (const server of servers) await server.halt();
  return result;
}

for (const inFlight of [4, 16]) {
  const runs = [];
  const cores = [];
  for (let i = 0; i < rounds; ++i) {
    const { one, two } = await generator('cores', [2]);
    cores.push(two / one);
    runs.push(await run(inFlight));
  }
  const of = (word) => runs.map((each) => each[word]);
  for (const [what, side] of [['one loop', 'first'], ['two loops', 'second']]) {
    figure(`${what}, ${inFlight} in flight: deliveries`, of(`${side}_per_s`), '/s');
    figure(`${what}: per CPU second`, of(`${side}_per_cpu_s`), '');
    figure(`${what}: cores of the server`, of(`${side}_server_cores`), '');
    figure(`${what}: cores of the load`, of(`${side}_load_cores`), '');
  }
  figure('two processes that share nothing / one, sends', cores, 'x');
  const beside = (word) => ratios(of(`second_${word}`), of(`first_${word}`));
  figure('two loops / one loop, deliveries per second', beside('per_s'), 'x');
  judge(`two loops / one loop, deliveries per second, ${inFlight} in flight`, median(beside('per_s')), { atLeast: 1.7 });
  judge('two loops / one loop, deliveries per CPU second', median(beside('per_cpu_s')), { atLeast: 0.85 });
}
verdict();
