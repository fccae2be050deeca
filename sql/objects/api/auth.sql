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
  where u.email = private.fold_email(p_email);
end
$$;

-- A person whose address needs no proof, with an account of their own.
create or replace function api.auth_create_user(
  p_email text, p_encrypted_password text, p_user_metadata jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
begin
  perform private.require_service();
  v_user := private.create_user(private.clean_email(p_email), p_encrypted_password, p_user_metadata,
    null, true);
  return private.user_json(v_user);
end
$$;

-- `p_method`: how the person proved who they are (password, otp, anonymous, oauth, ...). Refused for
-- who is barred; whether an address must be confirmed is the caller's question.
create or replace function api.auth_create_session(
  p_user_id uuid, p_refresh_hash bytea, p_user_agent text, p_ip text, p_method text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
  v_session auth.sessions;
  v_ip inet;
begin
  perform private.require_service();
  begin
    v_ip := nullif(p_ip, '')::inet;
  exception when invalid_text_representation then
    v_ip := null;
  end;
  update auth.users u set last_sign_in_at = now(), updated_at = now()
  where u.id = p_user_id and u.deleted_at is null returning * into v_user;
  if not found then
    perform private.not_found();
  end if;
  if v_user.banned_until > now() then
    perform private.fail('user_banned', 'User is banned');
  end if;
  insert into auth.sessions (user_id, user_agent, ip, amr)
  values (p_user_id, left(p_user_agent, 500), v_ip, jsonb_build_array(jsonb_build_object(
    'method', p_method, 'timestamp', extract(epoch from now())::bigint)))
  returning * into v_session;
  insert into auth.refresh_tokens (token_hash, user_id, session_id)
  values (p_refresh_hash, p_user_id, v_session.id);
  perform private.log_security(p_user_id, p_user_id, 'user', 'session.created',
    jsonb_build_object('method', p_method), v_ip);
  return jsonb_build_object('sessionId', v_session.id, 'aal', v_session.aal,
    'amr', v_session.amr, 'user', private.user_json(v_user));
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
  select * into v_active from auth.refresh_tokens t
  where t.session_id = v_session.id and not t.revoked;
  if v_session.not_after <= now() and v_active.id is not null then
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
    if v_active.id is not null and v_active.sealed is not null
      and (v_active.parent = v_token.id or v_token.updated_at
        + make_interval(secs => greatest(coalesce(p_reuse_seconds, 0), 0)) > clock_timestamp()) then
      v_outcome := 'reused';
      v_sealed := v_active.sealed;
    else
      -- Whoever has the family's tokens, the session ends for both; its row stays to say why.
      if v_active.id is not null then
        update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp()
        where id = v_active.id;
        update auth.sessions set not_after = now() where id = v_session.id;
        perform private.tell_ended(v_user.id, array[v_session.id], false);
      end if;
      perform private.log_security(v_user.id, v_user.id, 'user', 'refresh_token.reuse',
        jsonb_build_object('sessionId', v_session.id));
      return jsonb_build_object('outcome', 'already_used', 'userId', v_user.id,
        'sessionId', v_session.id);
    end if;
  end if;
  return jsonb_build_object('outcome', v_outcome, 'userId', v_user.id,
    'sessionId', v_session.id, 'aal', v_session.aal, 'amr', v_session.amr, 'sealed', v_sealed,
    'user', private.user_json(v_user));
end
$$;

-- The user of a live session, or null when either is gone. A token that names no session stands for
-- its person, while that one is there and not barred.
create or replace function api.auth_user(p_user_id uuid, p_session_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select private.user_json(u) from auth.users u
    where u.id = p_user_id and u.deleted_at is null
      and (u.banned_until is null or u.banned_until <= now())
      and (p_session_id is null or exists (select from auth.sessions s
        where s.id = p_session_id and s.user_id = u.id
          and (s.not_after is null or s.not_after > now()))));
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
revoke all on function api.auth_create_session(uuid, bytea, text, text, text) from public;
revoke all on function api.auth_rotate_refresh(bytea, bytea, text, int) from public;
revoke all on function api.auth_user(uuid, uuid) from public;
revoke all on function api.auth_logout(uuid, uuid, text) from public;
grant execute on function api.auth_user_for_password(text) to service_role;
grant execute on function api.auth_create_user(text, text, jsonb) to service_role;
grant execute on function api.auth_create_session(uuid, bytea, text, text, text) to service_role;
grant execute on function api.auth_rotate_refresh(bytea, bytea, text, int) to service_role;
grant execute on function api.auth_user(uuid, uuid) to service_role;
grant execute on function api.auth_logout(uuid, uuid, text) to service_role;

-- Somebody without an address: no account, until one of theirs is confirmed.
create or replace function api.auth_create_anonymous(p_user_metadata jsonb) returns uuid
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
begin
  perform private.require_service();
  v_user := private.create_user(null, null, p_user_metadata, null, false);
  return v_user.id;
end
$$;
revoke all on function api.auth_create_anonymous(jsonb) from public;
grant execute on function api.auth_create_anonymous(jsonb) to service_role;
