-- Prepended to every *_test.sql, which is then rolled back: two accounts, every persona, helpers.
\set QUIET 1
set client_min_messages = warning;
set search_path = public, tap;
begin;
select no_plan();
create schema tests;

insert into auth.users (id, email, raw_user_meta_data) values
  ('a0000000-0000-4000-8000-000000000001', 'owner-a@example.com', '{"display_name":"Olga"}'),
  ('a0000000-0000-4000-8000-000000000002', 'admin-a@example.com', '{}'),
  ('a0000000-0000-4000-8000-000000000003', 'manager-a@example.com', '{}'),
  ('a0000000-0000-4000-8000-000000000004', 'member-a@example.com', '{"display_name":"Mia"}'),
  ('a0000000-0000-4000-8000-000000000005', 'client-a@example.com', '{}'),
  ('b0000000-0000-4000-8000-000000000001', 'owner-b@example.com', '{}'),
  ('b0000000-0000-4000-8000-000000000002', 'member-b@example.com', '{}'),
  ('c0000000-0000-4000-8000-000000000001', 'nobody@example.com', '{}');
insert into public.accounts (id, slug, plan) values
  ('a0000000-0000-4000-8000-000000000001', 'a', 'pro'),
  ('b0000000-0000-4000-8000-000000000001', 'b', 'pro');
insert into public.team_members (id, owner_id, member_id, role) values
  ('a1000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000002', 'admin'),
  ('a1000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000003', 'manager'),
  ('a1000000-0000-4000-8000-000000000004', 'a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000004', 'member'),
  ('a1000000-0000-4000-8000-000000000005', 'a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000005', 'client'),
  ('b1000000-0000-4000-8000-000000000002', 'b0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002', 'member');

-- One of everything for both accounts; ids differ in their first letter only.
do $$
declare
  p text;
  o uuid;
begin
  foreach p in array array['a', 'b'] loop
    o := (p || '0000000-0000-4000-8000-000000000001')::uuid;
    insert into public.agents (id, user_id, name) values
      ((p || '2000000-0000-4000-8000-000000000001')::uuid, o, 'Agent ' || p);
    insert into public.visitors (id, user_id, agent_id) values
      ((p || '3000000-0000-4000-8000-000000000001')::uuid, o, (p || '2000000-0000-4000-8000-000000000001')::uuid),
      ((p || '3000000-0000-4000-8000-000000000002')::uuid, o, (p || '2000000-0000-4000-8000-000000000001')::uuid);
    insert into public.api_keys (id, user_id, name, prefix, key_hash, scopes) values
      ((p || '4000000-0000-4000-8000-000000000001')::uuid, o, 'key', 'cp_live_' || p, sha256(p::bytea),
       array['chat:write', 'conversations:read', 'conversations:write', 'leads:write', 'knowledge:write']);
    insert into public.conversations (id, user_id, agent_id, visitor_id, last_seq, message_count) values
      ((p || '5000000-0000-4000-8000-000000000001')::uuid, o, (p || '2000000-0000-4000-8000-000000000001')::uuid,
       (p || '3000000-0000-4000-8000-000000000001')::uuid, 1, 1);
    insert into public.messages (id, user_id, conversation_id, seq, role, content) values
      ((p || '6000000-0000-4000-8000-000000000001')::uuid, o, (p || '5000000-0000-4000-8000-000000000001')::uuid, 1, 'visitor', 'hello');
    insert into public.conversation_takeovers (id, user_id, conversation_id, member_id, epoch, ended_at) values
      ((p || '7000000-0000-4000-8000-000000000001')::uuid, o, (p || '5000000-0000-4000-8000-000000000001')::uuid, o, 0, now());
    insert into public.leads (id, user_id, agent_id, conversation_id, name) values
      ((p || '8000000-0000-4000-8000-000000000001')::uuid, o, (p || '2000000-0000-4000-8000-000000000001')::uuid,
       (p || '5000000-0000-4000-8000-000000000001')::uuid, 'Lea');
    insert into public.knowledge_sources (id, user_id, agent_id, title, status, content) values
      ((p || '9000000-0000-4000-8000-000000000001')::uuid, o, (p || '2000000-0000-4000-8000-000000000001')::uuid, 'Text', 'ready', 'Words.');
    insert into public.knowledge_chunks (id, user_id, agent_id, source_id, ordinal, content) values
      ((p || 'a000000-0000-4000-8000-000000000001')::uuid, o, (p || '2000000-0000-4000-8000-000000000001')::uuid,
       (p || '9000000-0000-4000-8000-000000000001')::uuid, 0, 'Words.');
    insert into public.knowledge_documents (id, user_id, agent_id, source_id, ordinal, external_id, title) values
      ((p || 'd000000-0000-4000-8000-000000000001')::uuid, o, (p || '2000000-0000-4000-8000-000000000001')::uuid,
       (p || '9000000-0000-4000-8000-000000000001')::uuid, 0, 'x', 'Words');
    insert into public.security_logs (user_id, actor_kind, event) values (o, 'system', 'test');
    insert into public.team_invitations (id, user_id, email, role, token_hash, invited_by, expires_at) values
      ((p || 'b000000-0000-4000-8000-000000000001')::uuid, o, 'invited-' || p || '@example.com', 'member',
       sha256(('invitation ' || p)::bytea), o, now() + interval '1 day');
    insert into public.audit_exports (id, user_id, requested_by, format, token_hash, expires_at) values
      ((p || 'c000000-0000-4000-8000-000000000001')::uuid, o, o, 'csv', sha256(('export ' || p)::bytea),
       now() + interval '1 hour');
    insert into auth.sign_in_providers (id, user_id, protocol, identifier, name, issuer, client_id) values
      ((p || '5400000-0000-4000-8000-000000000001')::uuid, o, 'oidc', 'sso:' || p || '5400000-0000-4000-8000-000000000001',
       'Test', 'https://' || p || '.example', 'client');
    insert into public.realtime_limits (user_id, events_per_s) values (o, 50);
    insert into public.plan_overrides (user_id, note) values (o, 'test');
    insert into public.ai_budgets (user_id, scope, period, tokens_max) values (o, 'account', 'month', 1000000);
    insert into public.usage_metrics (user_id, metric, period, starts_on) values (o, 'tokens', 'day', '2020-01-01');
  end loop;
end
$$;

create table tests.personas (name text primary key, db_role text not null, claims jsonb);
insert into tests.personas
select x.name, 'authenticated', jsonb_build_object('role', 'authenticated', 'sub', x.id, 'aal', 'aal1')
from (values ('owner_a', 'a0000000-0000-4000-8000-000000000001'), ('admin_a', 'a0000000-0000-4000-8000-000000000002'),
  ('manager_a', 'a0000000-0000-4000-8000-000000000003'), ('member_a', 'a0000000-0000-4000-8000-000000000004'),
  ('client_a', 'a0000000-0000-4000-8000-000000000005'), ('owner_b', 'b0000000-0000-4000-8000-000000000001'),
  ('nobody', 'c0000000-0000-4000-8000-000000000001')) x (name, id);
insert into tests.personas values
  ('anon', 'anon', '{"role":"anon"}'),
  ('service', 'service_role', '{"role":"service_role"}'),
  ('no_claims', 'authenticated', null),
  ('login', 'authenticator', null);
insert into tests.personas
select 'visitor_' || x.name, 'visitor', jsonb_build_object('role', 'visitor', 'sub', x.visitor,
  'agent_id', x.p || '2000000-0000-4000-8000-000000000001',
  'account_id', x.p || '0000000-0000-4000-8000-000000000001', 'origin', 'https://a.example')
from (values ('a1', 'a', 'a3000000-0000-4000-8000-000000000001'), ('a2', 'a', 'a3000000-0000-4000-8000-000000000002'),
  ('b1', 'b', 'b3000000-0000-4000-8000-000000000001'), ('new', 'a', 'a3000000-0000-4000-8000-0000000000ff')) x (name, p, visitor);
insert into tests.personas
select 'key_' || x.p || x.suffix, 'api_key', jsonb_build_object('role', 'api_key',
  'key_id', x.p || '4000000-0000-4000-8000-000000000001',
  'account_id', x.p || '0000000-0000-4000-8000-000000000001', 'scopes', x.scopes)
from (values ('a', '', '["chat:write","conversations:read","conversations:write","leads:write","knowledge:write"]'::jsonb),
  ('b', '', '["chat:write","conversations:read","conversations:write","leads:write","knowledge:write"]'), ('a', '_bare', '[]')) x (p, suffix, scopes);

-- Runs a statement under a persona as the program does. Returns the first column of the first row,
-- or the number of rows written, or 'error <sqlstate> <detail> <message>'.
create function tests.run(p_persona text, p_sql text, p_keep boolean default true) returns text
language plpgsql as $$
declare
  v tests.personas;
  v_result text;
  v_rows bigint;
  v_detail text;
begin
  select * into strict v from tests.personas where name = p_persona;
  begin
    perform set_config('request.jwt.claims', coalesce(v.claims::text, ''), true);
    perform set_config('role', v.db_role, true);
    if p_sql ~* '^\s*(insert|update|delete)' and p_sql !~* '\sreturning\s' then
      execute p_sql;
      get diagnostics v_rows = row_count;
      v_result := v_rows::text;
    else
      execute p_sql into v_result;
    end if;
    perform set_config('role', 'none', true);
    perform set_config('request.jwt.claims', '', true);
    if not p_keep then
      raise exception using errcode = 'CP999', message = 'undo';
    end if;
  exception
    when sqlstate 'CP999' then
      null;  -- variables survive the rollback
    when others then
      get stacked diagnostics v_detail = pg_exception_detail;
      v_result := 'error ' || sqlstate
        || case when sqlstate = 'CP000' then ' ' || v_detail || ' ' || sqlerrm else '' end;
  end;
  return v_result;
end
$$;
-- The same, undone afterwards.
create function tests.try(p_persona text, p_sql text) returns text
language sql as $$ select tests.run(p_persona, p_sql, false) $$;
-- What becomes of the text of one running answer.
create function tests.append(p_message uuid, p_epoch bigint, p_content text) returns text
language sql as $$
  select tests.run('service', format(
    'select coalesce((select outcome from api.append_answers(%L, 30)), ''stored'')',
    jsonb_build_array(jsonb_build_object('id', p_message, 'epoch', p_epoch, 'content', p_content))))
$$;
