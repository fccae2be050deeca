// What one account's noise does to another: the calm account's visitors read and write at a steady rate
// (open loop, measured from when each request was due), alone and beside an account that asks a
// hundred times as much, turn and turn about. Rates as a fresh installation has them. Nothing is pinned.
//   BENCH_RATE: requests per second of the calm account (20); BENCH_SECONDS: of one turn (5)
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import { jwt } from '../tests/lib/callers.mjs';
import { connectDatabase } from '../tests/lib/server.mjs';
import { figure, judge, median, percentile, rounds, seconds, verdict } from './lib/report.mjs';
import { sleep, startOurs } from './lib/server.mjs';
import { bench, fail } from './lib/tools.mjs';

const RATE = Number(process.env.BENCH_RATE ?? 20);
const TIMES = 100;
const CALM_VISITORS = 40;
const LOUD_VISITORS = 400;

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
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function ask(n) {
  const { token, conversationId } = calm.visitors[n % CALM_VISITORS];
  const [name, body] = n % 4 ? ['get-messages', { conversationId }] : ['widget-chat', { agentId: calm.agentId, conversationId, message: 'When are you open?' }];
  const text = JSON.stringify(body);
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const request = http.request(`${server.url}/functions/v1/${name}`, { method: 'POST', agent, headers }, (reply) => {
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

async function besideNoise() {
  const crowd = spawn('node', [path.join(bench, 'lib/crowd.mjs')], {
    env: { ...process.env, CROWD: JSON.stringify({ url: server.url, rate: RATE * TIMES, visitors: loud.visitors, agentId: loud.agentId }) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  crowd.stdout.on('data', (bytes) => (out += bytes));
  await sleep(1000); // its burst is over, what it may is refilled as it goes
  const times = await turn();
  crowd.stdin.end();
  await new Promise((resolve) => crowd.once('close', resolve));
  return { times, noise: JSON.parse(out) };
}

await turn(); // warm
const [alone, beside, noise] = [[], [], {}];
for (let i = 0; i < rounds; ++i) {
  alone.push(await turn());
  const { times, noise: said } = await besideNoise();
  beside.push(times);
  for (const [status, count] of Object.entries(said.statuses)) noise[status] = (noise[status] ?? 0) + count;
}
const p99 = (runs) => runs.map((times) => percentile(times, 0.99));
figure('calm account alone: p50', alone.map((times) => percentile(times, 0.5)), 'ms');
figure('calm account beside the noise: p50', beside.map((times) => percentile(times, 0.5)), 'ms');
figure('calm account alone: p99', p99(alone), 'ms');
figure('calm account beside the noise: p99', p99(beside), 'ms');
console.log(`  the noise was answered: ${JSON.stringify(noise)}`);
judge('p99 beside the noise / alone', median(p99(beside)) / median(p99(alone)), { atMost: 1.5 });
await sql.end();
await server.halt();
verdict();
