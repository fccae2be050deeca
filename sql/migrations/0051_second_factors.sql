-- Second factors of people (TOTP, RFC 6238). The secret is sealed by the program for its person and
-- this row; key_id is read out of the sealed text and cannot lie. `last_step`: the newest time step whose
-- code was used; none up to it is taken again.
create table auth.mfa_factors (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  friendly_name text not null default '' check (length(friendly_name) <= 200),
  factor_type text not null default 'totp' check (factor_type = 'totp'),
  status text not null default 'unverified' check (status in ('unverified', 'verified')),
  sealed text not null check (sealed ~ '^v1\.[0-9a-f]{16}\.' and length(sealed) <= 1000),
  key_id text not null generated always as (split_part(sealed, '.', 2)) stored,
  last_step bigint not null default 0,
  failures int not null default 0,
  locked_until timestamptz,
  last_challenged_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, friendly_name)
);
create index mfa_factors_key on auth.mfa_factors (key_id);
create index mfa_factors_unverified on auth.mfa_factors (created_at) where status = 'unverified';
alter table auth.mfa_factors enable row level security, force row level security;
create policy owner_all on auth.mfa_factors to chatpad_owner using (true) with check (true);

create table auth.mfa_challenges (
  id uuid primary key default gen_random_uuid(),
  factor_id uuid not null references auth.mfa_factors (id) on delete cascade,
  ip text not null default '' check (length(ip) <= 100),
  verified_at timestamptz,
  created_at timestamptz not null default now()
);
create index mfa_challenges_factor on auth.mfa_challenges (factor_id, created_at);
create index mfa_challenges_created on auth.mfa_challenges (created_at);
alter table auth.mfa_challenges enable row level security, force row level security;
create policy owner_all on auth.mfa_challenges to chatpad_owner using (true) with check (true);

-- The factor that made the session aal2; without it the session is aal1 again.
alter table auth.sessions add column factor_id uuid;
create index sessions_factor on auth.sessions (factor_id) where factor_id is not null;
