-- What people change about themselves.

-- What a change of password has to be checked against; null when the session has ended.
create or replace function api.auth_user_secrets(p_user_id uuid, p_session_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select jsonb_build_object('hash', coalesce(u.encrypted_password, ''),
      'anonymous', u.is_anonymous, 'sso', u.is_sso_user,
      'weak', private.lacks_factor(u.id, p_session_id),
      'old', not exists (select from auth.sessions s where s.id = p_session_id
        and s.created_at > now() - interval '1 day'))
    from auth.users u
    where u.id = p_user_id and u.deleted_at is null and (p_session_id is null
      or exists (select from auth.sessions s where s.id = p_session_id and s.user_id = u.id
        and (s.not_after is null or s.not_after > now()))));
end
$$;

-- Uses up the code of a reauthentication. False when it is wrong; five wrong ones end it.
create or replace function api.auth_take_nonce(p_user_id uuid, p_otp_hash bytea) returns boolean
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.one_time_tokens;
begin
  perform private.require_service();
  select * into v from auth.one_time_tokens t
  where t.user_id = p_user_id and t.kind = 'reauthentication' for update;
  if not found or v.attempts >= 5 or v.expires_at <= now() then
    return false;
  end if;
  if v.otp_hash <> p_otp_hash then
    update auth.one_time_tokens t set attempts = t.attempts + 1
    where t.user_id = p_user_id and t.kind = 'reauthentication';
    return false;
  end if;
  delete from auth.one_time_tokens t where t.user_id = p_user_id and t.kind = 'reauthentication';
  return true;
end
$$;

-- Members of the second object replace those of the first; null takes one away.
create or replace function private.merged(p_old jsonb, p_new jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_merged jsonb := (
    select coalesce(jsonb_object_agg(m.key, m.value) filter (where m.value <> 'null'), '{}')
    from jsonb_each(coalesce(p_old, '{}') || coalesce(p_new, '{}')) m);
begin
  if octet_length(v_merged::text) > 65536 and coalesce(p_new, '{}') <> '{}' then
    perform private.fail('validation_failed', 'Metadata must have at most 64 KiB together.');
  end if;
  return v_merged;
end
$$;

-- A new address: at once where addresses count as confirmed, else when its mails were followed.
create or replace function private.ask_email_change(p_user auth.users, p_email text, p jsonb)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_rules jsonb := p -> 'rules';
  v_needs text[] := '{email_change_new}';
  v_user auth.users := p_user;
  v_flow uuid;
begin
  if exists (select from auth.users u where u.email = p_email and u.id <> p_user.id) then
    perform private.fail('email_exists', 'A user with this email address has already been registered');
  end if;
  if p_user.is_anonymous then
    perform private.admit_sign_up(p_email, v_rules);
  end if;
  if (v_rules ->> 'autoconfirm')::boolean then
    perform private.change_email(p_user.id, p_email);
    return;
  end if;
  perform private.admit_mail(p_email, v_rules);
  if p_user.email is not null and p_user.email_confirmed_at is not null
    and (p ->> 'both')::boolean then
    v_needs := v_needs || '{email_change_current}';
  end if;
  update auth.users u set email_change = p_email, email_change_needs = v_needs, updated_at = now()
  where u.id = p_user.id returning * into v_user;
  delete from auth.one_time_tokens t where t.user_id = p_user.id
    and t.kind in ('email_change_current', 'email_change_new');
  v_flow := private.start_flow(p -> 'flow', p_user.id, 'email_change', (v_rules ->> 'expiresS')::int);
  perform private.mail_token(v_user, 'email_change_new', p_email, p -> 'onceNew', v_rules,
    p ->> 'redirectTo', v_flow);
  if 'email_change_current' = any (v_needs) then
    perform private.mail_token(v_user, 'email_change_current', p_user.email, p -> 'once', v_rules,
      p ->> 'redirectTo', v_flow);
  end if;
end
$$;

-- `p`: passwordHash, data, newEmail, and for the address what private.ask_email_change reads. A new
-- password ends every other session.
create or replace function api.auth_update_user(p_user_id uuid, p_session_id uuid, p jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
  v_email text := private.fold_email(p ->> 'newEmail');
begin
  perform private.require_service();
  update auth.users u set updated_at = now(),
    raw_user_meta_data = private.merged(u.raw_user_meta_data, nullif(p -> 'data', 'null')),
    encrypted_password = coalesce(p ->> 'passwordHash', u.encrypted_password)
  where u.id = p_user_id and u.deleted_at is null returning * into v_user;
  if not found then
    perform private.fail('user_not_found', 'User from sub claim in JWT does not exist');
  end if;
  if p ->> 'passwordHash' is not null then
    delete from auth.sessions s where s.user_id = p_user_id and s.id is distinct from p_session_id;
    delete from auth.one_time_tokens t where t.user_id = p_user_id and t.kind = 'recovery';
    perform private.log_security(p_user_id, p_user_id, 'user', 'user.password_changed');
  end if;
  if v_email is not null and v_email is distinct from v_user.email then
    perform private.ask_email_change(v_user, private.clean_email(v_email), p);
  end if;
  select * into v_user from auth.users u where u.id = p_user_id;
  return private.user_json(v_user);
end
$$;

revoke all on function api.auth_user_secrets(uuid, uuid) from public;
revoke all on function api.auth_take_nonce(uuid, bytea) from public;
revoke all on function private.merged(jsonb, jsonb) from public;
revoke all on function private.ask_email_change(auth.users, text, jsonb) from public;
revoke all on function api.auth_update_user(uuid, uuid, jsonb) from public;
grant execute on function api.auth_user_secrets(uuid, uuid) to service_role;
grant execute on function api.auth_take_nonce(uuid, bytea) to service_role;
grant execute on function api.auth_update_user(uuid, uuid, jsonb) to service_role;
