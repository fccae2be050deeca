-- The audit log: what is written, the chain, what breaks it, exports.
\set a '''a0000000-0000-4000-8000-000000000001'''
create function tests.broken(p_account uuid) returns text language sql as $$
  select coalesce(v.broken_seq::text, '-') || ' ' || coalesce(v.why, 'whole') from api.verify_audit_logs(p_account) v
$$;

-- Every kind of change leaves a row.
select isnt(tests.run('owner_a', $$select api.start_takeover('a5000000-0000-4000-8000-000000000001', 'note')$$), null, 'takes over');
select isnt(tests.run('owner_a', $$select api.end_takeover('a5000000-0000-4000-8000-000000000001', null)$$), null, 'hands back');
select is(tests.run('owner_a', $$update accounts set display_name = 'Shop' where id = auth.uid()$$), '1', 'renames the account');
select is(tests.run('service', $$update accounts set plan = 'basic' where id = 'a0000000-0000-4000-8000-000000000001'$$), '1', 'the plan changes');
select is(tests.run('manager_a', $$update agents set instructions = 'secret words' where user_id = 'a0000000-0000-4000-8000-000000000001'$$), '1', 'an agent changes');
insert into auth.sessions (user_id, ip, user_agent) values ('a0000000-0000-4000-8000-000000000004', '192.0.2.7', 'Test/1');
select set_eq($$select action || ' ' || actor_kind from audit_logs where user_id = 'a0000000-0000-4000-8000-000000000001'
    and action not like 'member.%' and action not like '%.created'$$,
  array['takeover.started system', 'takeover.started user', 'takeover.ended user', 'account.updated user', 'plan.changed service', 'agent.updated user'], 'all of it is in the log');
select is((select detail from audit_logs where action = 'plan.changed'), '{"from":"pro","to":"basic"}', 'a plan with what it was');
select is((select detail from audit_logs where action = 'agent.updated'), '{"changed":["instructions"]}', 'a setting without its value');
select is((select count(*) || ' ' || min(host(ip)) || ' ' || min(user_agent) from audit_logs where action = 'session.created'), '1 192.0.2.7 Test/1', 'a sign-in in the account the person works in, with its address');
select is((select count(*) from audit_logs where detail::text like '%secret words%' or detail::text like '%@example.com%'), 0::bigint, 'no value and no address stands in it');

-- Nobody changes a row.
select is(tests.try(p, s), 'error 42501', p || ': ' || s) from unnest(array['owner_a', 'service']) p
cross join unnest(array[$$update audit_logs set action = 'x'$$, $$delete from audit_logs$$, $$truncate audit_logs$$,
  $$insert into audit_logs (user_id, actor_kind, action) values ('a0000000-0000-4000-8000-000000000001', 'system', 'x')$$,
  $$update private.audit_chain set seq = 1$$, $$delete from private.audit_unsealed$$]) s;

-- The chain.
select is(tests.run('service', 'select api.seal_audit_logs()'), 'false', 'the sealer runs');
select is((select count(*) from private.audit_unsealed), 0::bigint, 'nothing waits');
select is(tests.broken(id), '- whole', 'whole') from accounts;
select is((select array_agg(seq order by seq) from private.audit_chain where user_id = :a), (select array_agg(s) from generate_series(1::bigint, (select count(*) from audit_logs where user_id = :a)) s), 'numbered without a hole');
select isnt(tests.run('owner_a', $$update accounts set display_name = 'Other' where id = auth.uid()$$), null, 'one more row');
select is((select unsealed from api.verify_audit_logs(:a)), 1::bigint, 'waits');
select is(tests.run('service', 'select api.seal_audit_logs(1)'), 'true', 'and is chained in rounds');
select is(tests.broken(:a), '- whole', 'whole again');
savepoint whole;
create function tests.third() returns uuid language sql as $$ select log_id from private.audit_chain where user_id = 'a0000000-0000-4000-8000-000000000001' and seq = 3 $$;
update audit_logs set actor_id = gen_random_uuid() where id = tests.third();
select is(tests.broken(:a), '3 the row was changed, or the link before it', 'a changed row is named');
rollback to whole;
create function tests.third() returns uuid language sql as $$ select log_id from private.audit_chain where user_id = 'a0000000-0000-4000-8000-000000000001' and seq = 3 $$;
update audit_logs set created_at = created_at + interval '1 microsecond' where id = tests.third();
select is(tests.broken(:a), '3 the row was changed, or the link before it', 'by a microsecond as well');
rollback to whole;
create function tests.third() returns uuid language sql as $$ select log_id from private.audit_chain where user_id = 'a0000000-0000-4000-8000-000000000001' and seq = 3 $$;
delete from audit_logs where id = tests.third();
select is(tests.broken(:a), '3 the row was deleted', 'a deleted row is named');
rollback to whole;
delete from private.audit_chain where user_id = :a and seq = 2;
select is(tests.broken(:a), '3 link 2 is missing', 'a missing link is named');
rollback to whole;
update audit_logs set user_id = 'b0000000-0000-4000-8000-000000000001' where id = (select log_id from private.audit_chain where user_id = :a and seq = 1);
select is(tests.broken(:a), '1 the row was moved to another account', 'a moved row is named');
rollback to whole;
insert into audit_logs (user_id, actor_kind, action) values (:a, 'system', 'forged');
select is(tests.broken(:a), '- the row was put in past the chain', 'a row put in by hand is named');
rollback to whole;
-- Who writes the whole chain anew is found by what was noted before.
select isnt(tests.run('service', format('select api.audit_link(%L, 3)', :a)), tests.run('service', format('select api.audit_link(%L, 2)', :a)), 'links can be noted');

-- Reading.
select is(tests.try(p, format($$select jsonb_array_length(api.list_audit_logs(%L, '{}', 2, null, null) -> 'data')$$, :a)), w, 'reading as ' || p)
from (values ('owner_a', '2'), ('admin_a', '2'), ('manager_a', 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('client_a', 'error CP000 insufficient_role Your role in this account does not allow this.')) x (p, w);
select is(tests.try('owner_a', format($$select jsonb_array_length(api.list_audit_logs(%L, %L, 100, null, null) -> 'data')$$, :a, f)), w, f)
from (values ('{"action":"takeover.started"}', '2'), ('{"action":"takeover.*"}', '3'), ('{"action":"take%"}', '0'), ('{"resource":"conversation"}', '3'),
  ('{"actor":"a0000000-0000-4000-8000-000000000003"}', '1'), ('{"resource_id":"a5000000-0000-4000-8000-000000000001"}', '3'),
  ('{"to":"2020-01-01T00:00:00Z"}', '0'), ('{"from":"2999-01-01T00:00:00Z"}', '0'), ('{"action":"'' or 1=1 --"}', '0')) x (f, w);

-- Exports.
create table tests.export as select tests.run('admin_a', format($$select api.request_audit_export(%L, 'csv', '{"action":"takeover.*"}', sha256('t'), 60, null)$$, :a))::jsonb as j;
delete from audit_exports where format = 'csv' and filters = '{}';
select is(tests.run('service', $$select api.open_audit_export(sha256('t'), null)$$), 'error CP000 export_not_ready The export is still being made: try again soon.', 'not ready yet');
select is(tests.run('service', 'select api.build_audit_export()'), 'true', 'a part is made');
select is(tests.run('service', 'select api.build_audit_export()'), 'false', 'and no more');
select is(tests.run('admin_a', format($$select api.get_audit_export(%L) ->> 'status'$$, (select j ->> 'id' from tests.export))), 'ready', 'ready');
select is(tests.try('manager_a', format($$select api.get_audit_export(%L)$$, (select j ->> 'id' from tests.export))), 'error CP000 insufficient_role Your role in this account does not allow this.', 'not for a manager');
select is((select array_length(string_to_array(content, e'\n'), 1) from private.audit_export_parts), 5, 'a head and three rows');
savepoint unused;
update team_members set role = 'manager' where member_id = 'a0000000-0000-4000-8000-000000000002';
select is(tests.run('service', $$select api.open_audit_export(sha256('t'), null)$$), 'error CP000 not_found Not found.', 'whoever is no admin any more gets nothing');
rollback to unused;
update audit_exports set expires_at = now();
select is(tests.run('service', $$select api.open_audit_export(sha256('t'), null)$$), 'error CP000 not_found Not found.', 'an expired link');
rollback to unused;
select isnt(tests.run('service', $$select api.open_audit_export(sha256('t'), null)$$), null, 'the link works');
select is(tests.run('service', $$select api.open_audit_export(sha256('t'), null)$$), 'error CP000 not_found Not found.', 'once');
select is((select string_agg(action, ' ' order by action) from audit_logs where action like 'export.%'), 'export.downloaded export.requested', 'both are in the log');
select is(private.csv_field(t), w, 'a field: ' || t) from (values ('=1+1', '"''=1+1"'), ('@x', '"''@x"'), ('-1', '"''-1"'), ('a"b', '"a""b"'), ('plain', '"plain"')) x (t, w);
