-- People and accounts. An account is identified by its owner's user id.

create table auth.users (
  id uuid primary key default gen_random_uuid(),
  email text unique check (email = lower(email) and length(email) <= 320),
  phone text,
  encrypted_password text,
  email_confirmed_at timestamptz,
  raw_app_meta_data jsonb not null default '{"provider":"email","providers":["email"]}',
  raw_user_meta_data jsonb not null default '{}',
  is_anonymous boolean not null default false,
  is_super_admin boolean not null default false,
  banned_until timestamptz,
  last_sign_in_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table auth.users enable row level security, force row level security;
create policy owner_all on auth.users to chatpad_owner using (true) with check (true);

create table auth.identities (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  provider text not null,
  provider_id text not null,
  identity_data jsonb not null default '{}',
  email text,
  last_sign_in_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (provider, provider_id)
);
create index identities_user on auth.identities (user_id);
alter table auth.identities enable row level security, force row level security;
create policy owner_all on auth.identities to chatpad_owner using (true) with check (true);

create table auth.sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  aal text not null default 'aal1' check (aal in ('aal1', 'aal2')),
  user_agent text,
  ip inet,
  not_after timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sessions_user on auth.sessions (user_id);
alter table auth.sessions enable row level security, force row level security;
create policy owner_all on auth.sessions to chatpad_owner using (true) with check (true);

-- `sealed` is the token itself, encrypted by the program: a client that lost the answer to its
-- refresh gets the active token again.
create table auth.refresh_tokens (
  id bigint generated always as identity primary key,
  token_hash bytea not null unique,
  user_id uuid not null references auth.users (id) on delete cascade,
  session_id uuid not null references auth.sessions (id) on delete cascade,
  parent bigint,
  sealed text,
  revoked boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index refresh_tokens_user on auth.refresh_tokens (user_id);
create index refresh_tokens_session on auth.refresh_tokens (session_id);
create unique index refresh_tokens_active on auth.refresh_tokens (session_id) where not revoked;
alter table auth.refresh_tokens enable row level security, force row level security;
create policy owner_all on auth.refresh_tokens to chatpad_owner using (true) with check (true);

create table public.accounts (
  id uuid primary key references auth.users (id) on delete cascade,
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  display_name text not null default '' check (length(display_name) <= 200),
  region text not null default 'default',
  tier text not null default 'shared',
  deployment_mode text not null default 'cloud',
  status text not null default 'active' check (status in ('active', 'suspended', 'closed')),
  plan text not null default 'basic' check (plan in ('basic', 'advanced', 'pro')),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.accounts enable row level security, force row level security;
create policy owner_all on public.accounts to chatpad_owner using (true) with check (true);

create table public.team_members (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null references public.accounts (id) on delete cascade,
  member_id uuid not null references auth.users (id) on delete cascade,
  role text not null default 'member'
    check (role in ('owner', 'admin', 'manager', 'member', 'client')),
  created_at timestamptz not null default now(),
  unique (owner_id, member_id),
  check (owner_id <> member_id)
);
create index team_members_member on public.team_members (member_id, owner_id);
alter table public.team_members enable row level security, force row level security;
create policy owner_all on public.team_members to chatpad_owner using (true) with check (true);

create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.accounts (id) on delete cascade,
  name text not null check (length(name) between 1 and 200),
  prefix text not null check (length(prefix) <= 40),
  key_hash bytea not null unique check (length(key_hash) = 32),
  scopes text[] not null default '{}',
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default now(),
  unique (user_id, id)
);
alter table public.api_keys enable row level security, force row level security;
create policy owner_all on public.api_keys to chatpad_owner using (true) with check (true);

create table public.security_logs (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.accounts (id) on delete cascade,
  actor_id uuid,
  actor_kind text not null check (actor_kind in ('user', 'api_key', 'visitor', 'service', 'system')),
  event text not null check (length(event) <= 100),
  details jsonb not null default '{}',
  ip inet,
  created_at timestamptz not null default now()
);
create index security_logs_account on public.security_logs (user_id, id);
alter table public.security_logs enable row level security, force row level security;
create policy owner_all on public.security_logs to chatpad_owner using (true) with check (true);

-- Append-only; a background job folds it. No row of an account is updated per message.
create table private.usage_events (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.accounts (id) on delete cascade,
  kind text not null,
  quantity bigint not null default 1,
  at timestamptz not null default now()
);
create index usage_events_account on private.usage_events (user_id, at);
alter table private.usage_events enable row level security, force row level security;
create policy owner_all on private.usage_events to chatpad_owner using (true) with check (true);
