-- Teams and API keys: who may what, invitations, the last owner, rotation.
create function tests.code(p_persona text, p_sql text) returns text language sql as $$
  select split_part(tests.try(p_persona, p_sql), ' ', 3)
$$;
\set a '''a0000000-0000-4000-8000-000000000001'''
\set admin '''a0000000-0000-4000-8000-000000000002'''
\set manager '''a0000000-0000-4000-8000-000000000003'''
update auth.users set email_confirmed_at = now();
update accounts set plan = 'pro';

-- Who may see and change the team.
select is(tests.code(p.persona, format('select api.list_team_members(%L)', :a)), p.want, 'list as ' || p.persona)
from (values ('client_a', 'insufficient_role')) p (persona, want);
select is(jsonb_array_length(tests.try(p, format('select api.list_team_members(%L)', :a))::jsonb -> 'members'), 5, p || ' sees five members')
from unnest(array['owner_a', 'admin_a', 'manager_a', 'member_a']) p;
select is(jsonb_array_length(tests.try(p.persona, format('select api.list_team_members(%L)', :a))::jsonb -> 'invitations'), p.n, p.persona || ' and the invitations')
from (values ('owner_a', 1), ('admin_a', 1), ('manager_a', 0), ('member_a', 0)) p (persona, n);
select is(tests.code(p.persona, format($$select api.invite_team_member(%L, 'new@example.com', %L, sha256('n'), 60, null, null)$$, :a, p.role)), p.want,
  format('%s invites a %s', p.persona, p.role))
from (values ('manager_a', 'client', 'insufficient_role'), ('member_a', 'client', 'insufficient_role'),
  ('client_a', 'client', 'insufficient_role'), ('admin_a', 'owner', 'insufficient_role'),
  ('owner_a', 'boss', 'validation_failed')) p (persona, role, want);
select matches(tests.try(p.persona, format($$select api.invite_team_member(%L, ' New@Example.com', %L, sha256('n'), 60, null, null)$$, :a, p.role)),
  'new@example.com', format('%s invites a %s', p.persona, p.role))
from (values ('admin_a', 'client'), ('admin_a', 'admin'), ('owner_a', 'owner')) p (persona, role);
select is(tests.code('admin_a', format($$select api.invite_team_member(%L, %L, 'client', sha256('n'), 60, null, null)$$, :a, e)), 'already_member', e || ' is in')
from unnest(array['member-a@example.com', 'OWNER-A@example.com']) e;

-- Accepting.
select is(tests.code('nobody', $$select api.accept_team_invitation(sha256('invitation a'), null, null)$$), 'invitation_not_yours', 'a link alone makes no member');
select is(tests.code('nobody', $$select api.accept_team_invitation(sha256('x'), null, null)$$), 'not_found', 'an unknown link');
update team_invitations set email = 'nobody@example.com' where id = 'ab000000-0000-4000-8000-000000000001';
update auth.users set email_confirmed_at = null where email = 'nobody@example.com';
select is(tests.code('nobody', $$select api.accept_team_invitation(sha256('invitation a'), null, null)$$), 'invitation_not_yours', 'an address that is not confirmed is nobody''s');
update auth.users set email_confirmed_at = now();
select is(tests.run('nobody', $$select api.accept_team_invitation(sha256('invitation a'), null, null) -> 'account' ->> 'role'$$), 'member', 'the invited person becomes what was offered');
select is(tests.run('nobody', $$select api.accept_team_invitation(sha256('invitation a'), null, null) -> 'account' ->> 'role'$$), 'member', 'twice is once');
select is(tests.code('anon', $$select api.get_team_invitation(sha256('invitation a'))$$), 'not_found', 'a used link tells nothing');
select isnt(tests.run('nobody', format('select api.leave_account(%L, null)', :a)), null, 'and leaves');
select is(tests.code('nobody', $$select api.accept_team_invitation(sha256('invitation a'), null, null)$$), 'not_found', 'a used link does not bring anybody back');
select is(tests.code('owner_b', $$select api.accept_team_invitation(sha256('invitation b'), null, null)$$), 'invitation_not_yours', 'nobody accepts for somebody else');
update team_invitations set expires_at = now() where id = 'bb000000-0000-4000-8000-000000000001';
select is(tests.code('anon', $$select api.get_team_invitation(sha256('invitation b'))$$), 'not_found', 'an expired link tells nothing');

-- Roles do not climb, and an account keeps an owner.
select is(tests.code(p.persona, format('select api.set_member_role(%L, %L, %L, null)', :a, p.member, p.role)), p.want, format('%s makes %s %s', p.persona, right(p.member, 1), p.role))
from (values
  ('admin_a', 'a0000000-0000-4000-8000-000000000002', 'owner', 'insufficient_role'),
  ('admin_a', 'a0000000-0000-4000-8000-000000000001', 'client', 'insufficient_role'),
  ('manager_a', 'a0000000-0000-4000-8000-000000000005', 'member', 'insufficient_role'),
  ('member_a', 'a0000000-0000-4000-8000-000000000004', 'admin', 'insufficient_role'),
  ('owner_a', 'a0000000-0000-4000-8000-000000000001', 'admin', 'last_owner'),
  ('owner_a', 'b0000000-0000-4000-8000-000000000002', 'admin', 'not_found')) p (persona, member, role, want);
select is(tests.code(p.persona, format('select api.remove_team_member(%L, %L, null)', :a, p.member)), p.want, format('%s removes %s', p.persona, right(p.member, 1)))
from (values
  ('admin_a', 'a0000000-0000-4000-8000-000000000001', 'insufficient_role'),
  ('manager_a', 'a0000000-0000-4000-8000-000000000005', 'insufficient_role'),
  ('owner_a', 'a0000000-0000-4000-8000-000000000001', 'last_owner')) p (persona, member, want);
select is(tests.code('owner_a', format('select api.leave_account(%L, null)', :a)), 'last_owner', 'the last owner stays');
select is(tests.run('owner_a', format($$select api.set_member_role(%L, %L, 'owner', null) -> 'member' ->> 'role'$$, :a, :admin)), 'owner', 'an owner makes another one');
select throws_ok($$delete from auth.users where id = 'a0000000-0000-4000-8000-000000000001'$$, 'CP000', null, 'who founded an account that others own is not deleted with it');
select is(tests.run('admin_a', format($$select api.set_member_role(%L, %L, 'owner', null) -> 'member' ->> 'role'$$, :a, :manager)), 'owner', 'who makes a third');
select isnt(tests.run('manager_a', format('select api.remove_team_member(%L, %L, null)', :a, :admin)), null, 'who takes the second out');
select isnt(tests.run('owner_a', format('select api.leave_account(%L, null)', :a)), null, 'and the founder leaves');
select is(tests.run('owner_a', format('select public.has_account_access(%L)', :a)), 'false', 'who has no access any more');
select is(tests.run('owner_a', 'select count(*) from public.agents'), '0', 'and sees none of its rows');
select is(tests.code('manager_a', format('select api.leave_account(%L, null)', :a)), 'last_owner', 'the owner that is left stays');
select is(tests.run('manager_a', $$update team_members set role = 'admin' where member_id = auth.uid()$$), 'error CP000 last_owner The account needs an owner: make somebody else an owner first.', 'past the functions as well');
select is(tests.run('manager_a', $$delete from team_members where member_id = auth.uid()$$), 'error CP000 last_owner The account needs an owner: make somebody else an owner first.', 'by deleting as well');
select throws_ok(format('delete from auth.users where id = %L', :manager), 'CP000', null, 'by deleting the person as well');
select isnt(tests.run('manager_a', format($$select api.invite_team_member(%L, 'owner-a@example.com', 'manager', sha256('back'), 60, null, null)$$, :a)), null, 'the founder is invited again');
select is(tests.run('owner_a', $$select api.accept_team_invitation(sha256('back'), null, null) -> 'account' ->> 'role'$$), 'manager', 'and comes back as something else');
select is(tests.code('owner_a', format('select api.list_api_keys(%L)', :a)), 'insufficient_role', 'with the rights of that');

-- Every change has its rows and its event.
select is((select string_agg(l.action || ':' || coalesce(l.detail ->> 'to', ''), ' ' order by u.ordinal)
  from audit_logs l join private.audit_unsealed u on u.log_id = l.id
  where l.user_id = :a and l.action like 'member.%' and l.actor_kind = 'user'),
  'member.added:member member.left: member.role_changed:owner member.role_changed:owner member.removed: member.left: member.added:manager',
  'the audit log tells all of it');
select is((select count(*) from security_logs s where s.user_id = :a and s.event like 'member.%' and s.actor_kind = 'user'), 7::bigint, 'so does the security log');
select is((select string_agg(coalesce(m.payload -> 'member' ->> 'role', 'gone'), ' ' order by m.ordinal) from realtime.messages m
  where m.topic = 'account:a0000000-0000-4000-8000-000000000001' and m.event = 'member.updated' and m.payload -> 'member' ->> 'id' in ('c0000000-0000-4000-8000-000000000001', :admin)),
  'admin member gone owner gone', 'and the account''s topic');

-- API keys.
select is(tests.code(p, format($$select api.create_api_key(%L, 'k', '["chat:write"]', null, null, 'cp_live_k', sha256('k'), null)$$, :a)),
  'insufficient_role', p || ' makes no keys') from unnest(array['member_a', 'client_a', 'owner_a']) p;  -- the founder is a manager by now
create table tests.made as select tests.run('owner_b', $$select api.create_api_key('b0000000-0000-4000-8000-000000000001', 'k',
  '["leads:read","chat:write","chat:write"]', null, 60, 'cp_live_k', sha256('k'), null)$$)::jsonb as j;
select is((select j -> 'scopes' from tests.made), '["chat:write","leads:read"]', 'scopes are a set');
select matches(tests.try('owner_b', $$select api.create_api_key('b0000000-0000-4000-8000-000000000001', 'k', '["everything"]', null, null, 'cp_live_k', sha256('l'), null)$$), '23514', 'of a closed list');
select is(tests.code('owner_b', $$select api.create_api_key('b0000000-0000-4000-8000-000000000001', 'k', '["chat:write"]', now() - interval '1 s', null, 'cp_live_k', sha256('l'), null)$$), 'validation_failed', 'an end in the past');
select is(tests.run('login', $$select api.resolve_api_key(sha256('k')) ->> 'rate_per_min'$$), '60', 'it works, with its rate');
select isnt(tests.run('owner_b', format($$select api.rotate_api_key(%L, 'cp_live_n', sha256('k2'), 60, null)$$, (select j ->> 'id' from tests.made))), null, 'it is rotated');
select is(tests.run('login', format($$select api.resolve_api_key(sha256(%L)) ->> 'key_id'$$, s)), (select j ->> 'id' from tests.made), s || ' works for a while') from unnest(array['k', 'k2']) s;
select isnt(tests.run('owner_b', format($$select api.rotate_api_key(%L, 'cp_live_n', sha256('k3'), 60, null)$$, (select j ->> 'id' from tests.made))), null, 'once more');
select is(tests.run('login', $$select api.resolve_api_key(sha256('k'))$$), null, 'the secret before the last one ends');
update api_keys set previous_until = now() where name = 'k';
select is(tests.run('login', $$select api.resolve_api_key(sha256('k2'))$$), null, 'and the last one when its time is over');
select isnt(tests.run('owner_b', format($$select api.rotate_api_key(%L, 'cp_live_n', sha256('k4'), 0, null)$$, (select j ->> 'id' from tests.made))), null, 'rotated without a transition');
select is(tests.run('login', $$select api.resolve_api_key(sha256('k3'))$$), null, 'the old one ends at once');
select is(tests.run('owner_b', format($$select api.revoke_api_key(%L, null) -> 'apiKey' ->> 'status'$$, (select j ->> 'id' from tests.made))), 'revoked', 'revoked');
select is(tests.run('login', $$select api.resolve_api_key(sha256('k4'))$$), null, 'it ends');
select is(tests.code('owner_b', format($$select api.rotate_api_key(%L, 'cp_live_n', sha256('k5'), 0, null)$$, (select j ->> 'id' from tests.made))), 'conflict', 'and does not come back');

-- The platform's super admin.
update auth.users set is_super_admin = true where email = 'nobody@example.com';
select is(tests.run('nobody', format('select public.account_role(%L)', id)), 'owner', 'a super admin may everything in every account') from accounts;
select is(tests.run('nobody', 'select count(*) from public.agents'), '2', 'and sees all of it');
select is(tests.run('nobody', $$select public.account_role('d0000000-0000-4000-8000-000000000001')$$), null, 'an id of nobody stays one');
select isnt(tests.run('nobody', $$select api.set_member_role('b0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002', 'admin', null)$$), null, 'changes a role');
select is((select actor_kind from audit_logs where action = 'member.role_changed' and user_id = 'b0000000-0000-4000-8000-000000000001'), 'super_admin', 'and the log says who');
select is(tests.try('owner_b', 'update auth.users set is_super_admin = true where id = auth.uid()'), 'error 42501', 'nobody becomes one by themselves');
