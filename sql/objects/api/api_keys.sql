-- Called by the authenticator before any role is taken: the claims of a key, or null.
create or replace function api.resolve_api_key(p_hash bytea)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key record;
begin
  select k.id, k.user_id, k.scopes, k.last_used_at into v_key
  from public.api_keys k
  join public.accounts o on o.id = k.user_id and o.status = 'active'
  where k.key_hash = p_hash and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > now());
  if not found then
    return null;
  end if;
  perform private.require_feature(v_key.user_id, 'api_access');
  if v_key.last_used_at is null or v_key.last_used_at < now() - interval '1 minute' then
    update public.api_keys k set last_used_at = now()
    where k.id = (select l.id from public.api_keys l where l.id = v_key.id
                  for no key update skip locked);
  end if;
  return jsonb_build_object('role', 'api_key', 'key_id', v_key.id, 'account_id', v_key.user_id,
    'scopes', to_jsonb(v_key.scopes));
end
$$;

create or replace function api.validate_api_key()
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_result jsonb;
begin
  select jsonb_build_object('valid', true, 'accountId', k.user_id, 'scopes', to_jsonb(k.scopes),
    'plan', o.plan) into v_result
  from public.api_keys k join public.accounts o on o.id = k.user_id and o.status = 'active'
  where k.id = private.claim_key_id() and k.user_id = private.claim_account_id()
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if not found then
    perform private.fail('invalid_credentials', 'The API key is not valid.');
  end if;
  return v_result;
end
$$;

revoke all on function api.resolve_api_key(bytea) from public;
revoke all on function api.validate_api_key() from public;
grant execute on function api.resolve_api_key(bytea) to authenticator, service_authenticator;
grant execute on function api.validate_api_key() to api_key;
