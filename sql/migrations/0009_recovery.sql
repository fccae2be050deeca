-- What recovery goes by. `ordinal` is the order of insertion: events of one conversation are inserted
-- under its row's lock, so theirs is the order of their commits. `horizon` is the oldest transaction
-- that was still open when the row was inserted: whatever a smaller xid wrote was committed before,
-- and is delivered before this row. That makes a row's horizon, never its own xid, a safe cursor.
create sequence realtime.messages_ordinal as bigint;
alter table realtime.messages
  add column ordinal bigint not null default nextval('realtime.messages_ordinal'),
  add column horizon xid8;
alter table realtime.messages
  alter column horizon set default pg_snapshot_xmin(pg_current_snapshot());

-- A row names at most one further topic.
drop index realtime.messages_topic;
drop index realtime.messages_xid;
create index messages_topic on realtime.messages (topic, xid);
create index messages_also_topic on realtime.messages ((also_topics[1]), xid);

-- Up to where the history is gone: the largest xid and the end of the newest partition dropped.
create table realtime.purged (
  single boolean primary key default true check (single),
  xid xid8 not null default '0',
  until timestamp not null default '-infinity'
);
alter table realtime.purged enable row level security, force row level security;
create policy owner_all on realtime.purged to chatpad_owner using (true) with check (true);
set local row_security = on;
insert into realtime.purged default values;
