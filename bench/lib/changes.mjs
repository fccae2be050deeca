// What the benchmarks of row changes share: a table with row level security, people of one account
// who may read it, and the load of bench/changes/load.cc.
import { createHmac, randomUUID } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectDatabase } from '../../tests/lib/server.mjs';
import { databaseOf } from './server.mjs';
import { bench, debian, fail, work } from './tools.mjs';

export const JOIN = {
  config: {
    broadcast: { ack: false, self: false }, presence: { key: '', enabled: false }, private: false,
    postgres_changes: [{ event: 'INSERT', schema: 'public', table: 'bench_rows' }],
  },
  access_token: '$TOKEN',
};

const sign = (claims, secret) => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

// The program that subscribes and writes, built at its first use.
export function changesLoad() {
  const source = path.join(bench, 'changes/load.cc');
  const program = path.join(work, 'changes_load');
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(work, { recursive: true });
  const flags = spawnSync(debian('pkg-config'), ['--cflags', '--libs', 'libpq'], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
  const words = ['-std=c++20', '-O2', '-o', program, source, ...flags, '-lpthread'];
  const done = spawnSync(debian('g++'), words, { encoding: 'utf8' });
  if (done.status !== 0) fail(`bench/changes/load.cc:\n${done.stderr}`);
  return program;
}

export function postmasterOf(server) {
  for (const place of [path.join(server.home, 'pg/postmaster.pid'), path.join(server.home, 'postgres/postmaster.pid')]) {
    if (existsSync(place)) return Number(readFileSync(place, 'latin1').split('\n')[0]);
  }
  return undefined;
}

// Any backend's parent.
async function parentOfBackend(sql) {
  const [{ pid }] = await sql`select pg_backend_pid() as pid`;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

// `people` members of a new account, and the tables: bench_rows as a project's own SQL makes one,
// bench_open without rights, both in the publication; bench_notify is the peer's, with its trigger.
export async function prepare(server, people) {
  const sql = connectDatabase(server.env.DATABASE_URL, { max: 2 });
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const [row] = await sql.unsafe(`show ${name}`);
    if (row[name] !== 'on') fail(`${name} is off`);
  }
  const owner = randomUUID();
  const ids = Array.from({ length: people }, () => randomUUID());
  await sql`insert into auth.users (id) select unnest(${[owner, ...ids]}::uuid[])`;
  await sql`insert into public.accounts (id, slug) values (${owner}, ${`bench-${owner.slice(0, 8)}`}) on conflict do nothing`;
  await sql`insert into public.team_members (owner_id, member_id) select ${owner}, unnest(${ids}::uuid[])`;
  await sql.unsafe(`
    drop table if exists public.bench_rows, public.bench_open, public.bench_notify;
    create table public.bench_rows (id bigint primary key, user_id uuid not null, body text not null, created_at timestamptz not null default now());
    alter table public.bench_rows enable row level security;
    create policy people_read on public.bench_rows for select to authenticated using (public.has_account_access(user_id));
    create table public.bench_open (id bigint primary key, body text not null, created_at timestamptz not null default now());
    create table public.bench_notify (like public.bench_rows including all);
    create or replace function public.bench_tell() returns trigger language plpgsql as $$
      begin perform pg_notify('bench_rows', '{"record":' || to_json(new) || '}'); return null; end $$;
    create trigger tell after insert on public.bench_notify for each row execute function public.bench_tell();
    alter publication supabase_realtime add table public.bench_rows, public.bench_open;
    analyze public.team_members; analyze auth.users;`);
  const exp = Math.floor(Date.now() / 1000) + 7200;
  const tokens = ids.map((sub) => sign({ sub, role: 'authenticated', aud: 'authenticated', exp }, server.env.SUPABASE_JWT_SECRET));
  const postmaster = await parentOfBackend(sql);
  const body = 'Your parcel left our house this morning and should be with you on Thursday.';
  const insert = {
    rows: `insert into public.bench_rows (id, user_id, body) values ($1::bigint, '${owner}', '${body}')`,
    open: `insert into public.bench_open (id, body) values ($1::bigint, '${body}')`,
    notify: `insert into public.bench_notify (id, user_id, body) values ($1::bigint, '${owner}', '${body}')`,
  };
  return {
    tokens, postmaster, insert, sql,
    empty: () => sql.unsafe('delete from public.bench_rows; delete from public.bench_open; delete from public.bench_notify; checkpoint'),
    clean: async () => {
      await sql.unsafe('drop table public.bench_rows, public.bench_open, public.bench_notify; drop function public.bench_tell');
      await sql`delete from auth.users where id = any(${[owner, ...ids]})`;
      await sql.end();
    },
  };
}

let runs = 0;
// One run of the load; `tokens`: one per subscriber. Gives its figures.
export async function runChanges(server, world, options) {
  const database = databaseOf(server);
  const settings = {
    mode: 'supabase', port: server.port, apikey: server.env.SUPABASE_ANON_KEY, join: JSON.stringify(JOIN),
    joined: 'Subscribed to PostgreSQL', warm: 1, writers: 16, program: server.pid, postmaster: world.postmaster,
    conninfo: `host=${database.host} port=${database.port} dbname=${database.database} user=postgres`,
    sql: world.insert.rows, ...options,
  };
  const { tokens, ...single } = settings;
  const file = path.join(work, `changes-load-${process.pid}-${(runs += 1)}`);
  writeFileSync(file, [...Object.entries(single).map(([name, value]) => `${name} ${value}`), ...tokens.map((token) => `token ${token}`)].join('\n'));
  const child = spawn(changesLoad(), [file], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let out = '';
  child.stdout.on('data', (bytes) => (out += bytes));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) fail(`the load ended with ${code}`);
  return JSON.parse(out);
}

// `count` subscribers dealt out to the first `personas` people.
export const deal = (tokens, count, personas) => Array.from({ length: count }, (_, i) => tokens[i % personas]);
