-- The REST endpoints under /v1/conversations: who may, what is shown, and what archiving and escalating leave behind.
create function tests.got(p_persona text, p_sql text) returns jsonb language plpgsql as $$
declare r text := tests.run(p_persona, p_sql);
begin
  return case when r like 'error %' then to_jsonb(r) else r::jsonb end;
end
$$;
\set agent '''a2000000-0000-4000-8000-000000000001'''
\set conv '''a5000000-0000-4000-8000-000000000001'''
create function tests.heard(p_id uuid) returns text language sql as $$
  select string_agg(event || coalesce(':' || seq, ''), ' ' order by ctid) from realtime.messages where topic = 'conversation:' || p_id $$;

-- Who may.
select is(tests.try(p, format('select api.create_conversation(%L, null, ''{}'')', :agent)) like '{%', true, p || ' begins one') from unnest(array['owner_a', 'member_a', 'key_a']) p;
select is(tests.try('client_a', format('select api.create_conversation(%L, null, ''{}'')', :agent)), 'error CP000 insufficient_role Your role in this account does not allow this.', 'a client begins none');
select is(tests.try('key_a_bare', format('select api.create_conversation(%L, null, ''{}'')', :agent)), 'error CP000 insufficient_scope The API key lacks the scope chat:write.', 'nor a key without the scope');
select is(tests.try('visitor_a1', format('select api.create_conversation(%L, null, ''{}'')', :agent)), 'error 42501', 'nor a visitor');
select is(tests.try('client_a', format(s, :conv)), 'error CP000 insufficient_role Your role in this account does not allow this.', 'a client does not ' || s)
from unnest(array['select api.archive_conversation(%L, null)', 'select api.escalate_conversation(%L, null, ''high'', ''x'')']) s;
select is(tests.try('key_a_bare', format(s, :conv)), 'error CP000 insufficient_scope The API key lacks the scope conversations:write.', 'a key without the scope does not ' || s)
from unnest(array['select api.archive_conversation(%L, null)', 'select api.escalate_conversation(%L, null, ''high'', ''x'')']) s;
select is(tests.try(p, format('select api.read_conversation(%L, 0, 10)', :conv)) like '{%', true, p || ' reads') from unnest(array['owner_a', 'client_a', 'key_a']) p;
select is(tests.try('key_a_bare', s), 'error CP000 insufficient_scope The API key lacks the scope conversations:read.', s)
from unnest(array[format('select api.read_conversation(%L, 0, 10)', :conv), 'select api.find_conversations(null, null, null, null, 10, null, null)']) s;

-- Begun, for a visitor whom the agent knows.
select tests.got('key_a', format('select api.create_conversation(%L, %L, %L)', :agent, 'a3000000-0000-4000-8000-000000000002', '{"pageUrl": "https://x.example/a?token=1#b", "plan": "gold"}')) as made \gset
select is(:'made'::jsonb ->> 'status', 'active', 'it is active');
select is(:'made'::jsonb -> 'messages', '[]', 'and empty');
select is((select concat_ws(' ', visitor_id, api_key_id, channel, metadata) from conversations where id = (:'made'::jsonb ->> 'id')::uuid),
  'a3000000-0000-4000-8000-000000000002 a4000000-0000-4000-8000-000000000001 api {"plan": "gold", "pageUrl": "https://x.example/a"}', 'of that visitor and that key');
select is(strpos(:'made', 'a3000000-0000-4000-8000-000000000002'), 0, 'whose id is not shown');
select is(tests.run('visitor_a2', format('select api.get_messages(%L, 0, 10)', :'made'::jsonb ->> 'id')) like '{%', true, 'the visitor may read it');
select is(tests.try('key_a', format('select api.create_conversation(%L, null, ''[]'')', :agent)), 'error CP000 validation_failed metadata must be an object of at most 16 KiB.', 'metadata is an object');
select is(tests.try('key_a', format('select api.post_visitor_message(%L, null, ''Hi'', null, ''{}'', 0, null, %L)', :agent, 'a3000000-0000-4000-8000-0000000000ff')), 'error CP000 not_found Not found.', 'nobody becomes a visitor this way');
select tests.got('key_a', format('select api.post_visitor_message(%L, null, ''Hi'', ''once'', ''{}'', 0, null, %L)', :agent, 'a3000000-0000-4000-8000-000000000002')) ->> 'conversationId' as posted \gset
select is((select visitor_id from conversations where id = :'posted'::uuid), 'a3000000-0000-4000-8000-000000000002', 'a first message is that visitor''s as well');
select is(tests.got('key_a', format('select api.post_visitor_message(%L, null, ''Hi'', ''once'', ''{}'', 0, null, %L)', :agent, 'a3000000-0000-4000-8000-000000000002')) ->> 'conversationId', :'posted', 'once');
select is(tests.got('key_a', format('select api.started_conversation(%L)', :'posted')) #>> '{messages,0,content}', 'Hi', 'the key sees what it began');
select is(tests.try('key_a', format('select api.started_conversation(%L)', :conv)), 'error CP000 not_found Not found.', 'and that way nothing else');

-- The list: of an account or an agent, by status, page by page.
insert into agents (id, user_id, name) values ('a2000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'Second');
insert into conversations (user_id, agent_id, subject, status, escalated, escalated_at, last_message_at)
select 'a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000002', 'n' || i, (array['active', 'active', 'closed'])[1 + i % 3], i % 3 = 1,
  now(), timestamptz '2026-01-01 00:00+00' - i * interval '20 minutes' from generate_series(1, 9) i;
create function tests.subjects(p_persona text, p_arguments text) returns text language sql as $$
  select string_agg(c ->> 'subject' || ':' || (c ->> 'status'), ' ' order by n)
  from jsonb_array_elements(tests.got(p_persona, format('select api.find_conversations(%s)', p_arguments)) -> 'conversations') with ordinality x (c, n) $$;
select is(tests.subjects(p, 'null, ''a2000000-0000-4000-8000-000000000002'', null, null, 4, null, null'), 'n1:escalated n2:closed n3:active n4:escalated', p || ' lists an agent''s') from unnest(array['key_a', 'client_a', 'owner_a']) p;
select is(tests.subjects('key_a', 'null, ''a2000000-0000-4000-8000-000000000002'', ''escalated'', null, 10, null, null'), 'n1:escalated n4:escalated n7:escalated', 'those that wait');
select is(tests.subjects('key_a', 'null, ''a2000000-0000-4000-8000-000000000002'', ''active'', null, 10, null, null'), 'n3:active n6:active n9:active', 'are not those that do not');
select is(tests.subjects('key_a', 'null, ''a2000000-0000-4000-8000-000000000002'', ''closed'', ''N5'', 10, null, null'), 'n5:closed', 'a search of it');
select is(tests.subjects('key_a', 'null, ''a2000000-0000-4000-8000-000000000002'', ''archived'', null, 10, null, null'), null, 'nothing there');
select is(tests.subjects('member_a', '''a0000000-0000-4000-8000-000000000001'', null, ''escalated'', null, 2, null, null'), 'n1:escalated n4:escalated', 'an account''s');
select is(tests.try('owner_a', 'select api.find_conversations(''b0000000-0000-4000-8000-000000000001'', ''a2000000-0000-4000-8000-000000000002'', null, null, 10, null, null)'), 'error CP000 not_found Not found.', 'an agent is of the account that is named');

-- Read: messages behind a number, with what they took.
update messages set model = 'm', tokens_in = 3, tokens_out = 4, latency_ms = 5, safety_flags = '[{"kind":"pii"}]', role = 'assistant',
  citations = '[{"sourceId":"s","title":"T","url":"u","page":null,"snippet":"x","more":1}]' where conversation_id = :conv;
select is((tests.got('key_a', format('select api.read_conversation(%L, 0, 10)', :conv)) #> '{messages,0}') - '{id,created_at}'::text[],
  '{"seq":1,"role":"assistant","content":"hello","author":null,"cut_off":false,"model_used":"m","token_count_in":3,"token_count_out":4,"latency_ms":5,
    "citations":[{"doc_id":"s","title":"T","url":"u","page":null,"snippet":"x"}]}', 'a message as a key sees it');
select is(tests.got('client_a', format('select api.read_conversation(%L, 0, 10)', :conv)) #> '{messages,0,safety_flags}', '[{"kind":"pii"}]', 'people see what was noticed');
insert into messages (user_id, conversation_id, seq, role, content, state, lease_until)
select 'a0000000-0000-4000-8000-000000000001', :conv, i, case i when 5 then 'assistant' else 'visitor' end, 'm' || i, case i when 5 then 'running' else 'complete' end, now() + interval '1 hour'
from generate_series(2, 6) i;
update conversations set last_seq = 6, message_count = 6 where id = :conv;
select is((r -> 'next_after_seq')::text || ' ' || (r ->> 'has_more') || ' ' || jsonb_array_length(r -> 'messages'), want, format('after %s, at most %s', a, n))
from (values (0, 3, '3 true 3'), (3, 3, '4 false 1'), (4, 3, '4 false 0'), (9, 3, '9 false 0'), (0, 4, '4 false 4')) x (a, n, want), tests.got('member_a', format('select api.read_conversation(%L, %s, %s)', :conv, a, n)) r;

-- Escalated: told once, said once, first reason, higher priority.
update agents set personality = '{"conversationFlow": {"escalationMessage": "One moment, a person comes."}}' where id = :agent;
select tests.got('key_a', format('select api.escalate_conversation(%L, ''Angry'', ''medium'', ''Default'')', :'posted')) as e \gset
select is((:'e'::jsonb #> '{escalation}') - 'escalated_at', '{"reason":"api","note":"Angry","priority":"medium"}', 'it waits');
select is(:'e'::jsonb ->> 'status', 'escalated', 'and says so');
select is((tests.got('member_a', format('select api.escalate_conversation(%L, ''Again'', ''urgent'', ''Default'')', :'posted')) -> 'escalation') - 'escalated_at', '{"reason":"api","note":"Angry","priority":"urgent"}', 'a second call is heard for its priority');
select is((tests.got('member_a', format('select api.escalate_conversation(%L, null, ''low'', ''Default'')', :'posted')) #>> '{escalation,priority}'), 'urgent', 'a lower one is not');
select is((select string_agg(content, ' | ' order by seq) from messages where conversation_id = :'posted'::uuid), 'Hi | One moment, a person comes.', 'the agent''s words, once');
select is((select concat_ws(' ', last_seq, message_count, preview) from conversations where id = :'posted'::uuid), '2 2 One moment, a person comes.', 'counted');
select is(tests.heard(:'posted'), 'conversation.created message.created:1 message.created:2 conversation.escalated conversation.updated', 'and told, once');
select is((select count(*) from realtime.messages where payload::text like '%Angry%'), 0::bigint, 'the note is in no event');
select is(tests.run('visitor_a2', format('select api.get_messages(%L, 2, 10)', :'posted'))::jsonb ->> 'escalated', 'true', 'the visitor learns that');
update agents set personality = '{"conversationFlow": {"escalationMessage": " "}}' where id = :agent;
select is(tests.got('owner_a', format('select api.escalate_conversation(%L, null, ''high'', ''Default'')', :'made'::jsonb ->> 'id')) #>> '{escalation,reason}', 'person', 'by a person');
select is((select content from messages where conversation_id = (:'made'::jsonb ->> 'id')::uuid), 'Default', 'an agent without words has ours');
select tests.run('member_a', format('select api.start_takeover(%L, null)', :'posted')) is not null as ok \gset
select is(tests.try('key_a', format('select api.escalate_conversation(%L, null, ''high'', ''x'')', :'posted')), 'error CP000 already_taken_over A person has taken this conversation over.', 'somebody is there');
select is(tests.got('key_a', format('select api.read_conversation(%L, 0, 1)', :'posted')) -> 'escalation', 'null', 'nobody waits');

-- Archived: what is under way ends, once, and is told.
select is(tests.got('key_a', format('select api.archive_conversation(%L, null)', :'posted')), jsonb_build_object('id', :'posted', 'archived', true), 'a taken one');
select is((select end_note from conversation_takeovers where conversation_id = :'posted'::uuid), 'the conversation was archived', 'ends the takeover');
select is((select string_agg(event, ' ' order by ctid) from (select ctid, event from realtime.messages where topic = 'conversation:' || :'posted' order by ctid desc limit 2) x), 'takeover.ended conversation.updated', 'both are told');
select is((select actor_kind || ' ' || actor_id from security_logs where event = 'takeover.ended' and details ->> 'conversationId' = :'posted'), 'api_key a4000000-0000-4000-8000-000000000001', 'and who did it');
select is(tests.got('member_a', format('select api.archive_conversation(%L, ''{"ip":"192.0.2.7"}'')', :conv)) ->> 'archived', 'true', 'one that is being answered');
select is((select concat_ws(' ', state, cut_off, content) from messages where conversation_id = :conv and seq = 5), 'complete t m5', 'keeps what was said');
select is(tests.append((select id from messages where conversation_id = :conv and seq = 5), 0, 'more'), 'lost', 'and nothing comes behind it');
select is(tests.run('service', format('select api.finish_answer(%L, 0, ''{"content":"more"}'')', (select id from messages where conversation_id = :conv and seq = 5)))::jsonb - 'message', '{"owned":false,"status":"archived"}', 'which the answer is told');
select is(tests.run('service', format('select api.start_answer(%L, 1, null, 30)', :conv))::jsonb, '{"started":false,"messageId":null,"seq":null,"status":"archived"}', 'nobody answers any more');
select is(tests.got('owner_a', format('select api.archive_conversation(%L, null)', :conv)) ->> 'archived', 'true', 'twice is harmless');
select is((select concat_ws(' ', status, epoch, closed_at is not null) from conversations where id = :conv), 'archived 1 t', 'and changes nothing');
select is((select string_agg(actor_kind || ' ' || action || coalesce(' ' || host(ip), ''), ', ' order by created_at, action) from audit_logs where resource_id = :conv and action like 'conversation.%'), 'user conversation.archived 192.0.2.7', 'the audit log has it once');
select is(tests.try('key_a', format('select api.escalate_conversation(%L, null, ''high'', ''x'')', :conv)), 'error CP000 conversation_archived The conversation is archived.', 'nobody comes into an archived one');
select tests.run('member_a', format('select api.update_conversation(%L, ''closed'')', :'made'::jsonb ->> 'id')) is not null as ok \gset
select is(tests.try('key_a', format('select api.escalate_conversation(%L, null, ''high'', ''x'')', :'made'::jsonb ->> 'id')), 'error CP000 conversation_closed The conversation is closed.', 'nor into a closed one');
select is(tests.got('client_a', format('select api.read_conversation(%L, 0, 1)', :conv)) ->> 'status', 'archived', 'it is still read');
select is(tests.run('visitor_a1', format('select api.get_messages(%L, 0, 10)', :conv)), 'error CP000 not_found Not found.', 'but not by its visitor');

-- The plan counts conversations that begin this way.
insert into plan_overrides (user_id, limits) values ('a0000000-0000-4000-8000-000000000001', '{"conversations_per_month": 1}')
on conflict (user_id) do update set limits = excluded.limits;
select is(tests.try(p, format('select api.create_conversation(%L, null, ''{}'')', :agent)) like 'error CP000 plan_limit_reached %', true, p || ' is refused at the limit') from unnest(array['key_a', 'owner_a']) p;
