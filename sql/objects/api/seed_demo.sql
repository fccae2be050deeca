-- The demo account on plan pro, its API key and its shop. Idempotent: a second call sets password
-- and key to what is given, so that both are what the env file says.
create or replace function api.seed_demo(
  p_password_hash text, p_api_key_hash bytea, p_api_key_prefix text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_email constant text := api.demo_email();
  v_scopes constant text[] := array['agents:read', 'agents:write', 'analytics:read', 'chat:write',
    'conversations:read', 'conversations:write', 'knowledge:read', 'knowledge:write',
    'leads:read', 'leads:write', 'webhooks:write'];
  v_user_id uuid;
  v_agent_id uuid;
begin
  perform private.require_service();
  perform pg_catalog.pg_advisory_xact_lock(5270002);
  select u.id into v_user_id from auth.users u where u.email = v_email;
  if v_user_id is null then
    v_user_id := (api.auth_create_user(v_email, p_password_hash,
      '{"display_name":"Demo Owner"}') ->> 'id')::uuid;
    update public.accounts set display_name = 'Harbour Teas' where id = v_user_id;
  end if;
  update auth.users set encrypted_password = p_password_hash, updated_at = now()
  where id = v_user_id and encrypted_password is distinct from p_password_hash;
  update public.accounts set plan = 'pro' where id = v_user_id and plan <> 'pro';
  -- The month of somebody who tries things out, or measures, is not full after 10,000 conversations.
  insert into public.plan_overrides (user_id, plan, limits, note)
  values (v_user_id, 'pro', '{"conversations_per_month": null}', 'The demo is for trying out.')
  on conflict (user_id) do nothing;
  update public.api_keys
  set key_hash = p_api_key_hash, prefix = p_api_key_prefix, scopes = v_scopes, revoked_at = null
  where user_id = v_user_id and name = 'Demo key';
  if not found then
    insert into public.api_keys (user_id, name, prefix, key_hash, scopes)
    values (v_user_id, 'Demo key', p_api_key_prefix, p_api_key_hash, v_scopes);
  end if;
  v_agent_id := private.seed_demo_shop(v_user_id);
  return jsonb_build_object('userId', v_user_id, 'agentId', v_agent_id);
end
$$;
revoke all on function api.seed_demo(text, bytea, text) from public;
grant execute on function api.seed_demo(text, bytea, text) to service_role;
