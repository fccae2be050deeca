-- Signing keys take turns, project keys come and go, and every program is told. The service's business only.
create function tests.ring() returns text language sql as $$
  select coalesce(string_agg(kind || ' ' || coalesce(right(id, 1), '?') || case when sealed is null then '' else ' signs' end, ', ' order by kind, id), 'empty')
  from api.key_ring() where kind = 'pair'
$$;
create function tests.told() returns bigint language sql as $$
  select count(*) from realtime.messages where event = 'keys.updated' and private and payload = '{}'
$$;
create function tests.key(p_n int) returns uuid language sql immutable as $$
  select format('f0000000-0000-4000-8000-00000000000%s', p_n)::uuid
$$;
select is(tests.ring(), 'empty', 'without keys the secret signs alone');
select throws_ok('select api.rotate_signing_keys()', 'CP000', 'There is no standby key to rotate to. Create one first.', 'nothing to rotate to');

select lives_ok($$select api.create_signing_key(tests.key(1), 'ES256', 'pub', 'v1.0123456789abcdef.AAAA')$$, 'a first key');
select is(tests.ring(), 'pair 1', 'a standby key is known and does not sign');
select throws_ok($$select api.create_signing_key(tests.key(2), 'RS256', 'pub', 'v1.0123456789abcdef.AAAA')$$, 'CP000',
  'There is a standby key already. Rotate to it, or revoke it.', 'one standby at a time');
select is(api.rotate_signing_keys(), tests.key(1), 'it takes over');
select is(tests.ring(), 'pair 1 signs', 'and signs');
select lives_ok($$select api.create_signing_key(tests.key(2), 'RS256', 'pub', 'v1.0123456789abcdef.AAAA')$$, 'a second key');
select is(api.rotate_signing_keys(), tests.key(2), 'takes over as well');
select is(tests.ring(), 'pair 1, pair 2 signs', 'the one before is still known');
select is(api.revoke_key(tests.key(1)), 'previous', 'until it is revoked');
select is(tests.ring(), 'pair 2 signs', 'then it is gone');
select is((select sealed from auth.signing_keys where id = tests.key(1)), null, 'with its private half');
select throws_ok('select api.revoke_key(tests.key(1))', 'CP000', 'There is no valid key with this id.', 'a key is revoked once');
select throws_ok('select api.revoke_key(gen_random_uuid())', 'CP000', 'There is no valid key with this id.', 'nor can an unknown one be');
select is(api.revoke_key(tests.key(2)), 'current', 'the current one may be revoked');
select is(tests.ring(), 'empty', 'and the secret signs again');
select throws_ok($$select api.create_signing_key(tests.key(3), 'HS256', 'pub', 'v1.0123456789abcdef.AAAA')$$, '23514', null, 'a secret is no pair');
select lives_ok($test$do $do$ begin
  for n in 10 .. 25 loop
    perform api.create_signing_key(gen_random_uuid(), 'ES256', 'pub', 'v1.0123456789abcdef.AAAA');
    perform api.rotate_signing_keys();
  end loop;
end $do$ $test$, 'sixteen keys');
select throws_ok($$select api.create_signing_key(gen_random_uuid(), 'ES256', 'pub', 'v1.0123456789abcdef.AAAA')$$, 'CP000',
  'There are 16 signing keys. Revoke those whose tokens have all expired.', 'and no more');

select ok(api.add_project_key('publishable', 'hash 1', 'sb_publishable_abcd'), 'a project key');
select ok(api.add_project_key('publishable', 'hash 1', 'sb_publishable_abcd'), 'is added once, however often');
select ok(api.add_project_key('secret', 'hash 2', 'sb_secret_abcd'), 'beside another');
select is((select array_agg(kind order by kind) from api.key_ring() where bytes in ('hash 1', 'hash 2')), '{publishable,secret}', 'both are valid');
select is(api.revoke_key((select id from private.project_keys where key_hash = 'hash 1')), 'publishable', 'one is revoked');
select ok(not api.add_project_key('publishable', 'hash 1', 'sb_publishable_abcd'), 'a start does not bring it back');
select lives_ok($$select api.retire_project_key('hash 2')$$, 'a home gives one up');
select lives_ok($$select api.retire_project_key('nobody')$$, 'or one that nobody knows');
select is((select count(*) from api.key_ring() where bytes in ('hash 1', 'hash 2')), 0::bigint, 'neither is valid');
select throws_ok($$select api.add_project_key('admin', 'hash 3', '')$$, '23514', null, 'there are two kinds');

select ok(tests.told() > 0, 'programs are told');
create temp table before on commit drop as select tests.told() as count;
update auth.signing_keys set status = 'revoked', revoked_at = now() where status = 'current';
select is(tests.told(), (select count + 1 from before), 'of each change once');
select is(tests.try(p, $$select count(*) from realtime.messages where event = 'keys.updated'$$), w, p || ' does not hear it')
from (values ('owner_a', '0'), ('visitor_a1', '0'), ('anon', '0')) v (p, w);
select is(tests.try(p, sql), 'error 42501', p || ' cannot: ' || sql)
from unnest(array['owner_a', 'visitor_a1', 'anon', 'key_a']) p, unnest(array['select count(*) from auth.signing_keys',
  'select count(*) from private.project_keys', 'select count(*) from api.key_ring()', 'select count(*) from api.list_keys()',
  'select api.rotate_signing_keys()']) sql;
