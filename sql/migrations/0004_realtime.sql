-- The event outbox. One row per event, delivered to `topic` and to every topic of `also_topics`;
-- read from the WAL. `xid` is the horizon cursor, `seq` the conversation's own number.

create table realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp not null default (now() at time zone 'utc'),
  inserted_at timestamp not null default (now() at time zone 'utc'),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  also_topics text[] not null default '{}',
  seq bigint,
  xid xid8 not null default pg_current_xact_id(),
  primary key (id, inserted_at),
  check (num_nonnulls(payload, binary_payload) <= 1)
) partition by range (inserted_at);
create index messages_topic on realtime.messages (topic, inserted_at);
create index messages_xid on realtime.messages (xid);
alter table realtime.messages enable row level security, force row level security;
create policy owner_all on realtime.messages to chatpad_owner using (true) with check (true);

create publication chatpad_events for table realtime.messages
  with (publish = 'insert', publish_via_partition_root = true);
