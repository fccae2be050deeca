-- Second factors where time and order matter: steps, tries, locks, challenges, what sessions become; and
-- tokens that API keys are exchanged for.
create function tests.api(p_call text) returns text language sql as $$ select tests.run('service', 'select ' || p_call) $$;
create function tests.new_session(p_user uuid) returns uuid language sql as $$
  select (tests.api(format($q$api.auth_create_session(%L, sha256(%L), null, '192.0.2.1', 'password')$q$, p_user, gen_random_uuid()::text))::jsonb ->> 'sessionId')::uuid $$;
select id as uid from auth.users where email = 'owner-a@example.com' \gset
select id as other from auth.users where email = 'owner-b@example.com' \gset
select tests.new_session(:'uid') as sid \gset
select tests.new_session(:'uid') as sid2 \gset
select tests.new_session(:'other') as osid \gset
\set f 'f1000000-0000-4000-8000-000000000001'
\set sealed 'v1.0123456789abcdef.AAAA'
insert into private.sealing (key_id) values ('0123456789abcdef') on conflict (single) do update set key_id = excluded.key_id;

create function tests.enroll(p_user uuid, p_session uuid, p_factor uuid, p_name text, p_sealed text) returns text language sql as $$
  select tests.api(format('api.mfa_enroll(%L, %L, %L, %L, %L)', p_user, p_session, p_factor, p_name, p_sealed)) $$;
create function tests.challenge(p_user uuid, p_session uuid, p_factor uuid) returns uuid language sql as $$
  select (tests.api(format('api.mfa_challenge(%L, %L, %L, ''192.0.2.1'')', p_user, p_session, p_factor))::jsonb ->> 'id')::uuid $$;
create function tests.try_code(p_user uuid, p_session uuid, p_factor uuid, p_challenge uuid, p_ip text) returns text language sql as $$
  select tests.api(format('api.mfa_try(%L, %L, %L, %L, %L)', p_user, p_session, p_factor, p_challenge, p_ip)) $$;
create function tests.verified(p_user uuid, p_session uuid, p_factor uuid, p_challenge uuid, p_step bigint) returns jsonb language sql as $$
  select tests.api(format('api.mfa_verified(%L, %L, %L, %L, ''192.0.2.1'', %L, sha256(%L), ''s'')', p_user, p_session, p_factor, p_challenge, p_step, gen_random_uuid()::text))::jsonb $$;

-- Enrolling.
select is(tests.enroll(:'uid', :'sid', :'f', 'phone', 'v1.ffffffffffffffff.AAAA'), null, 'a secret under another key is not taken');
select is(tests.enroll(:'uid', :'sid', :'f', 'phone', :'sealed')::jsonb ->> 'status', 'unverified', 'under the one that seals it is');
select is(tests.enroll(:'uid', :'osid', gen_random_uuid(), 'x', :'sealed'), 'error CP000 session_not_found Session from session_id claim in JWT does not exist', 'with somebody else''s session it is not');
select is(tests.enroll(:'uid', :'sid', gen_random_uuid(), 'phone', :'sealed'), 'error CP000 mfa_factor_name_conflict A factor with the friendly name "phone" for this user already exists', 'a name is there once');
select is((select raw.j #>> '{factors,0,friendly_name}' from (select private.user_json(u) as j from auth.users u where u.id = :'uid') raw), 'phone', 'the user shows it');
select ok(not (select private.user_json(u) ? 'factors' from auth.users u where u.id = :'other'), 'who has none shows none');

-- A try is counted before it is judged.
select tests.challenge(:'uid', :'sid', :'f') as c \gset
select is(tests.try_code(:'other', :'osid', :'f', :'c', '192.0.2.1'), 'error CP000 mfa_factor_not_found Factor not found', 'nobody else''s');
select is(tests.try_code(:'uid', :'sid', :'f', gen_random_uuid(), '192.0.2.1'), 'error CP000 mfa_factor_not_found MFA factor with the provided challenge ID not found', 'no challenge');
select alike(tests.try_code(:'uid', :'sid', :'f', :'c', '192.0.2.2'), 'error CP000 mfa_ip_address_mismatch%', 'another address');
select is((select failures from auth.mfa_factors where id = :'f'), 0, 'none of that was a try');
select is(tests.try_code(:'uid', :'sid', :'f', :'c', '192.0.2.1'), :'sealed', 'try ' || n) from generate_series(1, 5) n;
select alike(tests.try_code(:'uid', :'sid', :'f', :'c', '192.0.2.1'), 'error CP000 too_many_requests%', 'the sixth waits');
create function tests.wait() returns int language sql as $$ select round(extract(epoch from locked_until - now()))::int from auth.mfa_factors where id = 'f1000000-0000-4000-8000-000000000001' $$;
select is(tests.wait(), 60, 'a minute');
create function tests.wait_after(p_failures int) returns int language plpgsql as $$ begin
  update auth.mfa_factors set failures = p_failures, locked_until = null where id = 'f1000000-0000-4000-8000-000000000001';
  perform tests.try_code((select user_id from auth.mfa_factors where id = 'f1000000-0000-4000-8000-000000000001'), current_setting('tests.sid')::uuid, 'f1000000-0000-4000-8000-000000000001', current_setting('tests.c')::uuid, '192.0.2.1');
  return tests.wait();
end $$;
select set_config('tests.sid', :'sid', false), set_config('tests.c', :'c', false) \g /dev/null
select is(tests.wait_after(n), want, n || ' before it') from (values (3, null), (4, 60), (5, 120), (6, 240), (9, 1920), (10, 3600), (30, 3600), (1000000, 3600)) x (n, want);
update auth.mfa_factors set failures = 3, locked_until = null where id = :'f';

-- Verifying.
select is(tests.verified(:'uid', :'sid', :'f', :'c', 100) - 'user' - 'sessionId' #- '{amr,0,timestamp}' #- '{amr,1,timestamp}', '{"aal":"aal2","amr":[{"method":"totp"},{"method":"password"}]}', 'the session is aal2');
select is((select status || failures || last_step from auth.mfa_factors where id = :'f'), 'verified0100', 'tries begin anew');
select is((select count(*) from auth.sessions where user_id = :'uid'), 1::bigint, 'the session that was not ends');
select is((select count(*) from auth.refresh_tokens where session_id = :'sid' and not revoked), 1::bigint, 'with one refresh token');
select alike(tests.try_code(:'uid', :'sid', :'f', :'c', '192.0.2.1'), 'error CP000 mfa_ip_address_mismatch%', 'the challenge is used up');
select is(tests.verified(:'uid', :'sid', :'f', tests.challenge(:'uid', :'sid', :'f'), step), null, 'step ' || step || ' is used up') from unnest(array[1, 99, 100]::bigint[]) step;
select is(tests.verified(:'uid', :'sid', :'f', tests.challenge(:'uid', :'sid', :'f'), 101) ->> 'aal', 'aal2', 'the next one is not');
select is((select jsonb_array_length(amr) from auth.sessions where id = :'sid'), 2, 'amr names it once');
select tests.challenge(:'uid', :'sid', :'f') as late \gset
update auth.mfa_challenges set created_at = now() - interval '300 seconds' where id = :'late';
select alike(tests.try_code(:'uid', :'sid', :'f', :'late', '192.0.2.1'), 'error CP000 mfa_challenge_expired%', 'after 300 seconds');
update auth.mfa_challenges set created_at = now() - interval '299 seconds' where id = :'late';
select is(tests.try_code(:'uid', :'sid', :'f', :'late', '192.0.2.1'), :'sealed', 'and not before');

-- A session without it.
select tests.new_session(:'uid') as half \gset
select alike(tests.enroll(:'uid', :'half', gen_random_uuid(), 'mine', :'sealed'), 'error CP000 insufficient_aal%', 'adds none');
select alike(tests.api(format('api.mfa_unenroll(%L, %L, %L)', :'uid', :'half', :'f')), 'error CP000 insufficient_aal%', 'removes none');
select is(tests.api(format('api.auth_user_secrets(%L, %L) ->> ''weak''', :'uid', :'half')), 'true', 'changes no password');
select is(tests.api(format('api.auth_user_secrets(%L, %L) ->> ''weak''', :'uid', :'sid')), 'false', 'the other one may');
select is(tests.api(format('api.auth_user_secrets(%L, %L) ->> ''weak''', :'other', :'osid')), 'false', 'and who has none');
select alike(tests.api(format('api.mfa_unenroll(%L, %L, %L)', :'other', :'osid', :'f')), 'error CP000 mfa_factor_not_found%', 'nobody removes somebody else''s');
select is(tests.run(p.name, 'select count(*) from auth.mfa_factors'), 'error 42501', p.name || ' reads none') from tests.personas p where p.name in ('anon', 'owner_a', 'visitor_a1', 'key_a', 'service');

-- Resealing.
select is(tests.run('service', $$select place || owner from api.sealed_with_other_keys('ffffffffffffffff', 10) where place like 'mfa%'$$), 'mfa_factors.' || :'f' || :'uid', 'it is sealed anew with the others');
select is(tests.api(format('api.reseal(%L, %L, %L, %L)', 'mfa_factors.' || :'f', :'other', :'sealed', 'v1.0123456789abcdef.BBBB')), 'false', 'for its person only');
select is(tests.api(format('api.reseal(%L, %L, %L, %L)', 'mfa_factors.' || :'f', :'uid', :'sealed', 'v1.0123456789abcdef.BBBB')), 'true', 'it is replaced');

-- Removing.
select is(tests.api(format('api.mfa_unenroll(%L, %L, %L)', :'uid', :'sid', :'f')), '', 'with it');
select is((select aal || (amr::text ~ 'totp')::text from auth.sessions where id = :'sid'), 'aal1false', 'the session is aal1 again');
select is((select string_agg(action, ' ' order by created_at, action) from audit_logs where user_id = :'uid' and action like 'factor.%'), 'factor.added factor.removed', 'both stand in the audit log');
select is(tests.enroll(:'uid', :'sid', gen_random_uuid(), 'n' || n, :'sealed') is null, false, 'factor ' || n) from generate_series(1, 10) n;
select alike(tests.enroll(:'uid', :'sid', gen_random_uuid(), 'n11', :'sealed'), 'error CP000 too_many_enrolled_mfa_factors%', 'ten are enough');
update auth.mfa_factors set created_at = now() - interval '300 seconds' where user_id = :'uid';
select is(tests.enroll(:'uid', :'sid', gen_random_uuid(), 'n1', :'sealed') is null, false, 'old ones that nobody verified make room');
select is((select count(*) from auth.mfa_factors where user_id = :'uid'), 1::bigint, 'all of them');

-- Tokens of API keys.
select id as kid, user_id as acc from api_keys where user_id = :'uid' and revoked_at is null order by created_at limit 1 \gset
update api_keys set key_hash = sha256('fk'), scopes = '{chat:write,leads:write}', expires_at = null, previous_hash = null, previous_until = null where id = :'kid';
update accounts set plan = 'pro' where id = :'uid';
create function tests.exchange(p_key text, p_id text, p_account uuid, p_scope text, p_token text) returns text language sql as $$
  select tests.api(format('api.create_key_token(sha256(%L), %L, %L, %L, sha256(%L), 900)', p_key, p_id, p_account, p_scope, p_token)) $$;
create function tests.scopes_of(p_token text) returns text language sql as $$
  select tests.run('login', format('select api.resolve_api_key(sha256(%L)) ->> ''scopes''', p_token)) $$;
select is(tests.exchange('fk', '', null, null, 't1')::jsonb, '{"scopes":["chat:write","leads:write"]}', 'all scopes');
select is(tests.exchange('fk', upper(:'kid'), :'acc', ' leads:write  leads:write ', 't2')::jsonb, '{"scopes":["leads:write"]}', 'one of them, once');
select is(tests.exchange('fk', '', null, 'leads:write x', 't3'), 'error CP000 insufficient_scope The key lacks a scope that was asked for.', 'none it lacks');
select is(tests.exchange(k, i, a, null, 't4'), null, 'not ' || k || ' ' || i) from (values ('x', '', null::uuid), ('t1', '', null), ('fk', 'x', null), ('fk', '', :'other'::uuid)) x (k, i, a);
select is(tests.scopes_of('t1'), '["chat:write", "leads:write"]', 'works as the key');
select is(tests.scopes_of('t2'), '["leads:write"]', 'or less');
update api_keys set key_hash = sha256('fk2'), previous_hash = sha256('fk'), previous_until = now() + interval '1 hour' where id = :'kid';
select is(tests.scopes_of('t2'), '["leads:write"]', 'works through the overlap');
update api_keys set previous_until = now() where id = :'kid';
select is(tests.scopes_of('t2'), null, 'and ends with it');
select isnt(tests.exchange('fk2', '', null, null, 't5'), null, 'the new secret');
update private.api_key_tokens set expires_at = now() where token_hash = sha256('t5');
select is(tests.scopes_of('t5'), null, 'ends with its time');
select isnt(tests.exchange('fk2', '', null, null, 't6'), null, 'another');
update api_keys set revoked_at = now() where id = :'kid';
select is(tests.scopes_of('t6'), null, 'ends with the key');
select is(tests.api(format('api.works_in_account(%L, %L)', u, :'uid')), want, want) from (values (:'uid'::uuid, 'true'), (:'other'::uuid, 'false'), (gen_random_uuid(), 'false')) x (u, want);
