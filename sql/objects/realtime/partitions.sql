-- Day partitions of realtime.messages from yesterday to three days ahead; those older than 72 hours
-- are dropped, and realtime.purged remembers what went with them. Returns how many partitions it made. Safe to call from several programs at once.
-- A new table is attached, not created in place: that does not stop writers.
create or replace function realtime.ensure_partitions() returns int
language plpgsql volatile security definer
set search_path = '' set lock_timeout = '2s' set client_min_messages = warning as $$
declare
  v_today date := (now() at time zone 'utc')::date;
  v_day date;
  v_name text;
  v_made int := 0;
begin
  perform pg_catalog.pg_advisory_xact_lock(5270001);
  for i in -1..3 loop
    v_day := v_today + i;
    v_name := 'messages_' || to_char(v_day, 'YYYY_MM_DD');
    if to_regclass('realtime.' || v_name) is null then
      execute format('create table realtime.%I (like realtime.messages
        including defaults including constraints including indexes)', v_name);
      execute format('alter table realtime.%I enable row level security,
        force row level security', v_name);
      execute format('create policy owner_all on realtime.%I to chatpad_owner
        using (true) with check (true)', v_name);
      execute format('alter table realtime.messages attach partition realtime.%I
        for values from (%L) to (%L)', v_name, v_day, v_day + 1);
      v_made := v_made + 1;
    end if;
  end loop;
  for v_name in
    select c.relname from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'realtime.messages'::regclass
      and c.relname ~ '^messages_\d{4}_\d\d_\d\d$'
      and c.relname < 'messages_' || to_char(v_today - 3, 'YYYY_MM_DD')
  loop
    begin
      execute format('lock table realtime.%I in access exclusive mode', v_name);
      execute format('update realtime.purged set
        xid = greatest(xid, (select m.xid from realtime.%I m order by m.xid desc limit 1)),
        until = greatest(until, %L)', v_name, to_date(right(v_name, 10), 'YYYY_MM_DD') + 1);
      execute format('drop table realtime.%I', v_name);
    exception when lock_not_available then
      null;  -- a reader holds it; the next call drops it
    end;
  end loop;
  return v_made;
end
$$;
grant execute on function realtime.ensure_partitions() to service_role, authenticator,
  service_authenticator;
