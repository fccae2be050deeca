-- Second factors as auth-js asks for them. The program makes and seals the secrets and knows which time
-- step a code is of (runtime/wire/totp.h); rows, tries and sessions are kept here.

-- Null when the text is not sealed with the key that seals now: the program seals it again. At most
-- ten factors, those included that were never verified; these are forgotten after five minutes.
create or replace function api.mfa_enroll(
  p_user_id uuid, p_session_id uuid, p_factor_id uuid, p_name text, p_sealed text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_session auth.sessions;
  v_factor auth.mfa_factors;
begin
  perform private.require_service();
  v_session := private.lock_live_session(p_user_id, p_session_id);
  if (select u.is_anonymous from auth.users u where u.id = p_user_id) then
    perform private.fail('forbidden', 'Anonymous user not allowed to perform these actions');
  end if;
  if not private.sealed_with_current(p_sealed) then
    return null;
  end if;
  delete from auth.mfa_factors f where f.user_id = p_user_id and f.status = 'unverified'
    and f.created_at <= now() - interval '300 seconds';
  if exists (select from auth.mfa_factors f
      where f.user_id = p_user_id and f.friendly_name = p_name) then
    perform private.fail('mfa_factor_name_conflict', format(
      'A factor with the friendly name "%s" for this user already exists', p_name));
  end if;
  if (select count(*) from auth.mfa_factors f where f.user_id = p_user_id) >= 10 then
    perform private.fail('too_many_enrolled_mfa_factors',
      'Maximum number of verified factors reached, unenroll to continue');
  end if;
  if v_session.aal <> 'aal2' and exists (select from auth.mfa_factors f
      where f.user_id = p_user_id and f.status = 'verified') then
    perform private.fail('insufficient_aal', 'AAL2 required to enroll a new factor');
  end if;
  insert into auth.mfa_factors (id, user_id, friendly_name, sealed)
  values (p_factor_id, p_user_id, p_name, p_sealed) returning * into v_factor;
  return private.factor_json(v_factor);
end
$$;

-- The newest ten challenges of a factor count.
create or replace function api.mfa_challenge(
  p_user_id uuid, p_session_id uuid, p_factor_id uuid, p_ip text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_factor auth.mfa_factors;
  v_challenge auth.mfa_challenges;
begin
  perform private.require_service();
  perform private.lock_live_session(p_user_id, p_session_id);
  v_factor := private.lock_factor(p_user_id, p_factor_id);
  delete from auth.mfa_challenges c where c.factor_id = p_factor_id and c.id not in (
    select k.id from auth.mfa_challenges k where k.factor_id = p_factor_id
    order by k.created_at desc, k.id limit 9);
  insert into auth.mfa_challenges (factor_id, ip) values (p_factor_id, p_ip)
  returning * into v_challenge;
  update auth.mfa_factors f set last_challenged_at = now() where f.id = p_factor_id;
  return jsonb_build_object('id', v_challenge.id, 'type', v_factor.factor_type,
    'expires_at', extract(epoch from v_challenge.created_at)::bigint + 300);
end
$$;

-- One try: counted before anybody compares, so that many at once are not more than many in a row. From
-- the fifth without a success on each locks the factor twice as long as the one before, a minute to an hour.
-- Returns what the code is compared with.
create or replace function api.mfa_try(
  p_user_id uuid, p_session_id uuid, p_factor_id uuid, p_challenge_id uuid, p_ip text)
returns text language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_factor auth.mfa_factors;
begin
  perform private.require_service();
  perform private.lock_live_session(p_user_id, p_session_id);
  v_factor := private.lock_factor(p_user_id, p_factor_id);
  perform private.open_challenge(p_factor_id, p_challenge_id, p_ip);
  if v_factor.locked_until > now() then
    perform private.fail('too_many_requests', 'Too many wrong codes for this factor; try again later.',
      'retry_after_s=' || ceil(extract(epoch from v_factor.locked_until - now())));
  end if;
  update auth.mfa_factors f set failures = f.failures + 1, locked_until = case
    when f.failures >= 4 then now() + least(interval '1 minute' * 2 ^ least(f.failures - 4, 10),
      interval '1 hour') end
  where f.id = p_factor_id;
  return v_factor.sealed;
end
$$;

-- The code was that of `p_step`: the session is aal2 and gets another refresh token, every session that
-- is not ends, and so do factors nobody verified. Null when a code of this step or a later one was used.
create or replace function api.mfa_verified(
  p_user_id uuid, p_session_id uuid, p_factor_id uuid, p_challenge_id uuid, p_ip text,
  p_step bigint, p_refresh_hash bytea, p_refresh_sealed text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_session auth.sessions;
  v_factor auth.mfa_factors;
  v_parent bigint;
begin
  perform private.require_service();
  v_session := private.lock_live_session(p_user_id, p_session_id);
  v_factor := private.lock_factor(p_user_id, p_factor_id);
  perform private.open_challenge(p_factor_id, p_challenge_id, p_ip);
  if p_step <= v_factor.last_step then
    return null;
  end if;
  update auth.mfa_challenges c set verified_at = now() where c.id = p_challenge_id;
  update auth.mfa_factors f set status = 'verified', last_step = p_step, failures = 0,
    locked_until = null, updated_at = now() where f.id = p_factor_id;
  update auth.sessions s set aal = 'aal2', factor_id = p_factor_id, updated_at = now(),
    amr = jsonb_build_array(jsonb_build_object('method', 'totp',
      'timestamp', extract(epoch from now())::bigint)) || private.amr_without_totp(s.amr)
  where s.id = p_session_id returning * into v_session;
  update auth.refresh_tokens t set revoked = true, updated_at = clock_timestamp()
  where t.session_id = p_session_id and not t.revoked returning t.id into v_parent;
  insert into auth.refresh_tokens (token_hash, user_id, session_id, parent, sealed)
  values (p_refresh_hash, p_user_id, p_session_id, v_parent, p_refresh_sealed);
  delete from auth.sessions s where s.user_id = p_user_id and s.aal <> 'aal2';
  delete from auth.mfa_factors f where f.user_id = p_user_id and f.status = 'unverified';
  if v_factor.status = 'unverified' then
    perform private.audit_factor(p_user_id, 'factor.added', p_factor_id, p_user_id);
  end if;
  return jsonb_build_object('sessionId', v_session.id, 'aal', v_session.aal, 'amr', v_session.amr,
    'user', (select private.user_json(u) from auth.users u where u.id = p_user_id));
end
$$;

create or replace function api.mfa_unenroll(p_user_id uuid, p_session_id uuid, p_factor_id uuid)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_session auth.sessions;
  v_factor auth.mfa_factors;
begin
  perform private.require_service();
  v_session := private.lock_live_session(p_user_id, p_session_id);
  v_factor := private.lock_factor(p_user_id, p_factor_id);
  if v_factor.status = 'verified' and v_session.aal <> 'aal2' then
    perform private.fail('insufficient_aal', 'AAL2 required to unenroll verified factor');
  end if;
  perform private.remove_factor(v_factor, p_user_id);
end
$$;

-- Null for an id that nobody has.
create or replace function api.auth_admin_factors(p_user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select coalesce(private.factors_json(u.id), '[]') from auth.users u where u.id = p_user_id);
end
$$;

-- What an operator does for who has lost their device.
create or replace function api.auth_admin_delete_factor(p_user_id uuid, p_factor_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_factor auth.mfa_factors;
begin
  perform private.require_service();
  perform from auth.users u where u.id = p_user_id for no key update;
  if not found then
    perform private.fail('user_not_found', 'User not found');
  end if;
  v_factor := private.lock_factor(p_user_id, p_factor_id);
  perform private.remove_factor(v_factor, null);
  return private.factor_json(v_factor);
end
$$;

revoke all on function api.mfa_enroll(uuid, uuid, uuid, text, text) from public;
revoke all on function api.mfa_challenge(uuid, uuid, uuid, text) from public;
revoke all on function api.mfa_try(uuid, uuid, uuid, uuid, text) from public;
revoke all on function api.mfa_verified(uuid, uuid, uuid, uuid, text, bigint, bytea, text) from public;
revoke all on function api.mfa_unenroll(uuid, uuid, uuid) from public;
revoke all on function api.auth_admin_factors(uuid) from public;
revoke all on function api.auth_admin_delete_factor(uuid, uuid) from public;
grant execute on function api.mfa_enroll(uuid, uuid, uuid, text, text) to service_role;
grant execute on function api.mfa_challenge(uuid, uuid, uuid, text) to service_role;
grant execute on function api.mfa_try(uuid, uuid, uuid, uuid, text) to service_role;
grant execute on function api.mfa_verified(uuid, uuid, uuid, uuid, text, bigint, bytea, text)
  to service_role;
grant execute on function api.mfa_unenroll(uuid, uuid, uuid) to service_role;
grant execute on function api.auth_admin_factors(uuid) to service_role;
grant execute on function api.auth_admin_delete_factor(uuid, uuid) to service_role;
