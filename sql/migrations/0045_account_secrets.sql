-- Secrets of accounts (provider keys, channel tokens), sealed by the program (runtime/wire/sealed.h):
-- the database never holds the key. key_id is read out of the sealed text and cannot lie.
create table private.account_secrets (
  user_id uuid not null references public.accounts (id) on delete cascade,
  name text not null check (name ~ '^[a-z][a-z0-9_.-]{0,62}$'),
  sealed text not null check (sealed ~ '^v1\.[0-9a-f]{16}\.' and length(sealed) <= 100000),
  last4 text not null default '' check (length(last4) <= 4),
  key_id text not null generated always as (split_part(sealed, '.', 2)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, name)
);
create index account_secrets_key on private.account_secrets (key_id);
alter table private.account_secrets enable row level security, force row level security;
create policy owner_all on private.account_secrets to chatpad_owner using (true) with check (true);

-- Which key seals now, for every program on this database. A rotation begins by changing it: from that
-- commit on nothing sealed with an older key is taken.
create table private.sealing (
  single boolean primary key default true check (single),
  key_id text not null check (key_id ~ '^[0-9a-f]{16}$'),
  created_at timestamptz not null default now()
);
alter table private.sealing enable row level security, force row level security;
create policy owner_all on private.sealing to chatpad_owner using (true) with check (true);
