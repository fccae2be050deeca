// What being connected costs while nobody writes: CPU of the program and of PostgreSQL with 100
// sockets joined to broadcasts and row changes of 10 personas, against the same with none.
// Alternating, 60 s each. The sockets send no heartbeat within the time, which is the clients'
// doing and not the server's; the server's own pings and timers are in it. Nothing is pinned.
//   BENCH_SECONDS: of one measurement (60); BENCH_SOCKETS (100); BENCH_LISTENERS: with changes (100)
import { readdirSync, readFileSync } from 'node:fs';
import WebSocket from 'ws';
import { JOIN, prepare } from './lib/changes.mjs';
import { figure, judge, median, verdict } from './lib/report.mjs';
import { sleep, startOurs } from './lib/server.mjs';
import { fail } from './lib/tools.mjs';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 2);
const SOCKETS = Number(process.env.BENCH_SOCKETS ?? 100);
const LISTENERS = Number(process.env.BENCH_LISTENERS ?? 100);

const server = await startOurs({ loops: 0 });
const world = await prepare(server, 10);

const parentOf = (pid) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
};
// Nanoseconds on a core, by the scheduler's account, of every thread.
function cpuNs(pid) {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
  }
  return ns;
}
function cpuOf(pids) {
  return pids.reduce((sum, pid) => sum + cpuNs(pid), 0);
}
function postgres() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => {
    try {
      return pid === world.postmaster || parentOf(pid) === world.postmaster;
    } catch {
      return false;
    }
  });
}

// Processes that come and go meanwhile (autovacuum) count from their beginning as far as they live.
async function measure() {
  const before = new Map(postgres().map((pid) => [pid, cpuNs(pid)]));
  const program = cpuOf([server.pid]);
  await sleep(SECONDS * 1000);
  let ns = cpuOf([server.pid]) - program;
  const programShare = ns / (SECONDS * 1e7);
  for (const pid of postgres()) ns += cpuNs(pid) - (before.get(pid) ?? 0);
  return { share: ns / (SECONDS * 1e7), programShare };
}

function connect(i) {
  const query = new URLSearchParams({ apikey: server.env.SUPABASE_ANON_KEY, vsn: '2.0.0' });
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime/v1/websocket?${query}`, { perMessageDeflate: false });
  const listens = i < LISTENERS;
  const wanted = listens ? 'Subscribed to PostgreSQL' : '"status":"ok"';
  return new Promise((resolve) => {
    socket.on('open', () => {
      const join = JSON.parse(JSON.stringify(JOIN).replace('$TOKEN', world.tokens[i % world.tokens.length]));
      if (!listens) join.config.postgres_changes = [];
      socket.send(JSON.stringify(['1', '1', 'realtime:idle', 'phx_join', join]));
    });
    socket.on('message', (bytes) => String(bytes).includes(wanted) && resolve(socket));
    socket.on('error', (error) => fail(String(error)));
    socket.on('close', (code) => socket.expected || fail(`a socket was closed with ${code}`));
  });
}

const alone = [];
const connected = [];
for (let round = 0; round < ROUNDS; ++round) {
  await sleep(5000);
  alone.push(await measure());
  const sockets = [];
  for (let i = 0; i < SOCKETS; ++i) sockets.push(await connect(i));
  await sleep(5000);
  connected.push(await measure());
  for (const socket of sockets) {
    socket.expected = true;
    socket.close();
  }
}
figure('nobody connected: program and PostgreSQL, of a core', alone.map((one) => one.share), '%');
figure(`${SOCKETS} sockets, ${LISTENERS} with changes: the same`, connected.map((one) => one.share), '%');
figure('nobody connected: the program alone', alone.map((one) => one.programShare), '%');
figure(`${SOCKETS} sockets: the program alone`, connected.map((one) => one.programShare), '%');
judge('more CPU while connected, of a core', median(connected.map((one, i) => one.share - alone[i].share)), { atMost: 0.1, unit: ' %' });
await world.clean();
await server.halt();
verdict();
