-- What the functions and triggers of teams share.

-- Raises unless the caller is a person with at least this role; an account the person has nothing to do
-- with and one that does not exist are not told apart.
create or replace function private.require_role(p_account_id uuid, p_role text) returns void
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := public.account_role(p_account_id);
begin
  if private.person_id() is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  if v_role is null or not exists (select from public.accounts a where a.id = p_account_id) then
    perform private.not_found();
  end if;
  if private.role_rank(v_role) < private.role_rank(p_role) then
    perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
  end if;
end
$$;

-- Memberships of one account change one after the other: whoever waited here sees what the one before
-- did, and asks for the own role again.
create or replace function private.lock_team(p_account_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform from public.accounts a where a.id = p_account_id for no key update;
end
$$;

create or replace function private.is_last_owner(p_account_id uuid, p_person uuid) returns boolean
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return private.team_role(p_account_id, p_person) = 'owner'
    and not exists (select from public.team_members t where t.owner_id = p_account_id
      and t.role = 'owner' and t.member_id <> p_person)
    and not exists (select from public.accounts a where a.id = p_account_id
      and a.founder_role = 'owner' and a.id <> p_person);
end
$$;

-- Before a row says so: an account without an owner could never get one again.
create or replace function private.keep_an_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_old jsonb := to_jsonb(old);
  v_account uuid := coalesce(v_old ->> 'owner_id', v_old ->> 'id')::uuid;
  v_person uuid := coalesce(v_old ->> 'member_id', v_old ->> 'id')::uuid;
begin
  perform private.lock_team(v_account);
  -- An account that is being deleted takes its team along.
  if exists (select from public.accounts a where a.id = v_account)
    and private.is_last_owner(v_account, v_person) then
    perform private.fail('last_owner',
      'The account needs an owner: make somebody else an owner first.');
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

-- Tells the log and everybody who is connected. `role` null: no longer a member; the realtime hub ends
-- that person's channels at this event.
create or replace function private.tell_membership(
  p_account_id uuid, p_person uuid, p_from text, p_to text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.audit(p_account_id,
    case when p_from is null then 'member.added' when p_to is null then
      case when p_person = private.person_id() then 'member.left' else 'member.removed' end
      else 'member.role_changed' end,
    'member', p_person, jsonb_strip_nulls(jsonb_build_object('from', p_from, 'to', p_to)));
  perform private.account_event(p_account_id, 'member.updated',
    jsonb_build_object('member', jsonb_build_object('id', p_person, 'role', p_to)));
end
$$;

create or replace function private.member_event() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.tell_membership(
    case tg_op when 'DELETE' then old.owner_id else new.owner_id end,
    case tg_op when 'DELETE' then old.member_id else new.member_id end,
    case when tg_op <> 'INSERT' then old.role end, case when tg_op <> 'DELETE' then new.role end);
  return null;
end
$$;

create or replace function private.account_changed_event() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_changed jsonb := private.changed_columns(to_jsonb(old), to_jsonb(new)) - 'founder_role' - 'plan';
begin
  if old.founder_role is distinct from new.founder_role then
    perform private.tell_membership(new.id, new.id, old.founder_role, new.founder_role);
  end if;
  if old.plan <> new.plan then
    perform private.audit(new.id, 'plan.changed', 'account', new.id,
      jsonb_build_object('from', old.plan, 'to', new.plan));
  end if;
  if v_changed <> '[]' then
    perform private.audit(new.id, 'account.updated', 'account', new.id,
      jsonb_build_object('changed', v_changed));
  end if;
  perform private.account_event(new.id, 'account.updated', jsonb_build_object('account',
    jsonb_build_object('id', new.id, 'plan', new.plan, 'status', new.status,
      'secondFactorRequired', new.second_factor_required)));
  return null;
end
$$;

-- The person an account is named after cannot be deleted while others own it as well: the account and
-- everything in it would go with the row.
create or replace function private.keep_shared_account() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
begin
  if exists (select from public.team_members t where t.owner_id = old.id and t.role = 'owner') then
    perform private.fail('conflict',
      'This person''s account has other owners: it would be deleted with the person.');
  end if;
  return old;
end
$$;
create or replace trigger keep_shared_account before delete on auth.users
  for each row execute function private.keep_shared_account();

create or replace function private.key_event() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_key public.api_keys := case tg_op when 'DELETE' then old else new end;
  v_action text := case
    when tg_op = 'INSERT' then 'api_key.created' when tg_op = 'DELETE' then 'api_key.deleted'
    when old.revoked_at is null and new.revoked_at is not null then 'api_key.revoked'
    when old.key_hash <> new.key_hash then 'api_key.rotated' else 'api_key.updated' end;
begin
  perform private.audit(v_key.user_id, v_action, 'api_key', v_key.id,
    case v_action when 'api_key.created' then jsonb_strip_nulls(jsonb_build_object(
        'scopes', v_key.scopes, 'expiresAt', private.iso(v_key.expires_at)))
      when 'api_key.rotated' then jsonb_strip_nulls(jsonb_build_object(
        'previousUntil', private.iso(v_key.previous_until))) else '{}' end);
  -- Every program forgets the account's keys at this event (runtime/edge/auth.h).
  perform private.account_event(v_key.user_id, 'api_key.updated', jsonb_build_object('apiKey',
    jsonb_build_object('id', v_key.id, 'revoked', v_key.revoked_at is not null or tg_op = 'DELETE')));
  return null;
end
$$;

-- `state` is what became of it: open, accepted, revoked.
create or replace function private.invitation_event() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_invitation public.team_invitations := case tg_op when 'DELETE' then old else new end;
  v_state text := case when v_invitation.accepted_at is not null then 'accepted'
    when v_invitation.revoked_at is not null or tg_op = 'DELETE' then 'revoked' else 'open' end;
begin
  perform private.audit(v_invitation.user_id,
    case v_state when 'open' then 'invitation.created' else 'invitation.' || v_state end,
    'invitation', v_invitation.id, jsonb_build_object('role', v_invitation.role));
  perform private.account_event(v_invitation.user_id, 'invitation.updated',
    jsonb_build_object('invitation',
      jsonb_build_object('id', v_invitation.id, 'state', v_state)));
  return null;
end
$$;
