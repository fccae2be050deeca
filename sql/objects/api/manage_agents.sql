-- Agents as managers make and change them. The program has checked every field; what a plan allows is
-- counted by the trigger that counts every agent, and audit_row writes who did it.

create or replace function api.get_agent(p_agent_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return jsonb_build_object('agent', private.agent_json(private.managed_agent(p_agent_id)));
end
$$;

create or replace function api.create_agent(p_account_id uuid, p_settings jsonb, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_agent_id uuid;
begin
  perform private.require_role(p_account_id, 'manager');
  perform private.note_origin(p_origin);
  if p_settings ->> 'name' is null then
    perform private.fail('validation_failed', 'name must have 1 to 200 characters.', 'name');
  end if;
  insert into public.agents (user_id, name) values (p_account_id, p_settings ->> 'name')
  returning id into v_agent_id;
  return api.update_agent(v_agent_id, p_settings, p_origin);
end
$$;

create or replace function api.update_agent(p_agent_id uuid, p_settings jsonb, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  s constant jsonb := p_settings;
  v_agent public.agents;
begin
  perform private.managed_agent(p_agent_id);
  perform private.note_origin(p_origin);
  update public.agents a set
    name = coalesce(s ->> 'name', a.name),
    greeting = coalesce(s ->> 'greeting', a.greeting),
    fallback_message = coalesce(s ->> 'fallbackMessage', a.fallback_message),
    instructions = coalesce(s ->> 'instructions', a.instructions),
    model = coalesce(nullif(s ->> 'model', ''), a.model),
    ai = coalesce(s -> 'ai', a.ai),
    is_active = coalesce((s ->> 'isActive')::boolean, a.is_active),
    allowed_origins = case when s ? 'allowedOrigins'
      then array(select jsonb_array_elements_text(s -> 'allowedOrigins')) else a.allowed_origins end,
    position = coalesce(s ->> 'position', a.position),
    theme = a.theme || coalesce(s -> 'theme', '{}'),
    behavior = a.behavior || coalesce(s -> 'behavior', '{}'),
    features = a.features || coalesce(s -> 'features', '{}'),
    personality = coalesce(s -> 'personality', a.personality),
    operating_hours = coalesce(s -> 'operatingHours', a.operating_hours),
    safety = coalesce(s -> 'safety', a.safety),
    lead_settings = coalesce(s -> 'leadSettings', a.lead_settings)
  where a.id = p_agent_id
  returning * into v_agent;
  return jsonb_build_object('agent', private.agent_json(v_agent));
end
$$;

revoke all on function api.get_agent(uuid) from public;
revoke all on function api.create_agent(uuid, jsonb, jsonb) from public;
revoke all on function api.update_agent(uuid, jsonb, jsonb) from public;
grant execute on function api.get_agent(uuid) to authenticated;
grant execute on function api.create_agent(uuid, jsonb, jsonb) to authenticated;
grant execute on function api.update_agent(uuid, jsonb, jsonb) to authenticated;
