-- Providers that sign people in: an account's own, kept by its owners, and the server's, kept with the
-- service key or by a super admin. Client secrets come in sealed and never go out.

-- The rights: an account's provider is its owners' affair, the server's (null) the operator's.
create or replace function private.require_provider_keeper(p_account_id uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if private.caller_role() = 'service_role' then
    if p_account_id is not null and not exists (select from public.accounts a where a.id = p_account_id) then
      perform private.not_found();
    end if;
  elsif p_account_id is not null or not private.is_super_admin() then
    perform private.require_role(p_account_id, 'owner');
  end if;
end
$$;

create or replace function private.sign_in_provider_json(p auth.sign_in_providers) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return jsonb_build_object('id', p.id, 'accountId', p.user_id, 'protocol', p.protocol, 'kind', p.kind,
    'identifier', p.identifier, 'name', p.name, 'issuer', p.issuer, 'clientId', p.client_id,
    'clientIds', p.client_ids, 'hasSecret', p.sealed is not null, 'scopes', p.scopes,
    'domains', p.domains, 'routedDomains', (select coalesce(jsonb_agg(d.domain order by d.domain), '[]')
      from auth.sign_in_domains d where d.provider_id = p.id),
    'saml', p.saml, 'defaultRole', p.default_role, 'roleClaim', p.role_claim, 'roleMap', p.role_map,
    'enabled', p.enabled, 'createdAt', private.iso(p.created_at), 'updatedAt', private.iso(p.updated_at));
end
$$;

-- Null: the server's.
create or replace function private.providers_of(p_account_id uuid) returns setof auth.sign_in_providers
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  if p_account_id is null then
    return query select * from auth.sign_in_providers s where s.user_id is null;
  else
    return query select * from auth.sign_in_providers s where s.user_id = p_account_id;
  end if;
end
$$;

create or replace function private.texts(p_list jsonb) returns text[]
language sql immutable as $$
  select coalesce(array_agg(t order by n), '{}') from jsonb_array_elements_text(p_list) with ordinality x (t, n)
$$;

-- Of a server's provider nobody's log tells but that of the super admin who did it.
create or replace function private.audit_provider(p auth.sign_in_providers, p_action text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.audit(coalesce(p.user_id, private.person_id()), 'sign_in_provider.' || p_action,
    'sign_in_provider', p.id, jsonb_build_object('protocol', p.protocol));
end
$$;

-- Only the operator says which domains lead to a provider (`routedDomains`).
create or replace function private.route_domains(p_provider_id uuid, p_domains jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  if p_domains is null then
    return;
  end if;
  if private.caller_role() is distinct from 'service_role' and not private.is_super_admin() then
    perform private.fail('forbidden', 'Only the operator says which domains lead to a provider.');
  end if;
  delete from auth.sign_in_domains d where d.provider_id = p_provider_id;
  insert into auth.sign_in_domains (domain, provider_id)
  select distinct lower(t), p_provider_id from jsonb_array_elements_text(p_domains) t;
exception when unique_violation then
  perform private.fail('sso_domain_already_exists', 'Another provider has one of these domains.', 'routedDomains');
end
$$;

-- `p`: protocol, kind, identifier, name, issuer, clientId, clientIds, scopes, domains, routedDomains,
-- saml, defaultRole, roleClaim, roleMap, enabled. Null, and nothing stored, when the secret was sealed
-- with a key that seals no more.
create or replace function api.create_sign_in_provider(
  p_account_id uuid, p_id uuid, p jsonb, p_sealed text, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers;
  v_taken text;
begin
  perform private.require_provider_keeper(p_account_id);
  perform private.note_origin(p_origin);
  perform from public.accounts a where a.id = p_account_id for no key update;
  if p_sealed is not null and not private.sealed_with_current(p_sealed) then
    return null;
  end if;
  if (select count(*) from private.providers_of(p_account_id))
      >= (case when p_account_id is null then 100 else 20 end) then
    perform private.fail('conflict', 'There are too many providers already; delete one first.');
  end if;
  insert into auth.sign_in_providers (id, user_id, protocol, kind, identifier, name, issuer, client_id,
    client_ids, sealed, scopes, domains, saml, default_role, role_claim, role_map, enabled)
  values (p_id, p_account_id, p ->> 'protocol', coalesce(p ->> 'kind', 'generic'),
    case when p_account_id is null then coalesce(p ->> 'identifier', 'sso:' || p_id::text)
      else 'sso:' || p_id::text end,
    p ->> 'name', p ->> 'issuer', p ->> 'clientId', private.texts(coalesce(p -> 'clientIds', '[]')),
    p_sealed, private.texts(coalesce(p -> 'scopes', '["openid", "email", "profile"]')),
    private.texts(coalesce(p -> 'domains', '[]')), jsonb_strip_nulls(p -> 'saml'), coalesce(p ->> 'defaultRole', 'member'),
    p ->> 'roleClaim', coalesce(p -> 'roleMap', '{}'), coalesce((p ->> 'enabled')::boolean, true))
  returning * into v;
  perform private.route_domains(v.id, p -> 'routedDomains');
  perform private.audit_provider(v, 'created');
  return private.sign_in_provider_json(v);
exception when unique_violation then
  get stacked diagnostics v_taken = constraint_name;
  if v_taken = 'sign_in_providers_entity' then
    perform private.fail('saml_idp_already_exists', 'There is a provider of this entity id already.', 'metadataXml');
  end if;
  perform private.fail('conflict', 'There is a provider of this name already.', 'identifier');
end
$$;

-- The provider, if the caller may keep it; else an unknown id and a foreign one look the same.
create or replace function private.kept_provider(p_id uuid) returns auth.sign_in_providers
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers;
begin
  select * into v from auth.sign_in_providers s where s.id = p_id;
  if not found then
    perform private.not_found();
  end if;
  if v.user_id is null and private.caller_role() is distinct from 'service_role'
    and not private.is_super_admin() then
    perform private.not_found();
  end if;
  perform private.require_provider_keeper(v.user_id);
  return v;
end
$$;

-- Whether the caller may keep this provider, or (without one) providers of the account; raises as the
-- functions do that change them. For what has to be asked before anything is fetched for the caller.
create or replace function api.may_keep_sign_in_provider(p_account_id uuid, p_id uuid) returns void
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  if p_id is null then
    perform private.require_provider_keeper(p_account_id);
  else
    perform private.kept_provider(p_id);
  end if;
end
$$;

-- A member that is absent stays as it is. Protocol, kind, identifier and issuer stay whatever `p` says:
-- identities hang on them.
create or replace function api.update_sign_in_provider(p_id uuid, p jsonb, p_sealed text, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers := private.kept_provider(p_id);
begin
  perform private.note_origin(p_origin);
  if p_sealed is not null and not private.sealed_with_current(p_sealed) then
    return null;
  end if;
  if p ->> 'issuer' is distinct from v.issuer and p ->> 'issuer' is not null then
    perform private.fail('conflict', 'The issuer of a provider stays; make another provider.', 'issuer');
  end if;
  if p #>> '{saml,entityId}' <> v.saml ->> 'entityId' then
    perform private.fail('saml_entity_id_mismatch', 'The entity id of a provider stays; make another provider.', 'metadata');
  end if;
  update auth.sign_in_providers s set updated_at = now(),
    name = coalesce(p ->> 'name', s.name),
    client_id = coalesce(p ->> 'clientId', s.client_id),
    client_ids = case when p ? 'clientIds' then private.texts(p -> 'clientIds') else s.client_ids end,
    sealed = coalesce(p_sealed, s.sealed),
    scopes = case when p ? 'scopes' then private.texts(p -> 'scopes') else s.scopes end,
    domains = case when p ? 'domains' then private.texts(p -> 'domains') else s.domains end,
    saml = case when s.protocol = 'saml' then jsonb_strip_nulls(s.saml || coalesce(p -> 'saml', '{}')) end,
    default_role = coalesce(p ->> 'defaultRole', s.default_role),
    role_claim = case when p ? 'roleClaim' then p ->> 'roleClaim' else s.role_claim end,
    role_map = coalesce(p -> 'roleMap', s.role_map),
    enabled = coalesce((p ->> 'enabled')::boolean, s.enabled)
  where s.id = p_id returning * into v;
  if not v.enabled then
    delete from auth.sign_in_flows f where f.provider_id = p_id;
  end if;
  perform private.route_domains(v.id, p -> 'routedDomains');
  perform private.audit_provider(v, 'updated');
  return private.sign_in_provider_json(v);
end
$$;

create or replace function api.delete_sign_in_provider(p_id uuid, p_origin jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers := private.kept_provider(p_id);
begin
  perform private.note_origin(p_origin);
  delete from auth.sign_in_providers s where s.id = p_id;
  perform private.audit_provider(v, 'deleted');
  return jsonb_build_object('deleted', true);
end
$$;

-- Null: the server's.
create or replace function api.list_sign_in_providers(p_account_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_provider_keeper(p_account_id);
  return jsonb_build_object('providers', (
    select coalesce(jsonb_agg(private.sign_in_provider_json(s) order by s.created_at, s.id), '[]')
    from private.providers_of(p_account_id) s));
end
$$;

create or replace function api.get_sign_in_provider(p_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return private.sign_in_provider_json(private.kept_provider(p_id));
end
$$;

-- Null for a name that no provider of the server has.
create or replace function api.sign_in_provider_id(p_identifier text) returns uuid
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select s.id from auth.sign_in_providers s where s.identifier = p_identifier and s.user_id is null);
end
$$;

-- What a sign-in needs to know, the sealed secret included; null when there is none that is enabled.
-- `p` has one of: identifier (of the server's own), id, domain.
create or replace function api.sign_in_provider(p jsonb) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers;
begin
  perform private.require_service();
  if p ->> 'identifier' is not null then
    select * into v from auth.sign_in_providers s
    where s.identifier = p ->> 'identifier' and s.user_id is null and s.enabled;
  elsif p ->> 'id' is not null then
    select * into v from auth.sign_in_providers s where s.id = (p ->> 'id')::uuid and s.enabled;
  else
    select s.* into v from auth.sign_in_domains d
    join auth.sign_in_providers s on s.id = d.provider_id and s.enabled
    where d.domain = lower(p ->> 'domain');
  end if;
  if v.id is null then
    return null;
  end if;
  return private.sign_in_provider_json(v) || jsonb_build_object('sealed', v.sealed);
end
$$;

-- The providers of the server that a page may offer.
create or replace function api.sign_in_offers() returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return jsonb_build_object('providers', (
      select coalesce(jsonb_agg(jsonb_build_object('provider', s.identifier, 'name', s.name,
        'kind', s.kind) order by s.created_at, s.id), '[]')
      from auth.sign_in_providers s where s.user_id is null and s.protocol = 'oidc' and s.enabled),
    'sso', exists (select from auth.sign_in_domains));
end
$$;

revoke all on function private.require_provider_keeper(uuid) from public;
revoke all on function private.sign_in_provider_json(auth.sign_in_providers) from public;
revoke all on function private.providers_of(uuid) from public;
revoke all on function private.texts(jsonb) from public;
revoke all on function private.audit_provider(auth.sign_in_providers, text) from public;
revoke all on function private.route_domains(uuid, jsonb) from public;
revoke all on function private.kept_provider(uuid) from public;
revoke all on function api.may_keep_sign_in_provider(uuid, uuid) from public;
revoke all on function api.create_sign_in_provider(uuid, uuid, jsonb, text, jsonb) from public;
revoke all on function api.update_sign_in_provider(uuid, jsonb, text, jsonb) from public;
revoke all on function api.delete_sign_in_provider(uuid, jsonb) from public;
revoke all on function api.list_sign_in_providers(uuid) from public;
revoke all on function api.get_sign_in_provider(uuid) from public;
revoke all on function api.sign_in_provider_id(text) from public;
revoke all on function api.sign_in_provider(jsonb) from public;
revoke all on function api.sign_in_offers() from public;
grant execute on function api.may_keep_sign_in_provider(uuid, uuid) to authenticated, service_role;
grant execute on function api.create_sign_in_provider(uuid, uuid, jsonb, text, jsonb)
  to authenticated, service_role;
grant execute on function api.update_sign_in_provider(uuid, jsonb, text, jsonb)
  to authenticated, service_role;
grant execute on function api.delete_sign_in_provider(uuid, jsonb) to authenticated, service_role;
grant execute on function api.list_sign_in_providers(uuid) to authenticated, service_role;
grant execute on function api.get_sign_in_provider(uuid) to authenticated, service_role;
grant execute on function api.sign_in_provider_id(text) to service_role;
grant execute on function api.sign_in_provider(jsonb) to service_role;
grant execute on function api.sign_in_offers() to service_role;

-- The same object as Supabase's admin API has it.
create or replace function api.custom_provider(p jsonb) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return jsonb_build_object('id', p -> 'id', 'provider_type', 'oidc', 'identifier', p -> 'identifier',
    'name', p -> 'name', 'kind', p -> 'kind', 'issuer', p -> 'issuer', 'client_id', p -> 'clientId',
    'acceptable_client_ids', p -> 'clientIds', 'scopes', p -> 'scopes', 'domains', p -> 'domains',
    'pkce_enabled', true, 'skip_nonce_check', false, 'email_optional', false, 'enabled', p -> 'enabled',
    'created_at', p -> 'createdAt', 'updated_at', p -> 'updatedAt');
end
$$;
revoke all on function api.custom_provider(jsonb) from public;
grant execute on function api.custom_provider(jsonb) to service_role;
