-- Visitors whom their site vouches for. A site signs the identifier it knows its customer by; the
-- secret for that follows from the program's own and the version kept here, and is stored nowhere.
alter table public.agents
  add column identity_required boolean not null default false,
  add column identity_version integer not null default 1,
  -- Until then the version before counts as well.
  add column identity_previous_until timestamptz;

-- An identified visitor is a row of its own: its id alone proves nothing, the signature does.
alter table public.visitors
  add column identifier text,
  add column name text,
  add column email text,
  add column verified_at timestamptz;
create unique index visitors_identifier on public.visitors (user_id, agent_id, identifier)
  where identifier is not null;
