// What one account's noise does to another: the calm account's visitors read and write at a steady rate
// (open loop, measured from when each request was due), alone, beside an account that asks a
// hundred times as much, and beside the same crowd when it asks a server of its own that only says no
// (what making such noise costs the machine), turn and turn about. The hold is the second beside the
// third. Rates as a fresh installation has them, that of an address among them, so nobody shares one:
// the calm visitors come from 127.0.1.x, the noise from 127.0.2.x and from as many addresses as it takes
// for the account's rate to be the one it meets. Nothing is pinned.
//   BENCH_RATE: requests per second of the calm account (20); BENCH_SECONDS: of one turn (5)
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { jwt } from '../tests/lib/callers.mjs';
import { connectDatabase } from '../tests/lib/server.mjs';
import { figure, judge, median, percentile, rounds, seconds, verdict } from './lib/report.mjs';
import { freePort, launch, ready, sleep, startOurs } from './lib/server.mjs';
import { bench, fail, node, work } from './lib/tools.mjs';

const RATE = Number(process.env.BENCH_RATE ?? 20);
const TIMES = 100;
const CALM_VISITORS = 40;
const LOUD_VISITORS = 400;
const LOUD_ADDRESSES = 50;
const BURST_MS = 20_000;

const server = await startOurs({ loops: 0, env: { CHATPAD_RATE_SCALE: '1' } });
const sql = connectDatabase(server.env.DATABASE_URL);

// An account on Pro without a limit of conversations, an agent, and visitors who have begun to talk.
async function shop(count) {
  const id = randomUUID();
  await sql`insert into auth.users (id) values (${id})`;
  await sql`insert into public.accounts (id, slug, plan) values (${id}, ${`bench-${id.slice(0, 8)}`}, 'pro')`;
  await sql`insert into public.plan_overrides (user_id, limits) values (${id}, '{"conversations_per_month": null}')`;
  const [agent] = await sql`insert into public.agents (user_id, name) values (${id}, 'bench') returning id`;
  const visitors = [];
  for (let i = 0; i < count; ++i) {
    const visitor = randomUUID();
    await sql`insert into public.visitors (id, user_id, agent_id) values (${visitor}, ${id}, ${agent.id})`;
    const [talk] = await sql`insert into public.conversations (user_id, agent_id, visitor_id) values (${id}, ${agent.id}, ${visitor}) returning id`;
    const token = jwt({ role: 'visitor', aud: 'visitor', sub: visitor, agent_id: agent.id, account_id: id, origin: '', iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 3600 }, server.env.SUPABASE_JWT_SECRET);
    visitors.push({ token, conversationId: talk.id });
  }
  return { id, agentId: agent.id, visitors };
}

const calm = await shop(CALM_VISITORS);
const loud = await shop(LOUD_VISITORS);
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 }); // of each address
const calmAddress = (n) => `127.0.1.${1 + (n % 10)}`;
const loudAddresses = Array.from({ length: LOUD_ADDRESSES }, (_, n) => `127.0.2.${1 + n}`);

function ask(n) {
  const { token, conversationId } = calm.visitors[n % CALM_VISITORS];
  const [name, body] = n % 4 ? ['get-messages', { conversationId }] : ['widget-chat', { agentId: calm.agentId, conversationId, message: 'When are you open?' }];
  const text = JSON.stringify(body);
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const request = http.request(`${server.url}/functions/v1/${name}`, { method: 'POST', agent, headers, localAddress: calmAddress(n) }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode));
    });
    request.on('error', () => resolve(0));
    request.end(text);
  });
}

let asked = 0;
async function turn() {
  const times = [];
  const open = [];
  const began = performance.now();
  for (let n = 0; n < RATE * seconds; ++n) {
    const due = began + (n * 1000) / RATE;
    if (performance.now() < due) await sleep(due - performance.now());
    open.push(ask(asked++).then((status) => {
      if (status !== 200) fail(`the calm account was answered ${status}`);
      times.push(performance.now() - due);
    }));
  }
  await Promise.all(open);
  return times;
}

const port = await freePort();
const elsewhere = launch('refuser', [node(), path.join(bench, 'lib/refuser.mjs'), String(port)]);
const elsewhereUrl = `http://127.0.0.1:${port}`;
await ready(elsewhereUrl, elsewhere);

async function beside(url) {
  // In a file: the tokens of so many visitors are too long for the environment.
  const file = path.join(work, `crowd-${process.pid}.json`);
  mkdirSync(work, { recursive: true });
  writeFileSync(file, JSON.stringify({ url, rate: RATE * TIMES, visitors: loud.visitors, addresses: loudAddresses, agentId: loud.agentId }));
  const crowd = spawn('node', [path.join(bench, 'lib/crowd.mjs'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  crowd.stdout.on('data', (bytes) => (out += bytes));
  // Its burst is over when it is refused: then what it may is refilled as it goes.
  const end = performance.now() + BURST_MS;
  while (!out.startsWith('refused') && performance.now() < end) await sleep(20);
  const times = await turn();
  crowd.stdin.end();
  await new Promise((resolve) => crowd.once('close', resolve));
  return { times, noise: JSON.parse(out.trim().split('\n').at(-1)) };
}

await turn(); // warm
const [alone, loudly, crowded, noise] = [[], [], [], {}];
for (let i = 0; i < rounds; ++i) {
  alone.push(await turn());
  crowded.push((await beside(elsewhereUrl)).times);
  const { times, noise: said } = await beside(server.url);
  loudly.push(times);
  for (const [status, count] of Object.entries(said.statuses)) noise[status] = (noise[status] ?? 0) + count;
}
for (const [what, runs] of [['alone', alone], ['beside a crowd elsewhere', crowded], ['beside the noise', loudly]]) {
  figure(`calm account ${what}: p50`, runs.map((times) => percentile(times, 0.5)), 'ms');
  figure(`calm account ${what}: p99`, runs.map((times) => percentile(times, 0.99)), 'ms');
}
const p99 = (runs) => median(runs.map((times) => percentile(times, 0.99)));
console.log(`  the noise was answered: ${JSON.stringify(noise)}`);
console.log(`  p99 beside the noise / alone: ${(p99(loudly) / p99(alone)).toFixed(2)}`);
judge('p99 beside the noise / beside a crowd elsewhere', p99(loudly) / p99(crowded), { atMost: 1.5 });
await elsewhere.halt();
await sql.end();
await server.halt();
verdict();
