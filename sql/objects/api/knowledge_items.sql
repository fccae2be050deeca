-- Items: what is written down piece by piece - questions with answers, products, documentation, the
-- company. All items of one type of an agent are one source; each is a document.

create or replace function private.item_source(p_account uuid, p_agent_id uuid, p_type text)
returns public.knowledge_sources
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_hash bytea := sha256(convert_to('items:' || p_type, 'UTF8'));
  v_source public.knowledge_sources;
begin
  insert into public.knowledge_sources (user_id, agent_id, title, type, status, sha256, settings, created_at)
  values (p_account, p_agent_id, case p_type when 'faq' then 'Questions and answers'
      when 'product' then 'Products' when 'company_info' then 'About the company' else 'Documentation' end,
    'items', 'ready', v_hash, jsonb_build_object('item_type', p_type), clock_timestamp())
  on conflict (user_id, agent_id, sha256) do nothing;
  select * into v_source from public.knowledge_sources s
  where s.user_id = p_account and s.agent_id = p_agent_id and s.sha256 = v_hash;
  return v_source;
end
$$;

-- One item with its passages; null when the same is there already.
create or replace function private.add_item(s public.knowledge_sources, p_item jsonb, p_ordinal int)
returns uuid language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_hash bytea := sha256(convert_to((p_item ->> 'title') || e'\n' || (p_item ->> 'content'), 'UTF8'));
  v_id uuid;
begin
  insert into public.knowledge_documents (user_id, agent_id, source_id, ordinal, external_id, title,
    url, type, content, content_hash, metadata, chunk_count, indexed_at)
  values (s.user_id, s.agent_id, s.id, p_ordinal, encode(v_hash, 'hex'), p_item ->> 'title',
    p_item #>> '{metadata,source}', p_item ->> 'type', p_item ->> 'content', v_hash,
    coalesce(p_item -> 'metadata', '{}'), jsonb_array_length(p_item -> 'passages'), now())
  on conflict (user_id, agent_id, source_id, external_id) do nothing
  returning id into v_id;
  if v_id is not null then
    insert into public.knowledge_chunks
      (user_id, agent_id, source_id, document_id, ordinal, heading, char_start, char_end, content)
    select s.user_id, s.agent_id, s.id, v_id, c.ordinal - 1, c.value ->> 'heading',
      (c.value ->> 'start')::int, (c.value ->> 'end')::int, c.value ->> 'content'
    from jsonb_array_elements(p_item -> 'passages') with ordinality c (value, ordinal);
  end if;
  return v_id;
end
$$;

-- p_items: what the program has cut into passages, and what it has found wrong ({"error": ...}); each
-- gets an answer of its own. p_mode replace: the items of p_type that are not among them are gone, in
-- the same transaction.
create or replace function api.store_knowledge_items(p_agent_id uuid, p_items jsonb, p_mode text, p_type text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := private.knowledge_account(p_agent_id, 'write');
  v_source public.knowledge_sources;
  v_item record;
  v_id uuid;
  v_results jsonb := '[]';
  v_sources uuid[] := '{}';
  v_next int;
begin
  perform from public.agents a where a.id = p_agent_id for no key update;
  if p_mode = 'replace' then
    v_source := private.item_source(v_account, p_agent_id, p_type);
    v_sources := array[v_source.id];
    delete from public.knowledge_documents d
    where d.user_id = v_account and d.agent_id = p_agent_id and d.source_id = v_source.id
      and d.external_id not in (select encode(sha256(convert_to((i ->> 'title') || e'\n' || (i ->> 'content'), 'UTF8')), 'hex')
        from jsonb_array_elements(p_items) i where i ? 'passages');
  end if;
  for v_item in select i.value as body, (i.ordinal - 1)::int as index
    from jsonb_array_elements(p_items) with ordinality i (value, ordinal)
  loop
    if v_item.body ? 'error' then
      v_results := v_results || jsonb_build_object('index', v_item.index, 'status', 'failed',
        'error', v_item.body -> 'error');
      continue;
    end if;
    if v_source.settings ->> 'item_type' is distinct from v_item.body ->> 'type' then
      v_source := private.item_source(v_account, p_agent_id, v_item.body ->> 'type');
      v_sources := v_sources || v_source.id;
    end if;
    v_next := (select coalesce(max(d.ordinal), 0) + 1 from public.knowledge_documents d
      where d.user_id = v_account and d.agent_id = p_agent_id and d.source_id = v_source.id);
    v_id := private.add_item(v_source, v_item.body, v_next);
    v_results := v_results || jsonb_build_object('index', v_item.index, 'source_id', v_source.id,
      'status', case when v_id is null then 'duplicate' else 'stored' end, 'id', coalesce(v_id,
        (select d.id from public.knowledge_documents d where d.user_id = v_account
          and d.agent_id = p_agent_id and d.source_id = v_source.id and d.external_id
            = encode(sha256(convert_to((v_item.body ->> 'title') || e'\n' || (v_item.body ->> 'content'), 'UTF8')), 'hex'))));
  end loop;
  perform private.items_changed(x) from (select distinct unnest(v_sources)) u (x);
  return jsonb_build_object('results', v_results,
    'stored', (select count(*) from jsonb_array_elements(v_results) r where r ->> 'status' = 'stored'),
    'duplicates', (select count(*) from jsonb_array_elements(v_results) r where r ->> 'status' = 'duplicate'),
    'failed', (select count(*) from jsonb_array_elements(v_results) r where r ->> 'status' = 'failed'));
end
$$;

create or replace function private.items_changed(p_source_id uuid) returns void
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  update public.knowledge_sources s set page_count = (select count(*) from public.knowledge_documents d
    where d.user_id = s.user_id and d.agent_id = s.agent_id and d.source_id = s.id)
  where s.id = p_source_id;
  perform private.source_synced(p_source_id, 'knowledge.updated');
end
$$;

create or replace function api.list_knowledge_items(p_agent_id uuid, p_type text, p_limit int,
  p_before_us bigint, p_before_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := private.knowledge_account(p_agent_id, 'read');
  v_items public.knowledge_documents[];
begin
  v_items := array(
    select d from public.knowledge_documents d
    join public.knowledge_sources s on s.user_id = d.user_id and s.agent_id = d.agent_id and s.id = d.source_id
    where d.user_id = v_account and d.agent_id = p_agent_id and s.type = 'items' and private.sees_source(s)
      and (p_type is null or d.type = p_type)
      and (p_before_us is null
        or (d.created_at, d.id) < (private.time_from_us(p_before_us), p_before_id))
    order by d.created_at desc, d.id desc limit p_limit + 1);
  return jsonb_build_object(
    'items', (select coalesce(jsonb_agg(private.item_json(d) order by d.created_at desc, d.id desc), '[]')
      from unnest(v_items[1:p_limit]) d),
    'next_cursor', case when cardinality(v_items) > p_limit
      then private.cursor(v_items[p_limit].created_at, v_items[p_limit].id) end);
end
$$;

create or replace function api.delete_knowledge_item(p_id uuid) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_document public.knowledge_documents;
begin
  select d.* into v_document from public.knowledge_documents d
  join public.knowledge_sources s on s.user_id = d.user_id and s.agent_id = d.agent_id and s.id = d.source_id
  where d.id = p_id and s.type = 'items';
  perform private.require_knowledge(v_document.user_id, 'write');
  delete from public.knowledge_documents d where d.user_id = v_document.user_id and d.id = p_id;
  perform private.items_changed(v_document.source_id);
  return jsonb_build_object('id', p_id, 'deleted', true);
end
$$;

create or replace function api.get_company_info(p_agent_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := private.knowledge_account(p_agent_id, 'read');
  v_document public.knowledge_documents;
  v_words int;
begin
  select d.* into v_document from public.knowledge_documents d
  join public.knowledge_sources s on s.user_id = d.user_id and s.agent_id = d.agent_id and s.id = d.source_id
  where d.user_id = v_account and d.agent_id = p_agent_id and d.type = 'company_info'
    and private.sees_source(s)
  order by d.created_at desc limit 1;
  v_words := coalesce(array_length(regexp_split_to_array(nullif(trim(v_document.content), ''), '\s+'), 1), 0);
  return jsonb_build_object('content', coalesce(v_document.content, ''), 'wordCount', v_words,
    'lastUpdated', private.iso(v_document.indexed_at),
    'validationStatus', case when v_words = 0 then 'error' when v_words between 50 and 5000 then 'valid'
      else 'warning' end,
    'suggestions', case
      when v_words = 0 then '["Nothing is written yet: say what the company does, for whom, and how to reach it."]'::jsonb
      when v_words < 50 then '["Write at least 50 words, so that questions about the company find an answer."]'::jsonb
      when v_words > 5000 then '["More than 5000 words: put what is about products or procedures into sources of their own."]'::jsonb
      else '[]'::jsonb end);
end
$$;

-- The agent whose knowledge a tenant's knowledge base is: the one that is named, or the only one.
create or replace function api.knowledge_base_agent(p_account_id uuid, p_agent_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := private.require_knowledge(p_account_id, 'write');
  v_agents uuid[];
begin
  v_agents := array(select a.id from public.agents a where a.user_id = v_account
    and (p_agent_id is null or a.id = p_agent_id) order by a.created_at limit 2);
  if cardinality(v_agents) = 0 then
    perform private.not_found();
  elsif cardinality(v_agents) > 1 then
    perform private.fail('validation_failed',
      'agentId must be given: this account has several agents.', 'agentId');
  end if;
  return jsonb_build_object('agentId', v_agents[1]);
end
$$;

revoke all on function api.store_knowledge_items(uuid, jsonb, text, text) from public;
revoke all on function api.list_knowledge_items(uuid, text, int, bigint, uuid) from public;
revoke all on function api.delete_knowledge_item(uuid) from public;
revoke all on function api.get_company_info(uuid) from public;
revoke all on function api.knowledge_base_agent(uuid, uuid) from public;
grant execute on function api.store_knowledge_items(uuid, jsonb, text, text),
  api.list_knowledge_items(uuid, text, int, bigint, uuid), api.delete_knowledge_item(uuid),
  api.get_company_info(uuid), api.knowledge_base_agent(uuid, uuid) to authenticated, api_key, service_role;
