-- What the jobs of knowledge read and write. Everything here is the program's own act, under a job that
-- runs, by whoever has it: one that was cancelled, or taken over because its lease was over, changes
-- nothing any more.

create or replace function private.require_job(p_job_id uuid, p_worker uuid, p_attempt int)
returns void
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  perform from private.jobs j where j.id = p_job_id and j.status = 'running'
    and j.worker = p_worker and j.attempts = p_attempt
    and not j.cancel_requested for no key update;
  if not found then
    perform private.fail('conflict', 'The work was cancelled.');
  end if;
end
$$;

-- For the statement that completes a job: its state goes with what it tells of. However long that took,
-- whoever has the job has time to end it.
create or replace function private.clear_job(p_job_id uuid) returns void
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  update private.jobs j set state = '{}',
    lease_until = greatest(j.lease_until, clock_timestamp() + interval '15 seconds')
  where j.id = p_job_id;
end
$$;

-- No row when the source is gone.
create or replace function api.ingest_source(p_source_id uuid)
returns table (type text, title text, url text, file_name text, media_type text, settings jsonb,
  parts bigint)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
  select s.type, s.title, s.url, s.file_name, s.media_type, s.settings,
    (select count(*) from private.knowledge_files f where f.source_id = s.id)
  from public.knowledge_sources s where s.id = p_source_id;
end
$$;

create or replace function api.ingest_file_part(p_source_id uuid, p_ordinal int) returns bytea
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select f.bytes from private.knowledge_files f
    where f.source_id = p_source_id and f.ordinal = p_ordinal);
end
$$;

-- Doing it again changes nothing: what is there is written over.
create or replace function api.ingest_stage(p_job_id uuid, p_worker uuid, p_attempt int,
  p_document text, p_first int, p_passages jsonb)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_job(p_job_id, p_worker, p_attempt);
  insert into private.knowledge_staging
    (job_id, document, ordinal, heading, page, char_start, char_end, content)
  select p_job_id, p_document, p_first + p.ordinal - 1, nullif(p.value ->> 'heading', ''),
    (p.value ->> 'page')::int, (p.value ->> 'start')::int, (p.value ->> 'end')::int,
    p.value ->> 'content'
  from jsonb_array_elements(p_passages) with ordinality p (value, ordinal)
  on conflict (job_id, document, ordinal) do update set heading = excluded.heading,
    page = excluded.page, char_start = excluded.char_start, char_end = excluded.char_end,
    content = excluded.content;
end
$$;

create or replace function private.source_synced(p_source_id uuid, p_event text) returns void
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  update public.knowledge_sources s set status = 'ready', error_code = null, error = null,
    updated_at = now(), last_synced_at = now(),
    chunk_count = (select count(*) from public.knowledge_chunks k
      where k.user_id = s.user_id and k.agent_id = s.agent_id and k.source_id = s.id),
    kept_bytes = case s.type when 'file' then s.kept_bytes else
      (select coalesce(sum(octet_length(k.content)), 0) from public.knowledge_chunks k
       where k.user_id = s.user_id and k.agent_id = s.agent_id and k.source_id = s.id) end
  where s.id = p_source_id;
  perform private.tell_source(p_source_id, p_event);
end
$$;

-- Passages from p_count on are of an earlier attempt that got further. The job's state goes with what was
-- staged, in one step: whoever is interrupted behind it reads the file from its beginning.
create or replace function api.ingest_finish_file(p_job_id uuid, p_worker uuid, p_attempt int,
  p_source_id uuid, p_count int, p_title text, p_media_type text, p_pages int) returns void
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources;
begin
  perform private.require_job(p_job_id, p_worker, p_attempt);
  update public.knowledge_sources s set media_type = p_media_type, page_count = p_pages,
    title = case when s.settings ? 'is_named' or coalesce(trim(p_title), '') = '' then s.title
      else left(trim(p_title), 500) end
  where s.id = p_source_id returning * into v_source;
  if not found then
    perform private.not_found();
  end if;
  delete from private.knowledge_staging g
  where g.job_id = p_job_id and g.document = '' and g.ordinal >= p_count;
  perform private.take_staged(p_job_id, '', v_source, null);
  perform private.clear_job(p_job_id);
  perform private.source_synced(p_source_id, 'knowledge.synced');
end
$$;

-- Says how many pages the job has to read in all.
create or replace function api.ingest_add_pages(p_job_id uuid, p_worker uuid, p_attempt int,
  p_pages jsonb, p_most int) returns bigint
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_there bigint;
begin
  perform private.require_job(p_job_id, p_worker, p_attempt);
  v_there := (select count(*) from private.crawl_pages c where c.job_id = p_job_id);
  insert into private.crawl_pages (job_id, url, ordinal, lastmod)
  select p_job_id, p.value ->> 'loc', v_there + min(p.ordinal)::int,
    max(private.time_or_null(p.value ->> 'lastmod'))
  from jsonb_array_elements(p_pages) with ordinality p (value, ordinal)
  where not exists (select from private.crawl_pages c
    where c.job_id = p_job_id and c.url = p.value ->> 'loc')
  group by p.value ->> 'loc' order by min(p.ordinal) limit greatest(0, p_most - v_there)
  on conflict (job_id, url) do nothing;
  return (select count(*) from private.crawl_pages c where c.job_id = p_job_id);
end
$$;

-- The next page to read, with what is known of it; no row when none is left. A page that the sitemap says
-- has not changed since it was read is left alone. is_turn_over: the job has been at it for a while, and
-- another account waits.
create or replace function api.ingest_next_page(
  p_job_id uuid, p_worker uuid, p_attempt int, p_source_id uuid)
returns table (url text, etag text, last_modified text, hash text, total bigint, done bigint,
  is_turn_over boolean)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_job(p_job_id, p_worker, p_attempt);
  update private.crawl_pages c set status = 'unchanged'
  where c.job_id = p_job_id and c.status = 'waiting' and c.lastmod is not null
    and exists (select from public.knowledge_documents d join public.knowledge_sources s
      on s.user_id = d.user_id and s.agent_id = d.agent_id and s.id = d.source_id
      where s.id = p_source_id and d.external_id = c.url and d.indexed_at > c.lastmod + interval '1 day');
  return query
  select c.url, d.etag, d.last_modified, encode(d.content_hash, 'hex'),
    (select count(*) from private.crawl_pages x where x.job_id = p_job_id),
    (select count(*) from private.crawl_pages x where x.job_id = p_job_id and x.status <> 'waiting'),
    exists (select from private.jobs o join private.jobs j on j.id = p_job_id
      where j.claimed_at < clock_timestamp() - interval '3 minutes'
        and o.status = 'queued' and o.run_at <= now() and o.user_id <> j.user_id)
  from private.crawl_pages c
  left join public.knowledge_sources s on s.id = p_source_id
  left join public.knowledge_documents d on d.user_id = s.user_id and d.agent_id = s.agent_id
    and d.source_id = s.id and d.external_id = c.url
  where c.job_id = p_job_id and c.status = 'waiting' order by c.ordinal limit 1;
end
$$;

create or replace function private.document_bytes(s public.knowledge_sources, p_document_id uuid)
returns bigint language plpgsql stable set search_path = '' set enable_seqscan = off as $$
begin
  return (select coalesce(sum(octet_length(k.content)), 0) from public.knowledge_chunks k
    where k.user_id = s.user_id and k.document_id = p_document_id);
end
$$;

-- p_outcome: read (its staged passages replace those before), unchanged, failed. A page that is gone
-- for good is failed with the code page_gone, and leaves at the end; other failures keep what was read
-- before. What a page adds counts at once: beyond the plan's storage it is refused, and stored no more.
create or replace function api.ingest_finish_page(p_job_id uuid, p_worker uuid, p_attempt int,
  p_source_id uuid, p_url text, p_outcome text, p_code text, p_title text, p_etag text, p_last_modified text, p_hash text)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources;
  v_document uuid;
  v_bytes bigint;
begin
  perform private.require_job(p_job_id, p_worker, p_attempt);
  select * into v_source from public.knowledge_sources s where s.id = p_source_id;
  if not found then
    perform private.not_found();
  end if;
  update private.crawl_pages c set status = p_outcome, error_code = p_code
  where c.job_id = p_job_id and c.url = p_url;
  if p_outcome = 'read' then
    insert into public.knowledge_documents as d (user_id, agent_id, source_id, ordinal, external_id,
      title, url, type, content_hash, etag, last_modified, indexed_at)
    select v_source.user_id, v_source.agent_id, p_source_id, c.ordinal, p_url,
      left(coalesce(nullif(trim(p_title), ''), p_url), 1023), p_url, 'page', decode(p_hash, 'hex'),
      left(p_etag, 500), left(p_last_modified, 100), now()
    from private.crawl_pages c where c.job_id = p_job_id and c.url = p_url
    on conflict (user_id, agent_id, source_id, external_id) do update set title = excluded.title,
      ordinal = excluded.ordinal, content_hash = excluded.content_hash, etag = excluded.etag,
      last_modified = excluded.last_modified, indexed_at = excluded.indexed_at
    returning d.id into v_document;
    v_bytes := -private.document_bytes(v_source, v_document);
    update public.knowledge_documents d
    set chunk_count = private.take_staged(p_job_id, p_url, v_source, v_document)
    where d.user_id = v_source.user_id and d.id = v_document;
    v_bytes := v_bytes + private.document_bytes(v_source, v_document);
    if v_bytes <> 0 then
      update public.knowledge_sources s set kept_bytes = greatest(0, s.kept_bytes + v_bytes)
      where s.id = p_source_id;
    end if;
  elsif p_outcome = 'unchanged' then
    update public.knowledge_documents d set indexed_at = now()
    where d.user_id = v_source.user_id and d.agent_id = v_source.agent_id
      and d.source_id = p_source_id and d.external_id = p_url;
  end if;
  delete from private.knowledge_staging g where g.job_id = p_job_id and g.document = p_url;
end
$$;

-- What the site does not have any more is forgotten. Says how many pages there are, how many were read
-- this time, and the commonest failure. The job's state goes with its pages, in one step: whoever is
-- interrupted behind it looks for pages again. A job that knows no page has not seen the site, and
-- forgets nothing of it.
create or replace function api.ingest_finish_site(
  p_job_id uuid, p_worker uuid, p_attempt int, p_source_id uuid)
returns table (pages bigint, read bigint, failed bigint, code text)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources;
begin
  perform private.require_job(p_job_id, p_worker, p_attempt);
  select * into v_source from public.knowledge_sources s where s.id = p_source_id;
  if not found then
    perform private.not_found();
  end if;
  perform private.clear_job(p_job_id);
  if not exists (select from private.crawl_pages c where c.job_id = p_job_id) then
    return query select 0::bigint, 0::bigint, 0::bigint, 'no_pages';
    return;
  end if;
  delete from public.knowledge_documents d
  where d.user_id = v_source.user_id and d.agent_id = v_source.agent_id and d.source_id = p_source_id
    and not exists (select from private.crawl_pages c where c.job_id = p_job_id
      and c.url = d.external_id and c.error_code is distinct from 'page_gone');
  return query
  select (select count(*) from public.knowledge_documents d where d.user_id = v_source.user_id
      and d.agent_id = v_source.agent_id and d.source_id = p_source_id),
    count(*) filter (where c.status = 'read'), count(*) filter (where c.status = 'failed'),
    mode() within group (order by c.error_code)
  from private.crawl_pages c where c.job_id = p_job_id;
  if exists (select from public.knowledge_documents d where d.user_id = v_source.user_id
      and d.agent_id = v_source.agent_id and d.source_id = p_source_id) then
    update public.knowledge_sources s set page_count = (select count(*) from public.knowledge_documents d
      where d.user_id = v_source.user_id and d.agent_id = v_source.agent_id and d.source_id = p_source_id),
      title = case when s.settings ? 'is_named' or s.type <> 'url' then s.title
        else (select left(min(d.title), 500) from public.knowledge_documents d
          where d.user_id = s.user_id and d.agent_id = s.agent_id and d.source_id = s.id) end
    where s.id = p_source_id;
    perform private.source_synced(p_source_id, 'knowledge.synced');
  end if;
  delete from private.crawl_pages c where c.job_id = p_job_id;
end
$$;

-- A date as sitemaps have it, or null.
create or replace function private.time_or_null(p_text text) returns timestamptz
language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  if p_text !~ '^\d{4}-\d\d-\d\d' then
    return null;
  end if;
  return p_text::timestamptz;
exception when others then
  return null;
end
$$;

create or replace function api.due_syncs() returns table (id uuid, schedule text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query select s.id, s.sync_schedule from public.knowledge_sources s
  where s.next_sync_at <= now() and s.sync_schedule is not null
  order by s.next_sync_at limit 50;
end
$$;

-- The first of several programs that look at the same time starts it. What an account may not do at the
-- moment waits for its next time: it holds up nobody else's.
create or replace function api.start_due_sync(p_source_id uuid, p_next_at timestamptz) returns boolean
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources;
begin
  perform private.require_service();
  update public.knowledge_sources s set next_sync_at = p_next_at
  where s.id = p_source_id and s.next_sync_at <= now() returning * into v_source;
  if not found then
    return false;
  end if;
  begin
    perform private.start_sync(v_source);
  exception when sqlstate 'CP000' then
    return false;
  end;
  return true;
end
$$;

revoke all on function api.ingest_source(uuid) from public;
revoke all on function api.ingest_file_part(uuid, int) from public;
revoke all on function api.ingest_stage(uuid, uuid, int, text, int, jsonb) from public;
revoke all on function api.ingest_finish_file(uuid, uuid, int, uuid, int, text, text, int) from public;
revoke all on function api.ingest_add_pages(uuid, uuid, int, jsonb, int) from public;
revoke all on function api.ingest_next_page(uuid, uuid, int, uuid) from public;
revoke all on function api.ingest_finish_page(
  uuid, uuid, int, uuid, text, text, text, text, text, text, text) from public;
revoke all on function api.ingest_finish_site(uuid, uuid, int, uuid) from public;
revoke all on function api.due_syncs() from public;
revoke all on function api.start_due_sync(uuid, timestamptz) from public;
grant execute on function api.ingest_source(uuid), api.ingest_file_part(uuid, int),
  api.ingest_stage(uuid, uuid, int, text, int, jsonb),
  api.ingest_finish_file(uuid, uuid, int, uuid, int, text, text, int),
  api.ingest_add_pages(uuid, uuid, int, jsonb, int),
  api.ingest_next_page(uuid, uuid, int, uuid),
  api.ingest_finish_page(uuid, uuid, int, uuid, text, text, text, text, text, text, text),
  api.ingest_finish_site(uuid, uuid, int, uuid), api.due_syncs(), api.start_due_sync(uuid, timestamptz)
  to service_role;
