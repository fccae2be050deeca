// What we add to a language model: a stand-in model streams, a client reads through ChatPad
// (widget-chat, with everything it does: caller, transaction, knowledge, storing the text), through the
// same proxy in Deno, and from the model itself. Ours and Deno on core 0, model and clients on core 1,
// PostgreSQL wherever there is room. BENCH_STREAMS (500) at 50 tokens/s for BENCH_SECONDS. What clients see
// when they ask the model itself is measured as well: what is beyond it was added. What a token costs is
// compared where both keep up, at BENCH_CPU_STREAMS (200): with more than its core can do the proxy's tokens
// queue, and several leave in one write.
//
// A visitor's message is durable before a model is asked, so the first token waits for the disk once. What
// the disk takes for that is measured by itself, and the first token also with a home in memory (/dev/shm),
// where it takes nothing: what is left is what the program adds.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { cpuUs, flushMs, freePort, launch, ready, sleep, startOurs } from './lib/server.mjs';
import { bench, compiled, deno, fail } from './lib/tools.mjs';

const STREAMS = Number(process.env.BENCH_STREAMS ?? 500);
const CPU_STREAMS = Number(process.env.BENCH_CPU_STREAMS ?? 200);
const PER_SECOND = 50;
const QUESTIONS = 200;
const BEGIN_EVERY_MS = 4;

const modelPort = await freePort();
const model = launch('model', [compiled('streams'), 'serve', String(modelPort)], { cpu: 1 });
const modelUrl = `http://127.0.0.1:${modelPort}/v1/chat/completions`;
await ready(modelUrl, model);
const denoPort = await freePort();
const theirs = launch('deno', [deno(), 'run', '--allow-net', `${bench}/peers/proxy.mjs`, String(denoPort), modelUrl], { cpu: 0 });
await ready(`http://127.0.0.1:${denoPort}/`, theirs);
const env = { CHATPAD_AI_BASE_URL: `http://127.0.0.1:${modelPort}/v1`, CHATPAD_AI_MODEL: 'bench', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_LOG: 'warn' };
const ours = await startOurs({ cpu: 0, env });
const memory = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/chatpad-bench-') : null;
if (memory) chmodSync(memory, 0o755); // the database's user has to get in

async function clients(way, body, count, pace) {
  const url = new URL(way.url);
  const text = JSON.stringify(body);
  const headers = { ...way.headers, host: url.host, 'content-length': Buffer.byteLength(text) };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const words = ['-c', '1', compiled('streams'), 'ask', url.port, String(count), String(pace)];
  const child = spawn('taskset', words, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  child.stdin.end(`POST ${url.pathname} HTTP/1.1\r\n${head}\r\n${text}`);
  let out = '';
  child.stdout.on('data', (bytes) => (out += bytes));
  await new Promise((resolve) => child.once('close', resolve));
  const done = JSON.parse(out);
  if (done.failed > 0) fail(`${url}: ${done.failed} streams failed`);
  return done;
}

const json = { 'content-type': 'application/json' };
const wayOf = (server) => ({
  pid: server.pid,
  url: `${server.url}/functions/v1/widget-chat`,
  headers: { ...json, authorization: `Bearer ${server.env.CHATPAD_DEMO_API_KEY}` },
  body: (message) => ({ agentId: server.env.CHATPAD_DEMO_AGENT_ID, message, stream: true }),
});
const ways = {
  ours: wayOf(ours),
  deno: { pid: theirs.pid, url: `http://127.0.0.1:${denoPort}/`, headers: json, body: (message) => ({ message }) },
  model: { pid: model.pid, url: modelUrl, headers: json, body: (content) => ({ messages: [{ role: 'user', content }] }) },
};

const questions = (way, count = QUESTIONS) => clients(way, way.body('Are you there?'), count, 'one');

async function streams(way, count = STREAMS, time = seconds) {
  const before = cpuUs(way.pid);
  const done = await clients(way, way.body(`stream ${time * PER_SECOND} ${PER_SECOND}`), count, BEGIN_EVERY_MS);
  return { ...done, us: (cpuUs(way.pid) - before) / done.tokens };
}

for (const way of [ways.ours, ways.deno]) {
  await questions(way, 50);
  await streams(way, 50, 1);
}
const runs = { firstOurs: [], firstModel: [], firstDeno: [], flush: [], model: [], ours: [], deno: [], someOurs: [], someDeno: [] };
for (let i = 0; i < rounds; ++i) {
  runs.firstModel.push(await questions(ways.model));
  runs.firstOurs.push(await questions(ways.ours));
  runs.firstDeno.push(await questions(ways.deno));
  runs.flush.push(flushMs(ours.home));
  runs.model.push(await streams(ways.model));
  runs.ours.push(await streams(ways.ours));
  await sleep(500);
  runs.deno.push(await streams(ways.deno));
  await sleep(500);
  runs.someOurs.push(await streams(ways.ours, CPU_STREAMS));
  await sleep(500);
  runs.someDeno.push(await streams(ways.deno, CPU_STREAMS));
  await sleep(500);
}
const of = (list, name) => list.map((run) => run[name]);
for (const [name, list] of [['model itself', runs.firstModel], ['through ours', runs.firstOurs], ['through Deno', runs.firstDeno]]) {
  figure(`${name}: first token p50`, of(list, 'firstP50'), 'ms');
  figure(`${name}: first token p99`, of(list, 'firstP99'), 'ms');
}
for (const [name, list] of [['model itself', runs.model], ['ours', runs.ours], ['Deno', runs.deno]]) {
  figure(`${name}: ${STREAMS} streams, token delay p50`, of(list, 'delayP50'), 'ms');
  figure(`${name}: ${STREAMS} streams, token delay p99`, of(list, 'delayP99'), 'ms');
  figure(`${name}: the same while all run, none starts or ends`, of(list, 'steadyP99'), 'ms');
  figure(`${name}: CPU per token`, of(list, 'us'), 'us');
  figure(`${name}: tokens`, of(list, 'tokens'), '');
}
for (const [name, list] of [['ours', runs.someOurs], ['Deno', runs.someDeno]]) {
  figure(`${name}: ${CPU_STREAMS} streams, token delay p50`, of(list, 'delayP50'), 'ms');
  figure(`${name}: the same, CPU per token`, of(list, 'us'), 'us');
}
figure(`ours / Deno, CPU per token at ${STREAMS} streams`, ratios(of(runs.ours, 'us'), of(runs.deno, 'us')), 'x');
const added = runs.firstOurs.map((run, i) => run.firstP99 - runs.firstModel[i].firstP50);
judge('first token, added at p99', median(added), { atMost: 5, unit: ' ms' });
figure('one flush of the disk under the home p50', of(runs.flush, 'p50'), 'ms');
figure('one flush of the disk under the home p99', of(runs.flush, 'p99'), 'ms');
const late = runs.ours.map((run, i) => run.steadyP99 - runs.model[i].steadyP50);
judge(`token delay added at p99, ${STREAMS} streams under way`, median(late), { atMost: 20, unit: ' ms' });
judge(`CPU per token at ${CPU_STREAMS} streams, ours / Deno`, median(ratios(of(runs.someOurs, 'us'), of(runs.someDeno, 'us'))), { atMost: 0.5 });
await ours.halt();
await theirs.halt();
if (memory) {
  const light = await startOurs({ name: 'memory', cpu: 0, env, home: memory });
  await questions(wayOf(light), 50);
  const first = [];
  for (let i = 0; i < rounds; ++i) first.push([await questions(ways.model), await questions(wayOf(light))]);
  await light.halt();
  rmSync(memory, { recursive: true });
  figure('through ours, home in memory: first token p50', first.map(([, run]) => run.firstP50), 'ms');
  figure('through ours, home in memory: first token p99', first.map(([, run]) => run.firstP99), 'ms');
  judge('first token, added at p99 without the disk', median(first.map(([itself, run]) => run.firstP99 - itself.firstP50)), { atMost: 5, unit: ' ms' });
}
await model.halt();
verdict();
