-- Tokens of mails, PKCE codes, who may sign up, and what the end of a session sets off.
create function tests.api(p_call text) returns text language sql as $$ select tests.run('service', 'select ' || p_call) $$;
create function tests.once(p_name text) returns jsonb language sql as $$
  select jsonb_build_object('token', '\x' || encode(sha256(convert_to(p_name, 'UTF8')), 'hex'), 'otp', '\x' || encode(sha256(convert_to('otp' || p_name, 'UTF8')), 'hex'), 'sealed', 'sealed-' || p_name) $$;
create function tests.p(p_email text, p_name text, p_more jsonb default '{}', p_rules jsonb default '{}') returns text language sql as $$
  select quote_literal(jsonb_build_object('email', p_email, 'redirectTo', 'https://a.example/', 'flow', '{}'::jsonb, 'once', tests.once(p_name), 'onceNew', tests.once(p_name || '-new'),
    'rules', '{"signUp":"open","domains":[],"autoconfirm":false,"expiresS":3600,"intervalS":0,"perHour":1000}'::jsonb || p_rules) || p_more) $$;
create function tests.verify(p_type text, p_name text) returns jsonb language sql as $$
  select tests.api(format('api.auth_verify(%L)', jsonb_build_object('type', p_type, 'tokenHash', tests.once(p_name) -> 'token')))::jsonb $$;
create function tests.verify_code(p_type text, p_email text, p_name text) returns jsonb language sql as $$
  select tests.api(format('api.auth_verify(%L)', jsonb_build_object('type', p_type, 'email', p_email, 'otpHash', tests.once(p_name) -> 'otp')))::jsonb $$;

-- Signing up.
select is(tests.api('api.auth_sign_up(' || tests.p('New@Example.com', 's1', '{"passwordHash":"h1","data":{"name":"N"}}') || ')')::jsonb ->> 'outcome', 'mailed', 'a new address is written to');
select id as uid from auth.users where email = 'new@example.com' \gset
select is((select count(*) from accounts where id = :'uid'), 0::bigint, 'no account before the address is confirmed');
select is((select kind || ' ' || recipient || ' ' || sealed from private.mail_outbox), 'signup new@example.com sealed-s1', 'the mail waits');
select is(tests.api('api.auth_unconfirmed_password(''NEW@example.com'')'), 'h1', 'its hash can be compared');
select is(tests.api('api.auth_sign_up(' || tests.p('new@example.com', 's2', '{"passwordHash":"h2","samePassword":true}') || ')')::jsonb #>> '{user,id}', :'uid', 'again: the same person');
select is((select encrypted_password from auth.users where id = :'uid'), 'h1', 'the same password stays');
select is(tests.verify('signup', 's1'), '{"outcome":"expired"}', 'the first token is replaced');
select is(tests.api('api.auth_sign_up(' || tests.p('new@example.com', 's3', '{"passwordHash":"h3"}') || ')')::jsonb ->> 'outcome', 'mailed', 'and again with another password');
select is((select encrypted_password from auth.users where id = :'uid'), null, 'which leaves none');
select is(tests.verify('recovery', 's3'), '{"outcome":"expired"}', 'not as another kind');
select is(tests.verify('signup', 's3') ->> 'userId', :'uid', 'the link confirms');
select is((select plan from accounts where id = :'uid'), 'basic', 'and brings an account');
select isnt((select email_proven_at from auth.users where id = :'uid'), null, 'and proves the address');
select is((select identity_data ->> 'email_verified' from auth.identities where user_id = :'uid'), 'true', 'the identity knows');
select is(tests.verify('signup', 's3'), '{"outcome":"expired"}', 'once');
select is(tests.api('api.auth_sign_up(' || tests.p('new@example.com', 's4', '{"passwordHash":"h4"}') || ')')::jsonb #> '{user,identities}', '[]', 'a taken address looks like a new one');
select is((select count(*) from private.mail_outbox where sealed = 'sealed-s4'), 0::bigint, 'but nobody is written to');
select is(tests.api('api.auth_sign_up(' || tests.p('a@b.example', 'x', '{}', r) || ')'), want, 'sign-up ' || r::text) from (values
  ('{"signUp":"invite"}'::jsonb, 'error CP000 signup_disabled Signups not allowed for this instance'),
  ('{"signUp":"domain","domains":["c.example"]}', 'error CP000 email_address_not_authorized Sign-up is for addresses of certain domains only.'),
  ('{"signUp":"domain","domains":null}', 'error CP000 email_address_not_authorized Sign-up is for addresses of certain domains only.')) x (r, want);
select is(tests.api('api.auth_sign_up(' || tests.p('a@c.example', 'x', '{"passwordHash":"h"}', '{"signUp":"domain","domains":["c.example"],"autoconfirm":true}') || ')')::jsonb ->> 'outcome', 'session', 'the right domain, confirmed at once');
select is((select (email_confirmed_at is not null)::text || (email_proven_at is null) from auth.users where email = 'a@c.example'), 'truetrue', 'which proves nothing');

-- Codes: five wrong ones are enough.
select is(tests.api('api.auth_otp(' || tests.p('new@example.com', 'o1', '{"create":false}') || ')'), '', 'a code to sign in');
select is(tests.verify_code('email', 'new@example.com', 'wrong'), '{"outcome":"expired"}', 'a wrong one') from generate_series(1, 4);
select is(tests.verify_code('email', 'NEW@example.com', 'o1') ->> 'userId', :'uid', 'the right one in time');
select is(tests.api('api.auth_otp(' || tests.p('new@example.com', 'o2', '{"create":false}') || ')'), '', 'another');
select is(tests.verify_code('email', 'new@example.com', 'wrong'), '{"outcome":"expired"}', 'a wrong one') from generate_series(1, 5);
select is(tests.verify_code('email', 'new@example.com', 'o2'), '{"outcome":"expired"}', 'the right one too late');
select is(tests.verify('magiclink', 'o2') ->> 'userId', :'uid', 'the link still works: nobody can guess it');
select is(tests.api('api.auth_otp(' || tests.p('nobody@b.example', 'o3', '{"create":false}') || ')'), 'error CP000 otp_disabled Signups not allowed for otp', 'nobody is made');
update auth.users set banned_until = now() + interval '1 hour' where id = :'uid';
select is(tests.api('api.auth_recover(' || tests.p('new@example.com', 'r1') || ')'), '', 'barred: no word of it');
select is((select count(*) from private.mail_outbox where sealed = 'sealed-r1'), 0::bigint, 'and no mail');
update auth.users set banned_until = null where id = :'uid';

-- How often.
delete from private.mail_asks;
select is(tests.api('api.auth_recover(' || tests.p('x@b.example', 'r', '{}', '{"intervalS":60}') || ')'), '', 'the first');
update private.mail_asks set asked_at = now() - interval '20 seconds';
select alike(tests.api('api.auth_recover(' || tests.p('X@b.example', 'r', '{}', '{"intervalS":60}') || ')'), 'error CP000 over_email_send_rate_limit For security purposes, you can only request this after 40 seconds.%', 'too soon, for an address that nobody has');
update private.mail_asks set asked_at = now() - interval '61 seconds';
select is(tests.api('api.auth_recover(' || tests.p('x@b.example', 'r', '{}', '{"intervalS":60,"perHour":2}') || ')'), '', 'later');
update private.mail_asks set asked_at = now() - interval '61 seconds';
select alike(tests.api('api.auth_recover(' || tests.p('x@b.example', 'r', '{}', '{"intervalS":60,"perHour":2}') || ')'), 'error CP000 over_email_send_rate_limit email rate limit exceeded%', 'too often in an hour');
update private.mail_asks set hour_began_at = now() - interval '61 minutes';
select is(tests.api('api.auth_recover(' || tests.p('x@b.example', 'r', '{}', '{"intervalS":60,"perHour":2}') || ')'), '', 'the next hour');

-- PKCE.
create function tests.flow(p_user uuid, p_code text) returns text language sql as $$
  select tests.api(format('api.auth_flow_code(%L, %L, %L)', private.start_flow(jsonb_build_object('challenge', repeat('c', 43), 'method', 's256'), null, 'oauth', 600), p_user, p_code)) $$;
create function tests.redeem(p_code text, p_s256 text, p_plain text) returns jsonb language sql as $$
  select tests.api(format('api.auth_flow_redeem(%L, %L, %L)', p_code, p_s256, p_plain))::jsonb $$;
select is(tests.flow(:'uid', 'c1'), '', 'a code is given out');
select is(tests.redeem('c1', repeat('c', 43), 'x') - 'userId', '{"outcome":"redeemed","method":"oauth"}', 'and redeemed');
select is(tests.redeem('c1', repeat('c', 43), 'x'), '{"outcome":"flow_state_not_found"}', 'once');
select is(tests.flow(:'uid', 'c2'), '', 'another');
select is(tests.redeem('c2', 'x', repeat('c', 43)), '{"outcome":"bad_code_verifier"}', 'the challenge as a plain verifier is wrong');
select is(tests.redeem('c2', repeat('c', 43), 'x'), '{"outcome":"flow_state_not_found"}', 'and used up');
select is(tests.flow(:'uid', 'c3'), '', 'a third');
update auth.flow_state set expires_at = now() - interval '1 second';
select is(tests.redeem('c3', repeat('c', 43), 'x'), '{"outcome":"flow_state_expired"}', 'too late');
select alike(tests.api(format('api.auth_flow_code(%L, %L, ''c4'')', gen_random_uuid(), :'uid')), 'error CP000 flow_state_not_found%', 'of no flow');

-- Outside providers.
create function tests.identity(p jsonb) returns text language sql as $$
  select tests.api(format('api.auth_identity_user(%L) ->> ''userId''', '{"provider":"okta","rules":{"signUp":"open"},"data":{"name":"O"}}'::jsonb || p)) $$;
select alike(tests.identity(p), 'error CP000 ' || want || '%', p::text) from (values
  ('{"providerId":"","email":"new@example.com","emailVerified":true}'::jsonb, 'validation_failed'),
  ('{"providerId":null,"email":"new@example.com","emailVerified":true}', 'validation_failed'),
  ('{"provider":"email","providerId":"1","email":"new@example.com","emailVerified":true}', 'validation_failed'),
  ('{"providerId":"1","email":"new@example.com","emailVerified":false}', 'provider_email_needs_verification'),
  ('{"providerId":"1","emailVerified":true}', 'provider_email_needs_verification'),
  ('{"providerId":"1","email":"x@d.example","emailVerified":true,"rules":{"signUp":"invite"}}', 'signup_disabled')) x (p, want);
select is(tests.identity('{"providerId":"1","email":"NEW@example.com","emailVerified":true}'), :'uid', 'a verified address finds its person');
select is(tests.identity('{"providerId":"1","email":"other@example.com","emailVerified":false}'), :'uid', 'then the id decides alone');
select is((select raw_app_meta_data -> 'providers' from auth.users where id = :'uid'), '["email", "okta"]', 'both ways are noted');
select isnt(tests.identity('{"providerId":"2","email":"made@d.example","emailVerified":true,"sso":true}'), null, 'somebody new');
select is((select is_sso_user::text || (raw_app_meta_data ->> 'provider') || (select plan from accounts a where a.id = u.id) from auth.users u where email = 'made@d.example'), 'trueoktabasic', 'with an account');
select isnt((select email_proven_at from auth.users where email = 'made@d.example'), null, 'whose address the provider has proven');
select is((select count(*) from auth.identities i join auth.users u on u.id = i.user_id where u.email = 'made@d.example'), 1::bigint, 'and no identity by mail');
select is(tests.api('api.auth_sign_up(' || tests.p('victim@d.example', 'v', '{"passwordHash":"attacker"}') || ')')::jsonb ->> 'outcome', 'mailed', 'signed up by somebody who does not own the address');
select isnt(tests.identity('{"providerId":"3","email":"victim@d.example","emailVerified":true}'), null, 'its owner comes through the provider');
select is((select encrypted_password from auth.users where email = 'victim@d.example'), null, 'and the password is gone');

-- Whether an address is proven goes with the address.
create function tests.proven(p_email text) returns boolean language sql as $$ select email_proven_at is not null from auth.users where email = p_email $$;
select id as moved from auth.users where email = 'a@c.example' \gset
select is(tests.api(format('api.auth_update_user(%L, null, %s)', :'moved', tests.p('', 'm1', '{"newEmail":"b@c.example","both":true}'))) <> '', true, 'another address is asked for');
select is(tests.verify('email_change', 'm1-new') ->> 'outcome', 'half', 'its own link alone does not do');
select is(tests.verify('email_change', 'm1') ->> 'outcome', 'verified', 'with the one to the old address it does');
select is(tests.proven('b@c.example'), true, 'and the new one is proven');
select is(tests.api(format('api.auth_update_user(%L, null, %s)', :'moved', tests.p('', 'm2', '{"newEmail":"c@c.example"}', '{"autoconfirm":true}'))) <> '', true, 'changed without a mail');
select is(tests.proven('c@c.example'), false, 'proves nothing');
select is(tests.api('api.auth_recover(' || tests.p('c@c.example', 'm3') || ')'), '', 'a link to it');
select is(tests.verify('recovery', 'm3') ->> 'userId', :'moved', 'is followed');
select is(tests.proven('c@c.example'), true, 'and proves it');
select is(tests.api(format('api.auth_generate_link(%s)', tests.p('c@c.example', 'm4', '{"type":"email_change_current","newEmail":"d@c.example"}'))) <> '', true, 'a link for the present address');
select is(tests.verify('email_change', 'm4') ->> 'outcome', 'verified', 'changes it');
select is(tests.proven('d@c.example'), false, 'without a proof of the new one');
select is(tests.api(format('api.auth_admin_update(%L, %L)', :'moved', '{"email":"e@c.example","emailConfirm":true}')) <> '', true, 'an administrator confirms an address');
select is(tests.proven('e@c.example'), false, 'which is no proof');

-- The end of sessions.
delete from realtime.messages;
delete from auth.ended_sessions;
select tests.api(format($$api.auth_create_session(%L, %L, null, null, 'otp')$$, :'uid', 'e' || n)) from generate_series(1, 1500) n \g /dev/null
select tests.api(format('api.auth_logout(%L, null, null)', :'uid')) \g /dev/null
select is((select count(*) from realtime.messages where event = 'sessions.ended' and topic = 'session:' || :'uid'), 2::bigint, 'told in pieces');
select is((select sum(jsonb_array_length(payload -> 'sessions')) from realtime.messages where event = 'sessions.ended'), 1500::bigint, 'every session');
select is((select count(*) from auth.ended_sessions where not is_person), 1500::bigint, 'and kept for programs that were away');
update auth.users set banned_until = now() + interval '1 hour' where id = :'uid';
select is((select count(*) from realtime.messages where payload ->> 'everything' = 'true' and payload ->> 'userId' = :'uid'), 1::bigint, 'a ban is told');
update auth.users set banned_until = banned_until where id = :'uid';
update auth.users set banned_until = null where id = :'uid';
select is((select count(*) from realtime.messages where payload ->> 'everything' = 'true'), 1::bigint, 'once, and not its end');
select is(tests.try(p.name, 'insert into realtime.messages (topic, extension, event, private, payload) values (''session:' || :'uid' || ''', ''broadcast'', ''sessions.ended'', true, ''{}'')'), 'error 42501', p.name || ' cannot say so')
from tests.personas p where p.name in ('anon', 'owner_a', 'visitor_a1', 'key_a');

-- The outbox.
delete from private.mail_outbox;
insert into private.mail_outbox (kind, recipient, sealed, expires_at) values ('recovery', 'm1@b.example', 's', now() + interval '1 hour'), ('recovery', 'm2@b.example', 's', now() - interval '1 second');
select is(tests.run('service', 'select recipient || attempts from api.take_mails(5)'), 'm1@b.example1', 'what is due is taken');
select is((select last_error || coalesce(sealed, ' empty') from private.mail_outbox where recipient = 'm2@b.example'), 'too late empty', 'what is late is given up');
select is(tests.run('service', 'select count(*) from api.take_mails(5)'), '0', 'and not taken twice');
select tests.run('service', format('select api.mail_failed(%L, ''451 later'', 5)', id)) from private.mail_outbox where recipient = 'm1@b.example' \g /dev/null
select is((select next_at > now() and next_at < now() + interval '6 seconds' and sealed = 's' from private.mail_outbox where recipient = 'm1@b.example'), true, 'tried again later');
select tests.run('service', format('select api.mail_failed(%L, ''550 no'', null)', id)) from private.mail_outbox where recipient = 'm1@b.example' \g /dev/null
select is((select failed_at is not null and sealed is null from private.mail_outbox where recipient = 'm1@b.example'), true, 'or never');
update private.mail_outbox set created_at = now() - interval '8 days', expires_at = now() - interval '7 days';
update auth.ended_sessions set ended_at = now() - interval '3 hours';
update auth.one_time_tokens set expires_at = now() - interval '1 second';
select is(tests.api('api.forget_auth_leftovers() > 1500'), 'true', 'what nobody needs is forgotten');
select is((select count(*) from private.mail_outbox) + (select count(*) from auth.ended_sessions) + (select count(*) from auth.one_time_tokens) + (select count(*) from auth.flow_state), 0::bigint, 'all of it');
