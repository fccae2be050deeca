-- Tokens that an API key is exchanged for (OAuth 2, client_credentials). api.resolve_api_key takes them
-- like the key itself.

-- Null for a key that does not work, an id that is not the key's (or, empty, none), another account.
-- `p_scope`: words with blanks between, each of the key's; null or '' for all of them. The newest hundred
-- tokens of a key count.
create or replace function api.create_key_token(
  p_key_hash bytea, p_client_id text, p_account_id uuid, p_scope text, p_token_hash bytea,
  p_valid_s int)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key jsonb := api.resolve_api_key(p_key_hash);
  v_id uuid := (v_key ->> 'key_id')::uuid;
  v_account uuid := (v_key ->> 'account_id')::uuid;
  v_mine text[] := array(select jsonb_array_elements_text(v_key -> 'scopes'));
  v_scopes text[] := array_remove(string_to_array(coalesce(p_scope, ''), ' '), '');
begin
  perform private.require_service();
  -- A token is not exchanged for another one, or it would never end.
  if v_id is null or v_key ? 'token'
    or (p_client_id <> '' and lower(p_client_id) <> v_id::text) or p_account_id <> v_account then
    return null;
  end if;
  if not v_scopes <@ v_mine then
    perform private.fail('insufficient_scope', 'The key lacks a scope that was asked for.');
  end if;
  v_scopes := case when v_scopes = '{}' then v_mine
    else array(select m from unnest(v_mine) m where m = any (v_scopes)) end;
  delete from private.api_key_tokens t where t.user_id = v_account and t.key_id = v_id
    and t.token_hash in (select o.token_hash from private.api_key_tokens o
      where o.user_id = v_account and o.key_id = v_id order by o.created_at desc offset 99);
  insert into private.api_key_tokens (token_hash, user_id, key_id, key_hash, scopes, expires_at)
  values (p_token_hash, v_account, v_id, p_key_hash, v_scopes,
    now() + make_interval(secs => p_valid_s));
  return jsonb_build_object('scopes', to_jsonb(v_scopes));
end
$$;

-- Does the person work in the account?
create or replace function api.works_in_account(p_user_id uuid, p_account_id uuid) returns boolean
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return exists (select from public.accounts a where a.id = p_account_id)
    and private.team_role(p_account_id, p_user_id) is not null;
end
$$;

revoke all on function api.create_key_token(bytea, text, uuid, text, bytea, int) from public;
revoke all on function api.works_in_account(uuid, uuid) from public;
grant execute on function api.create_key_token(bytea, text, uuid, text, bytea, int) to service_role;
grant execute on function api.works_in_account(uuid, uuid) to service_role;
