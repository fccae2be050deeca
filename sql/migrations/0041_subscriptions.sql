-- What Stripe has told: which customer is which account, subscriptions, and the events that were seen.

create table private.stripe_events (
  id text primary key check (length(id) between 1 and 255),
  type text not null,
  outcome text not null,
  created timestamptz not null,
  received_at timestamptz not null default now()
);
create index stripe_events_received on private.stripe_events (received_at);
alter table private.stripe_events enable row level security, force row level security;
create policy owner_all on private.stripe_events to chatpad_owner using (true) with check (true);

create table private.stripe_customers (
  id text primary key check (length(id) between 1 and 255),
  user_id uuid not null references public.accounts (id) on delete cascade,
  created_at timestamptz not null default now()
);
create index stripe_customers_account on private.stripe_customers (user_id);
alter table private.stripe_customers enable row level security, force row level security;
create policy owner_all on private.stripe_customers to chatpad_owner using (true) with check (true);

-- user_id is null until an event says whose it is: events come in any order. told_at is the time of the
-- event that said the rest.
create table private.stripe_subscriptions (
  id text primary key check (length(id) between 1 and 255),
  user_id uuid references public.accounts (id) on delete cascade,
  customer text,
  status text not null,
  prices text[] not null default '{}',
  plan text references public.plans (id) on update cascade on delete set null,
  period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  payment_failed_at timestamptz,
  told_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index stripe_subscriptions_account on private.stripe_subscriptions (user_id);
create index stripe_subscriptions_customer on private.stripe_subscriptions (customer);
create index stripe_subscriptions_plan on private.stripe_subscriptions (plan);
alter table private.stripe_subscriptions enable row level security, force row level security;
create policy owner_all on private.stripe_subscriptions to chatpad_owner
  using (true) with check (true);
