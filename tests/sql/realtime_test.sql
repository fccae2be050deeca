-- Rights to private topics, probed the way the program probes them.
create function tests.probe(p_persona text, p_topic text) returns text language plpgsql as $$
declare
  v tests.personas;
  r text;
begin
  select * into strict v from tests.personas where name = p_persona;
  perform set_config('role', 'authenticator', true);
  perform realtime.place_probes(p_topic, '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222');
  perform set_config('request.jwt.claims', coalesce(v.claims::text, ''), true);
  perform set_config('role', v.db_role, true);
  select coalesce(string_agg(left(extension, 1), '' order by extension), '') into r from realtime.messages
  where id in ('11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222');
  r := r || '/' || case when realtime.probe_write(p_topic, 'broadcast') then 'b' else '' end
    || case when realtime.probe_write(p_topic, 'presence') then 'p' else '' end;
  perform set_config('role', 'none', true);
  raise exception using errcode = 'CP999', message = 'undo';
exception when sqlstate 'CP999' then
  return r;
end
$$;
-- <readable extensions>/<writable extensions>
select is(tests.probe(p.persona, t.topic), t.want, format('%s on %s', p.persona, t.topic))
from (values
  ('conversation:a5000000-0000-4000-8000-000000000001', 'bp/b', array['visitor_a1', 'owner_a', 'admin_a', 'manager_a', 'member_a']),
  ('conversation:a5000000-0000-4000-8000-000000000001', 'bp/', array['client_a']),
  ('conversation:a5000000-0000-4000-8000-000000000001', '/', array['visitor_a2', 'visitor_b1', 'owner_b', 'nobody', 'anon', 'key_a', 'no_claims']),
  ('conversation:99999999-9999-4999-8999-999999999999', '/', array['visitor_a1', 'owner_a', 'anon']),
  ('account:a0000000-0000-4000-8000-000000000001', 'bp/', array['owner_a', 'member_a', 'client_a']),
  ('account:a0000000-0000-4000-8000-000000000001', '/', array['visitor_a1', 'owner_b', 'nobody', 'anon', 'key_a']),
  ('agent:a2000000-0000-4000-8000-000000000001', 'bp/', array['visitor_a1', 'visitor_a2', 'owner_a', 'client_a']),
  ('agent:a2000000-0000-4000-8000-000000000001', '/', array['visitor_b1', 'owner_b', 'anon']),
  ('CONVERSATION:A5000000-0000-4000-8000-000000000001', '/', array['visitor_a1', 'owner_a']),
  ('conversation:lobby', '/', array['visitor_a1', 'owner_a', 'anon']),
  ('room-1', '/', array['visitor_a1', 'owner_a', 'anon']),
  ('', '/', array['visitor_a1', 'owner_a', 'anon'])
) t (topic, want, personas) cross join unnest(t.personas) p (persona);
select is((select count(*) from realtime.messages where id in ('11111111-1111-4111-8111-111111111111')), 0::bigint, 'no probe is left');

-- An archived conversation is gone for its visitor.
update conversations set status = 'archived' where id = 'a5000000-0000-4000-8000-000000000001';
select is(tests.probe('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001'), '/', 'an archived conversation');
update conversations set status = 'active' where id = 'a5000000-0000-4000-8000-000000000001';

-- Rows: without the topic set nothing; with it that topic's only, and those that name it also.
select is(tests.try('owner_a', 'select count(*) from realtime.messages'), '0', 'no topic, no rows');
select is(tests.try('owner_a', $$with t as materialized (select set_config('realtime.topic', 'account:a0000000-0000-4000-8000-000000000001', true) as x)
  select (select count(*) > 0 from realtime.messages where t.x is not null) from t$$), 'true', 'the account''s topic shows the events that name it');
select is(tests.try('owner_b', $$with t as materialized (select set_config('realtime.topic', 'account:a0000000-0000-4000-8000-000000000001', true) as x)
  select (select count(*) from realtime.messages where t.x is not null) from t$$), '0', 'to nobody else');

-- A project's own, careless policies do not open what is ours.
create policy careless_read on realtime.messages for select to anon, authenticated, visitor using (true);
create policy careless_write on realtime.messages for insert to anon, authenticated, visitor with check (true);
create policy careless_update on realtime.messages for update to anon, authenticated using (true) with check (true);
select is(tests.probe('nobody', 'room-1'), 'bp/bp', 'they open the project''s topics');
select is(tests.probe('nobody', 'conversation:a5000000-0000-4000-8000-000000000001'), '/', 'not a conversation''s');
select is(tests.probe('anon', 'account:a0000000-0000-4000-8000-000000000001'), '/', 'not an account''s');
select is(tests.probe('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001'), 'bp/b', 'and take nothing away');
select is(tests.try('nobody', $$insert into realtime.messages (topic, extension, event, private, also_topics) values ('room-1', 'broadcast', 'x', true, '{account:a0000000-0000-4000-8000-000000000001}')$$), 'error 42501', 'no second topic');
select is(tests.try('nobody', $$insert into realtime.messages (topic, extension, event, private, seq) values ('room-1', 'broadcast', 'x', true, 7)$$), 'error 42501', 'no seq');
select is(tests.try('owner_a', $$update realtime.messages set payload = '{}'$$), '0', 'durable events do not change');
select is(tests.try('visitor_a1', $$with t as materialized (select set_config('realtime.topic', 'conversation:a5000000-0000-4000-8000-000000000001', true) as x)
  insert into realtime.messages (topic, extension, event, private) select x, 'broadcast', 'message.created', true from t returning 1$$), 'error 42501', 'a visitor forges no durable event');
select is(tests.try('nobody', $$insert into realtime.messages (topic, extension, event, private, payload, binary_payload) values ('room-1', 'broadcast', 'x', true, '{}', '\x00')$$), 'error 42501', 'one payload only');
drop policy careless_read on realtime.messages;
drop policy careless_write on realtime.messages;
drop policy careless_update on realtime.messages;

-- send, send_binary, broadcast_changes.
set local client_min_messages = error;
select lives_ok($$select realtime.send('{"a":1}', 'ev', 'room-2')$$, 'send');
select is((select (payload - 'id') || jsonb_build_object('e', event, 'p', private, 'x', extension) from realtime.messages where topic = 'room-2'), '{"a":1,"e":"ev","p":true,"x":"broadcast"}', 'stores a private broadcast');
select is((select payload ->> 'id' from realtime.messages where topic = 'room-2') ~ '^[0-9a-f-]{36}$', true, 'with an id in the payload');
select lives_ok($$select realtime.send('{"id":7}', 'ev', 'room-3', false)$$, 'send, public');
select is((select payload ->> 'id' || private::text from realtime.messages where topic = 'room-3'), '7false', 'keeps a given id');
select lives_ok($$select realtime.send('[1]', 'ev', 'room-4')$$, 'a payload that is no object is a warning');
select is((select count(*) from realtime.messages where topic = 'room-4'), 0::bigint, 'and stores nothing');
select is(tests.try('owner_a', $$select realtime.send('{}', 'ev', 'room-5')$$), '', 'a refusal by policy is a warning');
select lives_ok($$select realtime.send_binary('\x0102', 'ev', 'room-6')$$, 'send_binary');
select is((select binary_payload from realtime.messages where topic = 'room-6'), '\x0102'::bytea, 'stores bytes');
create table public.things (id int primary key, name text);
create function public.things_changed() returns trigger language plpgsql security definer as $$
begin perform realtime.broadcast_changes('things:' || coalesce(new.id, old.id), tg_op, tg_op, tg_table_name, tg_table_schema, new, old, 'ROW'); return null; end $$;
create trigger t after insert or update or delete on public.things for each row execute function public.things_changed();
insert into public.things values (1, 'x');
update public.things set name = 'y';
delete from public.things;
select is((select array_agg((payload - 'id') order by event desc) from realtime.messages where topic = 'things:1'), array[
  '{"operation":"UPDATE","table":"things","schema":"public","record":{"id":1,"name":"y"},"old_record":{"id":1,"name":"x"}}',
  '{"operation":"INSERT","table":"things","schema":"public","record":{"id":1,"name":"x"},"old_record":null}',
  '{"operation":"DELETE","table":"things","schema":"public","record":null,"old_record":{"id":1,"name":"y"}}']::jsonb[], 'broadcast_changes from a trigger');
select throws_ok($$select realtime.broadcast_changes('t', 'e', 'TRUNCATE', 't', 's', null, null)$$, 'P0001', null, 'an unknown operation raises');
select throws_ok($$select realtime.broadcast_changes('t', 'e', 'INSERT', 't', 's', null, null, 'STATEMENT')$$, 'P0001', null, 'a statement trigger raises');
set local client_min_messages = warning;

-- Partitions.
select is((select count(*) from pg_inherits where inhparent = 'realtime.messages'::regclass), 5::bigint, 'five days of partitions');
select is(realtime.ensure_partitions(), 0, 'a second call makes none');
create function tests.old_partition(p_days int) returns void language plpgsql as $$
declare d date := (now() at time zone 'utc')::date - p_days; begin
  execute format('create table realtime.%I partition of realtime.messages for values from (%L) to (%L)', 'messages_' || to_char(d, 'YYYY_MM_DD'), d, d + 1);
  execute format('alter table realtime.%I owner to chatpad_owner', 'messages_' || to_char(d, 'YYYY_MM_DD'));
end $$;
select tests.old_partition(3);
select tests.old_partition(4);
select tests.old_partition(5);
select is(tests.run('login', 'select realtime.ensure_partitions()'), '0', 'the program may call it');
select is((select count(*) from pg_inherits where inhparent = 'realtime.messages'::regclass), 6::bigint, 'older than 72 hours are dropped');
