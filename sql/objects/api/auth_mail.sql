-- What begins with a mail. Each function takes one object `p`: email, redirectTo, flow {challenge,
-- method}, once {token, otp, sealed}, rules (private.admit_mail, private.admit_sign_up), and what its own
-- comment names. An address that nobody has is answered like any other.

-- More: passwordHash, data, invitation and proof (hashes of what the link and the mail of an invitation
-- carry). Outcomes: session (the address counts as confirmed, or the proof has proven it), mailed.
create or replace function api.auth_sign_up(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.clean_email(p ->> 'email');
  v_rules jsonb := p -> 'rules';
  v_invited jsonb := private.invitation_for_sign_up(v_email, (p ->> 'invitation')::bytea,
    (p ->> 'proof')::bytea);
  v_data jsonb := (p -> 'data') - 'invitation';
  v_user auth.users;
begin
  perform private.require_service();
  perform private.admit_sign_up(v_email,
    v_rules || jsonb_build_object('invited', v_invited is not null));
  if (v_invited ->> 'proven')::boolean then
    return jsonb_build_object('outcome', 'session', 'user',
      private.user_json(private.sign_up_proven(v_email, p ->> 'passwordHash', v_data)));
  end if;
  if (v_rules ->> 'autoconfirm')::boolean then
    v_user := private.create_user(v_email, p ->> 'passwordHash', v_data, null, true);
    return jsonb_build_object('outcome', 'session', 'user', private.user_json(v_user));
  end if;
  perform private.admit_mail(v_email, v_rules);
  select * into v_user from auth.users u where u.email = v_email for no key update;
  if not found then
    v_user := private.create_user(v_email, p ->> 'passwordHash', v_data, null, false);
  elsif v_user.email_confirmed_at is not null or v_user.deleted_at is not null then
    -- As if it were new: nobody learns who has an account.
    return jsonb_build_object('outcome', 'mailed', 'user', jsonb_build_object(
      'id', gen_random_uuid(), 'aud', 'authenticated', 'role', 'authenticated', 'email', v_email,
      'phone', '', 'confirmation_sent_at', private.iso(now()),
      'app_metadata', '{"provider":"email","providers":["email"]}'::jsonb,
      'user_metadata', coalesce(v_data, '{}'), 'identities', '[]'::jsonb,
      'created_at', private.iso(now()), 'updated_at', private.iso(now()), 'is_anonymous', false));
  elsif not coalesce((p ->> 'samePassword')::boolean, false) then
    perform private.forget_unconfirmed_password(v_user);
  end if;
  perform private.mail_flow(v_user, 'signup', v_email, p, 'email/signup');
  select * into v_user from auth.users u where u.id = v_user.id;
  return jsonb_build_object('outcome', 'mailed', 'user', private.user_json(v_user));
end
$$;

-- Somebody who reads the mail of the address: new, or who signed up and never confirmed it, whose
-- password and sessions then end. user_already_exists when it is confirmed.
create or replace function private.sign_up_proven(p_email text, p_password_hash text, p_data jsonb)
returns auth.users language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
begin
  select * into v_user from auth.users u where u.email = p_email and u.email_confirmed_at is null
    and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now()) for no key update;
  if found then
    delete from auth.sessions s where s.user_id = v_user.id;
    delete from auth.one_time_tokens t where t.user_id = v_user.id;
    update auth.users u set encrypted_password = p_password_hash,
      raw_user_meta_data = private.merged(u.raw_user_meta_data, p_data) where u.id = v_user.id;
  else
    v_user := private.create_user(p_email, p_password_hash, p_data, null, false);
  end if;
  return private.prove_email(v_user.id);
end
$$;

-- The hash of who signed up with the address and has not confirmed it; null otherwise.
create or replace function api.auth_unconfirmed_password(p_email text) returns text
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select u.encrypted_password from auth.users u
    where u.email = private.clean_email(p_email) and u.email_confirmed_at is null);
end
$$;

-- Nobody has proven to own the address: whoever signed up with it must not know the password of whoever
-- reads its mail.
create or replace function private.forget_unconfirmed_password(p_user auth.users) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  if p_user.email_confirmed_at is null and p_user.encrypted_password is not null then
    update auth.users u set encrypted_password = null where u.id = p_user.id;
  end if;
end
$$;

-- A code or link to sign in with. More: create (may somebody new come this way?), data.
create or replace function api.auth_otp(p jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.mail_address(p);
  v_user auth.users;
begin
  select * into v_user from auth.users u where u.email = v_email;
  if not found then
    if not (p ->> 'create')::boolean then
      perform private.fail('otp_disabled', 'Signups not allowed for otp');
    end if;
    perform private.admit_sign_up(v_email, p -> 'rules');
    v_user := private.create_user(v_email, null, p -> 'data', null, false);
  elsif v_user.is_sso_user then
    -- Their organisation signs them in; the answer is that of an address nobody has.
    if not (p ->> 'create')::boolean then
      perform private.fail('otp_disabled', 'Signups not allowed for otp');
    end if;
    perform private.admit_sign_up(v_email, p -> 'rules');
    return;
  end if;
  perform private.forget_unconfirmed_password(v_user);
  if v_user.deleted_at is null and (v_user.banned_until is null or v_user.banned_until <= now()) then
    perform private.mail_flow(v_user,
      case when v_user.email_confirmed_at is null then 'signup' else 'magiclink' end,
      v_email, p, 'magiclink');
  end if;
end
$$;

create or replace function api.auth_recover(p jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.mail_address(p);
  v_user auth.users;
begin
  select * into v_user from auth.users u where u.email = v_email and u.deleted_at is null
    and not u.is_sso_user and (u.banned_until is null or u.banned_until <= now());
  if found then
    perform private.forget_unconfirmed_password(v_user);
    perform private.mail_flow(v_user, 'recovery', v_email, p, 'recovery');
  end if;
end
$$;

-- The mail of an unfinished act once more. More: type (signup | email_change), onceNew.
create or replace function api.auth_resend(p jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.mail_address(p);
  v_user auth.users;
  v_flow uuid;
begin
  if p ->> 'type' = 'signup' then
    select * into v_user from auth.users u where u.email = v_email
      and u.email_confirmed_at is null and u.deleted_at is null;
    if found then
      perform private.mail_flow(v_user, 'signup', v_email, p, 'email/signup');
    end if;
    return;
  end if;
  -- Written to by either of the two addresses.
  select * into v_user from auth.users u where u.email_change is not null and u.deleted_at is null
    and (u.email = v_email or u.email_change = v_email) limit 1;
  if found then
    v_flow := private.start_flow(p -> 'flow', v_user.id, 'email_change', (p #>> '{rules,expiresS}')::int);
    if 'email_change_current' = any (v_user.email_change_needs) then
      perform private.mail_token(v_user, 'email_change_current', v_user.email, p -> 'once', p -> 'rules', p ->> 'redirectTo', v_flow);
    end if;
    if 'email_change_new' = any (v_user.email_change_needs) then
      perform private.mail_token(v_user, 'email_change_new', v_user.email_change, p -> 'onceNew', p -> 'rules', p ->> 'redirectTo', v_flow);
    end if;
  end if;
end
$$;

-- Six digits to the person's own address, to be named when the password is changed.
create or replace function api.auth_reauthenticate(p_user_id uuid, p jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
begin
  perform private.require_service();
  select * into v_user from auth.users u where u.id = p_user_id and u.deleted_at is null;
  if not found then
    perform private.not_found();
  end if;
  if v_user.email is null or v_user.email_confirmed_at is null then
    perform private.fail('validation_failed', 'Reauthentication requires the user to have an email or a phone number');
  end if;
  perform private.admit_mail(v_user.email, p -> 'rules');
  perform private.mail_token(v_user, 'reauthentication', v_user.email, p -> 'once', p -> 'rules', null, null);
end
$$;

revoke all on function api.auth_sign_up(jsonb) from public;
revoke all on function private.sign_up_proven(text, text, jsonb) from public;
revoke all on function api.auth_unconfirmed_password(text) from public;
revoke all on function private.forget_unconfirmed_password(auth.users) from public;
revoke all on function api.auth_otp(jsonb) from public;
revoke all on function api.auth_recover(jsonb) from public;
revoke all on function api.auth_resend(jsonb) from public;
revoke all on function api.auth_reauthenticate(uuid, jsonb) from public;
grant execute on function api.auth_sign_up(jsonb) to service_role;
grant execute on function api.auth_unconfirmed_password(text) to service_role;
grant execute on function api.auth_otp(jsonb) to service_role;
grant execute on function api.auth_recover(jsonb) to service_role;
grant execute on function api.auth_resend(jsonb) to service_role;
grant execute on function api.auth_reauthenticate(uuid, jsonb) to service_role;
