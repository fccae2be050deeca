-- SAML providers as Supabase's /auth/v1/admin/sso/providers has them, and their metadata's renewal. For the
-- service; each account's as well as the server's.

create or replace function private.sso_provider_json(p auth.sign_in_providers) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return jsonb_strip_nulls(jsonb_build_object('id', p.id, 'disabled', not p.enabled,
    'account_id', p.user_id,
    'saml', jsonb_build_object('entity_id', p.saml -> 'entityId', 'metadata_url', p.saml -> 'metadataUrl',
      'attribute_mapping', coalesce(p.saml -> 'mapping', '{}'), 'name_id_format', nullif(p.saml ->> 'nameIdFormat', '')),
    'domains', (select coalesce(jsonb_agg(jsonb_build_object('domain', d) order by d), '[]')
      from unnest(p.domains) d),
    'created_at', private.iso(p.created_at), 'updated_at', private.iso(p.updated_at)));
end
$$;

-- The provider of this id, whoever's it is; sso_provider_not_found when it is none of SAML.
create or replace function private.sso_provider(p_id uuid) returns auth.sign_in_providers
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers;
begin
  perform private.require_service();
  select * into v from auth.sign_in_providers s where s.id = p_id and s.protocol = 'saml';
  if not found then
    perform private.fail('sso_provider_not_found', 'SSO Identity Provider not found');
  end if;
  return v;
end
$$;

create or replace function api.list_sso_providers() returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return jsonb_build_object('items', (
    select coalesce(jsonb_agg(private.sso_provider_json(s) order by s.created_at, s.id), '[]')
    from (select * from auth.sign_in_providers p where p.protocol = 'saml'
      order by p.created_at, p.id limit 1000) s));
end
$$;

create or replace function api.get_sso_provider(p_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return private.sso_provider_json(private.sso_provider(p_id));
end
$$;

-- Answers with what is gone.
create or replace function api.delete_sso_provider(p_id uuid, p_origin jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers := private.sso_provider(p_id);
begin
  perform api.delete_sign_in_provider(p_id, p_origin);
  return private.sso_provider_json(v);
end
$$;

-- The provider whose metadata was not asked for the longest, and longer than this; it is now.
create or replace function api.claim_saml_metadata(p_older_than_s int)
returns table (id uuid, entity_id text, metadata_url text)
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
  update auth.sign_in_providers s set metadata_asked_at = now()
  where s.id = (select p.id from auth.sign_in_providers p
    where p.saml ->> 'metadataUrl' is not null and p.enabled
      and coalesce(p.metadata_asked_at, p.updated_at) <= now() - make_interval(secs => p_older_than_s)
    order by p.metadata_asked_at nulls first limit 1 for no key update skip locked)
  returning s.id, s.saml ->> 'entityId', s.saml ->> 'metadataUrl';
end
$$;

-- What the metadata says now, of the same entity at the same URL; true when that is something else than before.
create or replace function api.renew_saml_metadata(p_id uuid, p_saml jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_providers;
begin
  perform private.require_service();
  update auth.sign_in_providers s set saml = s.saml || p_saml, updated_at = now()
  where s.id = p_id and s.saml ->> 'entityId' = p_saml ->> 'entityId'
    and s.saml ->> 'metadataUrl' = p_saml ->> 'metadataUrl' and s.saml <> s.saml || p_saml
  returning * into v;
  if v.id is null then
    return false;
  end if;
  perform private.audit_provider(v, 'renewed');
  return true;
end
$$;

revoke all on function private.sso_provider_json(auth.sign_in_providers) from public;
revoke all on function private.sso_provider(uuid) from public;
revoke all on function api.list_sso_providers() from public;
revoke all on function api.get_sso_provider(uuid) from public;
revoke all on function api.delete_sso_provider(uuid, jsonb) from public;
revoke all on function api.claim_saml_metadata(int) from public;
revoke all on function api.renew_saml_metadata(uuid, jsonb) from public;
grant execute on function api.list_sso_providers() to service_role;
grant execute on function api.get_sso_provider(uuid) to service_role;
grant execute on function api.delete_sso_provider(uuid, jsonb) to service_role;
grant execute on function api.claim_saml_metadata(int) to service_role;
grant execute on function api.renew_saml_metadata(uuid, jsonb) to service_role;
