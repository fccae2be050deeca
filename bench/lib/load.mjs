// The load: wrk for HTTP, pgbench for the bare database. Each run gives its counts and rate.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { bench, compiled, debian, fail, pgbench } from './tools.mjs';

function run(words, env, cpu) {
  const command = cpu === undefined ? words : ['taskset', '-c', String(cpu), ...words];
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true };
    const child = spawn(command[0], command.slice(1), options);
    let out = '';
    child.stdout.on('data', (bytes) => (out += bytes));
    child.stderr.on('data', (bytes) => (out += bytes));
    child.once('close', (code) => (code === 0 ? resolve(out) : fail(`${words[0]} ended with ${code}:\n${out}`)));
  });
}

// `script` is a file of bench/load; it reads its settings from the environment. Any answer that is
// no 2xx, and any broken connection, fails the benchmark: a refused request is cheap.
export async function wrk(url, { script, connections, seconds, cpu, env = {} }) {
  const words = [debian('wrk'), '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s'];
  if (script) words.push('-s', path.join(bench, 'load', script));
  const out = await run([...words, url], env, cpu);
  const line = /^RESULT (.*)$/m.exec(out);
  if (!line) fail(`wrk printed no result:\n${out}`);
  const [requests, us, bad, broken, p50, p99] = line[1].split(' ').map(Number);
  if (bad > 0 || broken > 0) fail(`${url}: ${bad} answers were no success, ${broken} connections broke`);
  return { requests, perSecond: requests / (us / 1e6), p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}

// A load generator of ours (bench/load/NAME.cc). Gives what it printed as {name: number}: every word
// that a number follows.
export async function generator(name, words, { cpu } = {}) {
  const out = await run([compiled(name), ...words.map(String)], {}, cpu);
  const numbers = {};
  for (const [, word, value] of out.matchAll(/([a-z_]\w*) (-?\d+(?:\.\d+)?)/g)) numbers[word] = Number(value);
  return numbers;
}

// A script of bench/load under `-M prepared`.
export async function pgbenchRun(database, { user, script, clients, threads = 1, seconds, variables = {}, cpu }) {
  const words = [pgbench(), '-n', '-M', 'prepared', '-c', String(clients), '-j', String(threads), '-T', String(seconds)];
  words.push('-h', database.host, '-p', database.port, '-U', user, '-f', path.join(bench, 'load', script));
  for (const [name, value] of Object.entries(variables)) words.push('-D', `${name}=${value}`);
  const out = await run([...words, database.database], {}, cpu);
  const failed = Number(/failed transactions: (\d+)/.exec(out)?.[1] ?? 0);
  if (failed > 0 || !/tps = /.test(out)) fail(`pgbench failed:\n${out}`);
  return { perSecond: Number(/tps = ([\d.]+)/.exec(out)[1]), latencyMs: Number(/latency average = ([\d.]+)/.exec(out)[1]) };
}
