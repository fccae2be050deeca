-- Work that outlives the request that asked for it: a row is taken under a lease, and whoever holds the
-- lease renews it or loses the work to somebody else.
create table private.jobs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.accounts (id) on delete cascade,
  kind text not null check (length(kind) between 1 and 60),
  subject_id uuid not null,  -- what it works on
  payload jsonb not null default '{}' check (jsonb_typeof(payload) = 'object'),
  state jsonb not null default '{}' check (jsonb_typeof(state) = 'object'),  -- what is done already
  status text not null default 'queued'
    check (status in ('queued', 'running', 'done', 'failed', 'cancelled')),
  attempts int not null default 0,
  attempts_max int not null default 5 check (attempts_max between 1 and 100),
  run_at timestamptz not null default now(),
  worker uuid,
  lease_until timestamptz,
  cancel_requested boolean not null default false,
  done bigint not null default 0 check (done >= 0),
  total bigint check (total >= 0),
  note text check (length(note) <= 300),
  error_code text check (length(error_code) <= 60),
  error text check (length(error) <= 500),
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  check ((status = 'running') = (worker is not null and lease_until is not null)),
  check ((status in ('done', 'failed', 'cancelled')) = (finished_at is not null))
);
create index jobs_queued on private.jobs (user_id, run_at, id) where status = 'queued';
create index jobs_running on private.jobs (lease_until) where status = 'running';
create index jobs_subject on private.jobs (subject_id, created_at desc);
create index jobs_account on private.jobs (user_id);
create index jobs_finished on private.jobs (finished_at) where finished_at is not null;
alter table private.jobs enable row level security, force row level security;
create policy owner_all on private.jobs to chatpad_owner using (true) with check (true);
