// What we add to a language model: a stand-in model streams, a client reads through ChatPad
// (widget-chat, with everything it does: caller, transaction, knowledge, storing the text), through the
// same proxy in Deno, and from the model itself. Ours and Deno on core 0, model and clients on core 1,
// PostgreSQL wherever there is room. BENCH_STREAMS (500) at 50 tokens/s for BENCH_SECONDS. What clients see
// when they ask the model itself is measured as well: what is beyond it was added.
import { spawn } from 'node:child_process';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { cpuUs, freePort, launch, ready, sleep, startOurs } from './lib/server.mjs';
import { bench, compiled, deno, fail } from './lib/tools.mjs';

const STREAMS = Number(process.env.BENCH_STREAMS ?? 500);
const PER_SECOND = 50;
const QUESTIONS = 200;
const BEGIN_EVERY_MS = 4; // what is measured is how streams run, not how they start

const modelPort = await freePort();
const model = launch('model', [compiled('streams'), 'serve', String(modelPort)], { cpu: 1 });
const modelUrl = `http://127.0.0.1:${modelPort}/v1/chat/completions`;
await ready(modelUrl, model);
const denoPort = await freePort();
const theirs = launch('deno', [deno(), 'run', '--allow-net', `${bench}/peers/proxy.mjs`, String(denoPort), modelUrl], { cpu: 0 });
await ready(`http://127.0.0.1:${denoPort}/`, theirs);
const ours = await startOurs({
  cpu: 0,
  env: { CHATPAD_AI_BASE_URL: `http://127.0.0.1:${modelPort}/v1`, CHATPAD_AI_MODEL: 'bench', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_LOG: 'warn' },
});

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
const key = { ...json, authorization: `Bearer ${ours.env.CHATPAD_DEMO_API_KEY}` };
const ways = {
  ours: { pid: ours.pid, url: `${ours.url}/functions/v1/widget-chat`, headers: key, body: (message) => ({ agentId: ours.env.CHATPAD_DEMO_AGENT_ID, message, stream: true }) },
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
const runs = { firstOurs: [], firstModel: [], firstDeno: [], model: [], ours: [], deno: [] };
for (let i = 0; i < rounds; ++i) {
  runs.firstModel.push(await questions(ways.model));
  runs.firstOurs.push(await questions(ways.ours));
  runs.firstDeno.push(await questions(ways.deno));
  runs.model.push(await streams(ways.model));
  runs.ours.push(await streams(ways.ours));
  await sleep(500);
  runs.deno.push(await streams(ways.deno));
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
  figure(`${name}: CPU per token`, of(list, 'us'), 'us');
  figure(`${name}: tokens`, of(list, 'tokens'), '');
}
const added = runs.firstOurs.map((run, i) => run.firstP99 - runs.firstModel[i].firstP50);
judge('first token, added at p99', median(added), { atMost: 5, unit: ' ms' });
const late = runs.ours.map((run, i) => run.delayP99 - runs.model[i].delayP50);
judge(`token delay added at p99, ${STREAMS} streams`, median(late), { atMost: 20, unit: ' ms' });
judge('CPU per token, ours / Deno', median(ratios(of(runs.ours, 'us'), of(runs.deno, 'us'))), { atMost: 0.5 });
await ours.halt();
await theirs.halt();
await model.halt();
verdict();
