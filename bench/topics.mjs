// 5,000 topics with 3 subscribers each, 2,000 messages a second in total, each to all 3: how long
// after the moment it was due a delivery arrives. Ours (the whole program, public topics) beside
// uWebSockets (Bun) and `ws` (Node) in the same shape. Servers on core 0, load on core 1.
import { generator } from './lib/load.mjs';
import { figure, judge, median, rounds, verdict } from './lib/report.mjs';
import { startOurs, startPeer } from './lib/server.mjs';
import { bench, bun } from './lib/tools.mjs';

const TOPICS = 5000;
const MEMBERS = 3;
const RATE = Number(process.env.BENCH_RATE ?? 2000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);
const shape = [TOPICS, MEMBERS, RATE, SECONDS];

async function ours() {
  const server = await startOurs({ cpu: 0, loops: 1 });
  const path = `/realtime/v1/websocket?vsn=2.0.0&apikey=${server.env.SUPABASE_ANON_KEY}`;
  const result = await generator('topics', ['hub', server.port, server.pid, ...shape, path], { cpu: 1 });
  await server.halt();
  return result;
}

async function peer(name, command) {
  const server = await startPeer(name, command);
  const result = await generator('topics', ['plain', server.port, server.pid, ...shape, '/'], { cpu: 1 });
  await server.halt();
  return result;
}

const sides = {
  ours,
  'uWebSockets (Bun)': () => peer('bun', (port) => [bun(), `${bench}/peers/rooms.bun.js`, port]),
  'ws (Node)': () => peer('ws', (port) => [process.execPath, `${bench}/peers/rooms.ws.mjs`, port]),
};
const results = {};
for (let i = 0; i < rounds; ++i) {
  for (const [name, run] of Object.entries(sides)) (results[name] ??= []).push(await run());
}
for (const [name, all] of Object.entries(results)) {
  figure(`${name}: p50`, all.map((one) => one.p50_ms), 'ms');
  figure(`${name}: p99`, all.map((one) => one.p99_ms), 'ms');
  figure(`${name}: CPU per delivery`, all.map((one) => one.cpu_us), 'us');
}
judge(`p99 of ${RATE} messages/s in ${TOPICS} topics`, median(results.ours.map((one) => one.p99_ms)), { atMost: 10, unit: ' ms' });
verdict();
