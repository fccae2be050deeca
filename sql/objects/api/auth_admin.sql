-- Users as administrators see them: with the service key only.

create or replace function api.auth_admin_users(p_page int, p_per_page int) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return jsonb_build_object('total', (select count(*) from auth.users), 'users', coalesce((
    select jsonb_agg(private.user_json(u) order by u.created_at desc, u.id)
    from (select * from auth.users u order by u.created_at desc, u.id
      limit p_per_page offset (p_page - 1)::bigint * p_per_page) u), '[]'));
end
$$;

-- Null for an id that nobody has.
create or replace function api.auth_admin_user(p_user_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select private.user_json(u) from auth.users u where u.id = p_user_id);
end
$$;

-- "none", or a sum of hours, minutes and seconds such as "24h" and "1h30m": until when.
create or replace function private.banned_until(p_duration text) returns timestamptz
language plpgsql stable set search_path = '' as $$
declare
  v_seconds numeric;
begin
  if p_duration = 'none' then
    return null;
  end if;
  if p_duration !~ '^([0-9]{1,9}(\.[0-9]{1,9})?(h|m|s))+$' then
    perform private.fail('validation_failed', 'invalid format for ban duration', 'ban_duration');
  end if;
  select sum(m[1]::numeric * (case m[3] when 'h' then 3600 when 'm' then 60 else 1 end))
  into v_seconds from regexp_matches(p_duration, '([0-9]+(\.[0-9]+)?)(h|m|s)', 'g') m;
  return now() + make_interval(secs => least(v_seconds, 3153600000)::double precision);
end
$$;

-- What both may set. `p`: email, phone, passwordHash, emailConfirm, phoneConfirm, userMetadata,
-- appMetadata, banDuration; a member that is absent leaves things as they are.
create or replace function private.admin_apply(p_user auth.users, p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users := p_user;
begin
  update auth.users u set updated_at = now(),
    raw_user_meta_data = private.merged(u.raw_user_meta_data, p -> 'userMetadata'),
    raw_app_meta_data = private.merged(u.raw_app_meta_data, p -> 'appMetadata'),
    encrypted_password = coalesce(p ->> 'passwordHash', u.encrypted_password),
    phone = coalesce(p ->> 'phone', u.phone),
    phone_confirmed_at = case when (p ->> 'phoneConfirm')::boolean and coalesce(p ->> 'phone', u.phone) <> ''
      then coalesce(u.phone_confirmed_at, now()) else u.phone_confirmed_at end,
    banned_until = case when p ->> 'banDuration' is null then u.banned_until
      else private.banned_until(p ->> 'banDuration') end
  where u.id = p_user.id returning * into v_user;
  if (p ->> 'emailConfirm')::boolean and v_user.email is not null then
    perform private.confirm_user(v_user.id);
  end if;
  return (select private.user_json(u) from auth.users u where u.id = p_user.id);
end
$$;

create or replace function api.auth_admin_create(p_id uuid, p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := case when p ->> 'email' is not null then private.clean_email(p ->> 'email') end;
  v_user auth.users;
begin
  perform private.require_service();
  if v_email is null and nullif(p ->> 'phone', '') is null then
    perform private.fail('validation_failed', 'Cannot create a user without either an email or phone');
  end if;
  if exists (select from auth.users u where u.email = v_email or u.id = p_id) then
    perform private.fail('email_exists', 'A user with this email address has already been registered');
  end if;
  v_user := private.create_user(v_email, p ->> 'passwordHash', null, null, false, p_id);
  update auth.users u set is_anonymous = false where u.id = v_user.id;
  return private.admin_apply(v_user, p);
end
$$;

create or replace function api.auth_admin_update(p_user_id uuid, p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := case when p ->> 'email' is not null then private.clean_email(p ->> 'email') end;
  v_user auth.users;
begin
  perform private.require_service();
  select * into v_user from auth.users u where u.id = p_user_id for no key update;
  if not found then
    perform private.fail('user_not_found', 'User not found');
  end if;
  if v_email is distinct from v_user.email and v_email is not null then
    if exists (select from auth.users u where u.email = v_email) then
      perform private.fail('email_exists', 'A user with this email address has already been registered');
    end if;
    v_user := private.change_email(p_user_id, v_email);
  end if;
  if p ->> 'passwordHash' is not null then
    delete from auth.sessions s where s.user_id = p_user_id;
    delete from auth.one_time_tokens t where t.user_id = p_user_id and t.kind = 'recovery';
  end if;
  return private.admin_apply(v_user, p);
end
$$;

-- Softly: the person can sign in no more and the address is free again; the account's data stays.
create or replace function api.auth_admin_delete(p_user_id uuid, p_soft boolean) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  if p_soft then
    delete from auth.identities i where i.user_id = p_user_id;
    delete from auth.one_time_tokens t where t.user_id = p_user_id;
    update auth.users u set deleted_at = coalesce(u.deleted_at, now()), email = null, phone = null,
      email_proven_at = null,
      email_change = null, email_change_needs = '{}', encrypted_password = null, updated_at = now(),
      raw_user_meta_data = '{}', raw_app_meta_data = '{}'
    where u.id = p_user_id;
  else
    delete from auth.users u where u.id = p_user_id;
  end if;
  if not found then
    perform private.fail('user_not_found', 'User not found');
  end if;
end
$$;

-- Somebody who may come in whatever the sign-up policy says. `p` as in auth_mail.sql, with data.
create or replace function api.auth_invite(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.mail_address(p);
  v_user auth.users;
begin
  v_user := private.invited_user(v_email, null, p -> 'data');
  perform private.mail_token(v_user, 'invite', v_email, p -> 'once', p -> 'rules', p ->> 'redirectTo', null);
  return (select private.user_json(u) from auth.users u where u.id = v_user.id);
end
$$;

-- Who has the address without having confirmed it, or somebody new. email_exists when it is confirmed.
create or replace function private.invited_user(p_email text, p_password_hash text, p_data jsonb)
returns auth.users language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
begin
  select * into v_user from auth.users u where u.email = p_email for no key update;
  if not found then
    return private.create_user(p_email, p_password_hash, p_data, null, false);
  end if;
  if v_user.email_confirmed_at is not null then
    perform private.fail('email_exists', 'A user with this email address has already been registered');
  end if;
  update auth.users u set encrypted_password = p_password_hash,
    raw_user_meta_data = private.merged(u.raw_user_meta_data, p_data)
  where u.id = v_user.id returning * into v_user;
  return v_user;
end
$$;

-- The token of a mail that somebody else sends. `p` as above, with type, newEmail, passwordHash.
create or replace function api.auth_generate_link(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.clean_email(p ->> 'email');
  v_kind text := p ->> 'type';
  v_to text := private.clean_email(p ->> 'email');
  v_user auth.users;
begin
  perform private.require_service();
  select * into v_user from auth.users u where u.email = v_email and u.deleted_at is null;
  if v_kind in ('signup', 'invite') or (v_kind = 'magiclink' and not found) then
    v_kind := case v_kind when 'invite' then 'invite' else 'signup' end;
    v_user := private.invited_user(v_email, p ->> 'passwordHash', p -> 'data');
  elsif not found then
    perform private.fail('user_not_found', 'User with this email not found');
  elsif v_kind like 'email_change_%' then
    v_to := private.clean_email(p ->> 'newEmail');
    if exists (select from auth.users u where u.email = v_to) then
      perform private.fail('email_exists', 'A user with this email address has already been registered');
    end if;
    update auth.users u set email_change = v_to,
      email_change_sent_at = case when u.email_change = v_to then u.email_change_sent_at end,
      email_change_needs = case when u.email_change = v_to then array_remove(u.email_change_needs, v_kind)
        else '{}' end || v_kind
    where u.id = v_user.id;
    v_to := case v_kind when 'email_change_current' then v_email else v_to end;
  end if;
  perform private.put_token(v_user.id, v_kind, v_to, p -> 'once', p -> 'rules', p ->> 'redirectTo');
  return (select private.user_json(u) || jsonb_build_object('verification_type', v_kind)
    from auth.users u where u.id = v_user.id);
end
$$;

revoke all on function api.auth_admin_users(int, int) from public;
revoke all on function api.auth_admin_user(uuid) from public;
revoke all on function private.banned_until(text) from public;
revoke all on function private.admin_apply(auth.users, jsonb) from public;
revoke all on function api.auth_admin_create(uuid, jsonb) from public;
revoke all on function api.auth_admin_update(uuid, jsonb) from public;
revoke all on function api.auth_admin_delete(uuid, boolean) from public;
revoke all on function api.auth_invite(jsonb) from public;
revoke all on function private.invited_user(text, text, jsonb) from public;
revoke all on function api.auth_generate_link(jsonb) from public;
grant execute on function api.auth_admin_users(int, int) to service_role;
grant execute on function api.auth_admin_user(uuid) to service_role;
grant execute on function api.auth_admin_create(uuid, jsonb) to service_role;
grant execute on function api.auth_admin_update(uuid, jsonb) to service_role;
grant execute on function api.auth_admin_delete(uuid, boolean) to service_role;
grant execute on function api.auth_invite(jsonb) to service_role;
grant execute on function api.auth_generate_link(jsonb) to service_role;
