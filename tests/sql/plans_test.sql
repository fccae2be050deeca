-- Plans: what is counted, what is refused, who decides. Account C is new and on Basic.
insert into accounts (id, slug) values ('c0000000-0000-4000-8000-000000000001', 'c');
insert into tests.personas values
  ('owner_c', 'authenticated', '{"role":"authenticated","sub":"c0000000-0000-4000-8000-000000000001"}'),
  ('visitor_c', 'visitor', '{"role":"visitor","sub":"c3000000-0000-4000-8000-000000000001","agent_id":"c2000000-0000-4000-8000-000000000001","account_id":"c0000000-0000-4000-8000-000000000001"}'),
  ('key_c', 'api_key', '{"role":"api_key","key_id":"c4000000-0000-4000-8000-000000000001","account_id":"c0000000-0000-4000-8000-000000000001","scopes":["chat:write","leads:write","analytics:read","knowledge:write"]}'),
  ('super', 'authenticated', '{"role":"authenticated","sub":"d0000000-0000-4000-8000-000000000001"}');
insert into auth.users (id, email, is_super_admin) values ('d0000000-0000-4000-8000-000000000001', 'super@example.com', true);
insert into accounts (id, slug) values ('d0000000-0000-4000-8000-000000000001', 'd');
-- The details of the refusal, which the program sends.
create function tests.refusal(p_persona text, p_sql text) returns text language plpgsql as $$
declare
  v tests.personas;
  v_hint text;
begin
  select * into strict v from tests.personas where name = p_persona;
  perform set_config('request.jwt.claims', v.claims::text, true), set_config('role', v.db_role, true);
  execute p_sql;
  raise exception using errcode = 'CP999', message = 'undo';
exception when others then
  get stacked diagnostics v_hint = pg_exception_hint;
  return v_hint;
end
$$;

select results_eq($$select id, limits, features from plans order by position$$, $$values
  ('basic', '{"agents": 1, "conversations_per_month": 100, "messages_per_month": null, "sources": 5, "members": 1, "storage_bytes": 104857600}'::jsonb,
    '{"api_access": false, "webhooks": false, "custom_branding": false, "custom_domains": false, "white_label": false, "priority_support": false}'::jsonb),
  ('advanced', '{"agents": 5, "conversations_per_month": 1000, "messages_per_month": null, "sources": 25, "members": 5, "storage_bytes": 1073741824}',
    '{"api_access": true, "webhooks": true, "custom_branding": true, "custom_domains": false, "white_label": false, "priority_support": false}'),
  ('pro', '{"agents": null, "conversations_per_month": 10000, "messages_per_month": null, "sources": 100, "members": null, "storage_bytes": 10737418240}',
    '{"api_access": true, "webhooks": true, "custom_branding": true, "custom_domains": true, "white_label": true, "priority_support": true}')$$, 'the plans are those of the price list');

-- Agents, members, sources, storage, keys: people are refused at one more, the operator is not.
select is(tests.run('owner_c', $$insert into agents (user_id, name) values (auth.uid(), 'one')$$), '1', 'the first agent');
select is(tests.try('owner_c', $$insert into agents (user_id, name) values (auth.uid(), 'two')$$),
  'error CP000 plan_limit_reached The plan Basic includes 1 agent. Upgrade the plan, or remove what is not needed.', 'no second agent on Basic');
select is(tests.refusal('owner_c', $$insert into agents (user_id, name) values (auth.uid(), 'two')$$)::jsonb,
  '{"limit": "agents", "used": 1, "max": 1, "resets_at": null, "plan": "basic"}', 'the refusal names limit, use, maximum and plan');
select is(tests.refusal('owner_c', $$insert into agents (user_id, name) select auth.uid(), 'x' from generate_series(1, 7)$$)::jsonb ->> 'used', '1',
  'many at once are all or none');
update agents set id = 'c2000000-0000-4000-8000-000000000001' where user_id = 'c0000000-0000-4000-8000-000000000001';
select is(tests.try('service', $$insert into team_members (owner_id, member_id) values ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002')$$), '1', 'one member on Basic');
select alike(tests.try('service', $$insert into team_members (owner_id, member_id) values ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002'), ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000003')$$),
  'error CP000 plan_limit_reached The plan Basic includes 1 team member.%', 'no two');
create function tests.text(p text) returns text language sql as
  $$select format('select api.add_knowledge_text(''c2000000-0000-4000-8000-000000000001'', ''t'', null, ''[]'', %L)', p)$$;
select alike(tests.run('owner_c', tests.text('text ' || n)), '{"source"%', 'source ' || n) from generate_series(1, 5) n;
select alike(tests.try('owner_c', tests.text('text 6')), 'error CP000 plan_limit_reached The plan Basic includes 5 knowledge sources.%', 'no sixth source');
select alike(tests.try('owner_c', tests.text('text 3')), '{"source"%', 'the same text again is no further one');
update plans set limits = limits || '{"storage_bytes": 100, "sources": 6}' where id = 'basic';
select alike(tests.try('owner_c', tests.text(repeat('x', 70))), '{"source"%', '100 bytes fit');
select is(tests.refusal('owner_c', tests.text(repeat('x', 71)))::jsonb,
  '{"limit": "storage_bytes", "used": 30, "max": 100, "resets_at": null, "plan": "basic"}', 'one byte more does not');
select alike(tests.try('service', $$insert into agents (user_id, name) values ('c0000000-0000-4000-8000-000000000001', 'x')$$),
  'error CP000 plan_limit_reached%', 'the service acts for accounts, and within their plans');
select lives_ok($$insert into agents (user_id, name) values ('c0000000-0000-4000-8000-000000000001', 'by hand')$$, 'the operator''s own hand is not held');

-- Keys of an account without API access.
insert into api_keys (id, user_id, name, prefix, key_hash) values ('c4000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'k', 'k', sha256('c'));
select is(tests.try('login', $$select api.resolve_api_key(sha256('c'))$$),
  'error CP000 plan_limit_reached The plan Basic does not include API access. Change to a plan that does.', 'a key without API access says why');
select isnt(tests.try('login', $$select api.resolve_api_key(sha256('a'))$$), null, 'with it, it works');
select alike(tests.try('service', $$insert into api_keys (user_id, name, prefix, key_hash) values ('c0000000-0000-4000-8000-000000000001', 'n', 'n', sha256('n'))$$),
  'error%', 'and none is made');

-- The line that names us stays on Basic, may go on Advanced, and is not there on Pro.
create function tests.named() returns text language sql as
  $s$select tests.try('anon', $q$select config #>> '{branding,poweredBy}' from api.get_widget_config('c2000000-0000-4000-8000-000000000001', null, null)$q$)$s$;
select is(tests.named(), 'true', 'Basic names us');
update agents set features = '{"poweredBy": false}' where id = 'c2000000-0000-4000-8000-000000000001';
select is(tests.named(), 'true', 'whatever the agent says');
update accounts set plan = 'advanced' where id = 'c0000000-0000-4000-8000-000000000001';
select is(tests.named(), 'false', 'Advanced does as the agent says');
update agents set features = '{"poweredBy": "no"}' where id = 'c2000000-0000-4000-8000-000000000001';
select is(tests.named(), 'true', 'and names us unless it says so');
update accounts set plan = 'pro' where id = 'c0000000-0000-4000-8000-000000000001';
select is(tests.named(), 'false', 'Pro does not');
update accounts set plan = 'basic' where id = 'c0000000-0000-4000-8000-000000000001';

-- Conversations: counted by whoever starts one, refused at one more; other accounts do not notice.
update plans set limits = limits || '{"conversations_per_month": 3}' where id = 'basic';
create function tests.start() returns text language sql as
  $s$select $q$select api.post_visitor_message('c2000000-0000-4000-8000-000000000001', null, 'hi', null, null) ->> 'status'$q$ $s$;
insert into conversations (user_id, agent_id, created_at) values
  ('c0000000-0000-4000-8000-000000000001', 'c2000000-0000-4000-8000-000000000001', now() - interval '40 days');
select is(tests.run('visitor_c', tests.start()), 'active', 'the first');
select is(tests.run('key_c', tests.start()), 'active', 'the second, by API');
select alike(tests.run('key_c', $$select api.create_widget_lead('c2000000-0000-4000-8000-000000000001', null, '{"name":"L"}', 1, '[]')$$), '{"lead"%', 'the third, by a lead');
select is(tests.try('visitor_c', tests.start()),
  'error CP000 plan_limit_reached We cannot take your message here right now. Please try again later or contact us another way.', 'the visitor reads no numbers');
select is(tests.refusal('visitor_c', tests.start()), '', 'nor finds them in the details');
select is(tests.refusal('key_c', tests.start())::jsonb, jsonb_build_object('limit', 'conversations_per_month', 'used', 3, 'max', 3,
  'resets_at', to_char(date_trunc('month', now() at time zone 'UTC') + interval '1 month', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'plan', 'basic'), 'the key reads them');
select alike(tests.try('visitor_c', $$select api.create_widget_lead('c2000000-0000-4000-8000-000000000001', null, '{"name":"L"}', 1, '[]')$$), 'error CP000 plan_limit_reached%', 'a lead starts none either');
select is(tests.try('visitor_c', format($$select api.post_visitor_message('c2000000-0000-4000-8000-000000000001', %L, 'more', null, null) ->> 'status'$$, id)), 'active', 'a conversation that runs goes on')
  from conversations where visitor_id = 'c3000000-0000-4000-8000-000000000001';
select is(tests.try('visitor_a1', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'hi', null, null) ->> 'status'$$), 'active', 'another account starts as before');
select is((select used from private.conversation_counts where user_id = 'c0000000-0000-4000-8000-000000000001'), 3::bigint, 'the count is that of this month');
delete from conversations where visitor_id = 'c3000000-0000-4000-8000-000000000001';
select alike(tests.try('visitor_c', tests.start()), 'error CP000 plan_limit_reached%', 'deleting gives none back');

-- Folding: every event once, by day and by month; twice changes nothing.
create view tests.month with (security_invoker = true) as select metric, quantity from usage_metrics
  where user_id = 'c0000000-0000-4000-8000-000000000001' and period = 'month' and starts_on = private.month_of(now());
select ok(tests.run('service', 'select api.fold_usage()')::int > 0, 'events are folded');
select is(tests.run('service', 'select api.fold_usage()'), '0', 'none is left');
select results_eq('select metric, quantity from tests.month order by 1', $$values ('conversations', 3::bigint), ('messages', 2)$$, 'they are what was started and said');
select is((select sum(quantity) from usage_metrics where user_id = 'c0000000-0000-4000-8000-000000000001' and metric = 'conversations' and period = 'day'), 4::numeric, 'the old one is in its own day');
insert into private.usage_events (user_id, kind, quantity) values ('ee000000-0000-4000-8000-000000000001', 'tokens', 5), ('c0000000-0000-4000-8000-000000000001', 'tokens', 7);
select is(tests.run('service', 'select api.fold_usage()'), '2', 'events of an account that is gone are dropped');
select is((select quantity from tests.month where metric = 'tokens'), 7::bigint, 'the other one is counted');
select is(tests.try('owner_c', 'select api.fold_usage()'), 'error 42501', 'nobody else folds');

-- A change of plan takes effect at once, in both directions; what is over a lower limit stays.
select alike(tests.run('super', $$select api.set_account_plan('c0000000-0000-4000-8000-000000000001', 'pro', null, null, null)$$), '{"days"%', 'a super admin changes the plan');
select is(tests.run('visitor_c', tests.start()), 'active', 'and the next conversation starts');
select is(tests.run('owner_c', $$select details ->> 'to' from security_logs where event = 'plan.changed' and user_id = auth.uid() order by id desc limit 1$$), 'pro', 'the change is in the log');
select is((select used from private.conversation_counts where user_id = 'c0000000-0000-4000-8000-000000000001'), 4::bigint, 'counted on from what was used');
update accounts set plan = 'basic' where id = 'c0000000-0000-4000-8000-000000000001';
select alike(tests.try('visitor_c', tests.start()), 'error CP000 plan_limit_reached%', 'back on Basic, the month is full');
select is((select count(*) from agents where user_id = 'c0000000-0000-4000-8000-000000000001'), 2::bigint, 'agents stay');

-- Overrides: over the plan's number, without a number, only while on a plan.
select alike(tests.run('service', $$select api.set_account_plan('c0000000-0000-4000-8000-000000000001', null, '{"conversations_per_month": 5}', '{"api_access": true}', 'a friend')$$), '{"days"%', 'the service gives two more and API access');
select is(tests.run('visitor_c', tests.start()), 'active', 'one more starts');
select isnt(tests.try('login', $$select api.resolve_api_key(sha256('c'))$$), null, 'the key works');
select alike(tests.try('visitor_c', tests.start()), 'error CP000 plan_limit_reached%', 'the sixth does not start');
select alike(tests.run('service', $$select api.set_account_plan('c0000000-0000-4000-8000-000000000001', null, '{"conversations_per_month": null}', null, null)$$), '{"days"%', 'no limit');
select is(tests.run('visitor_c', tests.start()), 'active', 'is no limit');
update plan_overrides set plan = 'pro' where user_id = 'c0000000-0000-4000-8000-000000000001';
select alike(tests.try('visitor_c', tests.start()), 'error CP000 plan_limit_reached%', 'an override for Pro is none on Basic');
select alike(tests.run('service', $$select api.set_account_plan('c0000000-0000-4000-8000-000000000001', null, '{}', '{}', null)$$), '{"days"%', 'empty ones');
select is((select count(*) from plan_overrides where user_id = 'c0000000-0000-4000-8000-000000000001'), 0::bigint, 'take the override away');

-- Messages: barred by the folding, until the month ends or the plan changes.
update plans set limits = limits || '{"conversations_per_month": null, "messages_per_month": 2}' where id = 'basic';
select is((select count(*) from private.conversation_counts where user_id = 'c0000000-0000-4000-8000-000000000001'), 0::bigint, 'another limit counts anew');
select tests.run('visitor_c', tests.start());
select tests.run('service', 'select api.fold_usage()');
select alike(tests.try('visitor_c', tests.start()), 'error CP000 plan_limit_reached We cannot%', 'the month''s messages are used up');
select is(tests.refusal('key_c', tests.start())::jsonb ->> 'limit', 'messages_per_month', 'the key reads which limit');
select ok((tests.refusal('key_c', tests.start())::jsonb ->> 'used')::int > 2, 'and how many there were');
update accounts set plan = 'advanced' where id = 'c0000000-0000-4000-8000-000000000001';
select is(tests.run('visitor_c', tests.start()), 'active', 'another plan, another limit');

-- Who decides, and what words there are.
select is(tests.try(s.persona, s.sql), 'error CP000 forbidden This is for super admins of the platform.', s.persona || ': ' || s.sql) from
  unnest(array['owner_a', 'admin_a', 'client_a', 'nobody']) p (persona) cross join lateral (values
    (p.persona, $$select api.set_account_plan('a0000000-0000-4000-8000-000000000001', 'pro', null, null, null)$$),
    (p.persona, $$select api.set_account_plan(gen_random_uuid(), 'pro', null, null, null)$$),
    (p.persona, $$select api.update_plan('basic', null, null, '{"agents": null}', null, null)$$)) s (persona, sql);
select is(tests.try('super', s.sql), s.want, s.sql) from (values
  ($$select api.set_account_plan(gen_random_uuid(), 'pro', null, null, null)$$, 'error CP000 not_found Not found.'),
  ($$select api.set_account_plan('a0000000-0000-4000-8000-000000000001', 'gold', null, null, null)$$, 'error CP000 validation_failed plan must be the id of a plan.'),
  ($$select api.update_plan('Gold!', null, null, null, null, null)$$, 'error CP000 validation_failed planId must be a lower-case word of at most 32 letters, digits and underscores.'),
  ($$select api.update_plan('basic', null, null, '{"agent": 1}', null, null)$$, 'error CP000 validation_failed A limit is a known name with a whole number, or null for none.'),
  ($$select api.update_plan('basic', null, null, '{"agents": -1}', null, null)$$, 'error CP000 validation_failed A limit is a known name with a whole number, or null for none.'),
  ($$select api.update_plan('basic', null, null, '{"agents": 1.5}', null, null)$$, 'error CP000 validation_failed A limit is a known name with a whole number, or null for none.'),
  ($$select api.update_plan('basic', null, null, '{"agents": "9"}', null, null)$$, 'error CP000 validation_failed A limit is a known name with a whole number, or null for none.'),
  ($$select api.update_plan('basic', null, null, null, '{"webhooks": 1}', null)$$, 'error CP000 validation_failed A feature is a known name with true or false.'),
  ($$select api.update_plan('basic', null, null, '[]', null, null)$$, 'error CP000 validation_failed limits and features must be objects.'),
  ($$update plans set limits = '{"x": 1}'$$, 'error CP000 validation_failed A limit is a known name with a whole number, or null for none.')) s (sql, want);
select alike(tests.run('super', $$select api.update_plan('gold', 'Gold', 4, '{"agents": 9}', '{"webhooks": true}', '{price_gold}')$$), '%"stripePriceIds": ["price_gold"]%', 'a new plan');
select is(tests.try('super', $$select api.update_plan('basic', null, null, null, null, '{price_gold}')$$), 'error CP000 conflict Another plan has one of these prices.', 'a price means one plan');
select is(tests.run('super', $$select api.update_plan('gold', null, null, '{"sources": null}', null, null) -> 'plan' -> 'limits'$$), '{"agents": 9, "sources": null}', 'what is not named stays');

-- Who reads usage.
select is((tests.try(p, $$select api.get_usage('a0000000-0000-4000-8000-000000000001')$$)::jsonb -> 'plan' ->> 'id'), 'pro', p || ' reads usage of A')
from unnest(array['owner_a', 'client_a', 'super', 'service']) p;
select is(tests.try(p, $$select api.get_usage('a0000000-0000-4000-8000-000000000001')$$), 'error CP000 not_found Not found.', p || ' does not')
from unnest(array['owner_b', 'nobody', 'owner_c', 'key_c']) p;
select is(tests.try('key_a', $$select api.get_usage(null)$$), 'error CP000 insufficient_scope The API key lacks the scope analytics:read.', 'a key needs the scope');
select is((tests.try('key_c', $$select api.get_usage(null)$$)::jsonb -> 'plan' ->> 'id'), 'advanced', 'and asks for its own account');
select is((tests.try('owner_c', $$select api.get_usage(auth.uid())$$)::jsonb #>> '{limits,2}')::jsonb,
  '{"limit": "agents", "used": 2, "max": 5, "resets_at": null, "plan": "advanced"}', 'each limit says what is used');
