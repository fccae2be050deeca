-- Codes of PKCE flows: given out once, redeemed once.

-- The person of the flow is known: from now on the code stands for them, for five minutes.
create or replace function api.auth_flow_code(p_flow_id uuid, p_user_id uuid, p_code_hash bytea)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  update auth.flow_state f set user_id = p_user_id, code_hash = p_code_hash,
    expires_at = now() + interval '5 minutes'
  where f.id = p_flow_id and f.code_hash is null and f.expires_at > now()
    and (f.user_id is null or f.user_id = p_user_id);
  if not found then
    perform private.fail('flow_state_not_found', 'invalid flow state, no valid flow state found');
  end if;
end
$$;

-- `p_s256` and `p_plain`: what the verifier makes of each method. The code is used up either way.
create or replace function api.auth_flow_redeem(p_code_hash bytea, p_s256 text, p_plain text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v auth.flow_state;
begin
  perform private.require_service();
  delete from auth.flow_state f where f.code_hash = p_code_hash returning * into v;
  if not found or v.user_id is null then
    return jsonb_build_object('outcome', 'flow_state_not_found');
  end if;
  if v.expires_at <= now() then
    return jsonb_build_object('outcome', 'flow_state_expired');
  end if;
  if v.code_challenge <> (case v.code_challenge_method when 's256' then p_s256 else p_plain end) then
    return jsonb_build_object('outcome', 'bad_code_verifier');
  end if;
  if v.identity is not null then
    perform private.link_identity(v.user_id, v.identity);
  end if;
  return jsonb_strip_nulls(jsonb_build_object('outcome', 'redeemed', 'userId', v.user_id,
    'method', v.authentication_method, 'tokens', v.provider_tokens));
end
$$;

revoke all on function api.auth_flow_code(uuid, uuid, bytea) from public;
revoke all on function api.auth_flow_redeem(bytea, text, text) from public;
grant execute on function api.auth_flow_code(uuid, uuid, bytea) to service_role;
grant execute on function api.auth_flow_redeem(bytea, text, text) to service_role;
