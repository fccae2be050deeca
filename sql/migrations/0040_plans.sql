-- What an account may have and what it has used: plans, what single accounts got beyond theirs, the
-- exact count of the month's conversations, and metrics that a background job folds from usage events.

create table public.plans (
  id text primary key check (id ~ '^[a-z][a-z0-9_]{0,31}$'),
  name text not null check (length(name) between 1 and 100),
  position int not null default 0,
  limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object'),
  features jsonb not null default '{}' check (jsonb_typeof(features) = 'object'),
  stripe_price_ids text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.plans enable row level security, force row level security;
create policy owner_all on public.plans to chatpad_owner using (true) with check (true);

-- A limit of null is none.
set local row_security = on;
insert into public.plans (id, name, position, limits, features) values
  ('basic', 'Basic', 1,
    '{"agents": 1, "conversations_per_month": 100, "messages_per_month": null, "sources": 5,
      "members": 1, "storage_bytes": 104857600}',
    '{"api_access": false, "webhooks": false, "custom_branding": false, "custom_domains": false,
      "white_label": false, "priority_support": false}'),
  ('advanced', 'Advanced', 2,
    '{"agents": 5, "conversations_per_month": 1000, "messages_per_month": null, "sources": 25,
      "members": 5, "storage_bytes": 1073741824}',
    '{"api_access": true, "webhooks": true, "custom_branding": true, "custom_domains": false,
      "white_label": false, "priority_support": false}'),
  ('pro', 'Pro', 3,
    '{"agents": null, "conversations_per_month": 10000, "messages_per_month": null, "sources": 100,
      "members": null, "storage_bytes": 10737418240}',
    '{"api_access": true, "webhooks": true, "custom_branding": true, "custom_domains": true,
      "white_label": true, "priority_support": true}');

-- messages_blocked_until is set by the folding of usage, and read where the account is read anyway.
alter table public.accounts drop constraint accounts_plan_check,
  add constraint accounts_plan_fkey foreign key (plan) references public.plans (id)
    on update cascade,
  add column messages_blocked_until timestamptz;
set local row_security = off;
create index accounts_plan on public.accounts (plan);

-- What replaces parts of the plan for one account; with a plan named, only while it is on that one.
create table public.plan_overrides (
  user_id uuid primary key references public.accounts (id) on delete cascade,
  plan text references public.plans (id) on update cascade on delete cascade,
  limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object'),
  features jsonb not null default '{}' check (jsonb_typeof(features) = 'object'),
  note text not null default '' check (length(note) <= 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index plan_overrides_plan on public.plan_overrides (plan);
alter table public.plan_overrides enable row level security, force row level security;
create policy owner_all on public.plan_overrides to chatpad_owner using (true) with check (true);

create table public.usage_metrics (
  user_id uuid not null references public.accounts (id) on delete cascade,
  metric text not null check (length(metric) between 1 and 40),
  period text not null check (period in ('day', 'month')),
  starts_on date not null,
  quantity bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, metric, period, starts_on)
);
alter table public.usage_metrics enable row level security, force row level security;
create policy owner_all on public.usage_metrics to chatpad_owner using (true) with check (true);

-- Of accounts whose plan limits them. Made by counting when the first conversation of a month starts,
-- or the first after the plan has changed.
create table private.conversation_counts (
  user_id uuid not null references public.accounts (id) on delete cascade,
  month date not null,
  used bigint not null,
  primary key (user_id, month)
);
alter table private.conversation_counts enable row level security, force row level security;
create policy owner_all on private.conversation_counts to chatpad_owner
  using (true) with check (true);

-- A queue in the order of its key. Without a reference to accounts: checking it would lock the account's
-- row for every message.
drop index private.usage_events_account;
alter table private.usage_events drop constraint usage_events_user_id_fkey;
