-- What the inbox reads: labels, lists, their order and places, who may, and how much a page costs.
create function tests.list(p_persona text, p_arguments text) returns jsonb language plpgsql as $$
declare r text := tests.run(p_persona, format('select api.list_conversations(''a0000000-0000-4000-8000-000000000001'', %s)', p_arguments));
begin
  return case when r like 'error %' then to_jsonb(r) else r::jsonb end;
end
$$;
create function tests.labels(p_page jsonb) returns text language sql as $$
  select string_agg(c ->> 'subject', ' ' order by n) from jsonb_array_elements(p_page -> 'conversations') with ordinality x (c, n) $$;

-- Labels and what a conversation shows.
select is(private.visitor_code('a3000000-0000-4000-8000-000000000001'), private.visitor_code('a3000000-0000-4000-8000-000000000001'), 'a visitor''s code is always the same');
select matches(private.visitor_code('a3000000-0000-4000-8000-000000000001'), '^Visitor [0-9A-F]{6}$', 'and short');
select is((select private.conversation_json(c) ->> 'visitorLabel' from conversations c where id = 'a5000000-0000-4000-8000-000000000001'), 'Lea', 'a lead''s name is the label');
select is((select array_agg(k order by k) from jsonb_object_keys((select private.conversation_json(c) from conversations c where id = 'a5000000-0000-4000-8000-000000000001')) k),
  array['agentId', 'agentName', 'channel', 'closedAt', 'createdAt', 'epoch', 'escalated', 'escalatedAt', 'escalationReason', 'id', 'lastMessageAt', 'lastMessageRole', 'lastSeq', 'leadId',
    'messageCount', 'metadata', 'preview', 'status', 'subject', 'takenOverBy', 'updatedAt', 'visitorLabel', 'visitorVerified'], 'a conversation names no visitor id');
select is((select private.conversation_json(c) ->> 'lastMessageRole' from conversations c where id = 'a5000000-0000-4000-8000-000000000001'), 'visitor', 'who wrote last');
update leads set name = null, email = 'lea@x.example' where id = 'a8000000-0000-4000-8000-000000000001';
select is((select private.conversation_json(c) ->> 'visitorLabel' from conversations c where id = 'a5000000-0000-4000-8000-000000000001'), 'lea@x.example', 'else the address');
update leads set email = null, phone = null where id = 'a8000000-0000-4000-8000-000000000001';
select is((select private.conversation_json(c) ->> 'visitorLabel' from conversations c where id = 'a5000000-0000-4000-8000-000000000001'),
  private.visitor_code('a3000000-0000-4000-8000-000000000001'), 'else the visitor''s code');

-- Twelve conversations: two an hour, two at the very same time, in four states.
delete from conversations where user_id = 'a0000000-0000-4000-8000-000000000001';
insert into conversations (id, user_id, agent_id, visitor_id, subject, preview, status, last_message_at, created_at)
select format('a5000000-0000-4000-8000-0000000001%s', lpad(i::text, 2, '0'))::uuid, 'a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001',
  'a3000000-0000-4000-8000-000000000001', 's' || i, 'Preview ' || i,
  (array['active', 'closed', 'human_takeover', 'archived'])[1 + i % 4],
  case when i <> 5 then timestamptz '2026-03-01 12:00:00.123456+00' - (i / 2) * interval '30 minutes' end, timestamptz '2026-03-01 12:00:00.123456+00' - (i / 2) * interval '30 minutes'
from generate_series(1, 12) i;
select is(tests.labels(tests.list('owner_a', 'null, null, null, null, null')), 's1 s3 s2 s5 s4 s7 s6 s9 s8 s11 s10 s12', 'newest activity first, ties by id');
select is(tests.list('owner_a', 'null, null, null, null, null') -> 'nextCursor', 'null', 'all on one page');
select is(tests.labels(tests.list('client_a', '''open'', null, null, null, null')), 's2 s4 s6 s8 s10 s12', 'open ones');
select is(tests.labels(tests.list('client_a', '''closed'', null, null, null, null')), 's1 s5 s9', 'closed ones');
select is(tests.labels(tests.list('client_a', '''archived'', null, null, null, null')), 's3 s7 s11', 'archived ones');
select is(tests.list('client_a', '''unheard'', null, null, null, null'), '{"conversations":[],"nextCursor":null}', 'an unknown status holds none');

-- Walking by cursor gives every row once, whatever the size of the page. The cursor is read here the
-- way the program reads it.
create function tests.walk(p_status text, p_search text, p_limit int) returns text language plpgsql as $$
declare
  v_cursor text;
  v_bytes bytea;
  v_page jsonb;
  v_all text := '';
begin
  for i in 1 .. 50 loop
    v_bytes := decode(translate(v_cursor, '-_', '+/'), 'base64');
    v_page := tests.list('member_a', format('%L, %L, %s, %L::bigint, %L::uuid', p_status, p_search, p_limit,
      ('x' || encode(substr(v_bytes, 1, 8), 'hex'))::bit(64)::bigint, encode(substr(v_bytes, 9), 'hex')));
    v_all := v_all || ' ' || coalesce(tests.labels(v_page), '-');
    v_cursor := v_page ->> 'nextCursor';
    exit when v_cursor is null;
  end loop;
  return trim(v_all);
end
$$;
select is(tests.walk(null, null, n), 's1 s3 s2 s5 s4 s7 s6 s9 s8 s11 s10 s12', format('pages of %s', n)) from generate_series(1, 13) n;
select is(tests.walk('open', null, n), 's2 s4 s6 s8 s10 s12', format('open ones in pages of %s', n)) from generate_series(1, 7) n;
select is(private.cursor('2026-11-20 16:45:18.665123+00', 'a0000000-0000-4000-8000-0000000000ff'), 'AAZgt_gkKaOgAAAAAABAAIAAAAAAAAD_', 'the cursor that cursor_test.cc reads');
select is(private.time_from_us(1795193118665123), '2026-11-20 16:45:18.665123+00', 'and its time, to the microsecond');

-- Search.
insert into leads (user_id, agent_id, conversation_id, name, email, company) values
  ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000102', 'Zoë Ångström', 'zoe@north.example', 'Nördlich'),
  ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000102', 'An Alias', null, null);
select is(coalesce(tests.labels(tests.list('member_a', format('null, %L, null, null, null', s.text))), ''), s.want, 'search: ' || s.text) from (values
  ('preview 7', 's7'), ('PREVIEW 1', 's1 s11 s10 s12'), ('zoë', 's2'), ('ÅNGSTRÖM', 's2'), ('alias', 's2'), ('north.ex', 's2'), ('NÖRDLICH', 's2'), ('s12', 's12'),
  ('nobody', ''), ('%', ''), ('_', ''), ('\', ''), ('''; drop table leads; --', ''), ('   ', 's1 s3 s2 s5 s4 s7 s6 s9 s8 s11 s10 s12'),
  (private.visitor_code('a3000000-0000-4000-8000-000000000001'), 's1 s3 s2 s5 s4 s7 s6 s9 s8 s11 s10 s12'), ('a3000000', '')) s (text, want);
select is(tests.walk(null, 'preview 1', 2), 's1 s11 s10 s12', 'a search goes on by cursor');
select is(tests.labels(tests.list('owner_b', 'null, null, null, null, null')), null, 'another account sees nothing');

-- Leads.
select is((tests.run('client_a', 'select api.list_leads(''a0000000-0000-4000-8000-000000000001'', 1, null, null)')::jsonb #> '{leads,0}') ?& array['id', 'score', 'status', 'reasons', 'name', 'conversationId'], true, 'a lead as people see it');
select is((select count(*) from realtime.messages where event = 'lead.created' and topic like 'conversation:%' and payload -> 'lead' ?| array['score', 'reasons', 'status', 'message', 'customFields']), 0::bigint,
  'a conversation''s topic hears neither score nor reasons');
select is((select count(*) from realtime.messages where event = 'lead.created' and topic like 'conversation:%102'), 2::bigint, 'but that there is a lead');

-- The answer that is being written.
insert into messages (user_id, conversation_id, seq, role, state, content) values
  ('a0000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000104', 1, 'assistant', 'running', 'So far');
select is((tests.run('client_a', 'select api.get_conversation(''a5000000-0000-4000-8000-000000000104'')')::jsonb -> 'running') - 'messageId', '{"seq":1,"text":"So far"}', 'its text so far');
select is(tests.run('client_a', 'select api.get_conversation(''a5000000-0000-4000-8000-000000000106'')')::jsonb - 'conversation', '{"lead":null,"running":null,"visitor":null,"takeovers":[]}', 'no lead, no answer, nobody took over');
select is(tests.run('client_a', 'select api.get_conversation(''a5000000-0000-4000-8000-000000000102'')')::jsonb -> 'lead' -> 'conversationId', '"a5000000-0000-4000-8000-000000000102"', 'with its lead');

-- Accounts.
select is(tests.run('client_a', 'select api.list_accounts()')::jsonb #- '{accounts,0,id}', '{"accounts":[{"name":"a","slug":"a","role":"client","plan":"pro","isOwner":false,"secondFactorRequired":false,"secondFactorMissing":false}],"superAdmin":false}', 'the account somebody else owns');
select is(tests.run('owner_b', 'select api.list_accounts()')::jsonb #>> '{accounts,0,isOwner}', 'true', 'the own one');
select is(tests.run('nobody', 'select api.list_accounts()')::jsonb, '{"accounts":[],"superAdmin":false}', 'none at all');
insert into team_members (owner_id, member_id, role) values ('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', 'client');
select is(tests.run('owner_b', 'select api.list_accounts()')::jsonb #>> '{accounts,0,slug}', 'b', 'the own one comes first');
select is((tests.run('member_a', 'select api.list_agents(''a0000000-0000-4000-8000-000000000001'')')::jsonb #> '{agents,0}') - '{createdAt,updatedAt}'::text[],
  '{"id":"a2000000-0000-4000-8000-000000000001","name":"Agent a","isActive":true,"allowedOrigins":[]}', 'an agent');

-- Closing and opening.
create function tests.set_status(p_persona text, p_id text, p_status text) returns text language sql as $$
  select coalesce((r::jsonb #>> '{conversation,status}'), r) from (select tests.run(p_persona, format('select api.update_conversation(%L, %L)', p_id, p_status)) r) x
  where r not like 'error %' union all
  select r from (select tests.run(p_persona, format('select api.update_conversation(%L, %L)', p_id, p_status)) r) x where r like 'error %' limit 1 $$;
select is(tests.set_status('member_a', 'a5000000-0000-4000-8000-000000000104', 'closed'), 'closed', 'a member closes');
select is((select closed_at is not null from conversations where id = 'a5000000-0000-4000-8000-000000000104'), true, 'with the time');
select is(tests.set_status('member_a', 'a5000000-0000-4000-8000-000000000104', 'closed'), 'closed', 'twice is harmless');
select is(tests.set_status('member_a', 'a5000000-0000-4000-8000-000000000104', 'active'), 'active', 'and opens');
select is((select closed_at from conversations where id = 'a5000000-0000-4000-8000-000000000104'), null, 'without one');
select is((select string_agg(event || ':' || (payload #>> '{conversation,status}'), ' ' order by ctid) from realtime.messages where topic = 'conversation:a5000000-0000-4000-8000-000000000104' and event = 'conversation.updated'),
  'conversation.updated:closed conversation.updated:active', 'each is told once');
select is(tests.run('member_a', 'select api.start_takeover(''a5000000-0000-4000-8000-000000000104'', null)')::jsonb #>> '{conversation,status}', 'human_takeover', 'a person takes over');
select is(tests.set_status('owner_a', 'a5000000-0000-4000-8000-000000000104', 'active'), 'error CP000 takeover_active A person is in charge; end the takeover instead.', 'that is no way to end a takeover');
select is(tests.set_status('owner_a', 'a5000000-0000-4000-8000-000000000104', 'closed'), 'closed', 'closing ends it');
select is((select count(*) from conversation_takeovers where conversation_id = 'a5000000-0000-4000-8000-000000000104' and ended_at is null), 0::bigint, 'no takeover is open');
select is((select string_agg(event, ' ' order by ctid) from (select ctid, event from realtime.messages where topic = 'conversation:a5000000-0000-4000-8000-000000000104' order by ctid desc limit 2) x),
  'takeover.ended conversation.updated', 'both are told');
select is(tests.set_status('owner_a', 'a5000000-0000-4000-8000-000000000103', s), 'error CP000 conversation_archived The conversation is archived.', 'an archived one stays') from unnest(array['active', 'closed']) s;
select is(tests.set_status('owner_a', 'a5000000-0000-4000-8000-000000000104', s), 'error CP000 validation_failed status must be one of closed, active.', 'no such wish') from unnest(array['archived', 'human_takeover', '', null]) s;

-- What a page costs. Rows fetched are counted by PostgreSQL itself.
create function tests.fetched() returns bigint language sql as $$
  select pg_stat_get_xact_tuples_fetched(i.indexrelid) + pg_stat_get_xact_tuples_returned(i.indexrelid) from pg_index i
  where i.indexrelid = 'public.conversations_activity'::regclass $$;
create function tests.seq_scans() returns bigint language sql as $$ select pg_stat_get_xact_numscans('public.conversations'::regclass) $$;
insert into conversations (user_id, agent_id, subject, status, last_message_at)
select 'a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'many', (array['active', 'closed', 'human_takeover'])[1 + i % 3],
  timestamptz '2026-02-01 00:00+00' - i * interval '3 minutes'
from generate_series(1, 6000) i;
create table tests.cost (name text, before bigint, scans bigint);
insert into tests.cost values ('page', tests.fetched(), tests.seq_scans());
select is(jsonb_array_length(tests.list('owner_a', 'null, null, 50, null, null') -> 'conversations'), 50, 'a first page of thousands');
select is(jsonb_array_length(tests.list('owner_a', 'null, null, 50, 1769000000000000, ''00000000-0000-0000-0000-000000000000''') -> 'conversations'), 50, 'a page from the middle');
select cmp_ok(tests.fetched() - before, '<', 1500::bigint, 'they read little more than they show') from tests.cost;
select is(tests.seq_scans() - scans, 0::bigint, 'and never the whole table') from tests.cost;
update tests.cost set before = tests.fetched();
select is(tests.list('owner_a', 'null, ''nowhere'', 50, null, null') -> 'conversations', '[]', 'a search without a hit');
select isnt(tests.list('owner_a', 'null, ''nowhere'', 50, null, null') ->> 'nextCursor', null, 'says where to go on');
select cmp_ok(tests.fetched() - before, '<', 30000::bigint, 'and stops on its way') from tests.cost;
select is(tests.walk(null, 'nowhere', 50), '- - - -', 'in four steps it has seen all');

-- A message changes no index of its conversation: one update in place an hour apart from the next.
create table tests.hot as select pg_stat_get_xact_tuples_hot_updated('public.conversations'::regclass) as hot, pg_stat_get_xact_tuples_updated('public.conversations'::regclass) as updated;
select isnt(tests.run('visitor_a1', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', null, null)$$), null, 'a new conversation');
select is((select count(*) from (select tests.run('visitor_a1', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'y', null, null)$$,
  (select id from conversations where preview in ('x', 'y') and visitor_id = 'a3000000-0000-4000-8000-000000000001' order by created_at desc limit 1))) from generate_series(1, 5)) r), 5::bigint, 'five more messages');
select is(pg_stat_get_xact_tuples_hot_updated('public.conversations'::regclass) - hot, pg_stat_get_xact_tuples_updated('public.conversations'::regclass) - updated, 'heap-only updates') from tests.hot;

-- Old client_message_ids are forgotten.
insert into private.idempotency (agent_id, actor, client_message_id, message_id, conversation_id, created_at)
select 'a2000000-0000-4000-8000-000000000001', 'v:x', i::text, gen_random_uuid(), gen_random_uuid(), now() - case when i <= 6000 then interval '7 days 1 second' else interval '6 days 23 hours' end
from generate_series(1, 6010) i;
select is(tests.run('service', 'select api.forget_client_message_ids()'), n, 'forgotten: ' || n) from unnest(array['5000', '1000', '0']) n;
select is((select count(*) from private.idempotency where actor = 'v:x'), 10::bigint, 'the younger ones stay');
