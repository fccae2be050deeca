-- Every api function x every id it takes: a foreign id and a random uuid get the very same answer, and
-- callers without the right get none at all. A function that is not declared here fails the last test.
create table tests.calls (id serial, func text, persona text, sql text);
-- %1$L is the id under test: of an agent, %2$L of a conversation, %3$L of what nobody has, %4$L of an account.
insert into tests.calls (func, persona, sql)
select c.func, p.persona, c.sql
from (values
  ('get_widget_config', array['anon', 'visitor_b1', 'owner_b', 'key_b'], 'select agent from api.get_widget_config(%1$L, null, null)'),
  ('get_agent_page', array['anon', 'visitor_b1', 'owner_b', 'key_b'], 'select name from api.get_agent_page(%1$L)'),
  ('post_visitor_message', array['visitor_b1', 'key_b'], 'select api.post_visitor_message(%1$L, null, ''hi'', null, null)'),
  ('post_visitor_message', array['visitor_b1', 'key_b'], 'select api.post_visitor_message(%1$L, null, ''hi'', ''id-1'', null)'),
  ('post_visitor_message', array['visitor_b1', 'key_b'],
    'select api.post_visitor_message(''b2000000-0000-4000-8000-000000000001'', %2$L, ''hi'', null, null)'),
  ('post_visitor_message', array['visitor_b1', 'key_b'],
    'select api.post_visitor_message(''b2000000-0000-4000-8000-000000000001'', %2$L, ''hi'', ''id-2'', null)'),
  ('get_messages', array['visitor_b1', 'owner_b', 'key_b', 'nobody'], 'select api.get_messages(%2$L, 0, 10)'),
  ('start_takeover', array['owner_b', 'nobody'], 'select api.start_takeover(%2$L, null)'),
  ('end_takeover', array['owner_b', 'nobody'], 'select api.end_takeover(%2$L, null)'),
  ('send_human_message', array['owner_b', 'nobody'], 'select api.send_human_message(%2$L, ''hi'')'),
  ('create_widget_lead', array['visitor_b1', 'key_b'], 'select api.create_widget_lead(%1$L, null, ''{}'', 1, ''[]'')'),
  ('create_widget_lead', array['visitor_b1', 'key_b'],
    'select api.create_widget_lead(''b2000000-0000-4000-8000-000000000001'', %2$L, ''{}'', 1, ''[]'')'),
  ('lead_context', array['visitor_b1', 'key_b'], 'select api.lead_context(%1$L, null)'),
  ('lead_context', array['visitor_b1', 'key_b'], 'select api.lead_context(''b2000000-0000-4000-8000-000000000001'', %2$L)'),
  ('add_knowledge_text', array['owner_b', 'nobody', 'key_b'], 'select api.add_knowledge_text(%1$L, ''t'', null, ''[]'', ''c'')'),
  ('list_agents', array['owner_b', 'nobody'], 'select api.list_agents(%4$L)'),
  ('list_conversations', array['owner_b', 'nobody'], 'select api.list_conversations(%4$L, null, null, null, null, null)'),
  ('list_leads', array['owner_b', 'nobody'], 'select api.list_leads(%4$L, null, null, null)'),
  ('get_conversation', array['owner_b', 'nobody'], 'select api.get_conversation(%2$L)'),
  ('update_conversation', array['owner_b', 'nobody'], 'select api.update_conversation(%2$L, ''closed'')'),
  ('set_account_secret', array['owner_b', 'nobody'], 'select api.set_account_secret(%4$L, ''x'', ''v1.0123456789abcdef.AAAA'', '''')'),
  ('list_account_secrets', array['owner_b', 'nobody'], 'select api.list_account_secrets(%4$L)'),
  ('delete_account_secret', array['owner_b', 'nobody'], 'select api.delete_account_secret(%4$L, ''x'')'),
  ('identity_settings', array['owner_b', 'nobody'], 'select version from api.identity_settings(%1$L)'),
  ('rotate_identity_secret', array['owner_b', 'nobody'], 'select version from api.rotate_identity_secret(%1$L, 60)'),
  ('require_identity', array['owner_b', 'nobody'], 'select version from api.require_identity(%1$L, true)'),
  ('identity_versions', array['service'], 'select current_version from api.identity_versions(%3$L)'),
  ('identify_visitor', array['service'], 'select visitor_id from api.identify_visitor(%3$L, null, false, null, ''x'', null, null)'),
  ('list_mails', array['owner_b', 'nobody'], 'select kind from api.list_mails(%4$L, 10)'),
  ('list_team_members', array['owner_b', 'nobody'], 'select api.list_team_members(%4$L)'),
  ('invite_team_member', array['owner_b', 'nobody'],
    'select api.invite_team_member(%4$L, ''x@example.com'', ''member'', sha256(''x''), 60, null)'),
  ('set_member_role', array['owner_b', 'nobody'],
    'select api.set_member_role(%4$L, ''a0000000-0000-4000-8000-000000000004'', ''client'', null)'),
  ('remove_team_member', array['owner_b', 'nobody'],
    'select api.remove_team_member(%4$L, ''a0000000-0000-4000-8000-000000000004'', null)'),
  ('leave_account', array['owner_b', 'nobody'], 'select api.leave_account(%4$L, null)'),
  ('create_api_key', array['owner_b', 'nobody'],
    'select api.create_api_key(%4$L, ''x'', ''["chat:write"]'', null, null, ''x'', sha256(''x''), null)'),
  ('list_api_keys', array['owner_b', 'nobody'], 'select api.list_api_keys(%4$L)'),
  ('list_audit_logs', array['owner_b', 'nobody'], 'select api.list_audit_logs(%4$L, ''{}'', null, null, null)'),
  ('request_audit_export', array['owner_b', 'nobody'],
    'select api.request_audit_export(%4$L, ''csv'', ''{}'', sha256(''x''), 60, null)'),
  ('revoke_team_invitation', array['owner_b', 'nobody'], 'select api.revoke_team_invitation(%5$L, null)'),
  ('rotate_api_key', array['owner_b', 'nobody'], 'select api.rotate_api_key(%6$L, ''x'', sha256(''x''), 0, null)'),
  ('revoke_api_key', array['owner_b', 'nobody'], 'select api.revoke_api_key(%6$L, null)'),
  ('get_audit_export', array['owner_b', 'nobody'], 'select api.get_audit_export(%7$L)'),
  ('start_answer', array['service'], 'select api.start_answer(%3$L, 0, null, 30)'),
  ('finish_answer', array['service'], 'select api.finish_answer(%3$L, 0, ''x'', ''[]'', null, null, null, null)'),
  ('abort_answer', array['service'], 'select api.abort_answer(%3$L, 0, ''x'')'),
  ('auth_create_session', array['service'], 'select api.auth_create_session(%3$L, ''x'', null, null, ''password'')')
) c (func, personas, sql) cross join unnest(c.personas) p (persona);

select is(
  tests.try(c.persona, format(c.sql, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
    gen_random_uuid(), gen_random_uuid())),
  'error CP000 not_found Not found.', format('%s as %s: unknown id in %s', c.func, c.persona, c.sql))
from tests.calls c order by c.id;
-- These two are public: an agent of any account is nobody's secret.
select is(
  tests.try(c.persona, format(c.sql, 'a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001', gen_random_uuid(), 'a0000000-0000-4000-8000-000000000001', 'ab000000-0000-4000-8000-000000000001',
    'a4000000-0000-4000-8000-000000000001', 'ac000000-0000-4000-8000-000000000001')),
  'error CP000 not_found Not found.', format('%s as %s: foreign id in %s', c.func, c.persona, c.sql))
from tests.calls c where c.func not in ('get_widget_config', 'get_agent_page') order by c.id;
select is(
  tests.try(c.persona, format(c.sql, null::text, null::text, null::text, null::text, null::text, null::text, null::text)),
  'error CP000 not_found Not found.', format('%s as %s: null id in %s', c.func, c.persona, c.sql))
from tests.calls c where c.sql not like '%api.post_visitor_message(''b%' and c.sql not like '%lead%(''b%' order by c.id;

-- The same visitor of another agent, another visitor of the same agent.
select is(tests.try('visitor_a2', s.sql), 'error CP000 not_found Not found.', 'another visitor''s conversation: ' || s.sql)
from (values
  ($$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001', 'hi', null, null)$$),
  ($$select api.get_messages('a5000000-0000-4000-8000-000000000001', 0, 10)$$),
  ($$select api.create_widget_lead('a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001', '{}', 1, '[]')$$),
  ($$select api.lead_context('a2000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001')$$)) s (sql);

-- Who may execute what; everything else is refused before a line of it runs.
create table tests.grants (func text primary key, roles text[]);
insert into tests.grants values
  ('get_widget_config', '{anon,visitor,authenticated,api_key,service_role}'),
  ('post_visitor_message', '{visitor,api_key}'), ('get_messages', '{visitor,authenticated,api_key}'),
  ('start_takeover', '{authenticated}'), ('end_takeover', '{authenticated}'), ('send_human_message', '{authenticated}'),
  ('create_widget_lead', '{visitor,api_key}'), ('lead_context', '{visitor,api_key}'),
  ('validate_api_key', '{api_key}'), ('resolve_api_key', '{authenticator,service_authenticator}'),
  ('add_knowledge_text', '{authenticated,api_key,service_role}'), ('knowledge_for_agent', '{service_role}'),
  ('start_answer', '{service_role}'), ('append_answer', '{service_role}'), ('finish_answer', '{service_role}'),
  ('abort_answer', '{service_role}'), ('close_stale_answers', '{service_role}'), ('close_lost_answers', '{service_role}'), ('secret_fingerprint', '{service_role}'),
  ('identity_versions', '{service_role}'), ('identify_visitor', '{service_role}'), ('identity_settings', '{authenticated}'),
  ('rotate_identity_secret', '{authenticated}'), ('require_identity', '{authenticated}'), ('key_ring', '{service_role}'), ('list_keys', '{service_role}'), ('create_signing_key', '{service_role}'), ('rotate_signing_keys', '{service_role}'),
  ('revoke_key', '{service_role}'), ('add_project_key', '{service_role}'), ('retire_project_key', '{service_role}'),
  ('auth_user_for_password', '{service_role}'), ('auth_create_user', '{service_role}'),
  ('auth_create_session', '{service_role}'), ('auth_rotate_refresh', '{service_role}'),
  ('set_account_secret', '{authenticated,service_role}'), ('list_account_secrets', '{authenticated}'),
  ('delete_account_secret', '{authenticated}'), ('sealed_account_secret', '{service_role}'),
  ('sealing_key', '{service_role}'), ('begin_sealing_rotation', '{service_role}'),
  ('sealed_with_other_keys', '{service_role}'), ('reseal', '{service_role}'),
  ('auth_flow_start', '{service_role}'), ('auth_flow_code', '{service_role}'), ('auth_flow_redeem', '{service_role}'), ('auth_sign_up', '{service_role}'), ('auth_unconfirmed_password', '{service_role}'), ('auth_otp', '{service_role}'), ('auth_recover', '{service_role}'), ('auth_resend', '{service_role}'), ('auth_reauthenticate', '{service_role}'), ('auth_verify', '{service_role}'), ('auth_identity_user', '{service_role}'), ('auth_create_anonymous', '{service_role}'), ('auth_user_secrets', '{service_role}'), ('auth_take_nonce', '{service_role}'), ('auth_update_user', '{service_role}'),
  ('auth_admin_users', '{service_role}'), ('auth_admin_user', '{service_role}'), ('auth_admin_create', '{service_role}'), ('auth_admin_update', '{service_role}'), ('auth_admin_delete', '{service_role}'), ('auth_invite', '{service_role}'), ('auth_generate_link', '{service_role}'), ('take_mails', '{service_role}'), ('mail_sent', '{service_role}'), ('mail_failed', '{service_role}'), ('list_mails', '{authenticated,service_role}'), ('ended_sessions', '{service_role}'), ('forget_auth_leftovers', '{service_role}'),
  ('list_accounts', '{authenticated}'), ('list_agents', '{authenticated}'), ('list_conversations', '{authenticated}'),
  ('list_leads', '{authenticated}'), ('get_conversation', '{authenticated}'), ('update_conversation', '{authenticated}'),
  ('get_agent_page', '{anon,visitor,authenticated,api_key,service_role}'), ('forget_client_message_ids', '{service_role}'),
  ('reply_to_message', '{service_role}'), ('auth_user', '{service_role}'), ('auth_logout', '{service_role}'), ('seed_demo', '{service_role}'), ('demo_email', '{service_role,service_authenticator}'),
  ('list_plans', '{authenticated,service_role}'), ('update_plan', '{authenticated,service_role}'), ('set_account_plan', '{authenticated,service_role}'),
  ('get_usage', '{authenticated,api_key,service_role}'), ('fold_usage', '{service_role}'), ('count_api_calls', '{service_role}'), ('checkout_of_plan', '{authenticated}'), ('customer_of_account', '{authenticated}'), ('apply_stripe_event', '{service_role}'),
  ('list_team_members', '{authenticated}'), ('invite_team_member', '{authenticated}'),
  ('revoke_team_invitation', '{authenticated}'), ('accept_team_invitation', '{authenticated}'),
  ('get_team_invitation', '{anon,visitor,authenticated,api_key,service_role}'),
  ('set_member_role', '{authenticated}'), ('remove_team_member', '{authenticated}'), ('leave_account', '{authenticated}'),
  ('create_api_key', '{authenticated}'), ('list_api_keys', '{authenticated}'), ('rotate_api_key', '{authenticated}'),
  ('revoke_api_key', '{authenticated}'), ('note_api_keys_used', '{service_role}'),
  ('list_audit_logs', '{authenticated}'), ('request_audit_export', '{authenticated}'), ('get_audit_export', '{authenticated}'),
  ('seal_audit_logs', '{service_role}'), ('audited_accounts', '{service_role}'), ('verify_audit_logs', '{service_role}'),
  ('audit_link', '{service_role}'), ('build_audit_export', '{service_role}'), ('open_audit_export', '{service_role}'),
  ('audit_export_part', '{service_role}'), ('forget_audit_exports', '{service_role}');
select is(
  (select coalesce(array_agg(r.role order by r.role), '{}') from unnest(array['anon', 'visitor', 'authenticated', 'api_key',
     'service_role', 'authenticator', 'service_authenticator', 'replicator']) r (role)
   where has_function_privilege(r.role, p.oid, 'execute')),
  (select array_agg(x order by x) from unnest(g.roles) x), 'execute on api.' || p.proname)
from pg_proc p left join tests.grants g on g.func = p.proname
where p.pronamespace = 'api'::regnamespace order by p.proname;
select is_empty($$select func from tests.grants where func not in (select proname from pg_proc where pronamespace = 'api'::regnamespace)$$,
  'every declared function exists');

-- Claims of another role than the connection's are worth nothing.
insert into tests.personas values
  ('forged_key', 'authenticated', '{"role":"api_key","key_id":"a4000000-0000-4000-8000-000000000001","account_id":"a0000000-0000-4000-8000-000000000001","scopes":["chat:write","conversations:read","knowledge:write","leads:write"]}'),
  ('forged_person', 'visitor', '{"role":"authenticated","sub":"a0000000-0000-4000-8000-000000000001"}'),
  ('forged_key_person', 'api_key', '{"role":"authenticated","sub":"a0000000-0000-4000-8000-000000000001"}'),
  ('forged_service', 'authenticated', '{"role":"service_role"}'),
  ('forged_anon', 'anon', '{"role":"authenticated","sub":"a0000000-0000-4000-8000-000000000001"}'),
  ('odd_sub', 'authenticated', '{"role":"authenticated","sub":"not a uuid"}'),
  ('visitor_as_user', 'visitor', '{"role":"visitor","sub":"a0000000-0000-4000-8000-000000000001","agent_id":"b2000000-0000-4000-8000-000000000001","account_id":"b0000000-0000-4000-8000-000000000001"}');
select is(tests.try(s.persona, s.sql), s.want, format('%s: %s', s.persona, s.sql)) from (values
  ('forged_key', $$select api.get_messages('a5000000-0000-4000-8000-000000000001', 0, 10)$$, 'error CP000 forbidden This needs a visitor token, a person or an API key.'),
  ('forged_key', $$select api.add_knowledge_text('a2000000-0000-4000-8000-000000000001', 't', null, '[]', 'c')$$, 'error CP000 forbidden This needs the service role.'),
  ('forged_person', $$select api.get_messages('a5000000-0000-4000-8000-000000000001', 0, 10)$$, 'error CP000 forbidden This needs a visitor token, a person or an API key.'),
  ('forged_person', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'hi', null, null)$$, 'error CP000 forbidden This needs a visitor token or an API key.'),
  ('forged_key_person', $$select api.validate_api_key()$$, 'error CP000 invalid_credentials The API key is not valid.'),
  ('forged_service', $$select api.start_takeover('a5000000-0000-4000-8000-000000000001', null)$$, 'error CP000 forbidden This needs a signed-in person.'),
  ('forged_service', $$select api.add_knowledge_text('a2000000-0000-4000-8000-000000000001', 't', null, '[]', 'c')$$, 'error CP000 forbidden This needs the service role.'),
  ('forged_service', $$select count(*) from public.agents$$, '0'),
  ('forged_anon', $$select count(*) from public.agents$$, 'error 42501'),
  ('odd_sub', $$select count(*) from public.agents$$, '0'),
  ('odd_sub', $$select coalesce(auth.uid()::text, 'none')$$, 'none'),
  ('visitor_as_user', $$select coalesce(auth.uid()::text, 'none')$$, 'none'),
  ('visitor_as_user', $$select api.get_messages('a5000000-0000-4000-8000-000000000001', 0, 10)$$, 'error CP000 not_found Not found.'),
  ('key_a_bare', $$select api.get_messages('a5000000-0000-4000-8000-000000000001', 0, 10)$$, 'error CP000 insufficient_scope The API key lacks the scope conversations:read.'),
  ('key_a_bare', $$select api.get_messages(gen_random_uuid(), 0, 10)$$, 'error CP000 insufficient_scope The API key lacks the scope conversations:read.'),
  ('key_a_bare', $$select api.post_visitor_message('a2000000-0000-4000-8000-000000000001', null, 'hi', null, null)$$, 'error CP000 insufficient_scope The API key lacks the scope chat:write.'),
  ('key_a_bare', $$select api.create_widget_lead('a2000000-0000-4000-8000-000000000001', null, '{}', 1, '[]')$$, 'error CP000 insufficient_scope The API key lacks the scope leads:write.'),
  ('key_a_bare', $$select api.add_knowledge_text('a2000000-0000-4000-8000-000000000001', 't', null, '[]', 'c')$$, 'error CP000 insufficient_scope The API key lacks the scope knowledge:write.'),
  ('client_a', $$select api.start_takeover('a5000000-0000-4000-8000-000000000001', null)$$, 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('client_a', $$select kind from api.list_mails('a0000000-0000-4000-8000-000000000001', 10)$$, 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('client_a', $$select api.update_conversation('a5000000-0000-4000-8000-000000000001', 'closed')$$, 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('forged_service', $$select api.list_conversations('a0000000-0000-4000-8000-000000000001', null, null, null, null, null)$$, 'error CP000 forbidden This needs a signed-in person.'),
  ('forged_service', $$select api.list_accounts()$$, 'error CP000 forbidden This needs a signed-in person.'),
  ('forged_key', $$select api.get_conversation('a5000000-0000-4000-8000-000000000001')$$, 'error CP000 forbidden This needs a signed-in person.'),
  ('forged_anon', $$select api.list_leads('a0000000-0000-4000-8000-000000000001', null, null, null)$$, 'error 42501'),
  ('key_a', $$select api.list_leads('a0000000-0000-4000-8000-000000000001', null, null, null)$$, 'error 42501'),
  ('visitor_a1', $$select api.get_conversation('a5000000-0000-4000-8000-000000000001')$$, 'error 42501'),
  ('client_a', $$select api.end_takeover('a5000000-0000-4000-8000-000000000001', null)$$, 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('client_a', $$select api.send_human_message('a5000000-0000-4000-8000-000000000001', 'x')$$, 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('member_a', $$select api.add_knowledge_text('a2000000-0000-4000-8000-000000000001', 't', null, '[]', 'c')$$, 'error CP000 insufficient_role Your role in this account does not allow this.')
) s (persona, sql, want);

-- The stable names of the tenancy model.
select is(tests.try(s.persona, s.sql), s.want, format('%s: %s', s.persona, s.sql)) from (values
  ('owner_a', $$select public.account_role('a0000000-0000-4000-8000-000000000001')$$, 'owner'),
  ('manager_a', $$select public.account_role('a0000000-0000-4000-8000-000000000001')$$, 'manager'),
  ('client_a', $$select public.account_role('a0000000-0000-4000-8000-000000000001')$$, 'client'),
  ('client_a', $$select public.has_account_access('a0000000-0000-4000-8000-000000000001')$$, 'true'),
  ('owner_b', $$select coalesce(public.account_role('a0000000-0000-4000-8000-000000000001'), 'none')$$, 'none'),
  ('owner_b', $$select public.has_account_access('a0000000-0000-4000-8000-000000000001')$$, 'false'),
  ('anon', $$select public.has_account_access('a0000000-0000-4000-8000-000000000001')$$, 'false'),
  ('anon', $$select public.has_account_access(null)$$, 'false')) s (persona, sql, want);
