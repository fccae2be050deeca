// What the way over Redis adds: 2,000 broadcasts a second of a client of one node, heard on it and on
// another one. Latency of both, CPU of both nodes per message, what is lost, and what the bus costs
// while nothing happens. One PostgreSQL and one Redis of its own; nothing is pinned.
import { metric, startCluster } from '../tests/lib/cluster.mjs';
import { Socket } from '../tests/lib/realtime.mjs';
import { figure, judge, median, percentile, rounds, seconds, verdict } from './lib/report.mjs';
import { cpuUs, sleep } from './lib/server.mjs';
import { chatpad } from './lib/tools.mjs';

process.env.CHATPAD_PROGRAM ??= chatpad();
const RATE = Number(process.env.BENCH_RATE ?? 2000);
const TICK_MS = 5;
const TOPIC = 'realtime:bench';

// Waits of every message that came, in ms.
async function listener(node) {
  const socket = new Socket(node);
  await socket.opened;
  await socket.join(TOPIC);
  const waits = [];
  socket.ws.removeAllListeners('message');
  socket.ws.on('message', (data) => {
    const sent = /"t":([\d.]+)/.exec(String(data));
    if (sent) waits.push(performance.now() - Number(sent[1]));
  });
  return { socket, waits };
}

async function round(a, b) {
  const [near, far] = [await listener(a), await listener(b)];
  const socket = new Socket(a);
  await socket.opened;
  const { ref } = await socket.join(TOPIC);
  const before = [a, b].map((node) => cpuUs(node.child.pid));
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < seconds * 1000) {
    for (const due = ((performance.now() - began) / 1000) * RATE; sent < due; sent += 1) {
      socket.push(TOPIC, 'broadcast', { type: 'broadcast', event: 'm', payload: { t: performance.now(), text: 'x'.repeat(60) } }, ref);
    }
    await sleep(TICK_MS);
  }
  await sleep(500);
  const [cpuA, cpuB] = [a, b].map((node, i) => cpuUs(node.child.pid) - before[i]);
  for (const one of [near.socket, far.socket, socket]) await one.close();
  const share = (one, of) => percentile(one.waits, of);
  return {
    near50: share(near, 0.5), near99: share(near, 0.99), far50: share(far, 0.5), far99: share(far, 0.99),
    cpuA: cpuA / sent, cpuB: cpuB / sent, lost: sent - far.waits.length,
  };
}

async function cpuPerSecond(nodes, ms) {
  const before = nodes.map((node) => cpuUs(node.child.pid));
  await sleep(ms);
  return Math.max(...nodes.map((node, i) => (cpuUs(node.child.pid) - before[i]) / ms / 1000));
}

const cluster = await startCluster({ rateScale: 1e6, env: { CHATPAD_LOOPS: '1' } });
let idle;
const all = [];
let dropped;
try {
  const [a, b] = cluster.nodes;
  await sleep(2000);
  idle = await cpuPerSecond([a, b], 20_000);
  for (let i = 0; i < rounds; i += 1) all.push(await round(a, b));
  dropped = (await metric(a, 'chatpad_bus_dropped_total')) + (await metric(b, 'chatpad_bus_dropped_total'));
} finally {
  await cluster.stop();
}
const of = (word) => all.map((one) => one[word]);
figure(`${RATE}/s, heard on the same node: p50`, of('near50'), 'ms');
figure('p99', of('near99'), 'ms');
figure('heard on the other node: p50', of('far50'), 'ms');
figure('p99', of('far99'), 'ms');
figure('CPU of the node that is spoken to, per message', of('cpuA'), 'us');
figure('CPU of the other one', of('cpuB'), 'us');
judge('the other node hears later by (p50)', median(of('far50')) - median(of('near50')), { atMost: 2, unit: ' ms' });
judge('p99 on the other node', median(of('far99')), { atMost: 10, unit: ' ms' });
judge('messages lost or dropped', of('lost').reduce((sum, one) => sum + one, dropped), { atMost: 0 });
judge('CPU of an idle node with a bus', idle * 100, { atMost: 1, unit: ' % of a core' });
verdict();
