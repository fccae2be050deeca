-- Every table x persona x verb x own/foreign. A cell tells what works: a (account A's rows), b, * (both),
-- 0 (allowed, no rows), - (refused). Undeclared tables and personas fail.
create table tests.acts (tbl text primary key, sel text, ins text, upd text, del text);
insert into tests.acts values
('accounts', 'select count(*) from accounts where id = %1$L',
  'insert into accounts (id, slug) values (%1$L, ''zz'')',
  'update accounts set display_name = ''x'' where id = %1$L', 'delete from accounts where id = %1$L'),
('team_members', 'select count(*) from team_members where owner_id = %1$L',
  'insert into team_members (owner_id, member_id, role) values (%1$L, ''c0000000-0000-4000-8000-000000000001'', ''member'')',
  'update team_members set role = ''client'' where owner_id = %1$L and role in (''member'', ''client'')',
  'delete from team_members where owner_id = %1$L and role = ''member'' and member_id is distinct from auth.uid()'),
('agents', 'select count(*) from agents where user_id = %1$L',
  'insert into agents (user_id, name) values (%1$L, ''x'')',
  'update agents set name = ''x'' where user_id = %1$L', 'delete from agents where user_id = %1$L'),
('visitors', 'select count(*) from visitors where user_id = %1$L',
  'insert into visitors (id, user_id, agent_id) values (gen_random_uuid(), %1$L, %2$L)',
  'update visitors set metadata = ''{}'' where user_id = %1$L', 'delete from visitors where user_id = %1$L'),
('conversations', 'select count(*) from conversations where user_id = %1$L',
  'insert into conversations (user_id, agent_id) values (%1$L, %2$L)',
  'update conversations set status = ''closed'' where user_id = %1$L', 'delete from conversations where user_id = %1$L'),
('messages', 'select count(*) from messages where user_id = %1$L',
  'insert into messages (user_id, conversation_id, seq, role) values (%1$L, %3$L, 9, ''human'')',
  'update messages set content = ''x'' where user_id = %1$L', 'delete from messages where user_id = %1$L'),
('conversation_takeovers', 'select count(*) from conversation_takeovers where user_id = %1$L',
  'insert into conversation_takeovers (user_id, conversation_id, epoch) values (%1$L, %3$L, 9)',
  'update conversation_takeovers set note = ''x'' where user_id = %1$L', 'delete from conversation_takeovers where user_id = %1$L'),
('leads', 'select count(*) from leads where user_id = %1$L',
  'insert into leads (user_id, agent_id) values (%1$L, %2$L)',
  'update leads set status = ''lost'' where user_id = %1$L', 'delete from leads where user_id = %1$L'),
('knowledge_sources', 'select count(*) from knowledge_sources where user_id = %1$L',
  'insert into knowledge_sources (user_id, agent_id, title) values (%1$L, %2$L, ''x'')',
  'update knowledge_sources set title = ''x'' where user_id = %1$L', 'delete from knowledge_sources where user_id = %1$L'),
('knowledge_chunks', 'select count(*) from knowledge_chunks where user_id = %1$L',
  'insert into knowledge_chunks (user_id, agent_id, source_id, ordinal, content) values (%1$L, %2$L, %4$L, 9, ''x'')',
  'update knowledge_chunks set content = ''x'' where user_id = %1$L', 'delete from knowledge_chunks where user_id = %1$L'),
('knowledge_documents', 'select count(*) from knowledge_documents where user_id = %1$L',
  'insert into knowledge_documents (user_id, agent_id, source_id, ordinal, external_id, title) values (%1$L, %2$L, %4$L, 9, ''x'', ''x'')',
  'update knowledge_documents set title = ''x'' where user_id = %1$L', 'delete from knowledge_documents where user_id = %1$L'),
('api_keys', 'select count(name) from api_keys where user_id = %1$L',
  'insert into api_keys (user_id, name, prefix, key_hash) values (%1$L, ''x'', ''x'', sha256(''x''))',
  'update api_keys set name = ''x'' where user_id = %1$L', 'delete from api_keys where user_id = %1$L'),
('security_logs', 'select count(*) from security_logs where user_id = %1$L',
  'insert into security_logs (user_id, actor_kind, event) values (%1$L, ''user'', ''x'')',
  'update security_logs set event = ''x'' where user_id = %1$L', 'delete from security_logs where user_id = %1$L'),
('team_invitations', 'select count(email) from team_invitations where user_id = %1$L',
  'insert into team_invitations (user_id, email, role, token_hash, expires_at) values (%1$L, ''x@x.x'', ''client'', sha256(''x''), now())',
  'update team_invitations set role = ''owner'' where user_id = %1$L', 'delete from team_invitations where user_id = %1$L'),
('audit_logs', 'select count(*) from audit_logs where user_id = %1$L',
  'insert into audit_logs (user_id, actor_kind, action) values (%1$L, ''user'', ''x'')',
  'update audit_logs set action = ''x'' where user_id = %1$L', 'delete from audit_logs where user_id = %1$L'),
('audit_exports', 'select count(id) from audit_exports where user_id = %1$L',
  'insert into audit_exports (user_id, format, token_hash, expires_at) values (%1$L, ''csv'', sha256(''x''), now())',
  'update audit_exports set status = ''ready'' where user_id = %1$L', 'delete from audit_exports where user_id = %1$L'),
('realtime_limits', 'select count(*) from realtime_limits where user_id = %1$L',
  'insert into realtime_limits (user_id) values (%1$L)',
  'update realtime_limits set events_per_s = 9 where user_id = %1$L', 'delete from realtime_limits where user_id = %1$L'),
('plans', 'select count(*) from plans where %1$L is not null',
  'insert into plans (id, name) values (left(''p'' || replace(%1$L, ''-'', ''''), 20), ''x'')',
  'update plans set position = 9 where id = ''basic'' and %1$L is not null', 'delete from plans where id = ''advanced'' and %1$L is not null'),
('plan_overrides', 'select count(*) from plan_overrides where user_id = %1$L',
  'insert into plan_overrides (user_id) values (%1$L)',
  'update plan_overrides set note = ''x'' where user_id = %1$L', 'delete from plan_overrides where user_id = %1$L'),
('ai_budgets', 'select count(*) from ai_budgets where user_id = %1$L',
  'insert into ai_budgets (user_id, scope, period, tokens_max) values (%1$L, ''account'', ''day'', 5)',
  'update ai_budgets set tokens_max = 9 where user_id = %1$L', 'delete from ai_budgets where user_id = %1$L'),
('usage_metrics', 'select count(*) from usage_metrics where user_id = %1$L and starts_on = ''2020-01-01''',
  'insert into usage_metrics (user_id, metric, period, starts_on) values (%1$L, ''x'', ''day'', ''2020-01-01'')',
  'update usage_metrics set quantity = 9 where user_id = %1$L', 'delete from usage_metrics where user_id = %1$L');

-- expected: table, then per persona the four cells select, insert, update, delete.
create table tests.expected (tbl text, persona text, cells text, primary key (tbl, persona));
insert into tests.expected
select t.tbl, p.persona, t.cells[p.position]
from (values
  -- table                 owner_a  admin_a  manager_a member_a client_a owner_b  nobody   service
  ('accounts',        array['a-a-',  'a-a-',  'a-0-',   'a-0-',  'a-0-',  'b-b-',  '0-0-',  '*-**']),
  ('team_members',    array['a-aa',  'a-aa',  'a-00',   'a-00',  'a-00',  'b-bb',  '0-00',  '****']),
  ('team_invitations', array['a---', 'a---',  '0---',   '0---',  '0---',  'b---',  '0---',  '*--*']),
  ('audit_logs',      array['a---',  'a---',  '0---',   '0---',  '0---',  'b---',  '0---',  '*---']),
  ('audit_exports',   array['a---',  'a---',  '0---',   '0---',  '0---',  'b---',  '0---',  '*--*']),
  ('agents',          array['aaaa',  'aaaa',  'aaaa',   'a-00',  'a-00',  'bbbb',  '0-00',  '****']),
  ('visitors',        array['a---',  'a---',  'a---',   'a---',  'a---',  'b---',  '0---',  '*--*']),
  ('conversations',   array['a---',  'a---',  'a---',   'a---',  'a---',  'b---',  '0---',  '*--*']),
  ('messages',        array['a---',  'a---',  'a---',   'a---',  'a---',  'b---',  '0---',  '*---']),
  ('conversation_takeovers', array['a---', 'a---', 'a---', 'a---', 'a---', 'b---', '0---',  '*---']),
  ('leads',           array['a-aa',  'a-aa',  'a-aa',   'a-a0',  'a-00',  'b-bb',  '0-00',  '*-**']),
  ('knowledge_sources', array['a--a', 'a--a', 'a--a',   'a--0',  'a--0',  'b--b',  '0--0',  '*--*']),
  ('knowledge_documents', array['a---', 'a---', 'a---', 'a---', 'a---',  'b---',  '0---',  '*---']),
  ('knowledge_chunks', array['a---', 'a---',  'a---',   'a---',  'a---',  'b---',  '0---',  '*---']),
  ('api_keys',        array['a---',  'a---',  '0---',   '0---',  '0---',  'b---',  '0---',  '*-**']),
  ('security_logs',   array['a---',  'a---',  '0---',   '0---',  '0---',  'b---',  '0---',  '*---']),
  ('realtime_limits', array['a-00',  'a-00',  'a-00',   'a-00',  'a-00',  'b-00',  '0-00',  '****']),
  ('plans',           array['*-0-',  '*-0-',  '*-0-',   '*-0-',  '*-0-',  '*-0-',  '*-0-',  '****']),
  ('plan_overrides',  array['a-00',  'a-00',  'a-00',   'a-00',  'a-00',  'b-00',  '0-00',  '****']),
  ('ai_budgets',      array['aaaa',  'aaaa',  '0-00',   '0-00',  '0-00',  'bbbb',  '0-00',  '****']),
  ('usage_metrics',   array['a---',  'a---',  'a---',   'a---',  'a---',  'b---',  '0---',  '*---'])
) t (tbl, cells)
cross join (values (1, 'owner_a'), (2, 'admin_a'), (3, 'manager_a'), (4, 'member_a'), (5, 'client_a'),
  (6, 'owner_b'), (7, 'nobody'), (8, 'service')) p (position, persona);
-- These hold no grant on any tenant table.
insert into tests.expected
select a.tbl, p.persona, '----' from tests.acts a
cross join unnest(array['anon', 'visitor_a1', 'visitor_a2', 'visitor_b1', 'key_a', 'key_b', 'login']) p (persona);
-- A connection as authenticated without claims reaches a table but no row.
insert into tests.expected
select e.tbl, 'no_claims', e.cells from tests.expected e where e.persona = 'nobody';

create function tests.cell(p_persona text, p_sql text) returns text language plpgsql as $$
declare
  r text[] := '{}';
  p text;
begin
  foreach p in array array['a', 'b'] loop
    r := r || tests.try(p_persona, format(p_sql, p || '0000000-0000-4000-8000-000000000001',
      p || '2000000-0000-4000-8000-000000000001', p || '5000000-0000-4000-8000-000000000001',
      p || '9000000-0000-4000-8000-000000000001'));
  end loop;
  -- A refusal is 42501 and nothing else: any other error is a broken test and shows as itself.
  if exists (select from unnest(r) x where x like 'error %' and x <> 'error 42501'
    and not (p_persona = 'service' and x = 'error 23505')) then
    return array_to_string(r, ' | ');
  end if;
  return case
    when r[1] ~ '^[1-9]|23505' and r[2] ~ '^[1-9]|23505' then '*'
    when r[1] ~ '^[1-9]' then 'a' when r[2] ~ '^[1-9]' then 'b'
    when '0' = any (r) then '0' else '-' end;
end
$$;

select is(
  tests.cell(e.persona, a.sel) || tests.cell(e.persona, a.ins)
    || tests.cell(e.persona, a.upd) || tests.cell(e.persona, a.del),
  e.cells, format('%s as %s: select, insert, update, delete', e.tbl, e.persona))
from tests.expected e join tests.acts a using (tbl) order by e.tbl, e.persona;

select is_empty($$
  select c.relname from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relowner = 'chatpad_owner'::regrole
    and c.relname not in (select tbl from tests.acts)$$, 'the matrix names every table');

-- Columns that no client may set.
select is(tests.try('owner_a', s.sql), 'error 42501', s.name) from (values
  ('owner cannot choose an agent''s id', $$insert into agents (id, user_id, name) values (gen_random_uuid(), auth.uid(), 'x')$$),
  ('owner cannot move an agent to another account', $$update agents set user_id = 'b0000000-0000-4000-8000-000000000001'$$),
  ('owner cannot set the knowledge version', $$update agents set knowledge_version = 99$$),
  ('owner cannot set the plan', $$update accounts set plan = 'pro'$$),
  ('owner cannot set the account''s status', $$update accounts set status = 'active'$$),
  ('owner cannot set a lead''s score', $$update leads set score = 100$$),
  ('owner cannot read key hashes', $$select key_hash from api_keys$$),
  ('owner cannot read password hashes', $$select encrypted_password from auth.users$$),
  ('owner cannot read a key''s former hash', $$select previous_hash from api_keys$$),
  ('owner cannot read the hash of an invitation''s link', $$select token_hash from team_invitations$$),
  ('owner cannot read the hash of an export''s link', $$select token_hash from audit_exports$$),
  ('owner cannot read the chain', $$select count(*) from private.audit_chain$$),
  ('owner cannot take a founder''s role', $$update accounts set founder_role = 'client'$$),
  ('owner cannot put anybody into a team', $$insert into team_members (owner_id, member_id, role)
    values (auth.uid(), 'c0000000-0000-4000-8000-000000000001', 'client')$$),
  ('owner cannot read refresh tokens', $$select sealed from auth.refresh_tokens$$),
  ('owner cannot read usage', $$select count(*) from private.usage_events$$),
  ('owner cannot read idempotency keys', $$select count(*) from private.idempotency$$)
) s (name, sql);

-- Team roles do not climb.
select is(tests.try('admin_a', $$update team_members set role = 'owner' where member_id = auth.uid()$$), 'error 42501',
  'an admin cannot become owner');
select is(tests.try('admin_a', $$insert into team_members (owner_id, member_id, role)
  values ('a0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'owner')$$), 'error 42501',
  'an admin cannot appoint an owner');
select is(tests.try('member_a', $$delete from team_members where member_id = auth.uid()$$), '1', 'a member may leave');
select is(tests.try('member_a', $$update team_members set role = 'admin' where member_id = auth.uid()$$), '0',
  'a member cannot change the own role');

-- Foreign keys and unique keys are not guarded by row level security.
select throws_ok($$insert into public.conversations (user_id, agent_id)
  values ('a0000000-0000-4000-8000-000000000001', 'b2000000-0000-4000-8000-000000000001')$$, '23503', null,
  'a conversation cannot belong to a foreign agent');
select throws_ok($$insert into public.messages (user_id, conversation_id, seq, role)
  values ('a0000000-0000-4000-8000-000000000001', 'b5000000-0000-4000-8000-000000000001', 7, 'human')$$, '23503', null,
  'a message cannot belong to a foreign conversation');
select throws_ok($$insert into public.leads (user_id, agent_id, conversation_id)
  values ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'b5000000-0000-4000-8000-000000000001')$$,
  '23503', null, 'a lead cannot name a foreign conversation');
select throws_ok($$insert into public.conversations (user_id, agent_id, visitor_id)
  values ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'b3000000-0000-4000-8000-000000000001')$$,
  '23503', null, 'a conversation cannot name a foreign visitor');
