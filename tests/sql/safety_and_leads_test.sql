-- What is noticed, leads that conversations make, agents as managers make them, sessions.
create table tests.ids as select 'a5000000-0000-4000-8000-000000000001'::uuid as conversation, 'a6000000-0000-4000-8000-000000000001'::uuid as question,
  'a2000000-0000-4000-8000-000000000001'::uuid as agent, 'a0000000-0000-4000-8000-000000000001'::uuid as account;

-- Flags.
select is(tests.run('service', format($$select api.note_safety(%L, %L, %L, '[{"kind":"injection","action":"blocked","where":"message","detail":"override"}]', '[]', 'topic', 'high')$$,
  conversation, question, gen_random_uuid())), '', 'flags are noted') from tests.ids;
select is((select safety_flags #>> '{0,kind}' from messages m, tests.ids i where m.id = i.question), 'injection', 'beside the message');
select is((select escalated::text || (metadata ->> 'priority') from conversations c, tests.ids i where c.id = i.conversation), 'truehigh', 'a reason calls a person');
select is((select escalation_reason || (escalated_at is not null) from conversations c, tests.ids i where c.id = i.conversation), 'topictrue', 'since when and why');
select is((select payload -> 'escalation' ->> 'reason' || (also_topics::text) from realtime.messages m, tests.ids i where event = 'conversation.escalated' and topic = 'conversation:' || i.conversation),
  'topic{account:a0000000-0000-4000-8000-000000000001}', 'both topics are told');
select is(tests.run('service', format($$select api.note_safety(%L, %L, %L, '[]', '[]', 'request', 'normal')$$, conversation, question, gen_random_uuid())), '', 'a request behind it') from tests.ids;
select is((select escalation_reason || (metadata ->> 'priority') from conversations c, tests.ids i where c.id = i.conversation), 'topichigh', 'lowers nothing');
select is((select count(*) from realtime.messages where event = 'conversation.escalated'), 1::bigint, 'and is not told again');
select is((select string_agg(c ->> 'id', ' ') from tests.ids i, jsonb_array_elements(tests.run('client_a', format('select api.list_conversations(%L, %L, null, null, null, null)', account, 'waiting'))::jsonb -> 'conversations') c),
  (select conversation::text from tests.ids), 'it is listed among those that wait');
select is(tests.run('member_a', format('select api.start_takeover(%L, null)', conversation))::jsonb #>> '{conversation,escalated}', 'false', 'taking over ends the waiting') from tests.ids;
select is(tests.run('member_a', format('select api.end_takeover(%L, null)', conversation))::jsonb #>> '{conversation,status}', 'active', 'handed back') from tests.ids;
select is(tests.run('service', format($$select api.note_safety(%L, %L, %L, '[]', '[]', 'request', 'normal')$$, conversation, question, gen_random_uuid())), '', 'what was asked before the takeover') from tests.ids;
select is((select escalated from conversations c, tests.ids i where c.id = i.conversation), false, 'calls nobody any more');
select is((select count(*) from realtime.messages where event = 'safety.alert' and topic = 'account:a0000000-0000-4000-8000-000000000001'
  and also_topics is null or event = 'safety.alert' and cardinality(also_topics) = 0), 1::bigint, 'the account hears of it, the visitor does not');
select is(tests.run('owner_a', format('select api.get_messages(%L, 0, 10)', conversation))::jsonb #>> '{messages,0,safetyFlags,0,kind}', 'injection', 'people see flags') from tests.ids;
select is(tests.run('visitor_a1', format('select api.get_messages(%L, 0, 10)', conversation))::jsonb #> '{messages,0}' ? 'safetyFlags', false, 'visitors do not') from tests.ids;
select is(tests.run('key_a', format('select api.get_messages(%L, 0, 10)', conversation))::jsonb #> '{messages,0}' ? 'safetyFlags', false, 'nor do keys') from tests.ids;

-- Settings.
select is(tests.run('manager_a', format($$select api.update_safety(%L, '{"injection":"flag"}')$$, agent))::jsonb, '{"safety":{"injection":"flag"}}', 'a manager sets safety') from tests.ids;
select is(left(tests.try(p, format('select api.get_safety(%L)', agent)), 34), 'error CP000 insufficient_role Your', p || ' does not see it') from tests.ids, unnest(array['member_a', 'client_a']) p;
select is(left(tests.try(p, format($$select api.update_agent(%L, '{"name":"x"}', null)$$, agent)), 34), 'error CP000 insufficient_role Your', p || ' changes no agent') from tests.ids, unnest(array['member_a', 'client_a']) p;
select is(left(tests.try(p, format($$select api.create_agent(%L, '{"name":"x"}', null)$$, account)), 34), 'error CP000 insufficient_role Your', p || ' makes none') from tests.ids, unnest(array['member_a', 'client_a']) p;
select is(tests.run('manager_a', format($$select api.update_agent(%L, '{"greeting":"Ahoy","theme":{"radius":4}}', null)$$, agent))::jsonb #>> '{agent,greeting}', 'Ahoy', 'a manager changes it') from tests.ids;
select is((select theme::text || name from agents a, tests.ids i where a.id = i.agent), '{"radius": 4}Agent a', 'what is not named stays');
select is(left(tests.try('owner_a', format($$select api.create_agent(%L, '{}', null)$$, account)), 30), 'error CP000 validation_failed ', 'an agent needs a name') from tests.ids;
select is((select count(*) from audit_logs l, tests.ids i where l.user_id = i.account and l.action = 'agent.updated' and l.detail -> 'changed' ? 'safety'), 1::bigint, 'the audit log says what changed');

-- Leads that conversations make.
delete from leads;
create function tests.note(p_score int, p_capture boolean) returns text language sql as $$
  select tests.run('service', format($q$select api.note_lead('a5000000-0000-4000-8000-000000000001', '{"messages":1}',
    '{"name":"Ada","email":"Ada@X.example","score":%s,"reasons":[],"intents":[],"summary":"s","journeyStage":"qualification","keyMoments":[],"qualification":{"budget":"b"}}', %L)$q$, p_score, p_capture)) $$;
select is(tests.note(50, false), 'false', 'not yet');
select is((select state -> 'messages' from private.lead_states s, tests.ids i where s.conversation_id = i.conversation), '1', 'but what is known is kept');
select is(tests.note(65, true), 'true', 'a lead');
select is((select name || email || score || source || journey_stage || status from leads), 'Adaada@x.example65chatqualificationnew', 'as it was said');
select is(tests.note(10, true), 'true', 'the same');
select is((select count(*) || ' ' || max(score) from leads), '1 65', 'once, and the score never falls');
select is((select count(*) from realtime.messages where event = 'lead.updated'), 0::bigint, 'nothing changed, nothing told');
select is(tests.run('member_a', format($$select api.update_lead(%L, '{"status":"contacted"}')$$, (select id from leads)))::jsonb #>> '{lead,status}', 'contacted', 'a member changes the status');
select is((select count(*) from realtime.messages where event = 'lead.updated' and topic like 'account:%'), 1::bigint, 'the account hears of it');
select is(left(tests.try('client_a', format($$select api.update_lead(%L, '{"status":"lost"}')$$, (select id from leads))), 34), 'error CP000 insufficient_role Your', 'a client does not');
select is(tests.try('owner_a', format($$select api.update_lead(%L, '{"assignedTo":"b0000000-0000-4000-8000-000000000001"}')$$, (select id from leads))), 'error CP000 not_found Not found.', 'nobody of another account looks after it');
update leads set name = '=1+1', message = e'a "b"\nc';
select matches(tests.run('owner_a', format('select api.export_leads(%L, 10)', account)), e'"\'=1\\+1","ada@x.example".*"a ""b""\nc"', 'a file that no spreadsheet runs') from tests.ids;
select is(tests.run('visitor_a1', format($$select api.create_widget_lead(%L, %L, '{"name":"Form"}', 1, '[]')$$, agent, conversation))::jsonb #> '{lead}' ? 'conversationContext', false, 'the form tells its visitor nothing of that') from tests.ids;
select is((select summary || journey_stage from leads where name = 'Form'), 'squalification', 'though the lead has it');

-- Sessions.
create table tests.session as select tests.run('visitor_a1', format($$select api.create_chat_session(%L, '{"campaign":"c"}', true)$$, agent))::jsonb as j from tests.ids;
select is((select metadata::text || message_count from conversations c, tests.session s where c.id = (s.j ->> 'sessionId')::uuid), '{"campaign": "c"}0', 'a conversation without messages; a visitor debugs nothing');
select is(tests.run('visitor_a1', format('select api.chat_session(%L)', j ->> 'sessionId'))::jsonb -> 'metrics', '{"messageCount":0,"avgResponseTime":0,"engagementScore":0}', 'its metrics') from tests.session;
select is(tests.try('visitor_a2', format('select api.chat_session(%L)', j ->> 'sessionId')), 'error CP000 not_found Not found.', 'another visitor has no part in it') from tests.session;
select is((tests.run('key_a', format($$select api.create_chat_session(%L, '{}', true)$$, agent))::jsonb) ? 'sessionId', true, 'a key begins one') from tests.ids;
select is(tests.try('key_a_bare', format($$select api.create_chat_session(%L, '{}', true)$$, agent)), 'error CP000 insufficient_scope The API key lacks the scope chat:write.', 'with the scope') from tests.ids;
