-- The keys of the whole project: pairs that sign and check access tokens, and opaque keys that stand
-- for the roles anon and service_role. Private halves are sealed by the program, opaque keys hashed.
create table auth.signing_keys (
  id uuid primary key default gen_random_uuid(),
  algorithm text not null check (algorithm in ('ES256', 'RS256')),
  status text not null default 'standby' check (status in ('standby', 'current', 'previous', 'revoked')),
  public_key bytea not null,
  sealed bytea,
  created_at timestamptz not null default now(),
  current_at timestamptz,
  previous_at timestamptz,
  revoked_at timestamptz
);
-- One of each at a time.
create unique index signing_keys_turn on auth.signing_keys (status) where status in ('standby', 'current');
alter table auth.signing_keys enable row level security, force row level security;
create policy owner_all on auth.signing_keys to chatpad_owner using (true) with check (true);

create table private.project_keys (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('publishable', 'secret')),
  key_hash bytea not null unique,
  hint text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
alter table private.project_keys enable row level security, force row level security;
create policy owner_all on private.project_keys to chatpad_owner using (true) with check (true);
