-- Users, sessions and refresh tokens. Hash and token values are stand-ins: the program makes them.
create table tests.u as select tests.run('service', $$select api.auth_create_user(' New.Person@Example.com ', 'hash', '{"display_name":"N"}')$$)::jsonb as j;
select is((select j - '{id,identities,created_at,updated_at,email_confirmed_at,confirmed_at}'::text[] from tests.u),
  '{"aud":"authenticated","role":"authenticated","email":"new.person@example.com","phone":"","app_metadata":{"provider":"email","providers":["email"]},"user_metadata":{"display_name":"N"},"is_anonymous":false}', 'the user object');
select is((select j #>> '{identities,0,provider}' from tests.u), 'email', 'with an identity');
select is((select slug || ' ' || plan || ' ' || display_name from accounts where id = (select (j ->> 'id')::uuid from tests.u)), 'new-person basic N', 'and an account on plan basic');
select is(tests.run('service', $$select api.auth_create_user('NEW.person@example.com', 'hash', null)$$), 'error CP000 user_already_exists User already registered', 'the address is taken');
select isnt(tests.run('service', $$select api.auth_create_user('new-person@other.example', 'hash', null)$$), null, 'a second person with the same local part');
select is((select count(*) from accounts where slug like 'new-person%'), 2::bigint, 'gets another slug');
select alike(tests.run('service', format('select api.auth_create_user(%L, null, null)', e)), 'error CP000 validation_failed%', 'refused: ' || e)
from unnest(array['', 'x', '@', 'a b@c', repeat('x', 330) || '@y']) e;
select isnt(tests.run('service', $$select api.auth_create_user('___@odd.example', 'hash', null)$$), null, 'a local part without letters');
select is(tests.run('service', $$select encrypted_password from api.auth_user_for_password(' NEW.Person@example.com')$$), 'hash', 'found by address');
select is(tests.run('service', $$select "user" ->> 'email' from api.auth_user_for_password('new.person@example.com')$$), 'new.person@example.com', 'with the user object');
select is(tests.run('service', $$select encrypted_password from api.auth_user_for_password('unknown@example.com')$$), null, 'an unknown address gives no row');

select j ->> 'id' as uid from tests.u \gset
select is(length(private.merged('{}', jsonb_build_object('a', repeat('x', 65000)))::text), 65009, 'metadata of 64 KiB');
select throws_like($$select private.merged(jsonb_build_object('a', repeat('x', 40000)), jsonb_build_object('b', repeat('x', 26000)))$$,
  '%at most 64 KiB together%', 'and no more, however it is brought');
select is(private.merged(jsonb_build_object('a', repeat('x', 66000)), '{"a":null}'), '{}', 'what is too much already may be taken away');
create table tests.s as select tests.run('service', format($$select api.auth_create_session(%L, 'h1', 'agent', '203.0.113.7', 'password')$$, :'uid'))::jsonb as j;
select j ->> 'sessionId' as sid from tests.s \gset
select ok((select j #> '{user,last_sign_in_at}' is not null from tests.s), 'signing in is noted');
select is(tests.run('service', format('select api.auth_user(%L, %L)', :'uid', :'sid'))::jsonb ->> 'email', 'new.person@example.com', 'the session''s user');
select is(tests.run('service', format('select api.auth_user(%L, %L)', 'a0000000-0000-4000-8000-000000000001', :'sid')), null, 'not another user''s');
select is((tests.run('service', format($$select api.auth_create_session(%L, 'h1b', 'agent', 'nonsense', 'password')$$, :'uid'))::jsonb ? 'sessionId'), true, 'an odd address is no reason to refuse');

create function tests.rotate(p_old text, p_new text, p_reuse int default 0) returns jsonb language sql as $$
  select tests.run('service', format('select api.auth_rotate_refresh(%L, %L, %L, %s)', p_old, p_new, 'sealed-' || p_new, p_reuse))::jsonb $$;
select is(tests.rotate('nope', 'x'), '{"outcome":"not_found"}', 'an unknown token');
select is(tests.rotate('h1', 'h2') - '{user,amr}'::text[], jsonb_build_object('outcome', 'rotated', 'userId', :'uid', 'sessionId', :'sid', 'aal', 'aal1', 'sealed', 'sealed-h2'), 'rotation');
select is(tests.rotate('h1', 'h3') - '{user,amr}'::text[], jsonb_build_object('outcome', 'reused', 'userId', :'uid', 'sessionId', :'sid', 'aal', 'aal1', 'sealed', 'sealed-h2'), 'the parent of the active token returns the active one');
select is((select count(*) from auth.refresh_tokens where session_id = :'sid'), 2::bigint, 'reuse stores nothing');
select is(tests.rotate('h2', 'h3') ->> 'outcome', 'rotated', 'again');
select is(tests.rotate('h1', 'h4', 10) ->> 'sealed', 'sealed-h3', 'a grandparent inside the interval returns the active one');
select is(tests.rotate('h1', 'h4', 0) ->> 'outcome', 'already_used', 'outside of it the family is revoked');
select is(tests.rotate('h3', 'h5', 0) ->> 'outcome', 'already_used', 'also the active token');
select is((select count(*) from security_logs where event = 'refresh_token.reuse' and user_id = :'uid'), 2::bigint, 'which is logged');
update auth.sessions set not_after = now() - interval '1 second' where id <> :'sid' and user_id = :'uid';
select is(tests.rotate('h1b', 'h6') ->> 'outcome', 'session_expired', 'an expired session');
update auth.sessions set not_after = null where user_id = :'uid';
update auth.users set banned_until = now() + interval '1 hour' where id = :'uid';
select is(tests.rotate('h1b', 'h6') ->> 'outcome', 'user_banned', 'a banned user');
update auth.users set banned_until = null where id = :'uid';

select is(tests.run('service', format('select api.auth_logout(%L, %L, %L)', :'uid', :'sid', 'everything')), 'error CP000 validation_failed scope must be global, local or others.', 'an unknown scope');
select tests.run('service', format('select api.auth_logout(%L, %L, %L)', :'uid', :'sid', 'others'));
select is((select array_agg(id::text) from auth.sessions where user_id = :'uid'), array[:'sid'], 'others: this one stays');
select tests.run('service', format('select api.auth_logout(%L, %L, %L)', :'uid', :'sid', 'local'));
select is(tests.run('service', format('select api.auth_user(%L, %L)', :'uid', :'sid')), null, 'local: it is gone');
select is((select count(*) from auth.refresh_tokens where user_id = :'uid'), 0::bigint, 'with its tokens');
select isnt(tests.run('service', format($$select api.auth_create_session(%L, 'h7', null, null, 'password')$$, :'uid')), null, 'signed in again');
select tests.run('service', format('select api.auth_logout(%L, null, null)', :'uid'));
select is((select count(*) from auth.sessions where user_id = :'uid'), 0::bigint, 'global: all are gone');

-- A project's own trigger on auth.users runs with its own rights.
create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, name text);
alter table public.profiles enable row level security;
create policy "own profile" on public.profiles using (auth.uid() = id);
create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin insert into public.profiles values (new.id, new.raw_user_meta_data ->> 'full_name'); return new; end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute procedure public.handle_new_user();
select isnt(tests.run('service', $$select api.auth_create_user('hook@example.com', 'hash', '{"full_name":"Hook"}')$$), null, 'a user is made');
select is((select name from public.profiles), 'Hook', 'the project''s trigger ran');
select is(tests.run('owner_a', 'select count(*) from public.profiles'), '0', 'its policy holds');
select is(tests.run('anon', 'select count(*) from public.profiles'), '0', 'anon reaches the table, as at Supabase');
select is(tests.run('visitor_a1', 'select count(*) from public.profiles'), 'error 42501', 'a visitor does not');
