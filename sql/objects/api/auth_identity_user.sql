-- The person an outside provider vouches for, made when there is none. `p`: provider, providerId, email,
-- emailVerified, data (what the provider says), sso, rules (private.admit_sign_up).
--
-- An identity that is known decides alone; nothing else does before it. A person is found by address
-- only when the provider has verified it. Whoever signed up with the address and never confirmed it
-- loses password and sessions to the one who owns it.
create or replace function api.auth_identity_user(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_provider text := nullif(p ->> 'provider', '');
  v_provider_id text := nullif(p ->> 'providerId', '');
  v_email text := nullif(lower(trim(p ->> 'email')), '');
  v_verified boolean := coalesce((p ->> 'emailVerified')::boolean, false);
  v_data jsonb := coalesce(nullif(p -> 'data', 'null'), '{}');
  v_user auth.users;
begin
  perform private.require_service();
  if v_provider is null or v_provider = 'email' or v_provider_id is null
    or length(v_provider_id) > 1000 then
    perform private.fail('validation_failed', 'The provider named no person.');
  end if;
  update auth.identities i set identity_data = v_data, last_sign_in_at = now(), updated_at = now(),
    email = coalesce(v_email, i.email)
  where i.provider = v_provider and i.provider_id = v_provider_id;
  if found then
    return jsonb_build_object('userId', (select i.user_id from auth.identities i
      where i.provider = v_provider and i.provider_id = v_provider_id), 'outcome', 'known');
  end if;
  if v_email is null or not v_verified then
    perform private.fail('provider_email_needs_verification',
      'The provider does not vouch for an address.');
  end if;
  v_email := private.clean_email(v_email);
  select * into v_user from auth.users u where u.email = v_email for no key update;
  if not found then
    perform private.admit_sign_up(v_email, p -> 'rules');
    v_user := private.create_user(v_email, null, v_data, jsonb_build_object('provider', v_provider,
      'providers', jsonb_build_array(v_provider)), true);
    update auth.users u set is_sso_user = coalesce((p ->> 'sso')::boolean, false) where u.id = v_user.id;
  else
    if v_user.email_confirmed_at is null then
      delete from auth.sessions s where s.user_id = v_user.id;
      update auth.users u set encrypted_password = null where u.id = v_user.id;
    end if;
    update auth.users u set raw_app_meta_data = u.raw_app_meta_data || jsonb_build_object('providers',
      coalesce(u.raw_app_meta_data -> 'providers', '[]') || jsonb_build_array(v_provider))
    where u.id = v_user.id and not coalesce(u.raw_app_meta_data -> 'providers' ? v_provider, false);
    v_user := private.confirm_user(v_user.id);
  end if;
  insert into auth.identities (user_id, provider, provider_id, identity_data, email, last_sign_in_at)
  values (v_user.id, v_provider, v_provider_id, v_data, v_email, now());
  return jsonb_build_object('userId', v_user.id, 'outcome', 'linked');
end
$$;
revoke all on function api.auth_identity_user(jsonb) from public;
grant execute on function api.auth_identity_user(jsonb) to service_role;
