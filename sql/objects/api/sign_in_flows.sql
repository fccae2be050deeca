-- Sign-ins on their way to a provider and back. The program keeps the state, the database its hash.

-- `p`: stateHash, providerId, redirectTo, linkUserId, address, browserHash, flow (challenge, method), how, expiresS.
create or replace function api.sign_in_flow_start(p jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_expires_s int := (p ->> 'expiresS')::int;
begin
  perform private.require_service();
  insert into auth.sign_in_flows (state_hash, provider_id, flow_id, link_user_id, browser_hash,
    address, redirect_to, expires_at)
  values ((p ->> 'stateHash')::bytea, (p ->> 'providerId')::uuid,
    private.start_flow(p -> 'flow', null, p ->> 'how', v_expires_s), (p ->> 'linkUserId')::uuid,
    (p ->> 'browserHash')::bytea, p ->> 'address', p ->> 'redirectTo', now() + make_interval(secs => v_expires_s));
end
$$;

-- Uses the flow up. Null when nobody began it, or somebody has used it.
create or replace function api.sign_in_flow_take(p_state_hash bytea) returns jsonb
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v auth.sign_in_flows;
begin
  perform private.require_service();
  delete from auth.sign_in_flows f where f.state_hash = p_state_hash returning * into v;
  if not found then
    return null;
  end if;
  return jsonb_build_object('flowId', v.flow_id, 'linkUserId', v.link_user_id,
    'browserHash', encode(v.browser_hash, 'hex'), 'address', v.address, 'redirectTo', v.redirect_to,
    'expired', v.expires_at <= now(),
    'provider', api.sign_in_provider(jsonb_build_object('id', v.provider_id)));
end
$$;

-- The person is known: api.auth_flow_code, with what the code brings besides a session.
create or replace function api.sign_in_flow_code(
  p_flow_id uuid, p_user_id uuid, p_code_hash bytea, p_tokens text, p_identity jsonb)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  perform api.auth_flow_code(p_flow_id, p_user_id, p_code_hash);
  update auth.flow_state f set provider_tokens = p_tokens, identity = p_identity where f.id = p_flow_id;
end
$$;

-- True when the assertion was here before; else it is noted.
create or replace function api.saml_assertion_seen(
  p_provider_id uuid, p_assertion_hash bytea, p_expires_s bigint)
returns boolean language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  insert into auth.saml_assertions (provider_id, assertion_hash, expires_at)
  values (p_provider_id, p_assertion_hash, to_timestamp(p_expires_s)) on conflict do nothing;
  return not found;
end
$$;
revoke all on function api.saml_assertion_seen(uuid, bytea, bigint) from public;
grant execute on function api.saml_assertion_seen(uuid, bytea, bigint) to service_role;

revoke all on function api.sign_in_flow_code(uuid, uuid, bytea, text, jsonb) from public;
grant execute on function api.sign_in_flow_code(uuid, uuid, bytea, text, jsonb) to service_role;
revoke all on function api.sign_in_flow_start(jsonb) from public;
revoke all on function api.sign_in_flow_take(bytea) from public;
grant execute on function api.sign_in_flow_start(jsonb) to service_role;
grant execute on function api.sign_in_flow_take(bytea) to service_role;
