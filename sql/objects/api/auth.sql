-- Sign-up, sign-in and sessions. Passwords are hashed and tokens made, hashed and sealed by the
-- program; nothing here sees either in clear.

create or replace function api.auth_user_for_password(p_email text)
returns table ("user" jsonb, encrypted_password text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
  select private.user_json(u), u.encrypted_password from auth.users u
  where u.email = lower(trim(p_email));
end
$$;

create or replace function api.auth_create_user(
  p_email text, p_encrypted_password text, p_user_metadata jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := lower(trim(p_email));
  v_user auth.users;
  v_base text;
begin
  perform private.require_service();
  if v_email is null or v_email !~ '^[^@\s]+@[^@\s]+$' or length(v_email) > 320 then
    perform private.fail('validation_failed', 'Unable to validate email address: invalid format');
  end if;
  if jsonb_typeof(p_user_metadata) <> 'object' then
    perform private.fail('validation_failed', 'data must be an object.');
  end if;
  insert into auth.users (email, encrypted_password, email_confirmed_at, raw_user_meta_data)
  values (v_email, p_encrypted_password, now(), coalesce(p_user_metadata, '{}'))
  on conflict (email) do nothing
  returning * into v_user;
  if not found then
    perform private.fail('user_already_exists', 'User already registered');
  end if;
  insert into auth.identities (user_id, provider, provider_id, identity_data, email)
  values (v_user.id, 'email', v_user.id::text,
    jsonb_build_object('sub', v_user.id, 'email', v_email, 'email_verified', true), v_email);
  v_base := left(trim(both '-' from
    regexp_replace(split_part(v_email, '@', 1), '[^a-z0-9]+', '-', 'g')), 40);
  v_base := coalesce(nullif(trim(both '-' from v_base), ''), 'account');
  insert into public.accounts (id, slug, display_name)
  values (v_user.id, v_base, left(coalesce(p_user_metadata ->> 'display_name',
    p_user_metadata ->> 'full_name', p_user_metadata ->> 'name', ''), 200))
  on conflict (slug) do nothing;
  if not found then
    insert into public.accounts (id, slug, display_name)
    values (v_user.id, v_base || '-' || left(replace(v_user.id::text, '-', ''), 16),
      left(coalesce(p_user_metadata ->> 'display_name', p_user_metadata ->> 'full_name',
        p_user_metadata ->> 'name', ''), 200));
  end if;
  perform private.log_security(v_user.id, v_user.id, 'user', 'user.created');
  return private.user_json(v_user);
end
$$;

create or replace function api.auth_create_session(
  p_user_id uuid, p_refresh_hash bytea, p_user_agent text, p_ip text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
  v_session_id uuid;
  v_ip inet;
begin
  perform private.require_service();
  begin
    v_ip := nullif(p_ip, '')::inet;
  exception when invalid_text_representation then
    v_ip := null;
  end;
  update auth.users u set last_sign_in_at = now(), updated_at = now()
  where u.id = p_user_id returning * into v_user;
  if not found then
    perform private.not_found();
  end if;
  insert into auth.sessions (user_id, user_agent, ip)
  values (p_user_id, left(p_user_agent, 500), v_ip) returning id into v_session_id;
  insert into auth.refresh_tokens (token_hash, user_id, session_id)
  values (p_refresh_hash, p_user_id, v_session_id);
  perform private.log_security(p_user_id, p_user_id, 'user', 'session.created', '{}', v_ip);
  return jsonb_build_object('sessionId', v_session_id, 'user', private.user_json(v_user));
end
$$;

-- Outcomes: rotated (the new token counts) | reused (the active one, in `sealed`, counts) |
-- already_used (the whole family is revoked) | session_expired | user_banned | not_found.
create or replace function api.auth_rotate_refresh(
  p_hash bytea, p_new_hash bytea, p_new_token_sealed text, p_reuse_seconds int)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_token auth.refresh_tokens;
  v_active auth.refresh_tokens;
  v_session auth.sessions;
  v_user auth.users;
  v_outcome text;
  v_sealed text;
begin
  perform private.require_service();
  -- The session's lock makes concurrent refreshes of one family take turns.
  select s.* into v_session from auth.sessions s
  where s.id = (select t.session_id from auth.refresh_tokens t where t.token_hash = p_hash)
  for no key update;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select * into v_token from auth.refresh_tokens t where t.token_hash = p_hash;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select * into v_user from auth.users u where u.id = v_session.user_id;
  if v_user.banned_until > now() then
    return jsonb_build_object('outcome', 'user_banned', 'userId', v_user.id,
      'sessionId', v_session.id);
  end if;
  if v_session.not_after <= now() then
    return jsonb_build_object('outcome', 'session_expired', 'userId', v_user.id,
      'sessionId', v_session.id);
  end if;
  if not v_token.revoked then
    update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp()
    where id = v_token.id;
    insert into auth.refresh_tokens (token_hash, user_id, session_id, parent, sealed)
    values (p_new_hash, v_user.id, v_session.id, v_token.id, p_new_token_sealed);
    update auth.sessions set updated_at = now() where id = v_session.id;
    v_outcome := 'rotated';
    v_sealed := p_new_token_sealed;
  else
    select * into v_active from auth.refresh_tokens t
    where t.session_id = v_session.id and not t.revoked;
    if v_active.id is not null and v_active.sealed is not null
      and (v_active.parent = v_token.id or v_token.updated_at
        + make_interval(secs => greatest(coalesce(p_reuse_seconds, 0), 0)) > clock_timestamp()) then
      v_outcome := 'reused';
      v_sealed := v_active.sealed;
    else
      update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp()
      where session_id = v_session.id and not revoked;
      perform private.log_security(v_user.id, v_user.id, 'user', 'refresh_token.reuse',
        jsonb_build_object('sessionId', v_session.id));
      return jsonb_build_object('outcome', 'already_used', 'userId', v_user.id,
        'sessionId', v_session.id);
    end if;
  end if;
  return jsonb_build_object('outcome', v_outcome, 'userId', v_user.id,
    'sessionId', v_session.id, 'aal', v_session.aal, 'sealed', v_sealed,
    'user', private.user_json(v_user));
end
$$;

-- The user of a live session, or null when either is gone.
create or replace function api.auth_user(p_user_id uuid, p_session_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select private.user_json(u) from auth.users u
    join auth.sessions s on s.user_id = u.id and s.id = p_session_id
      and (s.not_after is null or s.not_after > now())
    where u.id = p_user_id);
end
$$;

-- Scope: global (every session of the user), local (this one), others (all but this one).
create or replace function api.auth_logout(p_user_id uuid, p_session_id uuid, p_scope text)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  if coalesce(p_scope, 'global') not in ('global', 'local', 'others') then
    perform private.fail('validation_failed', 'scope must be global, local or others.');
  end if;
  delete from auth.sessions s
  where s.user_id = p_user_id
    and case coalesce(p_scope, 'global') when 'global' then true
      when 'local' then s.id = p_session_id else s.id is distinct from p_session_id end;
  perform private.log_security(p_user_id, p_user_id, 'user', 'session.ended',
    jsonb_build_object('scope', coalesce(p_scope, 'global')));
end
$$;

revoke all on function api.auth_user_for_password(text) from public;
revoke all on function api.auth_create_user(text, text, jsonb) from public;
revoke all on function api.auth_create_session(uuid, bytea, text, text) from public;
revoke all on function api.auth_rotate_refresh(bytea, bytea, text, int) from public;
revoke all on function api.auth_user(uuid, uuid) from public;
revoke all on function api.auth_logout(uuid, uuid, text) from public;
grant execute on function api.auth_user_for_password(text) to service_role;
grant execute on function api.auth_create_user(text, text, jsonb) to service_role;
grant execute on function api.auth_create_session(uuid, bytea, text, text) to service_role;
grant execute on function api.auth_rotate_refresh(bytea, bytea, text, int) to service_role;
grant execute on function api.auth_user(uuid, uuid) to service_role;
grant execute on function api.auth_logout(uuid, uuid, text) to service_role;
