-- What a widget needs to draw itself. Primary keys only; public data only. Our own pages (the program
-- knows them) show every agent, whatever its list says. An identified visitor's id is good for nothing
-- here unless the program, as the service, has seen the signature.
create or replace function api.get_widget_config(
  p_agent_id uuid, p_origin text, p_visitor_id uuid, p_own_page boolean default false)
returns table (agent jsonb, config jsonb, operating_hours jsonb, account_id uuid, visitor_id uuid)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_agent record;
begin
  select a.id, a.user_id, a.name, a.greeting, a.fallback_message, a.theme, a.behavior, a.position,
    a.features, a.personality, a.operating_hours, a.allowed_origins, a.identity_required,
    v.id as visitor_id, v.identifier,
    p.features || coalesce(x.features, '{}') as plan
  into v_agent
  from public.agents a
  join public.accounts o on o.id = a.user_id and o.status = 'active'
  join public.plans p on p.id = o.plan
  left join public.plan_overrides x on x.user_id = o.id and (x.plan is null or x.plan = o.plan)
  left join public.visitors v on v.id = p_visitor_id and v.agent_id = a.id
    and (v.identifier is null or current_setting('role') = 'service_role')
  where a.id = p_agent_id and a.is_active;
  if not found then
    perform private.not_found();
  end if;
  perform private.require_origin(v_agent.allowed_origins, p_origin, p_own_page);
  if v_agent.identity_required and v_agent.identifier is null then
    perform private.fail('identity_required', 'This chat is for signed-in customers.');
  end if;
  agent := jsonb_build_object('id', v_agent.id, 'name', v_agent.name,
    'greeting', v_agent.greeting, 'fallbackMessage', v_agent.fallback_message);
  config := jsonb_build_object('theme', v_agent.theme, 'behavior', v_agent.behavior,
    'position', v_agent.position, 'features', v_agent.features,
    'personality', v_agent.personality, 'branding', jsonb_build_object('poweredBy',
      not ((v_agent.plan ->> 'white_label')::boolean is true
        or ((v_agent.plan ->> 'custom_branding')::boolean is true
          and v_agent.features -> 'poweredBy' = 'false'))));
  operating_hours := v_agent.operating_hours;
  account_id := v_agent.user_id;
  visitor_id := v_agent.visitor_id;
  return next;
end
$$;
revoke all on function api.get_widget_config(uuid, text, uuid, boolean) from public;
grant execute on function api.get_widget_config(uuid, text, uuid, boolean)
  to anon, visitor, authenticated, api_key, service_role;
