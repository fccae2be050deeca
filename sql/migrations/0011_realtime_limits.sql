-- What one account may do in realtime. No row, or null in a column: the program's default. The
-- program reads them with the rights of a topic, and hears of a change through an event.
create table public.realtime_limits (
  user_id uuid primary key references public.accounts (id) on delete cascade,
  enabled boolean not null default true,
  clients_max integer check (clients_max >= 0),
  channels_max integer check (channels_max >= 0),
  joins_per_s integer check (joins_per_s >= 0),
  events_per_s integer check (events_per_s >= 0),
  bytes_per_s bigint check (bytes_per_s >= 0),
  presence_per_s integer check (presence_per_s >= 0),
  payload_bytes_max integer check (payload_bytes_max between 0 and 1048576),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.realtime_limits enable row level security, force row level security;
create policy owner_all on public.realtime_limits to chatpad_owner using (true) with check (true);
