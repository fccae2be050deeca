-- Sign-in by mail and by code, and what has to be known of it later.

alter table auth.users
  add column invited_at timestamptz,
  add column confirmation_sent_at timestamptz,
  add column recovery_sent_at timestamptz,
  add column reauthentication_sent_at timestamptz,
  add column phone_confirmed_at timestamptz,
  -- The address that is to replace `email` once it is confirmed.
  add column email_change text check (email_change = lower(email_change) and length(email_change) <= 320),
  add column email_change_sent_at timestamptz,
  -- Kinds of tokens that have to be used before it counts.
  add column email_change_needs text[] not null default '{}',
  add column is_sso_user boolean not null default false,
  add column deleted_at timestamptz;

-- How the person proved who they are: [{"method", "timestamp"}], the first first.
alter table auth.sessions
  add column amr jsonb not null default '[]' check (jsonb_typeof(amr) = 'array');

-- PKCE (RFC 7636): the challenge is kept from the first request until its code is redeemed.
create table auth.flow_state (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references auth.users (id) on delete cascade,
  code_challenge text not null check (length(code_challenge) between 43 and 128),
  code_challenge_method text not null check (code_challenge_method in ('s256', 'plain')),
  authentication_method text not null check (length(authentication_method) <= 100),
  code_hash bytea unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index flow_state_user on auth.flow_state (user_id);
create index flow_state_expires on auth.flow_state (expires_at);
alter table auth.flow_state enable row level security, force row level security;
create policy owner_all on auth.flow_state to chatpad_owner using (true) with check (true);

-- What mails carry: a link's token as its SHA-256, the six digits as an HMAC under a key of the
-- program. One of a kind at a time; the row ends with its use.
create table auth.one_time_tokens (
  user_id uuid not null references auth.users (id) on delete cascade,
  kind text not null check (kind in ('signup', 'invite', 'magiclink', 'recovery',
    'email_change_current', 'email_change_new', 'reauthentication')),
  email text not null,
  token_hash bytea unique,
  otp_hash bytea not null,
  attempts smallint not null default 0,
  redirect_to text,
  flow_id uuid references auth.flow_state (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (user_id, kind)
);
create index one_time_tokens_email on auth.one_time_tokens (email);
create index one_time_tokens_flow on auth.one_time_tokens (flow_id);
create index one_time_tokens_expires on auth.one_time_tokens (expires_at);
alter table auth.one_time_tokens enable row level security, force row level security;
create policy owner_all on auth.one_time_tokens to chatpad_owner using (true) with check (true);

-- Mail on its way. What it says is sealed by the program until it is sent, and gone afterwards.
-- `user_id` is the account it is written for; null: for the program itself.
create table private.mail_outbox (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.accounts (id) on delete cascade,
  kind text not null check (kind ~ '^[a-z][a-z_]{0,63}$'),
  recipient text not null check (length(recipient) <= 320),
  sealed text,
  attempts int not null default 0,
  next_at timestamptz not null default now(),
  expires_at timestamptz not null,
  sent_at timestamptz,
  failed_at timestamptz,
  last_error text check (length(last_error) <= 500),
  created_at timestamptz not null default now()
);
create index mail_outbox_due on private.mail_outbox (next_at)
  where sent_at is null and failed_at is null;
create index mail_outbox_user on private.mail_outbox (user_id, created_at);
create index mail_outbox_created on private.mail_outbox (created_at);
alter table private.mail_outbox enable row level security, force row level security;
create policy owner_all on private.mail_outbox to chatpad_owner using (true) with check (true);

-- How often an address was asked to be written to, whether or not somebody has it.
create table private.mail_asks (
  recipient_hash bytea primary key,
  asked_at timestamptz not null,
  hour_began_at timestamptz not null,
  in_hour int not null
);
create index mail_asks_asked on private.mail_asks (asked_at);
alter table private.mail_asks enable row level security, force row level security;
create policy owner_all on private.mail_asks to chatpad_owner using (true) with check (true);

-- Sessions that ended before their access tokens did. `id` is a session, or a person of whom every
-- token made until then counts no more.
create table auth.ended_sessions (
  id uuid primary key,
  is_person boolean not null,
  ended_at timestamptz not null default now()
);
create index ended_sessions_at on auth.ended_sessions (ended_at);
alter table auth.ended_sessions enable row level security, force row level security;
create policy owner_all on auth.ended_sessions to chatpad_owner using (true) with check (true);

drop function if exists api.auth_create_session(uuid, bytea, text, text);
