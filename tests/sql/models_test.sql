-- Language models: the settings of an agent, and what budgets let through.
select is(tests.run('owner_a', format('update agents set ai = %L where id = %L returning 1', good, 'a2000000-0000-4000-8000-000000000001')), '1', format('stored: %s', good))
from (values ('{}'), ('{"routing": "cost", "context": {"window": 4000}}'),
  ('{"chain": [{"provider": "openai", "model": "gpt-4o", "temperature": 0.2, "secret": "openai.other"}, {"provider": "builtin"}]}'),
  ('{"chain": [{"provider": "custom", "model": "m", "baseUrl": "https://models.example/v1"}]}')) t (good);
select alike(tests.run('owner_a', format('update agents set ai = %L where id = %L returning 1', bad, 'a2000000-0000-4000-8000-000000000001')), 'error CP000 validation_failed ai%', format('refused: %s', bad))
from (values ('{"chain": "gpt"}'), ('{"chain": [{"provider": "openai"}]}'), ('{"chain": [5]}'), ('{"chain": [{"provider": "other", "model": "m"}]}'),
  ('{"chain": [{"provider": "custom", "model": "m"}]}'), ('{"chain": [{"provider": "custom", "model": "m", "baseUrl": "ftp://a"}]}'),
  ('{"chain": [{"provider": "custom", "model": "m", "baseUrl": "https://a@b"}]}'), ('{"chain": [{"provider": "openai", "model": "m", "baseUrl": "https://a"}]}'),
  ('{"chain": [{"provider": "openai", "model": "m", "temperature": "hot"}]}'), ('{"routing": "luck"}'), ('{"routing": null}'),
  ('{"chain": [{"provider": "openai", "model": "m", "secret": "../x"}]}'), ('{"chain": [{"provider": "builtin"}, {"provider": "builtin"}, {"provider": "builtin"}, {"provider": "builtin"}, {"provider": "builtin"}, {"provider": "builtin"}]}')) t (bad);

-- Account A may use 1,000,000 tokens a month (setup.sql). What is folded and what is not yet count alike.
create function tests.over(p_agent uuid, p_key uuid, p_visitor uuid) returns text language sql as $$
  select private.over_ai_budget('a0000000-0000-4000-8000-000000000001', p_agent, p_key, p_visitor)
$$;
create function tests.used(p_tokens bigint, p_cost bigint, p_visitor uuid) returns void language sql as $$
  insert into private.ai_calls (user_id, agent_id, visitor_id, tokens, cost_micros)
  values ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', p_visitor, p_tokens, p_cost)
$$;
\set agent 'a2000000-0000-4000-8000-000000000001'
\set one 'a3000000-0000-4000-8000-00000000000a'
\set two 'a3000000-0000-4000-8000-00000000000b'
select is(tests.over(:'agent', null, :'one'), null, 'nothing is used');
select tests.used(600000, 50, :'one');
select is(tests.over(:'agent', null, :'one'), null, 'some is used');
select is(private.fold_ai_calls(), 1, 'it is folded');
select is(tests.over(:'agent', null, :'one'), null, 'and counted once');
select tests.used(400000, 50, :'two');
select is(tests.over(:'agent', null, :'one'), 'account', 'folded and waiting usage reach the budget together');
delete from ai_budgets where user_id = 'a0000000-0000-4000-8000-000000000001';
select is(tests.over(:'agent', null, :'one'), null, 'without a budget there is none to reach');
insert into ai_budgets (user_id, scope, period, tokens_max) values ('a0000000-0000-4000-8000-000000000001', 'visitor', 'day', 500000);
select is(tests.over(:'agent', null, :'one'), 'visitor', 'of one visitor');
select is(tests.over(:'agent', null, :'two'), null, 'and not of another');
select is(tests.over(:'agent', 'a4000000-0000-4000-8000-000000000001', null), null, 'nor of a key');
update ai_budgets set scope = 'agent', tokens_max = null, cost_micros_max = 100 where user_id = 'a0000000-0000-4000-8000-000000000001';
select is(tests.over(:'agent', null, :'two'), 'agent', 'cost of an agent');
update ai_budgets set agent_id = :'agent', cost_micros_max = 101 where user_id = 'a0000000-0000-4000-8000-000000000001';
select is(tests.over(:'agent', null, :'two'), null, 'a little more is allowed');
update private.ai_used set day = day - 40;
update private.ai_calls set at = at - interval '40 days';
select private.fold_ai_calls();
update ai_budgets set cost_micros_max = 1 where user_id = 'a0000000-0000-4000-8000-000000000001';
select is(tests.over(:'agent', null, :'two'), null, 'another day begins anew');
