// Broadcast to 1,000 subscribers, 1 and 8 messages in flight, 100 and 1,024 bytes: CPU of the server
// per delivery, our hub behind real websockets (broadcast/hub_server.cc) beside uWebSockets, which
// Bun's publish() is, `ws` on Node, and nginx with nchan. Servers on core 0, load
// (load/broadcast.cc) on core 1. All of them are up at once and take turns of a quarter of a second, as
// the speed of a virtual machine changes from one second to the next.
//
// With 1 in flight a delivery is a send() of its own for everybody, and that is most of what it
// costs: load/floor.cc sends the same bytes and does nothing else, in calls and, where the kernel lets
// it, all of a message at once through io_uring. No server can be four times better than `ws` there,
// so what is compared with `ws` is what each adds to the floor of calls.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { generator } from './lib/load.mjs';
import { figure, judge, median, ratios, rounds, verdict } from './lib/report.mjs';
import { startPeer } from './lib/server.mjs';
import { bench, bun, chatpad, compiled, fail } from './lib/tools.mjs';
import { nchan } from './peers/nchan.mjs';

const SUBSCRIBERS = 1000;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3);
const build = path.dirname(chatpad());
const built = spawnSync(`${bench}/broadcast/build.sh`, [build], { encoding: 'utf8' });
if (built.status !== 0) fail(`bench/broadcast/build.sh:\n${built.stderr}`);

const frameBytes = (payload) => payload + 19 + (payload + 19 < 126 ? 2 : 4); // as load/broadcast.cc has it
const servers = {
  ours: ['hub', (port) => [`${build}/bench/hub_server`, port]],
  bun: ['plain', (port) => [bun(), `${bench}/peers/rooms.bun.js`, port]],
  ws: ['plain', (port) => [process.execPath, `${bench}/peers/rooms.ws.mjs`, port]],
  nchan: ['nchan', nchan],
  floor: ['plain', (port, payload) => [compiled('floor'), port, frameBytes(payload)]],
  ring: ['plain', (port, payload) => [compiled('floor'), port, frameBytes(payload), 'ring']],
};
const NO_RING = 3; // exit code of floor
if (spawnSync(compiled('floor'), ['0', '100', 'ring'], { timeout: 500 }).status === NO_RING) delete servers.ring;

// CPU of a delivery, for each server, in us.
async function costs(inFlight, payload) {
  const words = [SUBSCRIBERS, inFlight, SECONDS, payload];
  const running = [];
  for (const [name, [kind, command]] of Object.entries(servers)) {
    const server = await startPeer(name, (port) => command(port, payload));
    running.push(server);
    words.push(name, kind, server.port, server.pid);
  }
  const us = await generator('broadcast', words, { cpu: 1 });
  for (const server of running) await server.halt();
  for (const name of Object.keys(servers)) if (!(us[name] > 0)) fail(`${name}: no CPU time was measured`);
  return us;
}

const LOADS = process.env.BENCH_LOADS === 'one' ? [[100, 1], [1024, 1]] : [[100, 1], [100, 8], [1024, 1], [1024, 8]];
for (const [payload, inFlight] of LOADS) {
  const runs = [];
  for (let i = 0; i < rounds; ++i) runs.push(await costs(inFlight, payload));
  const us = Object.fromEntries(Object.keys(servers).map((name) => [name, runs.map((each) => each[name])]));
  const what = `${payload} bytes, ${inFlight} in flight`;
  figure(`ours: CPU per delivery, ${what}`, us.ours, 'us');
  figure(`uWebSockets (Bun), ${what}`, us.bun, 'us');
  figure(`ws (Node), ${what}`, us.ws, 'us');
  figure(`nginx + nchan, ${what}`, us.nchan, 'us');
  figure(`send() alone, ${what}`, us.floor, 'us');
  judge(`CPU per delivery, ours / uWebSockets, ${what}`, median(ratios(us.ours, us.bun)), { atMost: 1.1 });
  const wsTimes = median(ratios(us.ws, us.ours));
  if (inFlight > 1) {
    judge(`ws / ours, ${what}`, wsTimes, { atLeast: 4 });
  } else {
    const floor = median(us.floor);
    if (us.ring) {
      figure(`io_uring alone, ${what}`, us.ring, 'us');
      console.log(`        ws / io_uring alone ${(median(us.ws) / median(us.ring)).toFixed(2)}`);
    }
    const added = (median(us.ws) - floor) / Math.max(median(us.ours) - floor, 0.01);
    console.log(`        ws / ours ${wsTimes.toFixed(2)}, ws / send() alone ${(median(us.ws) / floor).toFixed(2)}`);
    judge(`ws / ours above send() alone, ${what}`, added, { atLeast: 4 });
  }
  judge(`nginx + nchan / ours, ${what}`, median(ratios(us.nchan, us.ours)), { atLeast: 1 });
}
verdict();
