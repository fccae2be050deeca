-- Widget configuration, leads, knowledge, API keys, seed.
select is(tests.try('anon', $$select agent from api.get_widget_config('a2000000-0000-4000-8000-000000000001', null, null)$$)::jsonb - '{greeting,fallbackMessage}'::text[],
  '{"id":"a2000000-0000-4000-8000-000000000001","name":"Agent a"}', 'the public part of an agent');
select is(tests.try('anon', $$select config from api.get_widget_config('a2000000-0000-4000-8000-000000000001', 'https://any.example', null)$$)::jsonb,
  '{"theme":{},"behavior":{},"position":"bottom-right","features":{},"personality":{},"branding":{"poweredBy":false}}', 'its configuration; an empty list allows any origin');
select is(tests.try('anon', format($$select visitor_id from api.get_widget_config('a2000000-0000-4000-8000-000000000001', null, %L)$$, v.id)), v.want, v.name) from (values
  ('a3000000-0000-4000-8000-000000000001', 'a3000000-0000-4000-8000-000000000001', 'a known visitor'),
  ('b3000000-0000-4000-8000-000000000001', null, 'another agent''s visitor is none'),
  ('99999999-9999-4999-8999-999999999999', null, 'an unknown visitor is none')) v (id, want, name);
select is(tests.run('owner_a', $$update agents set allowed_origins = '{https://Shop.example/, "https://b.example:8443", ""}'$$), '1', 'the owner lists origins');
select is((select allowed_origins from agents where id = 'a2000000-0000-4000-8000-000000000001'), array['https://b.example:8443', 'https://shop.example'], 'stored as browsers send them');
select is(left(tests.try('anon', format($$select agent ->> 'name' from api.get_widget_config('a2000000-0000-4000-8000-000000000001', %L, null)$$, o.origin)), 30), o.want, coalesce(o.origin, 'no origin'))
from (values ('https://shop.example', 'Agent a'), ('https://SHOP.example', 'Agent a'), ('https://b.example:8443', 'Agent a'),
  ('https://b.example', 'error CP000 origin_not_allowed'), ('http://shop.example', 'error CP000 origin_not_allowed'),
  ('https://shop.example.evil.example', 'error CP000 origin_not_allowed'), ('null', 'error CP000 origin_not_allowed'),
  (null, 'error CP000 origin_not_allowed')) o (origin, want);
select is(tests.try('anon', $$select agent ->> 'name' from api.get_widget_config('a2000000-0000-4000-8000-000000000001', 'http://127.0.0.1:8000', null, true)$$), 'Agent a', 'our own page shows every agent');
select is(left(tests.try('anon', $$select agent ->> 'name' from api.get_widget_config('a2000000-0000-4000-8000-000000000001', 'http://127.0.0.1:8000', null, null)$$), 30), 'error CP000 origin_not_allowed', 'whose page is not known is not ours');
select is((select count(*) from realtime.messages where event = 'config.updated' and topic = 'agent:a2000000-0000-4000-8000-000000000001'
  and also_topics = array['account:a0000000-0000-4000-8000-000000000001'] and payload -> 'agent' ? 'updatedAt'), 1::bigint, 'config.updated is told');
select is(tests.run('owner_a', $$update agents set instructions = 'x'$$), '1', 'instructions change');
select is((select array_agg(topic order by topic) from realtime.messages where event = 'config.updated'),
  array['account:a0000000-0000-4000-8000-000000000001', 'agent:a2000000-0000-4000-8000-000000000001'], 'which people are told, and visitors are not');

-- Leads.
create table tests.lead as select tests.run('visitor_new', $$select api.create_widget_lead('a2000000-0000-4000-8000-000000000001', null,
  '{"name":" Ann ","email":"Ann@X.example","jobTitle":"CEO","customFields":{"size":5},"user_id":"b0000000-0000-4000-8000-000000000001","status":"converted"}', 999, '[{"criterion":"c","points":1,"note":"n"}]')$$)::jsonb as j;
select is((select (j -> 'lead') - '{id,createdAt,conversationId,agentId}'::text[] from tests.lead),
  '{"score":100,"status":"new","reasons":[{"criterion":"c","points":1,"note":"n"}],"name":"Ann","email":"ann@x.example","phone":null,"company":null,"jobTitle":"CEO","message":null,"customFields":{"size":5}}', 'a lead');
select ok((select j ->> 'conversationId' = j #>> '{lead,conversationId}' from tests.lead), 'linked to a new conversation');
select is((select c.visitor_id::text || c.last_seq from conversations c, tests.lead l where c.id = (l.j ->> 'conversationId')::uuid), 'a3000000-0000-4000-8000-0000000000ff0', 'of its visitor, still without messages');
select is((select string_agg(topic || ' ' || (payload -> 'lead' ? 'score')::text || ' ' || (payload -> 'lead' ? 'reasons')::text, ' ' order by topic)
    from realtime.messages where event = 'lead.created' and payload #>> '{lead,name}' = 'Ann'),
  (select 'account:a0000000-0000-4000-8000-000000000001 true true conversation:' || (j ->> 'conversationId') || ' false false' from tests.lead),
  'lead.created is told, to the visitor without its score');
select is((select private.conversation_json(c) ->> 'leadId' from conversations c, tests.lead l where c.id = (l.j ->> 'conversationId')::uuid), (select j #>> '{lead,id}' from tests.lead), 'the conversation names its lead');
select is(tests.try('visitor_a1', $$select api.create_widget_lead('a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001', '{"message":"x"}', -5, null)$$)::jsonb #>> '{lead,score}', '0', 'the score is clamped');
select is(tests.try('visitor_a1', $$select api.create_widget_lead('a2000000-0000-4000-8000-000000000001', null, '[]', 1, null)$$), 'error CP000 validation_failed The fields must be an object of at most 64 KiB.', 'fields must be an object');
select is(tests.try('visitor_a1', format($$select api.create_widget_lead('a2000000-0000-4000-8000-000000000001', null, %L, 1, null)$$, jsonb_build_object('name', repeat('x', 201)))), 'error CP000 validation_failed A field of the lead is too long.', 'long fields are refused');
select is(tests.try('visitor_a1', $$select api.create_widget_lead('a2000000-0000-4000-8000-000000000001', null, '{"customFields":null}', 1, null)$$)::jsonb #>> '{lead,customFields}', '{}', 'null custom fields are none');
select is(tests.try('visitor_a1', $$select api.lead_context('a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001')$$)::jsonb, '{"messageCount":1,"visitorTexts":["hello"]}', 'what the scoring reads');
select is(tests.try('visitor_a1', $$select api.lead_context('a2000000-0000-4000-8000-000000000001', null)$$)::jsonb, '{"messageCount":0,"visitorTexts":[]}', 'without a conversation nothing');

-- Knowledge.
create table tests.source as select tests.run('manager_a', $$select api.add_knowledge_text('a2000000-0000-4000-8000-000000000001', 'Guide', 'https://x.example/g',
  '[{"heading":"H","page":3,"content":"One."},{"heading":null,"page":null,"content":"Two."},{"content":"  "}]', 'One. Two.')$$)::jsonb as j;
select is((select j #>> '{source,chunks}' from tests.source), '2', 'text becomes a source; empty chunks are left out');
select cmp_ok((select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001'), '>', (select knowledge_version from agents where id = 'b2000000-0000-4000-8000-000000000001'), 'the agent''s knowledge version rises');
create table tests.version as select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001';
select is(tests.run('key_a', $$select api.add_knowledge_text('a2000000-0000-4000-8000-000000000001', 'Guide 2', null, '[]', 'One. Two.')$$)::jsonb, (select j from tests.source), 'the same text again is the same source');
select is((select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001'), (select knowledge_version from tests.version), 'and bumps nothing');
select is((tests.try('owner_b', $$select api.add_knowledge_text('b2000000-0000-4000-8000-000000000001', 'Guide', null, '[]', 'One. Two.')$$)::jsonb -> 'source' ->> 'id') = (select j #>> '{source,id}' from tests.source), false, 'another account''s same text is its own');
select results_eq($$select title, url, page, heading, content from api.knowledge_for_agent('a2000000-0000-4000-8000-000000000001')$$,
  $$values ('Text', null::text, null::int, null::text, 'Words.'), ('Guide', 'https://x.example/g', 3, 'H', 'One.'), ('Guide', 'https://x.example/g', null, null, 'Two.')$$, 'knowledge in reading order');
update knowledge_sources set status = 'failed' where title = 'Text';
select is((select count(*) from api.knowledge_for_agent('a2000000-0000-4000-8000-000000000001')), 2::bigint, 'only what is ready');
select is((select count(*) from api.knowledge_for_agent(gen_random_uuid())), 0::bigint, 'an unknown agent knows nothing');
update tests.version set knowledge_version = (select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001');
select is(tests.run('manager_a', $$delete from knowledge_sources where title = 'Guide'$$), '1', 'a manager deletes a source');
select cmp_ok((select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001'), '>', (select knowledge_version from tests.version), 'which bumps the version');

-- API keys.
select is(tests.run('login', $$select api.resolve_api_key(sha256('a'))$$)::jsonb,
  '{"role":"api_key","key_id":"a4000000-0000-4000-8000-000000000001","account_id":"a0000000-0000-4000-8000-000000000001","scopes":["chat:write","conversations:read","conversations:write","leads:write","knowledge:write"],"rate_per_min":null}', 'the claims of a key');
select is((select last_used_at from api_keys where id = 'a4000000-0000-4000-8000-000000000001'), null, 'asking for a key writes nothing');
select isnt(tests.run('service', $$select api.note_api_keys_used('{a4000000-0000-4000-8000-000000000001,00000000-0000-4000-8000-000000000000}', '{1700000000,1700000000}')$$), null, 'uses are told, of keys that are gone as well');
select is((select last_used_at from api_keys where id = 'a4000000-0000-4000-8000-000000000001'), to_timestamp(1700000000), 'its use is noted');
select isnt(tests.run('service', $$select api.note_api_keys_used('{a4000000-0000-4000-8000-000000000001}', '{1600000000}')$$), null, 'an older use is told later');
select is((select last_used_at from api_keys where id = 'a4000000-0000-4000-8000-000000000001'), to_timestamp(1700000000), 'the newest use counts');
select is(tests.run('login', $$select api.resolve_api_key(sha256('unknown'))$$), null, 'an unknown key');
select is(tests.run('key_a', 'select api.validate_api_key()')::jsonb, '{"valid":true,"accountId":"a0000000-0000-4000-8000-000000000001","scopes":["chat:write","conversations:read","conversations:write","leads:write","knowledge:write"],"plan":"pro","keyId":"a4000000-0000-4000-8000-000000000001","name":"key","prefix":"cp_live_a","expiresAt":null,"ratePerMin":null}', 'a key validates itself');
update api_keys set expires_at = now() - interval '1 second' where user_id::text like 'a%';
select is(tests.run('login', $$select api.resolve_api_key(sha256('a'))$$), null, 'an expired key');
update api_keys set expires_at = null, revoked_at = now() where user_id::text like 'a%';
select is(tests.run('login', $$select api.resolve_api_key(sha256('a'))$$), null, 'a revoked key');
select is(tests.run('key_a', 'select api.validate_api_key()'), 'error CP000 invalid_credentials The API key is not valid.', 'does not validate either');

-- The seed.
create table tests.seed as select tests.run('service', $$select api.seed_demo('$argon2id$x', sha256('demo'), 'cp_live_demo')$$)::jsonb as j;
select is(tests.run('service', $$select api.seed_demo('$argon2id$y', sha256('demo2'), 'cp_live_dem2')$$)::jsonb, (select j from tests.seed), 'seeding twice is seeding once');
select is(tests.run('service', $$select encrypted_password from api.auth_user_for_password('Demo@chatpad.example ')$$), '$argon2id$y', 'the last password counts');
select is(tests.run('login', $$select api.resolve_api_key(sha256('demo2')) ->> 'account_id'$$), (select j ->> 'userId' from tests.seed), 'the last key counts');
select is(tests.run('login', $$select api.resolve_api_key(sha256('demo'))$$), null, 'the key before does not');
select is((select (select count(*) from conversations c where c.user_id = a.id) || ' ' || (select count(*) from leads l where l.user_id = a.id) || ' ' || a.plan
  from accounts a where a.id = (select (j ->> 'userId')::uuid from tests.seed)), '2 1 pro', 'two conversations and a lead stand in the inbox');
select cmp_ok((select count(*) from api.knowledge_for_agent((select (j ->> 'agentId')::uuid from tests.seed))), '>=', 10::bigint, 'the shop knows something');
select is((select allowed_origins from agents where id = (select (j ->> 'agentId')::uuid from tests.seed)), '{}', 'its agent has no list of origins');
