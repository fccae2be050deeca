-- What the knowledge endpoints and jobs share.

-- The account of an agent for somebody who may write (or read) its knowledge; fails as add-knowledge-text
-- always has: an unknown and a foreign id alike.
create or replace function private.knowledge_account(p_agent_id uuid, p_act text) returns uuid
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := (select a.user_id from public.agents a where a.id = p_agent_id);
begin
  return private.require_knowledge(v_account, p_act);
end
$$;

create or replace function private.require_knowledge(p_account uuid, p_act text) returns uuid
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
begin
  if v_role = 'authenticated' then
    if p_account is null or p_account not in (select private.account_ids()) then
      perform private.not_found();
    end if;
    if p_act = 'write' and p_account not in (select private.account_ids_as('manager')) then
      perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
    end if;
  elsif v_role = 'api_key' then
    if not private.has_scope('knowledge:' || p_act)
      and not (p_act = 'read' and private.has_scope('knowledge:write')) then
      perform private.fail('insufficient_scope',
        format('The API key lacks the scope knowledge:%s.', p_act));
    end if;
    if p_account is distinct from private.claim_account_id() or p_account is null then
      perform private.not_found();
    end if;
  else
    perform private.require_service();
    if p_account is null then
      perform private.not_found();
    end if;
  end if;
  return p_account;
end
$$;

-- What needs a group is managed by managers; others of the account see the rest. Keys act for the account.
create or replace function private.sees_source(s public.knowledge_sources) returns boolean
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  return s.acl_mode = 'public' and s.sensitivity in ('public', 'internal')
    or private.caller_role() is distinct from 'authenticated'
    or s.user_id in (select private.account_ids_as('manager'));
end
$$;

create or replace function private.knowledge_source(p_id uuid, p_act text)
returns public.knowledge_sources
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources;
begin
  select * into v_source from public.knowledge_sources s where s.id = p_id;
  perform private.require_knowledge(v_source.user_id, p_act);
  if not private.sees_source(v_source) then
    perform private.not_found();
  end if;
  return v_source;
end
$$;

create or replace function private.knowledge_source_json(s public.knowledge_sources) returns jsonb
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
declare
  v_job private.jobs := private.newest_job(s.id);
begin
  return jsonb_build_object('id', s.id, 'agent_id', s.agent_id, 'name', s.title,
    'source_type', s.type, 'url', s.url, 'file_name', s.file_name, 'media_type', s.media_type,
    'status', s.status,
    'error', case when s.error_code is not null
      then jsonb_build_object('code', s.error_code, 'message', s.error) end,
    'bytes', octet_length(s.content) + s.kept_bytes, 'pages', s.page_count,
    'chunks', case when s.type = 'text' then (select count(*) from public.knowledge_chunks k
      where k.user_id = s.user_id and k.agent_id = s.agent_id and k.source_id = s.id)
      else s.chunk_count end,
    'settings', s.settings, 'sync_schedule', s.sync_schedule,
    'next_sync_at', private.iso(s.next_sync_at), 'last_synced_at', private.iso(s.last_synced_at),
    'created_at', private.iso(s.created_at), 'updated_at', private.iso(s.updated_at),
    'job', case when v_job.id is not null then private.job_json(v_job) end);
end
$$;

-- Everybody of the account hears that a source has changed; what it is, they ask for.
create or replace function private.tell_source(p_source_id uuid, p_event text) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  select 'account:' || s.user_id, 'broadcast', p_event, true,
    jsonb_build_object('source', jsonb_build_object('id', s.id, 'agent_id', s.agent_id,
      'status', s.status))
  from public.knowledge_sources s where s.id = p_source_id;
end
$$;

-- A job that ends without success leaves what was there before to answer; a source that never answered
-- says why.
create or replace function private.knowledge_job_changed() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
begin
  if new.status in ('failed', 'cancelled') then
    delete from private.knowledge_staging g where g.job_id = new.id;
    delete from private.crawl_pages c where c.job_id = new.id;
  end if;
  update public.knowledge_sources s set updated_at = now(),
    status = case when s.status = 'ready' then 'ready'
      when new.status in ('failed', 'cancelled') then 'failed'
      when new.status = 'running' then 'processing' else s.status end,
    error_code = case new.status when 'failed' then new.error_code when 'cancelled' then 'cancelled' end,
    error = case new.status when 'failed' then new.error when 'cancelled' then 'The work was cancelled.' end
  where s.user_id = new.user_id and s.id = new.subject_id;
  perform private.tell_source(new.subject_id, 'knowledge.updated');
  return null;
end
$$;
create or replace trigger knowledge_job_changed after update of status on private.jobs
  for each row when (new.kind like 'knowledge.%' and old.status <> new.status)
  execute function private.knowledge_job_changed();

-- Whoever deletes a source, by whatever statement, ends what works on it.
create or replace function private.knowledge_source_gone() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.cancel_jobs(old.id);
  insert into realtime.messages (topic, extension, event, private, payload)
  values ('account:' || old.user_id, 'broadcast', 'knowledge.deleted', true,
    jsonb_build_object('source', jsonb_build_object('id', old.id, 'agent_id', old.agent_id)));
  return null;
end
$$;

-- Makes passages of what was staged for one document; those before are gone in the same transaction.
create or replace function private.take_staged(
  p_job_id uuid, p_document text, s public.knowledge_sources, p_document_id uuid) returns int
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_count int;
begin
  delete from public.knowledge_chunks k
  where k.user_id = s.user_id and k.agent_id = s.agent_id and k.source_id = s.id
    and k.document_id is not distinct from p_document_id;
  insert into public.knowledge_chunks
    (user_id, agent_id, source_id, document_id, ordinal, heading, page, char_start, char_end, content)
  select s.user_id, s.agent_id, s.id, p_document_id, g.ordinal, g.heading, g.page, g.char_start,
    g.char_end, g.content
  from private.knowledge_staging g where g.job_id = p_job_id and g.document = p_document
  order by g.ordinal;
  get diagnostics v_count = row_count;
  delete from private.knowledge_staging g where g.job_id = p_job_id and g.document = p_document;
  return v_count;
end
$$;

create or replace function private.item_json(d public.knowledge_documents) returns jsonb
language sql stable as $$
  select jsonb_build_object('id', d.id, 'title', d.title, 'content', d.content, 'type', d.type,
    'metadata', d.metadata, 'created_at', private.iso(d.created_at), 'updated_at', private.iso(d.indexed_at))
$$;
