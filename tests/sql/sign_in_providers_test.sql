-- Providers that sign people in: whose they are, where they lead, and what is left of a flow.
create function tests.api(p_call text) returns text language sql as $$ select tests.run('service', 'select ' || p_call) $$;
create function tests.provider(p_more jsonb, p_account text default null) returns jsonb language sql as $$
  select tests.api(format('api.create_sign_in_provider(%L, gen_random_uuid(), %L, null, null)', p_account,
    '{"protocol":"oidc","name":"N","issuer":"https://i.example","clientId":"c"}'::jsonb || p_more))::jsonb $$;
create function tests.found(p text) returns text language sql as $$
  select tests.api(format('api.sign_in_provider(%L)', p))::jsonb ->> 'id' $$;
create function tests.vouched(p_more jsonb) returns text language sql as $$
  select tests.api(format('api.auth_identity_user(%L)', '{"provider":"custom:one","providerId":"1","email":"new@i.example","emailVerified":true,
    "data":{"iss":"https://i.example"},"rules":{"signUp":"open"},"groups":[]}'::jsonb || p_more)) $$;

select tests.provider('{"identifier":"custom:one"}') ->> 'id' as one \gset
select is(tests.found('{"identifier":"custom:one"}'), :'one', 'found by its name');
select is(tests.api(format('api.update_sign_in_provider(%L, ''{"routedDomains":["Acme.Example"]}'', null, null)', :'one'))::jsonb -> 'routedDomains', '["acme.example"]', 'the operator routes domains');
select is(tests.found('{"domain":"ACME.example"}'), :'one', 'and finds it by them');
select alike(tests.api(format('api.create_sign_in_provider(null, gen_random_uuid(), %L, null, null)', '{"protocol":"oidc","name":"N","issuer":"https://i.example","clientId":"c","identifier":"custom:one"}')), '%conflict%', 'a name is taken once');
select is(tests.provider('{"identifier":"custom:two"}', 'a0000000-0000-4000-8000-000000000001') ->> 'identifier' like 'sso:%', true, 'an account''s has no name of its choice');
select is(tests.found('{"identifier":"sso:a5400000-0000-4000-8000-000000000001"}'), null, 'nor is found by it');
select alike(tests.run('owner_a', 'select api.update_sign_in_provider(''a5400000-0000-4000-8000-000000000001'', ''{"routedDomains":["b.example"]}'', null, null)'), '%forbidden%', 'owners route nothing');
select alike(tests.run('admin_a', 'select api.list_sign_in_providers(''a0000000-0000-4000-8000-000000000001'')'), '%insufficient_role%', 'admins keep none');
select is(jsonb_array_length(tests.run('owner_a', 'select api.list_sign_in_providers(''a0000000-0000-4000-8000-000000000001'')')::jsonb -> 'providers'), 2, 'owners do');
select alike(tests.run('owner_a', 'select api.list_sign_in_providers(null)'), '%not_found%', 'but not the server''s');
select alike(tests.api(format('api.update_sign_in_provider(%L, ''{"issuer":"https://evil.example"}'', null, null)', :'one')), '%conflict%', 'the issuer stays');

-- Whom it leads to.
select tests.vouched('{}')::jsonb ->> 'userId' as uid \gset
select is((select email_proven_at is not null from auth.users where id = :'uid'), true, 'a person is made, the address proven');
select is(tests.vouched('{"email":"other@i.example"}')::jsonb ->> 'userId', :'uid', 'known by the subject whatever the address');
select alike(tests.vouched('{"data":{"iss":"https://evil.example"}}'), '%bad_oauth_callback%', 'not under another issuer');
select alike(tests.vouched('{"providerId":"2","email":"owner_a@example.com","emailVerified":false}'), '%provider_email_needs_verification%', 'not by an address nobody verified');
insert into auth.users (email, email_confirmed_at) values ('unproven@i.example', now());
select alike(tests.vouched('{"providerId":"3","email":"unproven@i.example"}'), '%email_not_proven%', 'not into an account whose address nobody proved');

-- An account's provider: members of the account and nobody else.
update auth.sign_in_providers set role_map = '{"g":"manager","r":"owner"}', role_claim = 'groups' where id = 'a5400000-0000-4000-8000-000000000001';
create function tests.directory(p_id text, p_groups text) returns text language sql as $$
  select tests.vouched(jsonb_build_object('provider', 'sso:a5400000-0000-4000-8000-000000000001', 'providerId', p_id, 'ofAccount', true, 'groups', p_groups::jsonb)) $$;
select tests.directory('e1', '["g","r"]')::jsonb ->> 'userId' as emp \gset
select is((select role from team_members where owner_id = 'a0000000-0000-4000-8000-000000000001' and member_id = :'emp'), 'manager', 'a role by the groups, never owner');
select is((select coalesce(email, 'none') from auth.users where id = :'emp'), 'none', 'without an address here');
select is((select count(*) from accounts where id = :'emp'), 0::bigint, 'and without an account');
select is(tests.directory('e1', '[]')::jsonb ->> 'userId', :'emp', 'known again');
select is((select role from team_members where member_id = :'emp'), 'member', 'with the role of now');
delete from team_members where member_id = :'emp';
select alike(tests.directory('e1', '[]'), '%forbidden%', 'who was taken out stays out');

-- Flows are used once, assertions as well.
select is(tests.api(format('api.sign_in_flow_start(%L)', jsonb_build_object('stateHash', '\x' || repeat('ab', 32), 'providerId', :'one', 'redirectTo', 'https://p.example', 'how', 'oauth', 'expiresS', 60, 'flow', '{}'::jsonb))), '', 'a flow');
select is(tests.api(format('api.sign_in_flow_take(%L)', '\x' || repeat('ab', 32)))::jsonb #>> '{provider,id}', :'one', 'comes back');
select is(tests.api(format('api.sign_in_flow_take(%L)', '\x' || repeat('ab', 32))), null, 'once');
select is(tests.api(format('api.saml_assertion_seen(%L, %L, 4102444800)', :'one', '\x' || repeat('cd', 32))), 'false', 'an assertion');
select is(tests.api(format('api.saml_assertion_seen(%L, %L, 4102444800)', :'one', '\x' || repeat('cd', 32))), 'true', 'is seen once');

-- Identities of who is signed in.
select alike(tests.api(format('api.auth_link_identity(%L, %L)', 'b0000000-0000-4000-8000-000000000001', '{"provider":"custom:one","providerId":"1","data":{}}')), '%identity_already_exists%', 'not somebody else''s');
select is(tests.api(format('api.auth_link_identity(%L, %L)', :'uid', '{"provider":"custom:three","providerId":"1","data":{}}')), '', 'another one');
select id as identity from auth.identities where user_id = :'uid' and provider = 'custom:three' \gset
select alike(tests.api(format('api.auth_unlink_identity(%L, null, %L)', 'b0000000-0000-4000-8000-000000000001', :'identity')), '%single_identity_not_deletable%', 'nobody else unlinks it');
select is(tests.api(format('api.auth_unlink_identity(%L, null, %L)', :'uid', :'identity')), '', 'the person does');
select alike(tests.api(format('api.auth_unlink_identity(%L, null, %L)', :'uid', (select id from auth.identities where user_id = :'uid'))), '%single_identity_not_deletable%', 'but keeps one');

-- Metadata at a URL: one of those that are due at a time, and only what is of the same entity and place.
insert into auth.sign_in_providers (id, protocol, identifier, name, saml, domains, updated_at) values
  ('e5400000-0000-4000-8000-000000000001', 'saml', 'sso:e1', 'One', '{"entityId":"https://m1.example","ssoUrl":"https://m1.example/sso","certificates":["a"],"metadataUrl":"https://m1.example/m"}', '{m1.example}', now() - interval '1 day'),
  ('e5400000-0000-4000-8000-000000000002', 'saml', 'sso:e2', 'Two', '{"entityId":"https://m2.example","ssoUrl":"https://m2.example/sso","certificates":["a"]}', '{m2.example}', now() - interval '1 day');
select is(tests.run('service', 'select metadata_url from api.claim_saml_metadata(3600)'), 'https://m1.example/m', 'it is due a day later');
select is(tests.run('service', 'select metadata_url from api.claim_saml_metadata(3600)'), null, 'and then no more');
create function tests.renewed(p_saml text) returns text language sql as $$
  select tests.run('service', format('select api.renew_saml_metadata(''e5400000-0000-4000-8000-000000000001'', %L)', p_saml)) $$;
select is(tests.renewed(m), w, m) from (values
  ('{"entityId":"https://m2.example","metadataUrl":"https://m1.example/m","certificates":["b"]}', 'false'),
  ('{"entityId":"https://m1.example","metadataUrl":"https://m2.example/m","certificates":["b"]}', 'false'),
  ('{"entityId":"https://m1.example","metadataUrl":"https://m1.example/m","certificates":["a"]}', 'false'),
  ('{"entityId":"https://m1.example","metadataUrl":"https://m1.example/m","certificates":["b"]}', 'true')) v (m, w);
select is((select (saml ->> 'ssoUrl') || (saml ->> 'certificates') from auth.sign_in_providers where identifier = 'sso:e1'), 'https://m1.example/sso["b"]', 'the rest stays');
