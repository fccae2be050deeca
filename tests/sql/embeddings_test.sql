-- Vectors of passages: who is claimed, what is left to do, and when an agent is done.
create function tests.claim(p_model text default 'm') returns text language sql as $$
  select tests.run('service', format('select agent_id || '' '' || version from api.claim_embedding(%L, 60)', p_model))
$$;
delete from public.agents where id = 'b2000000-0000-4000-8000-000000000001';
update public.agents set knowledge_version = 7;
select is(tests.claim(), 'a2000000-0000-4000-8000-000000000001 7', 'an agent that has none is claimed');
select is(tests.claim(), null, 'and not by another');
select results_eq($$select heading, content from api.passages_without_embedding('a2000000-0000-4000-8000-000000000001', 'm', 10)$$,
  $$values ('', 'Words.')$$, 'what is left to do');
select is(tests.run('service', $$select api.store_embeddings('a2000000-0000-4000-8000-000000000001', 'm',
  '["aa000000-0000-4000-8000-000000000001", "ba000000-0000-4000-8000-000000000001"]', '["{1,2}", "{3,4}"]', 60)$$), '1', 'stored for the agent''s own passages only');
select is((select count(*) from api.passages_without_embedding('a2000000-0000-4000-8000-000000000001', 'm', 10)), 0::bigint, 'nothing is left');
select is((select count(*) from api.passages_without_embedding('a2000000-0000-4000-8000-000000000001', 'other', 10)), 1::bigint, 'of another model everything is');
select is(tests.run('service', $$select api.finish_embedding('a2000000-0000-4000-8000-000000000001', 'm', 6)$$), 'false', 'a version that has passed does not count');
select is(tests.claim(), 'a2000000-0000-4000-8000-000000000001 7', 'it is claimed again');
select is(tests.run('service', $$select api.finish_embedding('a2000000-0000-4000-8000-000000000001', 'm', 7)$$), 'true', 'done');
select is((select knowledge_version from public.agents), 8::bigint, 'which is a new version of the knowledge');
select is(tests.claim(), null, 'that needs nothing');
select is(tests.claim('m2'), 'a2000000-0000-4000-8000-000000000001 8', 'until there is another model');
select results_eq($$select embedding from api.embeddings_for_agent('a2000000-0000-4000-8000-000000000001', 'm')$$, $$values ('{1,2}')$$, 'an index reads them');
update public.knowledge_sources set sensitivity = 'restricted';
select is((select count(*) from api.passages_without_embedding('a2000000-0000-4000-8000-000000000001', 'm2', 10)), 0::bigint, 'what is restricted is sent nowhere');
update private.embedding_progress set lease_until = now() - interval '1 second';
select isnt(tests.claim('m2'), null, 'a lease ends');
select is(tests.run('service', $$select api.finish_embedding('a2000000-0000-4000-8000-000000000001', 'm2', null)$$), 'false', 'a failure');
select is(tests.claim('m2'), null, 'has to wait');
insert into public.agents (id, user_id, name, knowledge_version) values ('b2000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', 'B', 3);
select is(tests.claim('m2'), 'b2000000-0000-4000-8000-000000000001 3', 'and others do not wait for it');
update private.embedding_progress set lease_until = null, retry_at = retry_at - interval '16 seconds';
select is(tests.claim('m2'), 'b2000000-0000-4000-8000-000000000001 3', 'whoever has not failed comes first');
select is(left(tests.claim('m2'), 36), 'a2000000-0000-4000-8000-000000000001', 'then whoever has');
select is(tests.run('service', $$select api.finish_embedding('a2000000-0000-4000-8000-000000000001', 'm2', null)$$), 'false', 'again');
select results_eq($$select failures, retry_at > now() + interval '20 seconds' from private.embedding_progress where agent_id = 'a2000000-0000-4000-8000-000000000001'$$, 'values (2, true)', 'which is a longer wait');
update public.knowledge_sources set sensitivity = 'public';
select lives_ok($$select api.refuse_embedding('a2000000-0000-4000-8000-000000000001', 'm2', 'aa000000-0000-4000-8000-000000000001')$$);
select lives_ok($$select api.refuse_embedding('a2000000-0000-4000-8000-000000000001', 'm2', 'ba000000-0000-4000-8000-000000000001')$$);
select results_eq('select chunk_id from private.chunks_refused', array['aa000000-0000-4000-8000-000000000001'::uuid], 'the agent''s own only');
select is((select count(*) from api.passages_without_embedding('a2000000-0000-4000-8000-000000000001', 'm2', 10)), 0::bigint, 'what is not taken is not offered again');
select is((select count(*) from api.passages_without_embedding('a2000000-0000-4000-8000-000000000001', 'm3', 10)), 1::bigint, 'but to another model');
select is(tests.try('owner_a', $$select api.claim_embedding('m', 60)$$), 'error 42501', 'people claim nothing');
