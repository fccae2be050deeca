// Do writers of one account wait for each other? 64 of them at once, each committing messages into a
// conversation of its own (fsync on, the durable event for `account:<id>` in the same transaction):
// all conversations in one account against one in each of 64 accounts. pgbench calls
// api.post_visitor_message as the endpoint does, in the same pipelined flight; the feed reads the
// events of both. Rounds alternate. Nothing is pinned.
//   BENCH_CLIENTS: writers (64); BENCH_WAITS=1: also print what the backends were waiting for
import { randomUUID } from 'node:crypto';
import { connectDatabase } from '../tests/lib/server.mjs';
import { pgbenchRun } from './lib/load.mjs';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { databaseOf, startOurs } from './lib/server.mjs';
import { fail } from './lib/tools.mjs';

const CLIENTS = Number(process.env.BENCH_CLIENTS ?? 64);
const message = 'Do you ship to Norway, and how long does a parcel take in the week before Christmas?';

const ours = await startOurs({ loops: 1, pool: 4 });
const sql = connectDatabase(ours.env.DATABASE_URL, { max: 1 });
for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
  const [row] = await sql.unsafe(`show ${name}`);
  if (row[name] !== 'on') fail(`${name} is off`);
}

const made = [];
// `accounts` accounts with an agent each, and CLIENTS conversations that a person has taken over.
async function world(accounts) {
  const owners = Array.from({ length: accounts }, () => randomUUID());
  made.push(...owners);
  const agents = owners.map(() => randomUUID());
  await sql`insert into auth.users (id) select unnest(${owners}::uuid[])`;
  for (const owner of owners) {
    await sql`insert into public.accounts (id, slug) values (${owner}, ${`bench-${owner.slice(0, 8)}`}) on conflict do nothing`;
  }
  await sql`insert into public.agents (id, user_id, name) select a, o, 'bench' from unnest(${agents}::uuid[], ${owners}::uuid[]) u(a, o)`;
  const each = Array.from({ length: CLIENTS }, (_, i) => ({
    owner: owners[i % accounts], agent: agents[i % accounts], visitor: randomUUID(), conversation: randomUUID(),
  }));
  for (const one of each) {
    await sql`insert into public.visitors (id, user_id, agent_id) values (${one.visitor}, ${one.owner}, ${one.agent})`;
    await sql`insert into public.conversations (id, user_id, agent_id, visitor_id, status)
      values (${one.conversation}, ${one.owner}, ${one.agent}, ${one.visitor}, 'human_takeover')`;
  }
  const array = (values) => `{${values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',')}}`;
  return {
    message,
    agents: array(each.map((one) => one.agent)),
    conversations: array(each.map((one) => one.conversation)),
    claims: array(each.map((one) => JSON.stringify({ role: 'visitor', sub: one.visitor, account_id: one.owner, agent_id: one.agent }))),
  };
}

const one = await world(1);
const many = await world(CLIENTS);
const database = databaseOf(ours);
const waits = new Map([[one, {}], [many, {}]]);
const run = async (variables, time = seconds) => {
  await sql.unsafe('checkpoint');
  const sampled = waits.get(variables);
  const sample = async () => {
    const rows = await sql`select coalesce(wait_event_type || ' ' || wait_event, 'running') as what, count(*)::int as n
      from pg_stat_activity where usename = 'authenticator' and state = 'active' group by 1`;
    for (const { what, n } of rows) sampled[what] = (sampled[what] ?? 0) + n;
  };
  const timer = process.env.BENCH_WAITS ? setInterval(sample, 50) : undefined;
  const done = await pgbenchRun(database, { user: 'authenticator', script: 'writer.sql', clients: CLIENTS, seconds: time, variables });
  clearInterval(timer);
  return done.perSecond;
};
await run(one, 3);
await run(many, 3);
const a = [];
const b = [];
for (let i = 0; i < rounds; ++i) {
  // Who goes first alternates too: a table that grows favours the first.
  const first = i % 2 === 0;
  const x = await run(first ? one : many);
  const y = await run(first ? many : one);
  a.push(first ? x : y);
  b.push(first ? y : x);
}
figure(`${CLIENTS} writers in one account`, a, 'commits/s');
figure(`${CLIENTS} writers in ${CLIENTS} accounts`, b, 'commits/s');
if (process.env.BENCH_WAITS) console.log('one account:', waits.get(one), '\nmany:', waits.get(many));
const ratio = median(ratios(b, a));
judge('apart by', Math.max(ratio, 1 / ratio), { atMost: 1.2, unit: ' x' });
await sql`delete from auth.users where id = any(${made})`;
await sql.end();
await ours.halt();
verdict();
