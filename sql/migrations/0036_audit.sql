-- The audit log: rows are appended by whoever changes something, and chained afterwards by the sealer,
-- so that nobody who writes waits for a row that others write.

create table public.audit_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.accounts (id) on delete cascade,
  actor_id uuid,
  actor_kind text not null
    check (actor_kind in ('user', 'super_admin', 'api_key', 'visitor', 'service', 'system')),
  action text not null check (length(action) between 1 and 100),
  resource_type text check (length(resource_type) <= 63),
  resource_id uuid,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  ip inet,
  user_agent text check (length(user_agent) <= 500),
  created_at timestamptz not null default clock_timestamp(),
  unique (user_id, id)
);
create index audit_logs_account on public.audit_logs (user_id, created_at, id);
alter table public.audit_logs enable row level security, force row level security;
create policy owner_all on public.audit_logs to chatpad_owner using (true) with check (true);

-- What waits for the sealer.
create table private.audit_unsealed (
  ordinal bigint generated always as identity primary key,
  user_id uuid not null references public.accounts (id) on delete cascade,
  log_id uuid not null
);
create index audit_unsealed_account on private.audit_unsealed (user_id);
alter table private.audit_unsealed enable row level security, force row level security;
create policy owner_all on private.audit_unsealed to chatpad_owner using (true) with check (true);

-- One link per sealed row: hash = sha256(hash before it, then the row). No foreign key to the row: a
-- row that is gone must leave its link behind.
create table private.audit_chain (
  user_id uuid not null references public.accounts (id) on delete cascade,
  seq bigint not null check (seq > 0),
  log_id uuid not null unique,
  hash bytea not null check (length(hash) = 32),
  sealed_at timestamptz not null default now(),
  primary key (user_id, seq)
);
alter table private.audit_chain enable row level security, force row level security;
create policy owner_all on private.audit_chain to chatpad_owner using (true) with check (true);

-- An export is built in parts by the housekeeping of any program; (next_at, next_id) is where the
-- next part begins. Its link is a secret that works once.
create table public.audit_exports (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.accounts (id) on delete cascade,
  requested_by uuid references auth.users (id) on delete set null,
  format text not null check (format in ('csv', 'jsonl')),
  filters jsonb not null default '{}',
  status text not null default 'pending' check (status in ('pending', 'ready', 'failed')),
  rows_total bigint not null default 0,
  parts_total integer not null default 0,
  next_at timestamptz not null default 'infinity',
  next_id uuid not null default 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  token_hash bytea not null unique check (length(token_hash) = 32),
  expires_at timestamptz not null,
  downloaded_at timestamptz,
  created_at timestamptz not null default now(),
  unique (user_id, id)
);
create index audit_exports_requested_by on public.audit_exports (requested_by);
create index audit_exports_pending on public.audit_exports (created_at) where status = 'pending';
create index audit_exports_expires on public.audit_exports (expires_at);
alter table public.audit_exports enable row level security, force row level security;
create policy owner_all on public.audit_exports to chatpad_owner using (true) with check (true);

create table private.audit_export_parts (
  user_id uuid not null,
  export_id uuid not null,
  part integer not null,
  content text not null,
  primary key (export_id, part),
  foreign key (user_id, export_id) references public.audit_exports (user_id, id) on delete cascade
);
create index audit_export_parts_account on private.audit_export_parts (user_id, export_id);
alter table private.audit_export_parts enable row level security, force row level security;
create policy owner_all on private.audit_export_parts to chatpad_owner using (true) with check (true);
