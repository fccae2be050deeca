-- Second factors. Locks are taken in this order: the person, the session, the factor.

create or replace function private.factor_json(f auth.mfa_factors) returns jsonb
language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object('id', f.id, 'created_at', private.iso(f.created_at),
    'updated_at', private.iso(f.updated_at), 'status', f.status,
    'friendly_name', nullif(f.friendly_name, ''), 'factor_type', f.factor_type,
    'last_challenged_at', private.iso(f.last_challenged_at)))
$$;

-- What is kept of a person's factors in their user object; null when they have none.
create or replace function private.factors_json(p_user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return (select jsonb_agg(private.factor_json(f) order by f.created_at, f.id)
    from auth.mfa_factors f where f.user_id = p_user_id);
end
$$;

-- Whether the person has a second factor that the session was opened without.
create or replace function private.lacks_factor(p_user_id uuid, p_session_id uuid) returns boolean
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return exists (select from auth.mfa_factors f where f.user_id = p_user_id and f.status = 'verified')
    and not exists (select from auth.sessions s
      where s.id = p_session_id and s.user_id = p_user_id and s.aal = 'aal2');
end
$$;

-- The person and their live session, locked; session_not_found without one.
create or replace function private.lock_live_session(p_user_id uuid, p_session_id uuid)
returns auth.sessions language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_session auth.sessions;
begin
  perform from auth.users u where u.id = p_user_id and u.deleted_at is null
    and (u.banned_until is null or u.banned_until <= now()) for no key update;
  if found then
    select * into v_session from auth.sessions s where s.id = p_session_id
      and s.user_id = p_user_id and (s.not_after is null or s.not_after > now()) for no key update;
  end if;
  if v_session.id is null then
    perform private.fail('session_not_found', 'Session from session_id claim in JWT does not exist');
  end if;
  return v_session;
end
$$;

-- The person's own factor, locked. Somebody else's is as unknown as nobody's.
create or replace function private.lock_factor(p_user_id uuid, p_factor_id uuid)
returns auth.mfa_factors language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_factor auth.mfa_factors;
begin
  select * into v_factor from auth.mfa_factors f
  where f.id = p_factor_id and f.user_id = p_user_id for no key update;
  if not found then
    perform private.fail('mfa_factor_not_found', 'Factor not found');
  end if;
  return v_factor;
end
$$;

-- A challenge of the factor that may still be answered from this address.
create or replace function private.open_challenge(p_factor_id uuid, p_challenge_id uuid, p_ip text)
returns void language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v auth.mfa_challenges;
begin
  select * into v from auth.mfa_challenges c
  where c.id = p_challenge_id and c.factor_id = p_factor_id;
  if not found then
    perform private.fail('mfa_factor_not_found',
      'MFA factor with the provided challenge ID not found');
  end if;
  if v.verified_at is not null or v.ip <> p_ip then
    perform private.fail('mfa_ip_address_mismatch', 'Challenge and verify IP addresses mismatch.');
  end if;
  if v.created_at <= now() - interval '300 seconds' then
    perform private.fail('mfa_challenge_expired', format('MFA challenge %s has expired, verify '
      'against another challenge or create a new challenge.', v.id));
  end if;
end
$$;

-- In the audit log of every account the person works in. `p_actor`: the person, or null for the service.
create or replace function private.audit_factor(
  p_user_id uuid, p_action text, p_factor_id uuid, p_actor uuid)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.audit_only(a.id, p_action, 'factor', p_factor_id, '{}', p_actor)
  from (select p_user_id as id where private.team_role(p_user_id, p_user_id) is not null
    union select t.owner_id from public.team_members t where t.member_id = p_user_id) a;
  perform private.log_security(p_user_id, p_actor,
    case when p_actor is null then 'service' else 'user' end, p_action,
    jsonb_build_object('factorId', p_factor_id));
end
$$;

-- Without its factor a session is aal1 again.
create or replace function private.remove_factor(f auth.mfa_factors, p_actor uuid) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  delete from auth.mfa_factors x where x.id = f.id;
  update auth.sessions s set aal = 'aal1', factor_id = null, amr = private.amr_without_totp(s.amr)
  where s.factor_id = f.id;
  if f.status = 'verified' then
    perform private.audit_factor(f.user_id, 'factor.removed', f.id, p_actor);
  end if;
end
$$;

create or replace function private.amr_without_totp(p_amr jsonb) returns jsonb
language sql immutable as $$
  select coalesce(jsonb_agg(a.entry order by a.n) filter (where a.entry ->> 'method' <> 'totp'), '[]')
  from jsonb_array_elements(p_amr) with ordinality a (entry, n)
$$;

revoke all on function private.factor_json(auth.mfa_factors) from public;
revoke all on function private.factors_json(uuid) from public;
revoke all on function private.lacks_factor(uuid, uuid) from public;
revoke all on function private.lock_live_session(uuid, uuid) from public;
revoke all on function private.lock_factor(uuid, uuid) from public;
revoke all on function private.open_challenge(uuid, uuid, text) from public;
revoke all on function private.audit_factor(uuid, text, uuid, uuid) from public;
revoke all on function private.remove_factor(auth.mfa_factors, uuid) from public;
revoke all on function private.amr_without_totp(jsonb) from public;
