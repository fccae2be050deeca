-- Identities of people who are signed in: what else they can sign in with.

-- Raises when the identity is somebody's already.
create or replace function private.refuse_taken_identity(p_user_id uuid, p jsonb) returns void
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_owner uuid := (select i.user_id from auth.identities i
    where i.provider = p ->> 'provider' and i.provider_id = p ->> 'providerId');
begin
  if v_owner = p_user_id then
    perform private.fail('identity_already_exists', 'Identity is already linked');
  elsif v_owner is not null then
    perform private.fail('identity_already_exists', 'Identity is already linked to another user');
  end if;
end
$$;

-- Who comes from an organisation's directory leaves with it: no private identity stays behind.
create or replace function private.refuse_directory_person(p_user_id uuid) returns void
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  if exists (select from auth.users u where u.id = p_user_id and u.is_sso_user) then
    perform private.fail('forbidden', 'Your organisation says how you sign in.');
  end if;
end
$$;

-- Identities say who may sign in: whoever has a second factor changes them with it.
create or replace function private.require_factor(p_user_id uuid, p_session_id uuid) returns void
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  if private.lacks_factor(p_user_id, p_session_id) then
    perform private.fail('insufficient_aal',
      'AAL2 session is required to change identities when MFA is enabled.');
  end if;
end
$$;

-- Before a sign-in begins whose end links an identity to the person.
create or replace function api.auth_begin_link(p_user_id uuid, p_session_id uuid) returns void
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  perform private.require_factor(p_user_id, p_session_id);
  perform private.refuse_directory_person(p_user_id);
end
$$;

-- `p` as in auth_identity_user.sql. An anonymous person becomes who the provider vouches for.
create or replace function private.link_identity(p_user_id uuid, p jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_provider text := p ->> 'provider';
  v_email text := nullif(private.fold_email(p ->> 'email'), '');
  v_user auth.users;
begin
  select * into v_user from auth.users u where u.id = p_user_id and u.deleted_at is null
  for no key update;
  if not found then
    perform private.fail('user_not_found', 'User not found');
  end if;
  perform private.refuse_directory_person(p_user_id);
  perform private.refuse_taken_identity(p_user_id, p);
  insert into auth.identities (user_id, provider, provider_id, identity_data, email, last_sign_in_at)
  values (p_user_id, v_provider, p ->> 'providerId', p -> 'data', v_email, now());
  update auth.users u set updated_at = now(), raw_app_meta_data = u.raw_app_meta_data
    || jsonb_build_object('provider', coalesce(u.raw_app_meta_data ->> 'provider', v_provider),
      'providers', coalesce(u.raw_app_meta_data -> 'providers', '[]')
        || case when coalesce(u.raw_app_meta_data -> 'providers' ? v_provider, false) then '[]'
          else jsonb_build_array(v_provider) end),
    raw_user_meta_data = ((p -> 'data') - 'custom_claims') || u.raw_user_meta_data
  where u.id = p_user_id;
  if v_user.is_anonymous then
    if v_email is null or not (p ->> 'emailVerified')::boolean then
      perform private.fail('provider_email_needs_verification',
        'The provider does not vouch for an address.');
    end if;
    if exists (select from auth.users u where u.email = v_email) then
      perform private.fail('email_exists', 'A user with this email address has already been registered');
    end if;
    perform private.admit_sign_up(v_email, p -> 'rules');
    update auth.users u set email = v_email where u.id = p_user_id;
    perform private.prove_email(p_user_id);
  end if;
  perform private.log_security(p_user_id, p_user_id, 'user', 'identity.linked',
    jsonb_build_object('provider', v_provider));
end
$$;

create or replace function api.auth_link_identity(p_user_id uuid, p jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  perform private.link_identity(p_user_id, p);
end
$$;

-- Before a code is given out whose redeemer will link the identity.
create or replace function api.auth_may_link(p_user_id uuid, p jsonb) returns void
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  perform private.refuse_directory_person(p_user_id);
  perform private.refuse_taken_identity(p_user_id, p);
end
$$;

-- The last one stays: without it nobody could sign in as this person again.
create or replace function api.auth_unlink_identity(
  p_user_id uuid, p_session_id uuid, p_identity_id uuid) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.identities;
begin
  perform private.require_service();
  perform from auth.users u where u.id = p_user_id for no key update;
  perform private.require_factor(p_user_id, p_session_id);
  if (select count(*) from auth.identities i where i.user_id = p_user_id) <= 1 then
    perform private.fail('single_identity_not_deletable',
      'User must have at least 1 identity after unlinking');
  end if;
  delete from auth.identities i where i.id = p_identity_id and i.user_id = p_user_id returning * into v;
  if not found then
    perform private.fail('identity_not_found', 'Identity doesn''t exist');
  end if;
  update auth.users u set updated_at = now(),
    encrypted_password = case when v.provider = 'email' then null else u.encrypted_password end,
    raw_app_meta_data = u.raw_app_meta_data || jsonb_build_object('providers', (
      select coalesce(jsonb_agg(distinct i.provider), '[]') from auth.identities i where i.user_id = p_user_id))
  where u.id = p_user_id;
  perform private.log_security(p_user_id, p_user_id, 'user', 'identity.unlinked',
    jsonb_build_object('provider', v.provider));
end
$$;

revoke all on function private.refuse_taken_identity(uuid, jsonb) from public;
revoke all on function private.refuse_directory_person(uuid) from public;
revoke all on function private.require_factor(uuid, uuid) from public;
revoke all on function api.auth_begin_link(uuid, uuid) from public;
revoke all on function private.link_identity(uuid, jsonb) from public;
revoke all on function api.auth_link_identity(uuid, jsonb) from public;
revoke all on function api.auth_may_link(uuid, jsonb) from public;
revoke all on function api.auth_unlink_identity(uuid, uuid, uuid) from public;
grant execute on function api.auth_link_identity(uuid, jsonb) to service_role;
grant execute on function api.auth_may_link(uuid, jsonb) to service_role;
grant execute on function api.auth_begin_link(uuid, uuid) to service_role;
grant execute on function api.auth_unlink_identity(uuid, uuid, uuid) to service_role;
