-- What a page of the agent needs before any script runs: its name, and which sites may frame it (one
-- origin a line; empty: any). Public data only; an agent that is switched off is unknown.
create or replace function api.get_agent_page(p_agent_id uuid)
returns table (name text, allowed_origins text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  select a.name,
    case when a.allowed_origins = '{}' then ''
      -- Never empty for a list that has entries, else nobody's list would be everybody's.
      else coalesce(nullif((select string_agg(o, e'\n' order by o)
        from unnest(a.allowed_origins) o where o !~ '[[:space:][:cntrl:]]'), ''), 'none')
    end
  into get_agent_page.name, get_agent_page.allowed_origins
  from public.agents a
  join public.accounts o on o.id = a.user_id and o.status = 'active'
  where a.id = p_agent_id and a.is_active;
  if not found then
    perform private.not_found();
  end if;
  return next;
end
$$;
revoke all on function api.get_agent_page(uuid) from public;
grant execute on function api.get_agent_page(uuid)
  to anon, visitor, authenticated, api_key, service_role;
