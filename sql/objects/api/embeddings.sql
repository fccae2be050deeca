-- Vectors of passages, made by the program with the model that is set up: claim an agent whose
-- knowledge has changed, read what has no vector, store, finish. What is restricted is sent to no
-- service and has none.

-- An agent that needs vectors, under a lease, or no row; of an account one at a time. Whose vectors have
-- failed waits, the longer the more often in a row, and comes after those that have not.
create or replace function api.claim_embedding(p_model text, p_lease_s int)
returns table (agent_id uuid, account_id uuid, version bigint)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_agent record;
begin
  perform private.require_service();
  select a.id, a.user_id, a.knowledge_version into v_agent
  from public.agents a
  left join private.embedding_progress p on p.agent_id = a.id
  where a.knowledge_version > 0
    and (p.agent_id is null or p.model <> p_model or p.version < a.knowledge_version)
    and not exists (select from private.embedding_progress q
      where q.user_id = a.user_id and q.lease_until >= now())
    and (p.retry_at is null or p.retry_at <= now() or p.model <> p_model)
  order by p.retry_at nulls first, a.id limit 1 for no key update of a skip locked;
  if not found then
    return;
  end if;
  insert into private.embedding_progress as p (agent_id, user_id, model, lease_until)
  values (v_agent.id, v_agent.user_id, p_model, now() + p_lease_s * interval '1 second')
  on conflict on constraint embedding_progress_pkey do update
  set model = excluded.model, lease_until = excluded.lease_until,
    version = case when p.model = excluded.model then p.version else 0 end,
    failures = case when p.model = excluded.model then p.failures else 0 end;
  return query select v_agent.id, v_agent.user_id, v_agent.knowledge_version;
end
$$;

create or replace function api.passages_without_embedding(p_agent_id uuid, p_model text, p_count int)
returns table (chunk_id uuid, heading text, content text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
  select k.id, coalesce(k.heading, ''), k.content
  from public.agents a
  join public.knowledge_sources s on s.user_id = a.user_id and s.agent_id = a.id
    and s.status = 'ready' and s.sensitivity <> 'restricted'
  join public.knowledge_chunks k
    on k.user_id = s.user_id and k.agent_id = s.agent_id and k.source_id = s.id
  left join private.chunk_embeddings e on e.chunk_id = k.id and e.model = p_model
  left join private.chunks_refused r on r.chunk_id = k.id and r.model = p_model
  where a.id = p_agent_id and e.chunk_id is null and r.chunk_id is null
  order by k.id limit least(p_count, 256);
end
$$;

-- A vector for each passage that is still there; renews the lease.
create or replace function api.store_embeddings(
  p_agent_id uuid, p_model text, p_chunks jsonb, p_embeddings jsonb, p_lease_s int) returns int
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_count int;
begin
  perform private.require_service();
  insert into private.chunk_embeddings (chunk_id, user_id, agent_id, model, embedding)
  select k.id, k.user_id, k.agent_id, p_model, (p_embeddings ->> (c.n - 1)::int)::real[]
  from jsonb_array_elements_text(p_chunks) with ordinality c (id, n)
  join public.knowledge_chunks k on k.id = c.id::uuid and k.agent_id = p_agent_id
  on conflict (chunk_id) do update
  set model = excluded.model, embedding = excluded.embedding, created_at = now();
  get diagnostics v_count = row_count;
  update private.embedding_progress p set lease_until = now() + p_lease_s * interval '1 second'
  where p.agent_id = p_agent_id;
  return v_count;
end
$$;

-- A passage that the service does not take, alone: it is found by its words.
create or replace function api.refuse_embedding(p_agent_id uuid, p_model text, p_chunk_id uuid)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  insert into private.chunks_refused (chunk_id, user_id, agent_id, model)
  select k.id, k.user_id, k.agent_id, p_model from public.knowledge_chunks k
  where k.id = p_chunk_id and k.agent_id = p_agent_id
  on conflict (chunk_id) do update set model = excluded.model, created_at = now();
end
$$;

-- Ends the lease. Without p_version it has failed, and waits: 15 s, 30 s, 60 s ... up to ten minutes.
-- With p_version every passage of that version has its vector: then the knowledge gets another version, so
-- that indexes are built with them; if it has changed meanwhile, it is claimed again.
create or replace function api.finish_embedding(p_agent_id uuid, p_model text, p_version bigint)
returns boolean language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  if p_version is null then
    update private.embedding_progress p set lease_until = null, failures = p.failures + 1,
      retry_at = now() + least(600, 15 * 2 ^ least(p.failures, 10)) * interval '1 second'
    where p.agent_id = p_agent_id;
    return false;
  end if;
  update public.agents a set knowledge_version = a.knowledge_version + 1
  where a.id = p_agent_id and a.knowledge_version = p_version;
  if not found then
    update private.embedding_progress p set lease_until = null, failures = 0, retry_at = null
    where p.agent_id = p_agent_id;
    return false;
  end if;
  update private.embedding_progress p
  set lease_until = null, failures = 0, retry_at = null, version = p_version + 1
  where p.agent_id = p_agent_id and p.model = p_model;
  return true;
end
$$;

-- Of an index: the vectors there are, as text.
create or replace function api.embeddings_for_agent(p_agent_id uuid, p_model text)
returns table (chunk_id uuid, embedding text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
  select e.chunk_id, e.embedding::text from public.agents a
  join private.chunk_embeddings e on e.user_id = a.user_id and e.agent_id = a.id and e.model = p_model
  where a.id = p_agent_id;
end
$$;

revoke all on function api.claim_embedding(text, int) from public;
revoke all on function api.passages_without_embedding(uuid, text, int) from public;
revoke all on function api.store_embeddings(uuid, text, jsonb, jsonb, int) from public;
revoke all on function api.refuse_embedding(uuid, text, uuid) from public;
revoke all on function api.finish_embedding(uuid, text, bigint) from public;
revoke all on function api.embeddings_for_agent(uuid, text) from public;
grant execute on function api.claim_embedding(text, int) to service_role;
grant execute on function api.passages_without_embedding(uuid, text, int) to service_role;
grant execute on function api.store_embeddings(uuid, text, jsonb, jsonb, int) to service_role;
grant execute on function api.refuse_embedding(uuid, text, uuid) to service_role;
grant execute on function api.finish_embedding(uuid, text, bigint) to service_role;
grant execute on function api.embeddings_for_agent(uuid, text) to service_role;
