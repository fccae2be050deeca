-- Who may see which source, who may say so, and which agents a search goes through.
select is(private.may_see(m, s, g, i, w), e, format('%s %s %s: inside %s, groups %s', m, s, g, i, w))
from (values
  ('public', 'public', '{staff}'::text[], false, '{}'::text[], true),
  ('public', 'internal', '{}', false, '{}', false), ('public', 'internal', '{}', true, '{}', true),
  ('public', 'internal', '{}', false, '{any}', true),
  ('rbac', 'public', '{staff,eu}', true, '{}', false), ('rbac', 'public', '{staff,eu}', false, '{staff}', true),
  ('rbac', 'public', '{}', true, '{staff}', false), ('rbac', 'public', '{staff}', true, '{Staff}', false),
  ('public', 'confidential', '{staff,eu}', true, '{}', false),
  ('public', 'confidential', '{staff,eu}', false, '{eu}', true),
  ('abac', 'public', '{staff,eu}', false, '{staff}', false),
  ('abac', 'public', '{staff,eu}', false, '{eu,staff,x}', true), ('abac', 'public', '{}', true, '{staff}', false),
  ('public', 'restricted', '{staff,eu}', true, '{staff}', false),
  ('rbac', 'restricted', '{staff,eu}', false, '{staff}', false),
  ('rbac', 'restricted', '{staff,eu}', false, '{staff,eu}', true)) x (m, s, g, i, w, e);

insert into tests.personas values
  ('reader_a', 'api_key', '{"role":"api_key","key_id":"a4000000-0000-4000-8000-000000000001","account_id":"a0000000-0000-4000-8000-000000000001","scopes":["knowledge:read"]}'),
  ('reader_b', 'api_key', '{"role":"api_key","key_id":"b4000000-0000-4000-8000-000000000001","account_id":"b0000000-0000-4000-8000-000000000001","scopes":["knowledge:read"]}');
create function tests.scope(p_agent text, p_groups text default '{}') returns text language sql as $$
  select format('select string_agg(agent_id || '' '' || inside, '','') from api.knowledge_search_scope(%L, %L)', p_agent, p_groups)
$$;
select is(tests.try(p, tests.scope(a, g)), e, format('%s searches %s as %s', p, a, g)) from (values
  ('reader_a', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'a2000000-0000-4000-8000-000000000001 false'),
  ('reader_a', null, '{}', 'a2000000-0000-4000-8000-000000000001 false'),
  ('reader_b', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'error CP000 not_found Not found.'),
  ('reader_b', null, '{}', 'b2000000-0000-4000-8000-000000000001 false'),
  ('key_a', null, '{}', 'error CP000 insufficient_scope The API key lacks the scope knowledge:read.'),
  ('manager_a', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'a2000000-0000-4000-8000-000000000001 true'),
  ('member_a', 'a2000000-0000-4000-8000-000000000001', '{}', 'a2000000-0000-4000-8000-000000000001 true'),
  ('member_a', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('client_a', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('owner_a', null, '{}', 'error CP000 validation_failed agent_id must be given.'),
  ('owner_b', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'error CP000 not_found Not found.'),
  ('visitor_a1', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'error 42501'),
  ('anon', 'a2000000-0000-4000-8000-000000000001', '{staff}', 'error 42501')) x (p, a, g, e);

-- Setting it: managers and keys that write; the next version of the knowledge holds it.
create function tests.set_access(p_rest text) returns text language sql as $$
  select 'select api.set_knowledge_access(''a9000000-0000-4000-8000-000000000001'', ' || p_rest || ')'
$$;
select is(tests.try('member_a', tests.set_access($$'public', null, null$$)), 'error CP000 insufficient_role Your role in this account does not allow this.', 'no member');
select is(tests.try('reader_a', tests.set_access($$'public', null, null$$)), 'error CP000 insufficient_scope The API key lacks the scope knowledge:write.', 'no key that only reads');
create table tests.before as select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001';
select is(tests.run('key_a', tests.set_access($$'rbac', 'confidential', '{staff,eu,staff}'$$))::jsonb -> 'source',
  '{"id": "a9000000-0000-4000-8000-000000000001", "title": "Text", "aclMode": "rbac", "sensitivity": "confidential", "aclGroups": ["eu", "staff"]}', 'a key that writes sets it');
select cmp_ok((select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001'), '>', (select knowledge_version from tests.before), 'which is a new version');
select is(tests.run('manager_a', tests.set_access('null, null, null'))::jsonb #>> '{source,aclGroups}', '["eu", "staff"]', 'null leaves a part');
select results_eq($$select acl_mode, sensitivity, acl_groups from api.knowledge_for_agent('a2000000-0000-4000-8000-000000000001')$$,
  $$values ('rbac', 'confidential', '{eu,staff}'::text[])$$, 'and comes with the passages');

-- What needs a group is seen by managers only, as are its passages.
select is(tests.try(p, 'select count(*) from knowledge_sources') || tests.try(p, 'select count(*) from knowledge_chunks'), e, p || ' reads tables')
from (values ('owner_a', '11'), ('manager_a', '11'), ('member_a', '00'), ('client_a', '00'), ('owner_b', '11')) x (p, e);
select tests.run('manager_a', tests.set_access($$'public', 'internal', '{}'$$));
select is(tests.try('client_a', 'select count(*) from knowledge_chunks'), '1', 'what is internal everybody of the account');
select throws_ok($$update knowledge_sources set acl_groups = '{"a,b"}'$$, '23514', null, 'no comma in a group');

-- A visitor has the groups of the newest signature, who is anonymous none.
select api.identify_visitor('a2000000-0000-4000-8000-000000000001', null, false, null, 'ann', '{}', '{staff,eu}');
create table tests.ann as select id from visitors where identifier = 'ann';
insert into tests.personas select 'ann', 'visitor', jsonb_build_object('role', 'visitor', 'sub', id, 'agent_id', 'a2000000-0000-4000-8000-000000000001', 'account_id', 'a0000000-0000-4000-8000-000000000001') from tests.ann;
select is(tests.try(p, $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'hi', null, null) -> 'groups'$$), e, p || ' is in')
from (values ('ann', '["staff", "eu"]'), ('visitor_a1', '[]'), ('key_a', '[]')) x (p, e);
select api.identify_visitor('a2000000-0000-4000-8000-000000000001', null, false, null, 'ann', '{}', '{}');
select is(tests.try('ann', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'hi', null, null) -> 'groups'$$), '[]', 'and loses them with it');
