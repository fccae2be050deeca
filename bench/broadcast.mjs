// Broadcast to 1,000 subscribers, 1 and 8 messages in flight: CPU of the server per delivery, our hub
// behind real websockets (broadcast/hub_server.cc) beside uWebSockets, which Bun's publish() is.
// Servers on core 0, load (broadcast/load.cc) on core 1, rounds interleaved. Payloads of 100 bytes
// decide; 1,024 bytes are for information.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { figure, judge, median, ratios, rounds, verdict } from './lib/report.mjs';
import { freePort, launch, sleep } from './lib/server.mjs';
import { bench, bun, chatpad, fail } from './lib/tools.mjs';

const SUBSCRIBERS = '1000';
const SECONDS = '3';
const build = path.dirname(chatpad());
const built = spawnSync(`${bench}/broadcast/build.sh`, [build], { encoding: 'utf8' });
if (built.status !== 0) fail(`bench/broadcast/build.sh:\n${built.stderr}`);

async function cost(kind, name, command, inFlight, payload) {
  const port = await freePort();
  const server = launch(name, [...command, String(port)], { cpu: 0 });
  await sleep(700);
  const words = ['-c', '1', `${build}/bench/load`, kind, String(port), String(server.pid), SUBSCRIBERS, inFlight, SECONDS, payload];
  const load = spawnSync('taskset', words.map(String), { encoding: 'utf8' });
  server.kill('SIGTERM');
  await server.gone;
  const us = Number(/([\d.]+) us CPU each/.exec(load.stdout)?.[1]);
  if (load.status !== 0 || !(us > 0)) fail(`${name}: ${load.stdout}${load.stderr}`);
  return us;
}

for (const [payload, inFlight] of [[100, 1], [100, 8], [1024, 1], [1024, 8]]) {
  const ours = [];
  const theirs = [];
  for (let i = 0; i < rounds; ++i) {
    ours.push(await cost('hub', 'hub', [`${build}/bench/hub_server`], inFlight, payload));
    theirs.push(await cost('plain', 'bun', [bun(), `${bench}/broadcast/peer_bun.js`], inFlight, payload));
  }
  const what = `${payload} bytes, ${inFlight} in flight`;
  figure(`ours: CPU per delivery, ${what}`, ours, 'us');
  figure(`uWebSockets (Bun), ${what}`, theirs, 'us');
  const ratio = median(ratios(ours, theirs));
  if (payload === 100) judge(`CPU per delivery, ours / uWebSockets, ${what}`, ratio, { atMost: 1.25 });
  else console.log(`        ratio ${ratio.toFixed(2)}`);
}
verdict();
