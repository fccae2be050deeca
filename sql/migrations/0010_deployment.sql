-- What all programs on this database have in common: the fingerprint of their secret, kept by the first
-- that migrated, so that one with another secret is told before it changes anything.
create table private.deployment (
  single boolean primary key default true check (single),
  secret_fingerprint text not null,
  created_at timestamptz not null default now()
);
alter table private.deployment enable row level security, force row level security;
create policy owner_all on private.deployment to chatpad_owner using (true) with check (true);
