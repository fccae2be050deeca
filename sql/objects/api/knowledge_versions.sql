-- The versions of agents' knowledge, for indexes that are to be built before somebody asks.
create or replace function api.knowledge_versions(p_agents uuid[])
returns table (agent_id uuid, version bigint, account_id uuid)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query select a.id, a.knowledge_version, a.user_id
  from public.agents a where a.id = any (p_agents);
end
$$;
revoke all on function api.knowledge_versions(uuid[]) from public;
grant execute on function api.knowledge_versions(uuid[]) to service_role;
