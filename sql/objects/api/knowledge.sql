-- Knowledge pasted as text, already cut into chunks by the program.

-- The same text for the same agent is one source. The triggers bump agents.knowledge_version.
create or replace function api.add_knowledge_text(
  p_agent_id uuid, p_title text, p_url text, p_chunks jsonb, p_content text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_account_id uuid;
  v_hash bytea := sha256(convert_to(coalesce(p_content, ''), 'UTF8'));
  v_source record;
begin
  if v_role = 'authenticated' then
    select a.user_id into v_account_id from public.agents a
    where a.id = p_agent_id and a.user_id in (select private.account_ids());
    if not found then
      perform private.not_found();
    end if;
    if private.role_rank(public.account_role(v_account_id)) < private.role_rank('manager') then
      perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
    end if;
  elsif v_role = 'api_key' then
    if not private.has_scope('knowledge:write') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope knowledge:write.');
    end if;
    select a.user_id into v_account_id from public.agents a
    where a.id = p_agent_id and a.user_id = private.claim_account_id();
  else
    perform private.require_service();
    select a.user_id into v_account_id from public.agents a where a.id = p_agent_id;
  end if;
  if v_account_id is null then
    perform private.not_found();
  end if;
  if length(trim(p_title)) not between 1 and 500 or p_title is null then
    perform private.fail('validation_failed', 'title must have 1 to 500 characters.');
  end if;
  if length(p_url) > 2000 then
    perform private.fail('validation_failed', 'url must have at most 2000 characters.');
  end if;
  if p_content is null or p_content !~ '\S' then
    perform private.fail('validation_failed', 'content must not be empty.');
  end if;
  if jsonb_typeof(p_chunks) is distinct from 'array' or jsonb_array_length(p_chunks) > 20000 then
    perform private.fail('validation_failed', 'chunks must be a list of at most 20000.');
  end if;
  -- clock_timestamp(): several texts of one transaction keep the order they came in.
  insert into public.knowledge_sources
    (user_id, agent_id, title, type, url, content, status, sha256, created_at)
  values (v_account_id, p_agent_id, trim(p_title), 'text', p_url, p_content, 'ready', v_hash,
    clock_timestamp())
  on conflict (user_id, agent_id, sha256) do nothing
  returning id, title into v_source;
  if found then
    insert into public.knowledge_chunks
      (user_id, agent_id, source_id, ordinal, heading, page, content)
    select v_account_id, p_agent_id, v_source.id, (c.ordinal - 1)::int, c.value ->> 'heading',
      (c.value ->> 'page')::int, c.value ->> 'content'
    from jsonb_array_elements(p_chunks) with ordinality c (value, ordinal)
    where c.value ->> 'content' ~ '\S';
  else
    select s.id, s.title into v_source from public.knowledge_sources s
    where s.user_id = v_account_id and s.agent_id = p_agent_id and s.sha256 = v_hash;
  end if;
  return jsonb_build_object('source', jsonb_build_object('id', v_source.id,
    'title', v_source.title,
    'chunks', (select count(*) from public.knowledge_chunks k
      where k.user_id = v_account_id and k.agent_id = p_agent_id
        and k.source_id = v_source.id)));
end
$$;

-- Everything the agent may answer from, with who may be shown it, in reading order.
create or replace function api.knowledge_for_agent(p_agent_id uuid)
returns table (chunk_id uuid, source_id uuid, title text, url text, page int, heading text,
  content text, acl_mode text, sensitivity text, acl_groups text[])
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
  select k.id, s.id, coalesce(d.title, s.title), coalesce(d.url, s.url), k.page, k.heading, k.content,
    s.acl_mode, s.sensitivity, s.acl_groups
  from public.agents a
  join public.knowledge_sources s
    on s.user_id = a.user_id and s.agent_id = a.id and s.status = 'ready'
  join public.knowledge_chunks k
    on k.user_id = s.user_id and k.agent_id = s.agent_id and k.source_id = s.id
  left join public.knowledge_documents d on d.user_id = k.user_id and d.id = k.document_id
  where a.id = p_agent_id
  order by s.created_at, s.id, d.ordinal nulls first, k.ordinal;
end
$$;

revoke all on function api.add_knowledge_text(uuid, text, text, jsonb, text) from public;
revoke all on function api.knowledge_for_agent(uuid) from public;
grant execute on function api.add_knowledge_text(uuid, text, text, jsonb, text)
  to authenticated, api_key, service_role;
grant execute on function api.knowledge_for_agent(uuid) to service_role;
