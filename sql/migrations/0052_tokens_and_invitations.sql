-- Short-lived tokens that an API key was exchanged for (OAuth 2). A token counts while the secret it
-- was made with does: it ends when the key is revoked, and when that secret is no more.
create table private.api_key_tokens (
  token_hash bytea primary key check (length(token_hash) = 32),
  user_id uuid not null references public.accounts (id) on delete cascade,
  key_id uuid not null,
  key_hash bytea not null,
  scopes text[] not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  foreign key (user_id, key_id) references public.api_keys (user_id, id) on delete cascade
);
create index api_key_tokens_key on private.api_key_tokens (user_id, key_id, created_at);
create index api_key_tokens_expires on private.api_key_tokens (expires_at);
alter table private.api_key_tokens enable row level security, force row level security;
create policy owner_all on private.api_key_tokens to chatpad_owner using (true) with check (true);

-- What only the mail of an invitation carries, beside the link that its inviter sees as well: who shows
-- it reads the mail of the invited address.
alter table public.team_invitations add column proof_hash bytea check (length(proof_hash) = 32);

drop function if exists api.invite_team_member(uuid, text, text, bytea, int, jsonb);
drop function if exists api.accept_team_invitation(bytea, jsonb);
