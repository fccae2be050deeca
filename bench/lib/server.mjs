// Servers under load: ours and the peers, pinned where a benchmark says so, with their CPU time.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { freePort, parseEnvFile, sleep } from '../../tests/lib/server.mjs';
import { chatpad, fail, work } from './tools.mjs';

export { freePort, sleep };

const START_MS = 60_000;
const TICK_US = 10_000; // of /proc/PID/stat; USER_HZ is 100 on every Linux
const running = new Set();

// A benchmark that fails half-way leaves no process behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

export function cpuUs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

export function residentKiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  return { total: of('VmRSS'), anonymous: of('RssAnon'), file: of('RssFile') };
}

// `cpu`: the core to stay on; undefined: any. The log goes to a file, as in operation. A session of its
// own (`detached`), because Linux shares the cores out between sessions, and every backend of
// PostgreSQL has one: server and load in one session would get the share of a single backend.
export function launch(name, command, { cpu, env = {} } = {}) {
  const log = openSync(path.join(work, `${name}.log`), 'w');
  const words = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command];
  const child = spawn(words[0], words.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  running.add(child);
  child.gone = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  child.halt = async () => {
    child.kill('SIGTERM');
    const ended = await Promise.race([child.gone, sleep(20_000)]);
    if (ended === undefined) fail(`${name} did not stop`);
  };
  return child;
}

export async function ready(url, child, statuses = [200, 204]) {
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    if (child.exitCode !== null) fail(`${url}: the server ended at once; see ${work}`);
    const status = await fetch(url).then((reply) => reply.status, () => 0);
    if (statuses.includes(status)) return;
    await sleep(20);
  }
  fail(`${url}: not ready in ${START_MS} ms`);
}

// Our program with its private cluster. The home stays, so that a second run starts at once.
export async function startOurs({ name = 'ours', cpu, loops = 1, pool, env = {}, home = process.env.BENCH_HOME ?? path.join(work, 'home') } = {}) {
  const port = await freePort();
  const child = launch(name, [chatpad(), 'up'], {
    cpu,
    env: {
      CHATPAD_HOME: home,
      CHATPAD_PORT: String(port),
      CHATPAD_RATE_SCALE: '1000000',
      CHATPAD_LOOPS: String(loops),
      ...(pool ? { CHATPAD_POOL: String(pool) } : {}),
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/health`, child);
  if (cpu !== undefined) letRoam(path.join(home, 'postgres/data/postmaster.pid'));
  return { child, pid: child.pid, url, port, home, env: parseEnvFile(readFileSync(path.join(home, 'env'), 'utf8')), halt: child.halt };
}

// How long the disk under `dir` takes to make 8 KiB durable: {p50, p99} in ms of 500 times.
export function flushMs(dir) {
  const file = path.join(dir, `flush-${process.pid}`);
  const fd = openSync(file, 'w');
  const page = Buffer.alloc(8192, 1);
  const times = [];
  for (let i = 0; i < 500; ++i) {
    const begun = performance.now();
    writeSync(fd, page, 0, page.length, (i % 64) * page.length);
    fdatasyncSync(fd);
    times.push(performance.now() - begun);
  }
  closeSync(fd);
  unlinkSync(file);
  times.sort((a, b) => a - b);
  return { p50: times[250], p99: times[494] };
}

// The database goes wherever there is room: it has been started from where the program has to stay.
function letRoam(pidFile) {
  const postmaster = readFileSync(pidFile, 'utf8').split('\n')[0];
  const backends = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').trim().split(' ');
  const cores = `0-${availableParallelism() - 1}`;
  for (const pid of [postmaster, ...backends]) spawnSync('taskset', ['-apc', cores, pid]);
}

// A peer: `command(port)` are the words that start it on a port.
export async function startPeer(name, command, { cpu = 0 } = {}) {
  const port = await freePort();
  const child = launch(name, command(port), { cpu });
  const end = Date.now() + START_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > end) fail(`${name} does not listen; see ${work}`);
    await sleep(20);
  }
  // A peer has nothing to tell at its end, and not every one of them ends well.
  const halt = async () => {
    child.kill('SIGKILL');
    await child.gone;
  };
  return { pid: child.pid, port, halt };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

// Where a database client finds the server's cluster: {host, port, database}.
export function databaseOf(server) {
  const url = new URL(server.env.DATABASE_URL.replace('postgresql:///', 'postgresql://x/'));
  return { host: url.searchParams.get('host'), port: url.searchParams.get('port'), database: url.pathname.slice(1) };
}
