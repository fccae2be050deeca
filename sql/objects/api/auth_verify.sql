-- What a link or a code of a mail does. Both are used up by it; a wrong code counts against the right
-- one, which is worth nothing after the fifth.

-- Kinds of tokens that a client's `type` stands for.
create or replace function private.kinds_of_type(p_type text) returns text[]
language sql immutable as $$
  select case p_type
    when 'signup' then '{signup}' when 'invite' then '{invite}' when 'recovery' then '{recovery}'
    when 'magiclink' then '{magiclink,signup}' when 'email' then '{magiclink,signup,invite}'
    when 'email_change' then '{email_change_current,email_change_new}' else '{}' end::text[]
$$;

-- The token that a hash, or an address with a code, stands for, and deletes it; null when there is none.
create or replace function private.take_token(
  p_kinds text[], p_token_hash bytea, p_email text, p_otp_hash bytea)
returns auth.one_time_tokens language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v auth.one_time_tokens;
begin
  if p_token_hash is not null then
    delete from auth.one_time_tokens t where t.token_hash = p_token_hash and t.kind = any (p_kinds)
    returning * into v;
  else
    for v in select * from auth.one_time_tokens t
      where t.email = p_email and t.kind = any (p_kinds) and t.attempts < 5
      order by t.user_id, t.kind for update loop
      if v.otp_hash = p_otp_hash then
        delete from auth.one_time_tokens t where t.user_id = v.user_id and t.kind = v.kind;
        exit;
      end if;
      update auth.one_time_tokens t set attempts = t.attempts + 1
      where t.user_id = v.user_id and t.kind = v.kind;
      v := null;
    end loop;
  end if;
  if v.user_id is null or v.expires_at <= now() then
    return null;
  end if;
  return v;
end
$$;

-- The address counted as theirs without a proof, and now somebody has proven to read its mail. It may be
-- somebody else than who signed up, so no way to sign in as this person outlives the proof: no password,
-- session, factor, token, code, identity of another provider, or change of address on its way.
create or replace function private.empty_person(p_user auth.users) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  delete from auth.sessions s where s.user_id = p_user.id;
  perform private.remove_factor(f, null) from auth.mfa_factors f where f.user_id = p_user.id;
  delete from auth.one_time_tokens t where t.user_id = p_user.id;
  delete from auth.flow_state f where f.user_id = p_user.id and f.code_hash is not null;
  delete from auth.sign_in_flows f where f.link_user_id = p_user.id;
  delete from auth.identities i where i.user_id = p_user.id and i.provider <> 'email';
  update auth.users u set encrypted_password = null, email_change = null, email_change_needs = '{}',
    raw_app_meta_data = u.raw_app_meta_data || '{"provider":"email","providers":["email"]}'
  where u.id = p_user.id;
  perform private.log_security(p_user.id, p_user.id, 'user', 'user.first_proven');
end
$$;

-- `p`: type and tokenHash, or type, email and otpHash. Outcomes: expired; banned; half (the other
-- address has to confirm as well); verified, with userId, kind, redirectTo and flowId.
create or replace function api.auth_verify(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.one_time_tokens;
  v_user auth.users;
  v_proven boolean := true;
begin
  perform private.require_service();
  v := private.take_token(private.kinds_of_type(p ->> 'type'), (p ->> 'tokenHash')::bytea,
    private.fold_email(p ->> 'email'), (p ->> 'otpHash')::bytea);
  if v.user_id is null then
    return jsonb_build_object('outcome', 'expired');
  end if;
  select * into v_user from auth.users u where u.id = v.user_id for no key update;
  if v_user.banned_until > now() then
    return jsonb_build_object('outcome', 'banned');
  end if;
  if v.kind in ('email_change_current', 'email_change_new') then
    if v_user.email_change is null or not v.kind = any (v_user.email_change_needs) then
      return jsonb_build_object('outcome', 'expired');
    end if;
    update auth.users u set email_change_needs = array_remove(u.email_change_needs, v.kind)
    where u.id = v.user_id returning * into v_user;
    if v_user.email_change_needs <> '{}' then
      return jsonb_build_object('outcome', 'half', 'kind', v.kind, 'redirectTo', v.redirect_to);
    end if;
    -- A link that an administrator made for the present address says nothing about the new one.
    v_proven := v.kind = 'email_change_new' or v_user.email_change_sent_at is not null;
    v_user := private.change_email(v_user.id, v_user.email_change);
  end if;
  if v.kind in ('signup', 'invite', 'magiclink', 'recovery') and v_user.email_confirmed_at is not null
    and v_user.email_proven_at is null then
    perform private.empty_person(v_user);
  end if;
  if v_proven then
    v_user := private.prove_email(v_user.id);
  end if;
  return jsonb_build_object('outcome', 'verified', 'userId', v_user.id, 'kind', v.kind,
    'redirectTo', v.redirect_to, 'flowId', v.flow_id);
end
$$;

-- The new address counts, without a proof of its own. email_exists when somebody took it meanwhile.
create or replace function private.change_email(p_user_id uuid, p_email text) returns auth.users
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  begin
    update auth.users u set email = p_email, email_change = null, email_change_needs = '{}',
      email_confirmed_at = now(), email_proven_at = null, is_anonymous = false, updated_at = now(),
      raw_app_meta_data = case when u.email is null
        then u.raw_app_meta_data || '{"provider":"email","providers":["email"]}' else u.raw_app_meta_data end
    where u.id = p_user_id;
  exception when unique_violation then
    perform private.fail('email_exists', 'A user with this email address has already been registered');
  end;
  delete from auth.one_time_tokens t where t.user_id = p_user_id;
  return private.confirm_user(p_user_id);
end
$$;

revoke all on function private.kinds_of_type(text) from public;
revoke all on function private.take_token(text[], bytea, text, bytea) from public;
revoke all on function private.empty_person(auth.users) from public;
revoke all on function private.change_email(uuid, text) from public;
revoke all on function api.auth_verify(jsonb) from public;
grant execute on function api.auth_verify(jsonb) to service_role;
