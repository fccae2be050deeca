-- Signing in through other providers: which there are, and the sign-ins on their way.

-- `user_id` is the account it belongs to, whose people it signs in; null: the server's, for everybody.
-- `sealed` is the client's secret, sealed for the provider's own id (functions/shared/external).
create table auth.sign_in_providers (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references public.accounts (id) on delete cascade,
  protocol text not null check (protocol in ('oidc', 'saml')),
  kind text not null default 'generic'
    check (kind in ('generic', 'okta', 'auth0', 'azure', 'cognito', 'google')),
  -- What `provider=` says. Of an account's: sso:<id>, which is also what its identities are called.
  identifier text not null unique check (identifier ~ '^[a-z][a-z0-9:_-]{0,62}$'),
  name text not null check (length(name) between 1 and 100),
  issuer text check (length(issuer) <= 2048),
  client_id text check (length(client_id) <= 500),
  client_ids text[] not null default '{}' check (cardinality(client_ids) <= 20),
  sealed text check (sealed ~ '^v1\.[0-9a-f]{16}\.' and length(sealed) <= 100000),
  key_id text generated always as (split_part(sealed, '.', 2)) stored,
  scopes text[] not null default '{openid,email,profile}' check (cardinality(scopes) <= 20),
  -- Whose addresses it may vouch for; empty: everybody's.
  domains text[] not null default '{}' check (cardinality(domains) <= 100),
  -- entityId, ssoUrl, certificates, metadataUrl, mapping.
  saml jsonb check (jsonb_typeof(saml) = 'object'),
  -- What people who come through it are in the account: `role_map` gives roles for values of the claim.
  default_role text not null default 'member' check (default_role in ('admin', 'manager', 'member', 'client')),
  role_claim text check (length(role_claim) between 1 and 200),
  role_map jsonb not null default '{}' check (jsonb_typeof(role_map) = 'object'),
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (case protocol when 'oidc' then issuer is not null and client_id is not null and saml is null
    else saml is not null and issuer is null end),
  check (user_id is null or identifier = 'sso:' || id::text)
);
create index sign_in_providers_user on auth.sign_in_providers (user_id, created_at);
create index sign_in_providers_key on auth.sign_in_providers (key_id);
create unique index sign_in_providers_entity on auth.sign_in_providers ((saml ->> 'entityId'))
  where user_id is null and protocol = 'saml';
alter table auth.sign_in_providers enable row level security, force row level security;
create policy owner_all on auth.sign_in_providers to chatpad_owner using (true) with check (true);

-- Which provider signInWithSSO({domain}) leads to. The operator's word: nobody sends the people of
-- somebody else's domain to a provider of their own.
create table auth.sign_in_domains (
  domain text primary key check (domain = lower(domain) and length(domain) <= 253),
  provider_id uuid not null references auth.sign_in_providers (id) on delete cascade,
  created_at timestamptz not null default now()
);
create index sign_in_domains_provider on auth.sign_in_domains (provider_id);
alter table auth.sign_in_domains enable row level security, force row level security;
create policy owner_all on auth.sign_in_domains to chatpad_owner using (true) with check (true);

-- A sign-in that is at its provider now. Used once; only hashes of what travels are kept.
create table auth.sign_in_flows (
  state_hash bytea primary key check (length(state_hash) = 32),
  provider_id uuid not null references auth.sign_in_providers (id) on delete cascade,
  -- The client's PKCE flow; null: it gets its session in a fragment.
  flow_id uuid references auth.flow_state (id) on delete cascade,
  -- Who links an identity to themselves; null: a sign-in.
  link_user_id uuid references auth.users (id) on delete cascade,
  -- What the browser that began it has as a cookie; null: the client's verifier says it is the same.
  browser_hash bytea check (length(browser_hash) = 32),
  -- Where an identity is linked from without a verifier: the browser has to come from there, too.
  address text check (length(address) <= 64),
  redirect_to text not null check (length(redirect_to) <= 2048),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sign_in_flows_provider on auth.sign_in_flows (provider_id);
create index sign_in_flows_flow on auth.sign_in_flows (flow_id);
create index sign_in_flows_link_user on auth.sign_in_flows (link_user_id);
create index sign_in_flows_expires on auth.sign_in_flows (expires_at);
alter table auth.sign_in_flows enable row level security, force row level security;
create policy owner_all on auth.sign_in_flows to chatpad_owner using (true) with check (true);

-- Assertions that were taken, until they count no more anyway.
create table auth.saml_assertions (
  provider_id uuid not null references auth.sign_in_providers (id) on delete cascade,
  assertion_hash bytea not null check (length(assertion_hash) = 32),
  expires_at timestamptz not null,
  primary key (provider_id, assertion_hash)
);
create index saml_assertions_expires on auth.saml_assertions (expires_at);
alter table auth.saml_assertions enable row level security, force row level security;
create policy owner_all on auth.saml_assertions to chatpad_owner using (true) with check (true);

-- What a code of PKCE brings besides a session: the provider's own tokens, sealed, and an identity
-- that its redeemer links to themselves.
alter table auth.flow_state
  add column provider_tokens text check (length(provider_tokens) <= 100000),
  add column identity jsonb check (jsonb_typeof(identity) = 'object');
