-- What a search of knowledge may touch, and who a source is shown to.

-- The agents a search goes through, with the version of their knowledge; `inside` says that the caller
-- is of the account. Without an agent it is every one of an API key's account, at most 20. Groups are
-- what the caller answers for: an API key's site knows its people, managers may try any.
create or replace function api.knowledge_search_scope(p_agent_id uuid, p_groups text[])
returns table (agent_id uuid, knowledge_version bigint, account_id uuid, inside boolean)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_account_id uuid;
begin
  if v_role = 'authenticated' then
    if p_agent_id is null then
      perform private.fail('validation_failed', 'agent_id must be given.');
    end if;
    select a.user_id into v_account_id from public.agents a
    where a.id = p_agent_id and a.user_id in (select private.account_ids());
    if not found then
      perform private.not_found();
    end if;
    if cardinality(p_groups) > 0
      and private.role_rank(public.account_role(v_account_id)) < private.role_rank('manager') then
      perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
    end if;
  elsif v_role = 'api_key' then
    if not private.has_scope('knowledge:read') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope knowledge:read.');
    end if;
    v_account_id := private.claim_account_id();
  else
    perform private.require_service();
    select a.user_id into v_account_id from public.agents a where a.id = p_agent_id;
  end if;
  return query
  select a.id, a.knowledge_version, a.user_id, v_role = 'authenticated'
  from public.agents a
  where a.user_id = v_account_id and (p_agent_id is null or a.id = p_agent_id)
  order by a.created_at, a.id limit 20;
  if not found and p_agent_id is not null then
    perform private.not_found();
  end if;
end
$$;

-- Who a source is shown to, from the next search on. Null leaves a part as it is.
create or replace function api.set_knowledge_access(
  p_source_id uuid, p_acl_mode text, p_sensitivity text, p_acl_groups text[])
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_source public.knowledge_sources;
begin
  if v_role = 'authenticated' then
    select s.* into v_source from public.knowledge_sources s
    where s.id = p_source_id and s.user_id in (select private.account_ids());
    if not found then
      perform private.not_found();
    end if;
    if private.role_rank(public.account_role(v_source.user_id)) < private.role_rank('manager') then
      perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
    end if;
  elsif v_role = 'api_key' then
    if not private.has_scope('knowledge:write') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope knowledge:write.');
    end if;
    select s.* into v_source from public.knowledge_sources s
    where s.id = p_source_id and s.user_id = private.claim_account_id();
  else
    perform private.require_service();
    select s.* into v_source from public.knowledge_sources s where s.id = p_source_id;
  end if;
  if v_source.id is null then
    perform private.not_found();
  end if;
  update public.knowledge_sources s
  set acl_mode = coalesce(p_acl_mode, s.acl_mode),
    sensitivity = coalesce(p_sensitivity, s.sensitivity),
    acl_groups = coalesce((select array_agg(distinct g order by g) from unnest(p_acl_groups) g),
      case when p_acl_groups is null then s.acl_groups else '{}' end),
    updated_at = now()
  where s.id = v_source.id
  returning * into v_source;
  return jsonb_build_object('source', jsonb_build_object('id', v_source.id,
    'title', v_source.title, 'aclMode', v_source.acl_mode,
    'sensitivity', v_source.sensitivity, 'aclGroups', to_jsonb(v_source.acl_groups)));
end
$$;

revoke all on function api.knowledge_search_scope(uuid, text[]) from public;
revoke all on function api.set_knowledge_access(uuid, text, text, text[]) from public;
grant execute on function api.knowledge_search_scope(uuid, text[])
  to authenticated, api_key, service_role;
grant execute on function api.set_knowledge_access(uuid, text, text, text[])
  to authenticated, api_key, service_role;
