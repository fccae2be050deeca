-- search_knowledge_sources: the passages of an agent nearest to a vector, by cosine. Where the server
-- has pgvector its type and operator are used, elsewhere arrays; both are exact.

-- The cosine of two arrays; null when they differ in length or one is all 0.
create or replace function private.cosine(p_left real[], p_right real[])
returns double precision language sql immutable parallel safe as $$
  select case when cardinality(p_left) = cardinality(p_right)
    then sum(l::double precision * r) / nullif(sqrt(sum(l::double precision * l)) * sqrt(sum(r::double precision * r)), 0) end
  from unnest(p_left, p_right) x (l, r)
$$;
revoke all on function private.cosine(real[], real[]) from public;

-- The caller's account in which this agent's knowledge may be searched, and whether they are of it.
-- A service sees everything; others what needs no group (private.may_see).
create or replace function private.searchable_account(p_agent_id uuid) returns uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_account_id uuid;
begin
  if v_role = 'authenticated' then
    select a.user_id into v_account_id from public.agents a
    where a.id = p_agent_id and a.user_id in (select private.account_ids());
  elsif v_role = 'api_key' then
    if not private.has_scope('knowledge:read') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope knowledge:read.');
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
  return v_account_id;
end
$$;
revoke all on function private.searchable_account(uuid) from public;

-- Makes the function for this server's kind of vector. %1$s is its type, %2$s the similarity of
-- e.embedding with p_query_embedding.
create or replace function private.define_vector_search() returns text
language plpgsql set search_path = '' as $define$
declare
  v_schema name := (select n.nspname from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace where t.typname = 'vector' limit 1);
  v_type text := 'real[]';
  v_similarity text := 'private.cosine(e.embedding, p_query_embedding)';
  v_old regprocedure;
begin
  if v_schema is not null then
    v_type := format('%I.vector', v_schema);
    v_similarity := format('case when cardinality(e.embedding) = cardinality(p_query_embedding::real[])
      then 1 - (e.embedding::%1$s operator(%2$I.<=>) p_query_embedding) end', v_type, v_schema);
  end if;
  for v_old in select p.oid::regprocedure from pg_catalog.pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname = 'search_knowledge_sources'
  loop
    execute format('drop function %s', v_old);
  end loop;
  execute format($sql$
    create function public.search_knowledge_sources(p_agent_id uuid, p_query_embedding %1$s,
      p_match_threshold double precision default 0.7, p_match_count int default 5)
    returns table (id uuid, source text, content text, type text, similarity double precision)
    language plpgsql stable security definer
    set search_path = '' set enable_seqscan = off as $body$
    declare
      v_account_id uuid := private.searchable_account(p_agent_id);
      v_role text := private.caller_role();
    begin
      return query
      select s.id, s.title, k.content, s.type, n.similarity
      from private.chunk_embeddings e
      join public.knowledge_chunks k on k.id = e.chunk_id
      join public.knowledge_sources s on s.user_id = k.user_id and s.agent_id = k.agent_id
        and s.id = k.source_id and s.status = 'ready'
      cross join lateral (select %2$s as similarity) n
      where e.user_id = v_account_id and e.agent_id = p_agent_id
        and (v_role = 'service_role' or private.may_see(s.acl_mode, s.sensitivity, s.acl_groups,
          v_role = 'authenticated', '{}'))
        and n.similarity > p_match_threshold
      order by n.similarity desc, k.id
      limit least(greatest(p_match_count, 0), 100);
    end
    $body$ $sql$, v_type, v_similarity);
  execute format('revoke all on function public.search_knowledge_sources(uuid, %s, double precision, int)
    from public, anon, visitor', v_type);
  execute format('grant execute on function public.search_knowledge_sources(uuid, %s, double precision, int)
    to authenticated, api_key, service_role', v_type);
  return v_type;
end
$define$;
revoke all on function private.define_vector_search() from public;

select private.define_vector_search();
