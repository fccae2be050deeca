-- Messages, answers, takeover and the fence, in one conversation's life.
create table tests.v (name text primary key, value jsonb);
create function tests.keep(p_name text, p_value text) returns text language sql as $$
  insert into tests.v values (p_name, p_value::jsonb) on conflict (name) do update set value = excluded.value returning p_value $$;
create function tests.v(p_name text, variadic p_path text[]) returns text language sql as $$
  select value #>> p_path from tests.v where name = p_name $$;
create function tests.events(p_conversation text) returns text language sql as $$
  select string_agg(event || coalesce(':' || seq, ''), ' ' order by inserted_at, ctid) from realtime.messages
  where topic = 'conversation:' || p_conversation or 'conversation:' || p_conversation = any (also_topics) $$;

select is(tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, '   ', null, null)$$),
  'error CP000 validation_failed message must have 1 to 16000 characters.', 'a blank message is refused');
select is(tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', null, '[]')$$),
  'error CP000 validation_failed metadata must be an object of at most 16 KiB.', 'metadata must be an object');
select is((select count(*) from visitors where id = 'a3000000-0000-4000-8000-0000000000ff'), 0::bigint, 'a refused message leaves no visitor');

select isnt(tests.keep('m1', tests.run('visitor_new',
  $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'First question', 'c-1', '{"page":"/"}')$$)), null, 'the first message makes a conversation');
select tests.v('m1', 'conversationId') as conv, tests.v('m1', 'userMessage', 'id') as m1 \gset
select is(tests.v('m1', 'userMessage', 'seq'), '1', 'its seq is 1');
select is((select value - '{conversationId,userMessage,agent}'::text[] from tests.v where name = 'm1'),
  '{"accountId":"a0000000-0000-4000-8000-000000000001","epoch":0,"status":"active","duplicate":false,"overBudget":null,"reply":null,"replyState":"none","answerId":null,"hasSecrets":false,"groups":[],"history":[],"lead":{"state":null,"hasLead":false,"messages":1}}', 'the rest of the receipt');
select is((select array_agg(k order by k) from jsonb_object_keys((select value -> 'agent' from tests.v where name = 'm1')) k),
  array['ai', 'allowedOrigins', 'fallbackMessage', 'id', 'instructions', 'knowledgeVersion', 'leadSettings', 'model', 'name', 'personality', 'safety', 'schedule'], 'the agent in the receipt');
select is((select array_agg(k order by k) from jsonb_object_keys((select value -> 'userMessage' from tests.v where name = 'm1')) k),
  array['author', 'citations', 'content', 'conversationId', 'createdAt', 'cutOff', 'id', 'role', 'running', 'seq'], 'the message object');
select matches(tests.v('m1', 'userMessage', 'createdAt'), '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$', 'times are UTC with milliseconds');
select cmp_ok(abs(extract(epoch from now() - tests.v('m1', 'userMessage', 'createdAt')::timestamptz)), '<', 1.0, 'whatever the server''s time zone is');
select is(tests.events(:'conv'), 'conversation.created message.created:1', 'events of the first message');
select is((select also_topics from realtime.messages where topic = 'conversation:' || :'conv' and seq = 1),
  array['account:a0000000-0000-4000-8000-000000000001'], 'an event goes to the account''s topic too');
select is((select payload -> 'message' from realtime.messages where topic = 'conversation:' || :'conv' and seq = 1),
  (select value -> 'userMessage' from tests.v where name = 'm1'), 'the event carries the whole message');
select ok((select private and extension = 'broadcast' and xid = pg_current_xact_id() and payload ->> 'agentId' = 'a2000000-0000-4000-8000-000000000001'
  from realtime.messages where topic = 'conversation:' || :'conv' and seq = 1), 'private broadcast with the transaction''s id');

-- Retries.
select is((tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'First question', 'c-1', null)$$)::jsonb)
  #>> '{userMessage,id}', :'m1', 'a retry without conversation returns the first message');
select is((tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'other text', 'c-1', null)$$, :'conv'))::jsonb)
  #>> '{userMessage,content}', 'First question', 'a retry with conversation returns the first message');
select is((tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', 'c-1', null)$$)::jsonb) ->> 'duplicate', 'true', 'and says so');
select is((select last_seq from conversations where id = :'conv'), 1::bigint, 'a retry takes no seq');
select isnt((tests.try('visitor_a1', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'mine', 'c-1', null)$$)::jsonb)
  #>> '{userMessage,id}', :'m1', 'another visitor''s equal id is another message');
select is((tests.run('key_a', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'by key', 'c-1', null)$$)::jsonb) ->> 'duplicate', 'false', 'a key''s equal id too');
select is((select channel || ':' || (api_key_id is not null) || ':' || (visitor_id is null) from conversations where preview = 'by key'), 'api:true:true', 'a key''s conversation');

-- An answer.
select is(tests.run('service', format('select api.start_answer(%L, 1, %L, 30)', :'conv', :'m1'))::jsonb ->> 'started', 'false', 'a wrong epoch starts nothing');
select is(tests.run('service', format('select api.start_answer(%L, 0, %L, 30)', :'conv', 'a6000000-0000-4000-8000-000000000001')),
  'error CP000 not_found Not found.', 'an answer to another conversation''s message is refused');
select isnt(tests.keep('a1', tests.run('service', format('select api.start_answer(%L, 0, %L, 30)', :'conv', :'m1'))), null, 'an answer starts');
select tests.v('a1', 'messageId') as a1 \gset
select is((select value - 'messageId' from tests.v where name = 'a1'), '{"started":true,"seq":2}', 'with the next seq');
select is(tests.run('service', format('select api.start_answer(%L, 0, %L, 30)', :'conv', :'m1'))::jsonb,
  jsonb_build_object('started', false, 'messageId', :'a1', 'seq', 2), 'a second answer to the same message is refused and names the first');
select is((tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', 'c-1', null)$$)::jsonb) ->> 'replyState', 'running', 'a retry meanwhile sees it run');
select is(tests.append(:'a1', 0, 'Half an'), 'stored', 'text is appended');
select is(tests.append(:'a1', 7, 'Wrong'), 'lost', 'not under another epoch');
select is(tests.run('service', format($$select string_agg(message_id || ' ' || outcome, ', ') from api.append_answers(%L, 30)$$,
    jsonb_build_array(jsonb_build_object('id', 'a6000000-0000-4000-8000-00000000000f', 'epoch', 0, 'content', 'Nobody''s'),
      jsonb_build_object('id', :'a1', 'epoch', 0, 'content', 'Half an an'), jsonb_build_object('id', :'m1', 'epoch', 0, 'content', 'A visitor''s')))),
  format('a6000000-0000-4000-8000-00000000000f lost, %s lost', :'m1'), 'of several the ones that run are stored, whatever the others are');
select is((select content from messages where id = :'a1'::uuid), 'Half an an', 'with their own text');
select is(tests.run('visitor_new', format('select api.get_messages(%L, 0, 10)', :'conv'))::jsonb - 'messages', '{"lastSeq":1,"hasMore":false,"status":"active","escalated":false,"takenOverBy":null}', 'a page stops before the running answer');
select is(tests.keep('m1b', tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'And more', 'c-2', null)$$, :'conv')))::jsonb #>> '{userMessage,seq}', '3', 'the visitor may write meanwhile');
select is(tests.run('visitor_new', format('select api.get_messages(%L, 0, 10)', :'conv'))::jsonb - 'messages', '{"lastSeq":1,"hasMore":false,"status":"active","escalated":false,"takenOverBy":null}', 'the page still stops there');
select is(tests.run('service', format($$select api.finish_answer(%L, 0, '{"content":"Half an answer.","citations":[{"sourceId":"s","title":"T","url":null,"page":1,"snippet":"S"}],"provider":"openai","model":"gpt-4o","tokensIn":10,"tokensOut":4,"costMicros":65,"metadata":{"k":1}}') -> 'message'$$, :'a1'))::jsonb
  - '{id,createdAt,conversationId}'::text[],
  '{"seq":2,"role":"assistant","content":"Half an answer.","citations":[{"sourceId":"s","title":"T","url":null,"page":1,"snippet":"S"}],"cutOff":false,"author":null,"running":false}', 'the answer is finished');
select is(tests.events(:'conv'), 'conversation.created message.created:1 message.created:3 message.created:2', 'message.created comes when it is complete');
select is(tests.run('service', format($$select api.finish_answer(%L, 0, '{"content":"Again"}') -> 'message'$$, :'a1'))::jsonb ->> 'content', 'Half an answer.', 'finishing twice returns what is stored');
select is(tests.run('service', format($$select concat_ws(' ', r ->> 'owned', r ->> 'status') from api.finish_answer(%L, 0, '{"content":"Again"}') r$$, :'a1')), 'false', 'which is no takeover');
select is(tests.append(:'a1', 0, 'Later'), 'lost', 'a finished answer does not grow');
select is(tests.run('visitor_new', format('select api.get_messages(%L, 0, 2)', :'conv'))::jsonb - 'messages', '{"lastSeq":2,"hasMore":true,"status":"active","escalated":false,"takenOverBy":null}', 'a page of two, more to come');
select is(tests.run('visitor_new', format('select api.get_messages(%L, 2, 2)', :'conv'))::jsonb - 'messages', '{"lastSeq":3,"hasMore":false,"status":"active","escalated":false,"takenOverBy":null}', 'the next page');
select is(tests.run('visitor_new', format('select api.get_messages(%L, 3, 2)', :'conv'))::jsonb, '{"messages":[],"lastSeq":3,"hasMore":false,"status":"active","escalated":false,"takenOverBy":null}', 'an empty page keeps the cursor');
select is((tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', 'c-1', null)$$)::jsonb) #>> '{reply,content}', 'Half an answer.', 'a retry returns the complete reply');
select is(tests.v('m1b', 'history'), '[{"role": "visitor", "content": "First question"}]', 'history holds complete messages only');
select is((select sum(quantity) from private.usage_events where kind = 'tokens'), 14::numeric, 'tokens are counted');

-- The fence.
select is(tests.run('member_a', format('select api.send_human_message(%L, %L)', :'conv', 'Hi')), 'error CP000 takeover_required Take the conversation over before writing in it.', 'nobody has taken over');
select tests.keep('a2', tests.run('service', format('select api.start_answer(%L, 0, %L, 30)', :'conv', tests.v('m1b', 'userMessage', 'id')))) is not null as ok \gset
select tests.v('a2', 'messageId') as a2 \gset
select is(tests.append(:'a2', 0, 'Partial'), 'stored', 'the second answer streams');
select is((tests.keep('t1', tests.run('member_a', format('select api.start_takeover(%L, %L)', :'conv', 'secret note')))::jsonb -> 'conversation')
  - '{id,agentId,createdAt,updatedAt,lastMessageAt,visitorLabel,visitorVerified,metadata}'::text[],
  '{"agentName":"Agent a","status":"human_takeover","escalated":false,"escalatedAt":null,"escalationReason":null,"epoch":1,"lastSeq":4,"messageCount":4,"subject":null,"preview":"Half an answer.","lastMessageRole":"assistant","closedAt":null,"channel":"web","leadId":null,"takenOverBy":{"id":"a0000000-0000-4000-8000-000000000004","name":"Mia"}}', 'the takeover raises the epoch');
select is(tests.append(:'a2', 0, 'Partial and more'), 'lost', 'after the takeover append says no');
select is(tests.run('service', format($$select api.finish_answer(%L, 0, '{"content":"Whole","citations":[],"model":"m","tokensIn":1,"tokensOut":1}') -> 'message'$$, :'a2'))::jsonb - '{id,createdAt,conversationId}'::text[],
  '{"seq":4,"role":"assistant","content":"Partial","citations":[],"cutOff":true,"author":null,"running":false}', 'finish returns the stored, cut-off message');
select is((select content || ':' || cut_off || ':' || state from messages where id = :'a2'::uuid), 'Partial:true:complete', 'the text did not grow');
select is(tests.run('service', format('select api.start_answer(%L, 0, null, 30)', :'conv'))::jsonb ->> 'started', 'false', 'no answer under the old epoch');
select is(tests.run('service', format('select api.start_answer(%L, 1, null, 30)', :'conv'))::jsonb ->> 'started', 'false', 'nor under the new one while a person has it');
select is((tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', 'c-2', null)$$)::jsonb) ->> 'replyState', 'complete', 'the cut-off reply stands for its message');
select is(tests.events(:'conv'), 'conversation.created message.created:1 message.created:3 message.created:2 message.created:4 takeover.started conversation.updated', 'events of the takeover');
select is((select payload -> 'takeover' ->> 'memberName' from realtime.messages where event = 'takeover.started'), 'Mia', 'it names the person');
select is((select count(*) from realtime.messages where payload::text like '%secret note%'), 0::bigint, 'the internal note is in no event');
select is(tests.run('member_a', format('select api.start_takeover(%L, null)', :'conv'))::jsonb #>> '{conversation,epoch}', '1', 'the same person again: nothing happens');
select is((tests.run('member_a', format($$select api.send_human_message(%L, 'Hello from Mia', 'h-1')$$, :'conv'))::jsonb -> 'message') - '{id,createdAt,conversationId}'::text[],
  '{"seq":5,"role":"human","content":"Hello from Mia","citations":[],"cutOff":false,"author":{"name":"Mia"},"running":false}', 'the person writes');
select is(tests.run('member_a', format($$select api.send_human_message(%L, 'Hello again', 'h-1')$$, :'conv'))::jsonb #>> '{message,content}', 'Hello from Mia', 'a retry returns the first');
select is(tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'Thanks', null, null)$$, :'conv'))::jsonb - '{conversationId,agent,userMessage,history,accountId}'::text[],
  '{"epoch":1,"status":"human_takeover","duplicate":false,"overBudget":null,"reply":null,"replyState":"none","answerId":null,"hasSecrets":false,"groups":[],"lead":{"state":null,"hasLead":false,"messages":3}}', 'the visitor writes on; the status says who answers');
select is(tests.run('owner_a', format('select api.start_takeover(%L, null)', :'conv'))::jsonb #>> '{conversation,takenOverBy,name}', 'Olga', 'another person takes over');
select is((select concat_ws(' ', j ->> 'status', j #>> '{takenOverBy,name}') from (select tests.run('visitor_new', format('select api.get_messages(%L, 0, 10)', :'conv'))::jsonb as j) t), 'human_takeover Olga', 'who comes back learns who is in charge');
select is((select count(*) from conversation_takeovers where conversation_id = :'conv' and ended_at is null), 1::bigint, 'one takeover is open');
select is(tests.run('owner_a', format('select api.end_takeover(%L, null)', :'conv'))::jsonb -> 'conversation' ->> 'status', 'active', 'handed back');
select is(tests.run('owner_a', format('select api.end_takeover(%L, null)', :'conv'))::jsonb -> 'conversation' ->> 'epoch', '2', 'handing back twice is harmless');
select is((select string_agg(event, ' ' order by ctid) from realtime.messages where topic = 'conversation:' || :'conv' and event like 'takeover%'),
  'takeover.started takeover.ended takeover.started takeover.ended', 'every takeover is told');
select is(tests.run('service', format('select api.start_answer(%L, 2, null, 30)', :'conv'))::jsonb ->> 'started', 'true', 'the AI answers again');

-- A program that went away.
update messages set lease_until = now() - interval '1 second' where conversation_id = :'conv' and state = 'running';
select is(tests.run('service', 'select api.close_stale_answers()'), '1', 'a stale answer is closed');
select is(tests.run('service', 'select api.close_stale_answers()'), '0', 'once');
select is((tests.keep('m3', tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'Third', 'c-3', null)$$, :'conv')))::jsonb) ->> 'replyState', 'none', 'third question');
select tests.v('m3', 'userMessage', 'id') as m3 \gset
select tests.keep('a3', tests.run('service', format('select api.start_answer(%L, 2, %L, 30)', :'conv', :'m3'))) is not null as ok \gset
update messages set lease_until = now() - interval '1 second' where conversation_id = :'conv' and state = 'running';
select is((tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', 'c-3', null)$$)::jsonb) ->> 'replyState', 'none', 'a stale answer counts as none');
select is(tests.run('service', format('select api.start_answer(%L, 2, %L, 30)', :'conv', :'m3'))::jsonb ->> 'started', 'true', 'and is replaced');
select is((select cut_off::text || state from messages where id = tests.v('a3', 'messageId')::uuid), 'truecomplete', 'the stale one is closed');
select is((select count(*) from messages where conversation_id = :'conv' and state = 'running'), 1::bigint, 'one runs');

-- An answer that begins with its message.
select isnt(tests.keep('m4', tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'Fourth', 'c-4', null, 0, null, null, 10)$$, :'conv'))), null, 'fourth question');
select tests.v('m4', 'userMessage', 'id') as m4 \gset
select is((select format('%s %s %s %s %s', m.role, m.state, m.epoch, m.seq - (tests.v('m4', 'userMessage', 'seq'))::int, m.reply_to = :'m4')
  from messages m where m.id = tests.v('m4', 'answerId')::uuid), 'assistant running 2 1 t', 'its answer stands behind it');
select ok((select lease_until between now() + interval '8 seconds' and now() + interval '12 seconds' from messages where id = tests.v('m4', 'answerId')::uuid), 'under the lease that was asked for');
select is(tests.run('service', format('select api.start_answer(%L, 2, %L, 30)', :'conv', :'m4'))::jsonb ->> 'messageId', tests.v('m4', 'answerId'), 'nobody else may give it');
select is((select concat_ws(' ', d ->> 'replyState', d ->> 'answerId') from (select tests.run('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', 'c-4', null, 0, null, null, 10)$$)::jsonb as d) t), 'running', 'a retry begins no other');
select is(tests.run('service', format($$select api.finish_answer(%L, 2, '{"content":"Four."}') ->> 'owned'$$, tests.v('m4', 'answerId'))), 'true', 'and whoever asked completes it');
select is(tests.run('member_a', format('select api.start_takeover(%L, null)', :'conv'))::jsonb #>> '{conversation,status}', 'human_takeover', 'a person takes over');
select is((select d ->> 'answerId' from (select tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'Fifth', 'c-5', null, 0, null, null, 10)$$, :'conv'))::jsonb as d) t), null, 'no answer begins then');
select is(tests.run('member_a', format('select api.end_takeover(%L, null)', :'conv'))::jsonb -> 'conversation' ->> 'status', 'active', 'handed back');

-- Closed and archived.
select tests.run('service', 'select api.close_stale_answers()');
update conversations set status = 'closed', closed_at = now() where id = :'conv';
select is(tests.run('member_a', format('select api.start_takeover(%L, null)', :'conv')), 'error CP000 conversation_closed The conversation is closed.', 'a closed conversation is not taken over');
select is(tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'Back', null, null)$$, :'conv'))::jsonb ->> 'status', 'active', 'a message reopens it');
update conversations set status = 'archived' where id = :'conv';
select is(tests.run('visitor_new', format($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', %L, 'Back', null, null)$$, :'conv')), 'error CP000 not_found Not found.', 'an archived one is gone for the visitor');
select is(tests.run('visitor_new', format('select api.get_messages(%L, 0, 10)', :'conv')), 'error CP000 not_found Not found.', 'also for reading');
select is((select count(*) - max(seq) from messages where conversation_id = :'conv'), 0::bigint, 'seq has no hole');
select is((select last_seq = message_count and last_seq = (select max(seq) from messages where conversation_id = :'conv') from conversations where id = :'conv'), true, 'the counters agree');

-- Inactive agents and suspended accounts.
update agents set is_active = false where id = 'a2000000-0000-4000-8000-000000000001';
select is(tests.try('visitor_new', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'x', null, null)$$), 'error CP000 not_found Not found.', 'an inactive agent is not found');
select is(tests.try('anon', $$select agent from api.get_widget_config('a2000000-0000-4000-8000-000000000001', null, null)$$), 'error CP000 not_found Not found.', 'nor has it a widget');
update agents set is_active = true where id = 'a2000000-0000-4000-8000-000000000001';
update accounts set status = 'suspended' where slug = 'a';
select is(tests.try('anon', $$select agent from api.get_widget_config('a2000000-0000-4000-8000-000000000001', null, null)$$), 'error CP000 not_found Not found.', 'a suspended account''s agent neither');
select is(tests.try('login', $$select api.resolve_api_key(sha256('a'))$$), null, 'nor do its keys work');

-- What the table itself refuses.
select throws_ok(format($$insert into public.messages (user_id, conversation_id, seq, role, state) values
  ('a0000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001', 50, %L, %L)$$, r, t), '23514', null, r || ' ' || t)
from (values ('visitor', 'running'), ('robot', 'complete'), ('assistant', 'odd')) x (r, t);
select throws_ok($$insert into public.messages (user_id, conversation_id, seq, role) values
  ('a0000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001', 1, 'system')$$, '23505', null, 'a seq is taken once');
