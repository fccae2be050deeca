-- What somebody of these groups is in the account: the highest role that the provider maps one to.
create or replace function private.directory_role(p_provider auth.sign_in_providers, p_groups jsonb)
returns text language plpgsql stable set search_path = '' as $$
begin
  return coalesce((
    select m.role from (select p_provider.role_map ->> g as role from jsonb_array_elements_text(p_groups) g) m
    where m.role in ('admin', 'manager', 'member', 'client')
    order by private.role_rank(m.role) desc limit 1), p_provider.default_role);
end
$$;

-- Somebody whom an account's own provider vouches for. Only the account trusts it, so its word finds
-- nobody by an address: these people are known by the identity alone, have no address of their own here
-- and no account, and are members of this one.
create or replace function private.directory_user(p jsonb) returns uuid
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_provider auth.sign_in_providers;
  v_known auth.identities;
  v_role text;
  v_was text;
  v_user uuid;
begin
  select * into v_provider from auth.sign_in_providers s
  where s.identifier = p ->> 'provider' and s.user_id is not null;
  if not found then
    perform private.fail('sso_provider_not_found', 'No SSO provider assigned for this domain');
  end if;
  perform private.lock_team(v_provider.user_id);
  v_role := private.directory_role(v_provider, p -> 'groups');
  select * into v_known from auth.identities i
  where i.provider = p ->> 'provider' and i.provider_id = p ->> 'providerId' for no key update;
  if found then
    select t.role into v_was from public.team_members t
    where t.owner_id = v_provider.user_id and t.member_id = v_known.user_id;
    if not found then
      perform private.fail('forbidden', 'You are not in this team any more.');
    end if;
    if v_provider.role_claim is not null and v_was not in ('owner', v_role) then
      update public.team_members t set role = v_role
      where t.owner_id = v_provider.user_id and t.member_id = v_known.user_id;
    end if;
    update auth.identities i set identity_data = p -> 'data', email = nullif(private.fold_email(p ->> 'email'), ''),
      last_sign_in_at = now(), updated_at = now() where i.id = v_known.id;
    return v_known.user_id;
  end if;
  insert into auth.users (raw_user_meta_data, raw_app_meta_data, is_sso_user)
  values ((p -> 'data') - 'custom_claims', jsonb_build_object('provider', p ->> 'provider',
    'providers', jsonb_build_array(p ->> 'provider')), true)
  returning id into v_user;
  insert into auth.identities (user_id, provider, provider_id, identity_data, email, last_sign_in_at)
  values (v_user, p ->> 'provider', p ->> 'providerId', p -> 'data', nullif(private.fold_email(p ->> 'email'), ''), now());
  insert into public.team_members (owner_id, member_id, role) values (v_provider.user_id, v_user, v_role);
  return v_user;
end
$$;

-- The person an outside provider vouches for, made when there is none. `p`: provider, providerId, email,
-- emailVerified, data (what the provider says; its `custom_claims` stay with the identity), sso, ofAccount,
-- groups, rules (private.admit_sign_up).
--
-- An identity that is known decides alone; nothing else does before it. A person is found by address
-- only when the provider has verified it, and becomes theirs only if it was proven here as well: an
-- account that somebody made with an address they cannot read, and whatever they put into it, is not
-- handed to the address's owner as their own. Whoever signed up and never confirmed the address has no
-- account yet; they lose password and sessions to the one who owns it.
create or replace function api.auth_identity_user(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_provider text := nullif(p ->> 'provider', '');
  v_provider_id text := nullif(p ->> 'providerId', '');
  v_email text := nullif(private.fold_email(p ->> 'email'), '');
  v_verified boolean := coalesce((p ->> 'emailVerified')::boolean, false);
  v_data jsonb := coalesce(nullif(p -> 'data', 'null'), '{}');
  v_known auth.identities;
  v_user auth.users;
begin
  perform private.require_service();
  if v_provider is null or v_provider = 'email' or v_provider_id is null
    or length(v_provider_id) > 1000 then
    perform private.fail('validation_failed', 'The provider named no person.');
  end if;
  if coalesce((p ->> 'ofAccount')::boolean, false) then
    return jsonb_build_object('userId', private.directory_user(p), 'outcome', 'directory');
  end if;
  select * into v_known from auth.identities i
  where i.provider = v_provider and i.provider_id = v_provider_id for no key update;
  if not found then
    -- Who comes twice at the same moment is made once. The second lock is for another provider's word
    -- about the same address; they are taken in this order.
    perform pg_advisory_xact_lock(hashtextextended('identity ' || v_provider || ' ' || v_provider_id, 0));
    select * into v_known from auth.identities i
    where i.provider = v_provider and i.provider_id = v_provider_id for no key update;
  end if;
  if v_known.id is not null then
    -- Another issuer under the same name: its subjects are other people.
    if v_known.identity_data ->> 'iss' <> v_data ->> 'iss' then
      perform private.fail('bad_oauth_callback', 'This person is known from another issuer of this name.');
    end if;
    update auth.identities i set identity_data = v_data, last_sign_in_at = now(), updated_at = now(),
      email = coalesce(v_email, i.email) where i.id = v_known.id;
    return jsonb_build_object('userId', v_known.user_id, 'outcome', 'known');
  end if;
  if v_email is null or not v_verified then
    perform private.fail('provider_email_needs_verification',
      'The provider does not vouch for an address.');
  end if;
  v_email := private.clean_email(v_email);
  perform pg_advisory_xact_lock(hashtextextended('address ' || v_email, 0));
  select * into v_user from auth.users u where u.email = v_email for no key update;
  if not found then
    perform private.admit_sign_up(v_email, p -> 'rules');
    v_user := private.create_user(v_email, null, v_data - 'custom_claims', jsonb_build_object('provider', v_provider,
      'providers', jsonb_build_array(v_provider)), true);
    update auth.users u set is_sso_user = coalesce((p ->> 'sso')::boolean, false) where u.id = v_user.id;
  else
    if v_user.email_confirmed_at is not null and v_user.email_proven_at is null then
      perform private.fail('email_not_proven', 'Somebody signed up with this address and never proved it; '
        'sign in as before and link the provider there.');
    end if;
    if v_user.email_confirmed_at is null then
      delete from auth.sessions s where s.user_id = v_user.id;
      update auth.users u set encrypted_password = null where u.id = v_user.id;
    end if;
    update auth.users u set raw_app_meta_data = u.raw_app_meta_data || jsonb_build_object('providers',
      coalesce(u.raw_app_meta_data -> 'providers', '[]') || jsonb_build_array(v_provider))
    where u.id = v_user.id and not coalesce(u.raw_app_meta_data -> 'providers' ? v_provider, false);
  end if;
  v_user := private.prove_email(v_user.id);
  insert into auth.identities (user_id, provider, provider_id, identity_data, email, last_sign_in_at)
  values (v_user.id, v_provider, v_provider_id, v_data, v_email, now());
  return jsonb_build_object('userId', v_user.id, 'outcome', 'linked');
end
$$;
revoke all on function private.directory_role(auth.sign_in_providers, jsonb) from public;
revoke all on function private.directory_user(jsonb) from public;
revoke all on function api.auth_identity_user(jsonb) from public;
grant execute on function api.auth_identity_user(jsonb) to service_role;
