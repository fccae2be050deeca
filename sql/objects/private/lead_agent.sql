-- The conversation the caller may attach a lead to, or null when none is named; checks the agent too.
create or replace function private.lead_agent(p_agent_id uuid, p_conversation_id uuid)
returns uuid language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text := private.caller_role();
  v_account_id uuid := private.claim_account_id();
begin
  if v_role = 'visitor' then
    if p_agent_id is distinct from private.claim_agent_id() then
      perform private.not_found();
    end if;
  elsif v_role = 'api_key' then
    if not private.has_scope('leads:write') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope leads:write.');
    end if;
  else
    perform private.fail('forbidden', 'This needs a visitor token or an API key.');
  end if;
  perform from public.agents a
  join public.accounts o on o.id = a.user_id and o.status = 'active'
  where a.id = p_agent_id and a.user_id = v_account_id and a.is_active;
  if not found then
    perform private.not_found();
  end if;
  if p_conversation_id is not null then
    perform from public.conversations c
    where c.id = p_conversation_id and c.agent_id = p_agent_id and c.user_id = v_account_id
      and (v_role = 'api_key' or c.visitor_id = private.visitor_id()) and c.status <> 'archived';
    if not found then
      perform private.not_found();
    end if;
  end if;
  return v_account_id;
end
$$;
