// From exec to the first 200: `chatpad serve` on /health, which means database and realtime feed
// work, with the database up; beside the barest servers of Bun, Deno and Node. Then what the idle
// program holds in memory, and the size of the stripped program. Servers on core 0, probe on core 1.
//   BENCH_RUNS: starts of each (20)
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { figure, judge, median, percentile, verdict } from './lib/report.mjs';
import { freePort, launch, residentKiB, sleep, startOurs } from './lib/server.mjs';
import { bench, bun, chatpad, debian, deno, work } from './lib/tools.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 20);
spawnSync('taskset', ['-cp', '1', String(process.pid)]);

// Tries until a connection stands and answers with 200; as often as the machine can.
function firstOk(port, target) {
  const request = `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
  return new Promise((resolve) => {
    const attempt = () => {
      const socket = net.connect(port, '127.0.0.1');
      let head = '';
      const again = () => {
        socket.removeAllListeners();
        socket.on('error', () => {});
        socket.destroy();
        setImmediate(attempt);
      };
      socket.once('connect', () => socket.write(request));
      socket.once('error', again);
      socket.once('close', again);
      socket.on('data', (bytes) => {
        head += bytes.toString('latin1');
        if (head.length < 12) return;
        if (head.slice(9, 12) !== '200') return again();
        socket.removeAllListeners();
        socket.on('error', () => {});
        socket.destroy();
        resolve();
      });
    };
    attempt();
  });
}

async function startOnce(name, command, target, env) {
  const port = await freePort();
  const began = performance.now();
  const child = launch(name, command(port), { cpu: 0, env: env?.(port) });
  await firstOk(port, target);
  const ms = performance.now() - began;
  child.kill('SIGTERM');
  await child.gone;
  return ms;
}

const holder = await startOurs({ cpu: 0 }); // its cluster is the database that is up
const home = mkdtempSync(path.join(os.tmpdir(), 'chatpad-bench-'));
const variables = (port) => ({
  CHATPAD_HOME: home,
  CHATPAD_PORT: String(port),
  CHATPAD_LOOPS: '',
  CHATPAD_DATABASE_URL: holder.env.DATABASE_URL,
  CHATPAD_JWT_SECRET: holder.env.SUPABASE_JWT_SECRET,
});
const bare = `${bench}/peers/bare.mjs`;
const starters = {
  'chatpad serve, /health': () => startOnce('serve', () => [chatpad(), 'serve'], '/health', variables),
  'Bun, bare': () => startOnce('bun', (port) => [bun(), bare, String(port)], '/'),
  'Deno, bare': () => startOnce('deno', (port) => [deno(), 'run', '-A', bare, String(port)], '/'),
  'Node, bare': () => startOnce('node', (port) => [process.execPath, bare, String(port)], '/'),
};
const times = {};
for (const name of Object.keys(starters)) {
  times[name] = [];
  await starters[name](); // reads the program into the page cache
}
for (let i = 0; i < RUNS; ++i) {
  for (const [name, start] of Object.entries(starters)) times[name].push(await start());
}
for (const [name, values] of Object.entries(times)) figure(`exec to first 200: ${name}`, values, 'ms');

const port = await freePort();
const idle = launch('serve', [chatpad(), 'serve'], { cpu: 0, env: variables(port) });
await firstOk(port, '/health');
await sleep(3000);
const memory = residentKiB(idle.pid);
await idle.halt();
await holder.halt();
rmSync(home, { recursive: true, force: true });
const mib = (kib) => kib / 1024;
figure('idle RSS', [mib(memory.total)], 'MiB');
figure('  of it private memory (the rest are mapped files)', [mib(memory.anonymous)], 'MiB');

const stripped = path.join(work, 'chatpad.stripped');
spawnSync(debian('strip', 'binutils'), ['-o', stripped, chatpad()]);
const megabytes = statSync(stripped).size / 1e6;

const ours = times['chatpad serve, /health'];
judge('exec to first 200, p50', median(ours), { atMost: 300, goal: 20, unit: ' ms' });
console.log(`        p95 ${percentile(ours, 0.95).toFixed(1)} ms`);
judge('idle RSS', mib(memory.total), { atMost: 40, goal: 15, unit: ' MiB' });
judge('stripped program', megabytes, { atMost: 10, unit: ' MB' });
verdict();
