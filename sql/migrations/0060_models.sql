-- Language models: which an agent asks, what an answer took and cost, and what may be spent.

alter table public.agents
  add column ai jsonb not null default '{}' check (jsonb_typeof(ai) = 'object'),
  alter column model set default 'auto';
-- Nobody has chosen 'builtin' so far: there was nothing else.
set local row_security = on;
update public.agents set model = 'auto' where model = 'builtin';
set local row_security = off;

alter table public.messages
  add column provider text,
  add column latency_ms int,
  add column first_token_ms int,
  add column cost_micros bigint;
drop function if exists api.finish_answer(uuid, bigint, text, jsonb, text, int, int, jsonb);

-- A limit on tokens, or on millionths of a US dollar, by day or calendar month (UTC). Without an
-- agent or key it holds for each one.
create table public.ai_budgets (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.accounts (id) on delete cascade,
  scope text not null check (scope in ('account', 'agent', 'key', 'visitor')),
  agent_id uuid,
  api_key_id uuid,
  period text not null check (period in ('day', 'month')),
  tokens_max bigint check (tokens_max >= 0),
  cost_micros_max bigint check (cost_micros_max >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique nulls not distinct (user_id, scope, agent_id, api_key_id, period),
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade,
  foreign key (user_id, api_key_id) references public.api_keys (user_id, id) on delete cascade,
  check (num_nonnulls(tokens_max, cost_micros_max) > 0),
  check (agent_id is null or scope in ('agent', 'visitor')),
  check (api_key_id is null or scope = 'key')
);
create index ai_budgets_agent on public.ai_budgets (user_id, agent_id) where agent_id is not null;
create index ai_budgets_key on public.ai_budgets (user_id, api_key_id) where api_key_id is not null;
alter table public.ai_budgets enable row level security, force row level security;
create policy owner_all on public.ai_budgets to chatpad_owner using (true) with check (true);

-- One row per answer of a model, appended by the answer's transaction and folded into ai_used.
create table private.ai_calls (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.accounts (id) on delete cascade,
  agent_id uuid not null,
  api_key_id uuid,
  visitor_id uuid,
  tokens bigint not null,
  cost_micros bigint not null,
  at timestamptz not null default now()
);
create index ai_calls_account on private.ai_calls (user_id);
alter table private.ai_calls enable row level security, force row level security;
create policy owner_all on private.ai_calls to chatpad_owner using (true) with check (true);

create table private.ai_used (
  user_id uuid not null references public.accounts (id) on delete cascade,
  scope_id uuid not null,
  day date not null,
  tokens bigint not null default 0,
  cost_micros bigint not null default 0,
  primary key (user_id, scope_id, day)
);
create index ai_used_day on private.ai_used (day);
alter table private.ai_used enable row level security, force row level security;
create policy owner_all on private.ai_used to chatpad_owner using (true) with check (true);
