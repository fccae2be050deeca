-- The agent, for a person who manages it (role manager or above); a foreign one and one that does not
-- exist are not told apart.
create or replace function private.managed_agent(p_agent_id uuid) returns public.agents
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_agent public.agents;
begin
  if private.person_id() is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  select * into v_agent from public.agents a
  where a.id = p_agent_id and a.user_id in (select private.account_ids());
  if not found then
    perform private.not_found();
  end if;
  perform private.require_role(v_agent.user_id, 'manager');
  return v_agent;
end
$$;

-- All settings, for whoever manages the agent.
create or replace function private.agent_json(a public.agents) returns jsonb
language sql stable as $$
  select jsonb_build_object('id', a.id, 'accountId', a.user_id, 'name', a.name, 'greeting', a.greeting,
    'fallbackMessage', a.fallback_message, 'instructions', a.instructions, 'model', a.model, 'ai', a.ai,
    'isActive', a.is_active, 'allowedOrigins', to_jsonb(a.allowed_origins), 'theme', a.theme,
    'behavior', a.behavior, 'position', a.position, 'features', a.features,
    'personality', a.personality, 'operatingHours', a.operating_hours, 'safety', a.safety,
    'leadSettings', a.lead_settings, 'createdAt', private.iso(a.created_at),
    'updatedAt', private.iso(a.updated_at))
$$;
