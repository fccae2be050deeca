// What dispatch alone costs: the CORS preflight of widget-chat over 64 keep-alive connections, CPU
// time of the server process per request, beside Deno.serve giving the same reply. Servers on core
// 0, load on core 1, rounds interleaved. Ours logs every request into a file; Deno logs nothing.
import { wrk } from './lib/load.mjs';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { cpuUs, freePort, launch, ready, startOurs } from './lib/server.mjs';
import { bench, deno } from './lib/tools.mjs';

const port = await freePort();
const theirs = launch('deno', [deno(), 'run', '--allow-net', `${bench}/peers/preflight.mjs`, String(port)], { cpu: 0 });
await ready(`http://127.0.0.1:${port}/health`, theirs);
const ours = await startOurs({ cpu: 0 });

async function cost(pid, at, time = seconds) {
  const before = cpuUs(pid);
  const load = { script: 'preflight.lua', connections: 64, seconds: time, cpu: 1 };
  const done = await wrk(`http://127.0.0.1:${at}/functions/v1/widget-chat`, load);
  return { us: (cpuUs(pid) - before) / done.requests, perSecond: done.perSecond };
}

await cost(ours.pid, ours.port, 1);
await cost(theirs.pid, port, 2); // compiles what is hot
const a = [];
const b = [];
for (let i = 0; i < rounds; ++i) {
  a.push(await cost(ours.pid, ours.port));
  b.push(await cost(theirs.pid, port));
}
const us = (runs) => runs.map((run) => run.us);
const rate = (runs) => runs.map((run) => run.perSecond);
figure('ours: CPU per preflight', us(a), 'us');
figure('Deno.serve: CPU per preflight', us(b), 'us');
figure('ours: preflights', rate(a), '/s');
figure('Deno.serve: preflights', rate(b), '/s');
judge('CPU per request, ours / Deno.serve', median(ratios(us(a), us(b))), { atMost: 1, goal: 0.85 });
await ours.halt();
await theirs.halt();
verdict();
