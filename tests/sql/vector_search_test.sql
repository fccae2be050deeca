-- search_knowledge_sources with arrays, and as it is made where there is a type "vector".
select is(private.cosine('{1,0}', '{1,0}'), 1::double precision, 'the same direction');
select is(private.cosine('{1,0}', '{0,2}'), 0::double precision, 'across');
select is(private.cosine('{1,0}', '{-3,0}'), -1::double precision, 'opposite');
select is(private.cosine('{1,0}', '{1}'), null, 'another length');
select is(private.cosine('{0,0}', '{1,0}'), null, 'no direction');

insert into public.knowledge_sources (id, user_id, agent_id, title, type, status, content, acl_mode, acl_groups)
select ('a900000' || n || '-0000-4000-8000-000000000002')::uuid, 'a0000000-0000-4000-8000-000000000001',
  'a2000000-0000-4000-8000-000000000001', t, 'faq', s, t, m, g
from (values (1, 'Near', 'ready', 'public', '{}'::text[]), (2, 'Far', 'ready', 'public', '{}'),
  (3, 'Nearest but for the board', 'ready', 'rbac', '{board}'), (4, 'Not read yet', 'processing', 'public', '{}')) x (n, t, s, m, g);
insert into public.knowledge_chunks (user_id, agent_id, source_id, ordinal, content)
select user_id, agent_id, id, 0, title from public.knowledge_sources where type = 'faq';
insert into private.chunk_embeddings (chunk_id, user_id, agent_id, model, embedding)
select k.id, k.user_id, k.agent_id, 'm', v.e
from public.knowledge_chunks k join (values ('Near', '{3,1}'::real[]), ('Far', '{0,5}'),
  ('Nearest but for the board', '{4,0}'), ('Not read yet', '{1,0}')) v (t, e) on v.t = k.content;
create function tests.search(p_rest text default '') returns text language sql as $$
  select $q$select string_agg(source || ' ' || round(similarity::numeric, 2), ', ' order by similarity desc)
    from public.search_knowledge_sources('a2000000-0000-4000-8000-000000000001', '{1,0}'$q$ || p_rest || ')'
$$;
insert into tests.personas values
  ('reader_a', 'api_key', '{"role":"api_key","key_id":"a4000000-0000-4000-8000-000000000001","account_id":"a0000000-0000-4000-8000-000000000001","scopes":["knowledge:read"]}'),
  ('reader_b', 'api_key', '{"role":"api_key","key_id":"b4000000-0000-4000-8000-000000000001","account_id":"b0000000-0000-4000-8000-000000000001","scopes":["knowledge:read"]}');
create table tests.answers (persona text, rest text, answer text);
insert into tests.answers values
  ('owner_a', '', 'Near 0.95'), ('client_a', '', 'Near 0.95'), ('reader_a', '', 'Near 0.95'),
  ('service', '', 'Nearest but for the board 1.00, Near 0.95'),
  ('owner_a', ', 0.96', null), ('owner_a', ', -1', 'Near 0.95, Far 0.00'), ('owner_a', ', -1, 1', 'Near 0.95'), ('owner_a', ', -1, -4', null),
  ('owner_b', '', 'error CP000 not_found Not found.'), ('nobody', '', 'error CP000 not_found Not found.'),
  ('reader_b', '', 'error CP000 not_found Not found.'), ('visitor_a1', '', 'error 42501'), ('anon', '', 'error 42501'),
  ('key_a', '', 'error CP000 insufficient_scope The API key lacks the scope knowledge:read.');
select is(tests.try(persona, tests.search(rest)), answer, format('%s: %s', persona, rest)) from tests.answers;
select is(tests.try('owner_a', $$select count(*) from public.search_knowledge_sources('a2000000-0000-4000-8000-000000000001', '{1,0,0}')$$), '0', 'a vector of another model''s length finds nothing');
select is(tests.try('owner_a', 'select count(*) from private.chunk_embeddings'), 'error 42501', 'nobody reads the vectors');

-- A stand-in for pgvector: its type, its casts, its operator.
create schema extensions_test;
create domain extensions_test.vector as real[];
create function extensions_test.distance(real[], real[]) returns double precision language sql immutable as
  $$ select 1 - private.cosine($1, $2) $$;
create operator extensions_test.<=> (leftarg = real[], rightarg = real[], function = extensions_test.distance);
grant usage on schema extensions_test to authenticated, api_key, service_role;
grant execute on function extensions_test.distance(real[], real[]) to public;
select is(private.define_vector_search(), 'extensions_test.vector', 'the server''s vectors are used');
select is(tests.try(persona, tests.search(rest)), answer, format('with vectors, %s: %s', persona, rest)) from tests.answers;
select is((select count(*) from pg_proc where proname = 'search_knowledge_sources'), 1::bigint, 'in one function');
drop schema extensions_test cascade;
select is(private.define_vector_search(), 'real[]', 'and arrays again without them');
