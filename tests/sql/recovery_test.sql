-- What a client that comes back is given: under its own rights, in order, or a gap.
create function tests.missed(p_persona text, p_topic text, p_horizon xid8, p_seq bigint, p_max int default 100)
returns text language plpgsql as $$
declare
  v tests.personas;
  r text;
begin
  select * into strict v from tests.personas where name = p_persona;
  perform set_config('request.jwt.claims', coalesce(v.claims::text, ''), true);
  perform set_config('role', v.db_role, true);
  select string_agg(coalesce(m.outcome, m.event), ' ') into r
  from realtime.missed(p_topic, p_horizon, p_seq, p_max, 1000000) m;
  perform set_config('role', 'none', true);
  return r;
end
$$;
-- Rows of the transaction that asks are left out (its own probes), so these are of an earlier one.
update realtime.messages set xid = '10', horizon = '9';
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', null, 0),
  'ok conversation.created message.created lead.created', 'everything of a conversation');
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', '10', null),
  'ok conversation.created message.created lead.created', 'by horizon');
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', '11', null), 'ok', 'nothing since');
select is(tests.missed('owner_a', 'account:a0000000-0000-4000-8000-000000000001', '10', null),
  (select 'ok ' || string_agg(event, ' ' order by ordinal) from realtime.messages
    where 'account:a0000000-0000-4000-8000-000000000001' in (topic, also_topics[1])), 'an account has what names it also');
select is(tests.missed(p, t, '1', null), 'ok', format('nothing for %s on %s', p, t))
from (values ('visitor_a2', 'conversation:a5000000-0000-4000-8000-000000000001'), ('visitor_a1', 'account:a0000000-0000-4000-8000-000000000001'),
  ('owner_b', 'account:a0000000-0000-4000-8000-000000000001'), ('nobody', 'conversation:a5000000-0000-4000-8000-000000000001'),
  ('anon', 'agent:a2000000-0000-4000-8000-000000000001')) x (p, t);
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', '10', null, 2), 'too_long', 'more than the limit is a gap');
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', '999999999', null), 'ahead', 'a cursor of the future');
-- A later message may be stored before an earlier one.
insert into realtime.messages (topic, extension, event, private, seq, xid, horizon)
values ('conversation:a5000000-0000-4000-8000-000000000001', 'broadcast', 'message.created', true, 3, '12', '12'),
  ('conversation:a5000000-0000-4000-8000-000000000001', 'broadcast', 'typing', true, null, '13', '12'),
  ('conversation:a5000000-0000-4000-8000-000000000001', 'broadcast', 'message.created', true, 2, '14', '13');
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', null, 2),
  'ok message.created typing message.created', 'from the message on, and later ones that came before it');
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', null, 3), 'ok message.created typing message.created', 'an older horizon gives more');
update realtime.purged set xid = '12';
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', '12', null), 'purged', 'what was dropped is a gap');
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', '13', null), 'ok typing message.created', 'what came after is not');
update realtime.purged set xid = '0', until = now() at time zone 'utc';
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', null, 2), 'purged', 'close to what was dropped, by seq');
update realtime.purged set until = '-infinity';
select is(tests.missed('visitor_a1', 'conversation:a5000000-0000-4000-8000-000000000001', null, 0), 'ok conversation.created message.created lead.created message.created typing message.created', 'and all of it again');

-- Dropping a partition remembers what went with it.
set local role chatpad_owner;
set local row_security = on;
create table realtime.messages_2020_01_01 (like realtime.messages including defaults including constraints including indexes);
alter table realtime.messages attach partition realtime.messages_2020_01_01 for values from ('2020-01-01') to ('2020-01-02');
insert into realtime.messages (topic, extension, event, private, inserted_at, xid) values ('old', 'broadcast', 'x', true, '2020-01-01 10:00', '44');
reset role;
select lives_ok('select realtime.ensure_partitions()', 'partitions are looked after');
select is((select xid::text || ' ' || until from realtime.purged), '44 2020-01-02 00:00:00', 'what was dropped is remembered');
select is(to_regclass('realtime.messages_2020_01_01'), null, 'and gone');

-- A row's horizon is not younger than any transaction that was open, so not than its own.
insert into realtime.messages (topic, extension, event, private) values ('room', 'broadcast', 'x', true);
select ok((select horizon <= xid from realtime.messages where topic = 'room'), 'the horizon is at most the own transaction');
create policy room_read on realtime.messages for select to authenticated using (realtime.topic() = 'room');
update realtime.messages set xid = '10', inserted_at = now() at time zone 'utc' where topic = 'room';
select is(tests.try('nobody', $$select count(*) from realtime.replayed('room', 0, 25) where event = 'x'$$), '1', 'replay under the caller''s rights');
select is(tests.try('anon', $$select count(*) from realtime.replayed('room', 0, 25) where event = 'x'$$), '0', 'and to nobody else');
