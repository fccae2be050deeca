// 18,000 sockets that are joined and silent but for a heartbeat every 25 s: what each costs in the
// program's memory, how many a second are accepted and joined, what heartbeats cost. Ours (the whole
// program, one loop), with public topics and with private ones, whose rights PostgreSQL is asked for;
// beside it bare sockets of uWebSockets (Bun) and `ws` (Node), which join nothing. Server on core 0,
// load on core 1.
import { generator } from './lib/load.mjs';
import { personToken } from './lib/people.mjs';
import { figure, judge, median, verdict } from './lib/report.mjs';
import { sleep, startOurs, startPeer } from './lib/server.mjs';
import { bench, bun } from './lib/tools.mjs';

const SOCKETS = Number(process.env.BENCH_CLIENTS ?? 18_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const HEARTBEAT_SECONDS = Number(process.env.BENCH_SECONDS ?? 10);
const WINDOW = 128; // sockets on their way at a time
const QUIET_MS = 1500; // of a server that has just started

async function ours(room) {
  // A pinned server would share its core with the database that it asks for rights.
  const server = await startOurs({ cpu: room === 'public' ? 0 : undefined, loops: 1 });
  const path = `/realtime/v1/websocket?vsn=2.0.0&apikey=${server.env.SUPABASE_ANON_KEY}`;
  let join = '["1","1","realtime:room-@","phx_join",{"config":{}}]';
  if (room === 'private') {
    const token = await personToken(server);
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    join = `["1","1","realtime:account:${sub}","phx_join",{"config":{"private":true},"access_token":"${token}"}]`;
  }
  await sleep(QUIET_MS);
  const words = [server.port, server.pid, SOCKETS, WINDOW, HEARTBEAT_SECONDS, path, join];
  const result = await generator('idle', words, { cpu: room === 'public' ? 1 : undefined });
  await server.halt();
  return result;
}

async function peer(name, command) {
  const server = await startPeer(name, command);
  await sleep(QUIET_MS);
  const result = await generator('idle', [server.port, server.pid, SOCKETS, WINDOW, 0, '/?topic=room'], { cpu: 1 });
  await server.halt();
  return result;
}

const sides = {
  'ours, public': () => ours('public'),
  'ours, private': () => ours('private'),
  'uWebSockets (Bun)': () => peer('bun', (port) => [bun(), `${bench}/peers/rooms.bun.js`, port]),
  'ws (Node)': () => peer('ws', (port) => [process.execPath, `${bench}/peers/rooms.ws.mjs`, port]),
};
const results = {};
for (let i = 0; i < ROUNDS; ++i) {
  for (const [name, run] of Object.entries(sides)) (results[name] ??= []).push(await run());
}
const of = (side, word) => results[side].map((one) => one[word]);
for (const side of Object.keys(sides)) {
  figure(`${side}: memory per socket`, of(side, 'each_kib'), 'KiB');
  figure(`${side}: accepted and joined`, of(side, 'per_s'), '/s');
  figure(`${side}: CPU of that, per socket`, of(side, 'cpu_us'), 'us');
}
const heartbeats = of('ours, public', 'share').map((share) => share * 100);
judge('memory per joined public socket', median(of('ours, public', 'each_kib')), { atMost: 6, goal: 3, unit: ' KiB' });
judge('memory per joined private socket', median(of('ours, private', 'each_kib')), { atMost: 6, goal: 3, unit: ' KiB' });
judge('accepted and joined, public', median(of('ours, public', 'per_s')), { atLeast: 5000, unit: '/s' });
figure('accepted and joined, private (a rights probe each)', of('ours, private', 'per_s'), '/s');
judge('heartbeats, share of a core', median(heartbeats), { atMost: 5, unit: ' %' });
verdict();
