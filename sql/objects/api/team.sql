-- Who works in an account. People are invited by address and accept with a session of that address, so
-- that nobody joins, or is put into, a team without wanting to.

-- What an organisation's provider calls the address of somebody who has none here.
create or replace function private.directory_email(p_user_id uuid) returns text
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return (select i.email from auth.identities i where i.user_id = p_user_id
    and i.provider like 'sso:%' order by i.created_at limit 1);
end
$$;
revoke all on function private.directory_email(uuid) from public;

create or replace function private.member_json(
  p_account_id uuid, p_person uuid, p_role text, p_since timestamptz) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return (select jsonb_build_object('id', u.id, 'email', coalesce(u.email, private.directory_email(u.id), ''),
      'name', coalesce(private.own_name(u.raw_user_meta_data), u.email, ''),
      'role', p_role, 'joinedAt', private.iso(p_since),
      'isFounder', u.id = p_account_id, 'isYou', coalesce(u.id = private.person_id(), false))
    from auth.users u where u.id = p_person);
end
$$;

create or replace function private.invitation_json(i public.team_invitations) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_build_object('id', i.id, 'email', i.email, 'role', i.role,
    'invitedBy', private.person_name(i.invited_by), 'createdAt', private.iso(i.created_at),
    'expiresAt', private.iso(i.expires_at));
end
$$;

-- Members in the order of their roles; for who may invite also open invitations, and who has a second factor.
create or replace function api.list_team_members(p_account_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_admin boolean;
begin
  perform private.require_role(p_account_id, 'member');
  v_admin := private.role_rank(public.account_role(p_account_id)) >= private.role_rank('admin');
  return jsonb_build_object(
    'members', (
      select coalesce(jsonb_agg(private.member_json(p_account_id, m.person, m.role, m.since)
          || case when v_admin then jsonb_build_object('secondFactor', exists (select
            from auth.mfa_factors f where f.user_id = m.person and f.status = 'verified')) else '{}' end
        order by -private.role_rank(m.role), m.since, m.person), '[]')
      from (select a.id as person, a.founder_role as role, a.created_at as since
          from public.accounts a where a.id = p_account_id and a.founder_role is not null
        union all
        (select t.member_id, t.role, t.created_at from public.team_members t
          where t.owner_id = p_account_id order by t.created_at limit 5000)) m),
    'invitations', (
      select coalesce(jsonb_agg(private.invitation_json(i) order by i.created_at desc, i.id), '[]')
      from public.team_invitations i
      where i.user_id = p_account_id and i.accepted_at is null and i.revoked_at is null
        and i.expires_at > now() and v_admin));
end
$$;

-- Lets nobody in without a second factor, or everybody again. Who turns it on has given theirs: they
-- would shut themselves out.
create or replace function api.require_second_factor(
  p_account_id uuid, p_required boolean, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_role(p_account_id, 'owner');
  if p_required and not private.second_factor_given() then
    perform private.fail('insufficient_aal', 'Add an authenticator app to your own sign-in first, '
      'and sign in with it: you would shut yourself out.');
  end if;
  perform private.note_origin(p_origin);
  update public.accounts a set second_factor_required = p_required
  where a.id = p_account_id and a.second_factor_required <> p_required;
  return jsonb_build_object('required', p_required);
end
$$;
revoke all on function api.require_second_factor(uuid, boolean, jsonb) from public;
grant execute on function api.require_second_factor(uuid, boolean, jsonb) to authenticated;

-- The names that the mail of an invitation holds.
create or replace function api.names_for_invitation(p_account_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_role(p_account_id, 'admin');
  return (select jsonb_build_object('account', coalesce(nullif(a.display_name, ''), a.slug),
      'person', private.person_name(private.person_id()))
    from public.accounts a where a.id = p_account_id);
end
$$;

-- Replaces an open invitation of the same address, whose link then no longer works. `p_mail`:
-- {"proof", "sealed", "rules"}: it is sent unless the address was written to too often.
create or replace function api.invite_team_member(
  p_account_id uuid, p_email text, p_role text, p_token_hash bytea, p_valid_s int, p_origin jsonb,
  p_mail jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.fold_email(p_email);
  v_invitation public.team_invitations;
  v_mailed boolean := true;
begin
  perform private.require_role(p_account_id, case p_role when 'owner' then 'owner' else 'admin' end);
  if private.role_rank(p_role) = 0 then
    perform private.fail('validation_failed', 'role must be owner, admin, manager, member or client.');
  end if;
  perform private.note_origin(p_origin);
  perform private.lock_team(p_account_id);
  perform private.require_role(p_account_id, case p_role when 'owner' then 'owner' else 'admin' end);
  if exists (select from auth.users u
      where u.email = v_email and private.team_role(p_account_id, u.id) is not null) then
    perform private.fail('already_member', 'This person is in the team already.');
  end if;
  update public.team_invitations i set revoked_at = now()
  where i.user_id = p_account_id and i.email = v_email and i.accepted_at is null
    and i.revoked_at is null;
  if (select count(*) from public.team_invitations i where i.user_id = p_account_id
      and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()) >= 100 then
    perform private.fail('conflict', 'There are 100 open invitations: revoke some first.');
  end if;
  begin
    perform private.admit_mail(v_email, p_mail -> 'rules');
  exception when sqlstate 'CP000' then
    v_mailed := false;
  end;
  insert into public.team_invitations (user_id, email, role, token_hash, proof_hash, invited_by,
    expires_at)
  values (p_account_id, v_email, p_role, p_token_hash,
    case when v_mailed then (p_mail ->> 'proof')::bytea end, private.person_id(),
    now() + make_interval(secs => p_valid_s))
  returning * into v_invitation;
  -- Confidential: the account's admins shall not read the proof.
  if v_mailed then
    perform private.queue_mail('team_invitation', v_email, p_mail ->> 'sealed', p_valid_s, p_account_id, true);
  end if;
  return private.invitation_json(v_invitation) || jsonb_build_object('mailed', v_mailed);
end
$$;

create or replace function api.revoke_team_invitation(p_invitation_id uuid, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_invitation public.team_invitations;
begin
  select * into v_invitation from public.team_invitations i where i.id = p_invitation_id for update;
  perform private.require_role(v_invitation.user_id, 'admin');
  if v_invitation.accepted_at is not null or v_invitation.revoked_at is not null then
    perform private.not_found();
  end if;
  if v_invitation.role = 'owner' then
    perform private.require_role(v_invitation.user_id, 'owner');
  end if;
  perform private.note_origin(p_origin);
  update public.team_invitations i set revoked_at = now() where i.id = p_invitation_id;
  return '{}';
end
$$;

-- What a link is about, for whoever holds it. Links that do not work any more are unknown.
create or replace function api.get_team_invitation(p_token_hash bytea) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_result jsonb;
begin
  select jsonb_build_object('invitation', jsonb_build_object(
      'accountName', coalesce(nullif(a.display_name, ''), a.slug), 'email', i.email,
      'role', i.role, 'invitedBy', private.person_name(i.invited_by),
      'expiresAt', private.iso(i.expires_at))) into v_result
  from public.team_invitations i
  join public.accounts a on a.id = i.user_id and a.status = 'active'
  where i.token_hash = p_token_hash and i.accepted_at is null and i.revoked_at is null
    and i.expires_at > now();
  if not found then
    perform private.not_found();
  end if;
  return v_result;
end
$$;

-- May somebody sign up with this address, because they were invited into an account? `proven`: they show
-- what only the mail carried. Null without an open invitation.
create or replace function private.invitation_for_sign_up(
  p_email text, p_token_hash bytea, p_proof_hash bytea)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return (select jsonb_build_object('proven', coalesce(i.proof_hash = p_proof_hash, false))
    from public.team_invitations i
    join public.accounts a on a.id = i.user_id and a.status = 'active'
    where i.token_hash = p_token_hash and i.email = p_email and i.accepted_at is null
      and i.revoked_at is null and i.expires_at > now());
end
$$;

-- The person must be the one who was invited: the link alone makes nobody a member. Idempotent.
create or replace function api.accept_team_invitation(
  p_token_hash bytea, p_proof_hash bytea, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := private.person_id();
  v_invitation public.team_invitations;
  v_user auth.users;
begin
  select * into v_user from auth.users u where u.id = v_person;
  if not found then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  select * into v_invitation from public.team_invitations i where i.token_hash = p_token_hash;
  if not found or v_invitation.revoked_at is not null or (v_invitation.accepted_at is null
      and (v_invitation.expires_at <= now() or not exists (select from public.accounts a
        where a.id = v_invitation.user_id and a.status = 'active'))) then
    perform private.not_found();
  end if;
  if v_user.email is distinct from v_invitation.email or v_user.is_anonymous then
    perform private.fail('invitation_not_yours',
      'This invitation is for another address: sign in with the address it was sent to.');
  end if;
  if v_invitation.proof_hash = p_proof_hash then
    v_user := private.prove_email(v_person);
  end if;
  if v_user.email_confirmed_at is null then
    perform private.fail('invitation_not_yours', 'Confirm your address first.');
  end if;
  perform private.note_origin(p_origin);
  perform private.lock_team(v_invitation.user_id);
  select * into v_invitation from public.team_invitations i where i.id = v_invitation.id for update;
  if v_invitation.accepted_at is null and v_invitation.revoked_at is null then
    update public.team_invitations i set accepted_at = now(), accepted_by = v_person
    where i.id = v_invitation.id;
    if v_invitation.user_id = v_person then
      update public.accounts a set founder_role = v_invitation.role
      where a.id = v_person and a.founder_role is null;
    else
      insert into public.team_members (owner_id, member_id, role)
      values (v_invitation.user_id, v_person, v_invitation.role)
      on conflict (owner_id, member_id) do nothing;
    end if;
  elsif v_invitation.revoked_at is not null
    or private.team_role(v_invitation.user_id, v_person) is null then
    perform private.not_found();  -- used, and the person has left since
  end if;
  return jsonb_build_object('account', jsonb_build_object('id', v_invitation.user_id,
    'role', private.team_role(v_invitation.user_id, v_person)));
end
$$;

-- The rights to change one membership, asked with the team locked.
create or replace function private.lock_membership(
  p_account_id uuid, p_person uuid, p_role text) returns text
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_now text;
begin
  perform private.require_role(p_account_id, 'client');
  perform private.lock_team(p_account_id);
  if p_person is distinct from private.person_id() or p_role is not null then
    perform private.require_role(p_account_id, 'admin');
  end if;
  v_now := private.team_role(p_account_id, p_person);
  if v_now is null then
    perform private.not_found();
  end if;
  if (v_now = 'owner' and p_person <> private.person_id()) or p_role = 'owner' then
    perform private.require_role(p_account_id, 'owner');
  end if;
  return v_now;
end
$$;

create or replace function api.set_member_role(
  p_account_id uuid, p_member_id uuid, p_role text, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  if private.role_rank(p_role) = 0 then
    perform private.fail('validation_failed', 'role must be owner, admin, manager, member or client.');
  end if;
  perform private.note_origin(p_origin);
  perform private.lock_membership(p_account_id, p_member_id, p_role);
  if p_member_id = p_account_id then
    update public.accounts a set founder_role = p_role where a.id = p_account_id;
  else
    update public.team_members t set role = p_role
    where t.owner_id = p_account_id and t.member_id = p_member_id;
  end if;
  return jsonb_build_object('member', (
    select private.member_json(p_account_id, p_member_id, p_role, coalesce(
      (select t.created_at from public.team_members t
        where t.owner_id = p_account_id and t.member_id = p_member_id), a.created_at))
    from public.accounts a where a.id = p_account_id));
end
$$;

-- Also how a person leaves: who names themselves needs no role for it.
create or replace function api.remove_team_member(
  p_account_id uuid, p_member_id uuid, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.note_origin(p_origin);
  perform private.lock_membership(p_account_id, p_member_id, null);
  if p_member_id = p_account_id then
    update public.accounts a set founder_role = null where a.id = p_account_id;
  else
    delete from public.team_members t
    where t.owner_id = p_account_id and t.member_id = p_member_id;
  end if;
  return '{}';
end
$$;

create or replace function api.leave_account(p_account_id uuid, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform api.remove_team_member(p_account_id, private.person_id(), p_origin);
  return '{}';
end
$$;

revoke all on function api.list_team_members(uuid) from public;
revoke all on function api.names_for_invitation(uuid) from public;
revoke all on function api.invite_team_member(uuid, text, text, bytea, int, jsonb, jsonb) from public;
revoke all on function private.invitation_for_sign_up(text, bytea, bytea) from public;
revoke all on function api.revoke_team_invitation(uuid, jsonb) from public;
revoke all on function api.get_team_invitation(bytea) from public;
revoke all on function api.accept_team_invitation(bytea, bytea, jsonb) from public;
revoke all on function api.set_member_role(uuid, uuid, text, jsonb) from public;
revoke all on function api.remove_team_member(uuid, uuid, jsonb) from public;
revoke all on function api.leave_account(uuid, jsonb) from public;
grant execute on function api.list_team_members(uuid) to authenticated;
grant execute on function api.names_for_invitation(uuid) to authenticated;
grant execute on function api.invite_team_member(uuid, text, text, bytea, int, jsonb, jsonb)
  to authenticated;
grant execute on function api.revoke_team_invitation(uuid, jsonb) to authenticated;
grant execute on function api.get_team_invitation(bytea)
  to anon, visitor, authenticated, api_key, service_role;
grant execute on function api.accept_team_invitation(bytea, bytea, jsonb) to authenticated;
grant execute on function api.set_member_role(uuid, uuid, text, jsonb) to authenticated;
grant execute on function api.remove_team_member(uuid, uuid, jsonb) to authenticated;
grant execute on function api.leave_account(uuid, jsonb) to authenticated;
