// The programs that the benchmarks run: ours (a release build) and the peers from npm and Debian.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

export const bench = path.resolve(import.meta.dirname, '..');
export const root = path.dirname(bench);
export const work = path.join(root, 'build/bench'); // homes, logs, stripped copies
mkdirSync(work, { recursive: true });

export function fail(why) {
  console.error(`bench: ${why}`);
  process.exit(2);
}

function first(what, candidates) {
  return candidates.find((candidate) => candidate && existsSync(candidate)) ?? fail(`no ${what}`);
}

export function chatpad() {
  return first('chatpad; run ./dev build release', [process.env.CHATPAD_PROGRAM, `${root}/build/release/chatpad`]);
}

// A load generator of bench/load, compiled when its sources are newer than it.
export function compiled(name) {
  const sources = [`${bench}/load/${name}.cc`, `${bench}/load/websocket.h`];
  const program = path.join(work, `load-${name}`);
  const made = existsSync(program) ? statSync(program).mtimeMs : 0;
  if (sources.every((source) => statSync(source).mtimeMs < made)) return program;
  const libraries = name === 'floor' ? ['-luring'] : [];
  const words = ['-std=c++20', '-O2', '-g1', '-Wall', '-Wextra', `-I${root}`, '-o', program, sources[0], ...libraries];
  const done = spawnSync('g++', words, { encoding: 'utf8' });
  if (done.status !== 0) fail(`g++ ${sources[0]}:\n${done.stderr}`);
  return program;
}

// The peers from npm, installed once into bench/node_modules.
export function peers() {
  if (['@deno', 'jose', '@energetic-ai'].every((name) => existsSync(`${bench}/node_modules/${name}`))) return;
  console.log('Installing the peers from npm ...');
  const done = spawnSync('npm', ['ci', '--include=dev', '--include=optional'], { cwd: bench, encoding: 'utf8' });
  if (done.status !== 0) fail(`npm ci in bench/:\n${done.stderr}`);
}

// This Node, with the peers that are modules of it.
export function node() {
  peers();
  return process.execPath;
}

export function deno() {
  peers();
  return first('deno', [process.env.DENO, `${bench}/node_modules/@deno/linux-x64-glibc/deno`]);
}

export function bun() {
  peers();
  return first('bun', [process.env.BUN, `${bench}/node_modules/@oven/bun-linux-x64/bin/bun`]);
}

export function debian(name, packageName = name) {
  const found = spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
  return found || fail(`${name} is missing: apt-get install ${packageName}`);
}

export const pgbench = () => first('pgbench (postgresql-15)', ['/usr/lib/postgresql/15/bin/pgbench']);
