-- API keys. The program makes the secrets and hashes them; nothing here sees one in clear.

-- Called by the authenticator before any role is taken: the claims of a key, or of a token that a key was
-- exchanged for (api.create_key_token), or null. A token works while the secret it was made with does. A
-- read only: what was used is told in the background (api.note_api_keys_used).
create or replace function api.resolve_api_key(p_hash bytea)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key record;
  v_token private.api_key_tokens;
  v_hash bytea := p_hash;
begin
  select * into v_token from private.api_key_tokens t
  where t.token_hash = p_hash and t.expires_at > now();
  if found then
    v_hash := v_token.key_hash;
  end if;
  select k.id, k.user_id, k.scopes, k.rate_per_min into v_key
  from (select f.* from public.api_keys f where f.key_hash = v_hash
    union all
    select f.* from public.api_keys f where f.previous_hash = v_hash and f.previous_until > now()) k
  join public.accounts o on o.id = k.user_id and o.status = 'active'
  where k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if not found then
    return null;
  end if;
  perform private.require_feature(v_key.user_id, 'api_access');
  return jsonb_build_object('role', 'api_key', 'key_id', v_key.id, 'account_id', v_key.user_id,
    'scopes', to_jsonb(case when v_token.key_id is null then v_key.scopes
      else array(select s from unnest(v_key.scopes) s where s = any (v_token.scopes)) end),
    'rate_per_min', v_key.rate_per_min)
    || case when v_token.key_id is null then '{}' else '{"token":true}' end::jsonb;
end
$$;

-- Seconds since 1970 of each key's newest use. Several programs may tell of the same key.
create or replace function api.note_api_keys_used(p_ids uuid[], p_at_s bigint[])
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  update public.api_keys k set last_used_at = greatest(k.last_used_at, u.at)
  from (select l.id, to_timestamp(x.at_s) as at
    from unnest(p_ids, p_at_s) x (id, at_s) join public.api_keys l on l.id = x.id
    where l.last_used_at is null or l.last_used_at < to_timestamp(x.at_s)
    order by l.id for no key update of l skip locked) u
  where k.id = u.id;
end
$$;

create or replace function private.key_json(k public.api_keys) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_build_object('id', k.id, 'name', k.name, 'prefix', k.prefix,
    'scopes', to_jsonb(k.scopes), 'ratePerMin', k.rate_per_min,
    'status', case when k.revoked_at is not null then 'revoked'
      when k.expires_at <= now() then 'expired' else 'active' end,
    'createdAt', private.iso(k.created_at), 'createdBy', private.person_name(k.created_by),
    'expiresAt', private.iso(k.expires_at), 'revokedAt', private.iso(k.revoked_at),
    'lastUsedAt', private.iso(k.last_used_at), 'rotatedAt', private.iso(k.rotated_at),
    'previousUntil', case when k.previous_until > now() then private.iso(k.previous_until) end);
end
$$;

create or replace function api.validate_api_key()
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_result jsonb;
begin
  select jsonb_build_object('valid', true, 'accountId', k.user_id,
    'scopes', private.claims() -> 'scopes',  -- of a token these may be fewer than the key's
    'plan', o.plan, 'keyId', k.id, 'name', k.name, 'prefix', k.prefix,
    'expiresAt', private.iso(k.expires_at), 'ratePerMin', k.rate_per_min) into v_result
  from public.api_keys k join public.accounts o on o.id = k.user_id and o.status = 'active'
  where k.id = private.claim_key_id() and k.user_id = private.claim_account_id()
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if not found then
    perform private.fail('invalid_credentials', 'The API key is not valid.');
  end if;
  return v_result;
end
$$;

create or replace function api.create_api_key(
  p_account_id uuid, p_name text, p_scopes jsonb, p_expires_at timestamptz, p_rate_per_min int,
  p_prefix text, p_hash bytea, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key public.api_keys;
begin
  perform private.require_role(p_account_id, 'admin');
  if p_expires_at <= now() then
    perform private.fail('validation_failed', 'expiresAt must be in the future.');
  end if;
  perform private.note_origin(p_origin);
  perform private.lock_team(p_account_id);
  if (select count(*) from public.api_keys k
      where k.user_id = p_account_id and k.revoked_at is null) >= 100 then
    perform private.fail('conflict', 'The account has 100 API keys: revoke some first.');
  end if;
  insert into public.api_keys (user_id, name, prefix, key_hash, scopes, expires_at, created_by,
    rate_per_min)
  values (p_account_id, p_name, p_prefix, p_hash,
    array(select distinct s from jsonb_array_elements_text(p_scopes) s order by s), p_expires_at,
    private.person_id(), p_rate_per_min)
  returning * into v_key;
  return private.key_json(v_key);
end
$$;

-- Those that work first, then the newest ones that do not.
create or replace function api.list_api_keys(p_account_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_role(p_account_id, 'admin');
  return jsonb_build_object('apiKeys', (
    select coalesce(jsonb_agg(private.key_json(k)
      order by k.revoked_at is not null, k.created_at desc, k.id), '[]')
    from (select l.* from public.api_keys l where l.user_id = p_account_id
          order by l.revoked_at is not null, l.created_at desc, l.id limit 200) k));
end
$$;

-- The key, locked, for who may manage it. A revoked key stays revoked.
create or replace function private.lock_key(p_key_id uuid) returns public.api_keys
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key public.api_keys;
begin
  select * into v_key from public.api_keys k where k.id = p_key_id for no key update;
  perform private.require_role(v_key.user_id, 'admin');
  return v_key;
end
$$;

-- A new secret. The old one works for p_overlap_s seconds more; one before it ends now.
create or replace function api.rotate_api_key(
  p_key_id uuid, p_prefix text, p_hash bytea, p_overlap_s int, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key public.api_keys := private.lock_key(p_key_id);
begin
  if v_key.revoked_at is not null then
    perform private.fail('conflict', 'A revoked key cannot be rotated: create another one.');
  end if;
  perform private.note_origin(p_origin);
  update public.api_keys k set key_hash = p_hash, prefix = p_prefix, rotated_at = now(),
    previous_hash = case when p_overlap_s > 0 then k.key_hash end,
    previous_until = case when p_overlap_s > 0 then now() + make_interval(secs => p_overlap_s) end
  where k.id = p_key_id returning * into v_key;
  return private.key_json(v_key);
end
$$;

create or replace function api.revoke_api_key(p_key_id uuid, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key public.api_keys := private.lock_key(p_key_id);
begin
  perform private.note_origin(p_origin);
  update public.api_keys k set revoked_at = now(), previous_hash = null, previous_until = null
  where k.id = p_key_id and k.revoked_at is null returning * into v_key;
  return jsonb_build_object('apiKey', (select private.key_json(k) from public.api_keys k
    where k.id = p_key_id));
end
$$;

revoke all on function api.resolve_api_key(bytea) from public;
revoke all on function api.note_api_keys_used(uuid[], bigint[]) from public;
revoke all on function api.validate_api_key() from public;
revoke all on function api.create_api_key(uuid, text, jsonb, timestamptz, int, text, bytea, jsonb)
  from public;
revoke all on function api.list_api_keys(uuid) from public;
revoke all on function api.rotate_api_key(uuid, text, bytea, int, jsonb) from public;
revoke all on function api.revoke_api_key(uuid, jsonb) from public;
grant execute on function api.resolve_api_key(bytea) to authenticator, service_authenticator;
grant execute on function api.note_api_keys_used(uuid[], bigint[]) to service_role;
grant execute on function api.validate_api_key() to api_key;
grant execute on function
  api.create_api_key(uuid, text, jsonb, timestamptz, int, text, bytea, jsonb),
  api.list_api_keys(uuid), api.rotate_api_key(uuid, text, bytea, int, jsonb),
  api.revoke_api_key(uuid, jsonb) to authenticated;
