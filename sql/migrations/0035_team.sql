-- Teams: who founded an account may step back from it, people are invited by address, keys are rotated.

-- The role of the person whose user id the account has. Null: has left it to its other owners.
alter table public.accounts add column founder_role text default 'owner'
  check (founder_role in ('owner', 'admin', 'manager', 'member', 'client'));

create table public.team_invitations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.accounts (id) on delete cascade,
  email text not null check (email = lower(email) and length(email) <= 320),
  role text not null check (role in ('owner', 'admin', 'manager', 'member', 'client')),
  token_hash bytea not null unique check (length(token_hash) = 32),
  invited_by uuid references auth.users (id) on delete set null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references auth.users (id) on delete set null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  unique (user_id, id)
);
-- One open invitation per address; inviting again replaces it.
create unique index team_invitations_open on public.team_invitations (user_id, email)
  where accepted_at is null and revoked_at is null;
create index team_invitations_email on public.team_invitations (email)
  where accepted_at is null and revoked_at is null;
create index team_invitations_invited_by on public.team_invitations (invited_by);
create index team_invitations_accepted_by on public.team_invitations (accepted_by);
alter table public.team_invitations enable row level security, force row level security;
create policy owner_all on public.team_invitations to chatpad_owner using (true) with check (true);

-- `previous_hash` is the secret before the last rotation, which works until `previous_until`.
alter table public.api_keys
  add column created_by uuid references auth.users (id) on delete set null,
  add column rate_per_min integer check (rate_per_min between 1 and 1000000),
  add column previous_hash bytea unique check (length(previous_hash) = 32),
  add column previous_until timestamptz,
  add column rotated_at timestamptz,
  add check ((previous_hash is null) = (previous_until is null)),
  add check (scopes <@ array['agents:read', 'agents:write', 'analytics:read', 'chat:write',
    'conversations:read', 'conversations:write', 'knowledge:read', 'knowledge:write',
    'leads:read', 'leads:write', 'webhooks:write']);
create index api_keys_created_by on public.api_keys (created_by);
create index api_keys_account on public.api_keys (user_id, created_at);
