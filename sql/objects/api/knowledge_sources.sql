-- The sources of an agent's knowledge, for people and API keys: upload, register, list, change, sync,
-- delete; and the jobs behind them.

create or replace function private.check_title(p_title text) returns text
language plpgsql stable set search_path = '' as $$
begin
  if p_title is null or length(trim(p_title)) not between 1 and 500 then
    perform private.fail('validation_failed', 'name must have 1 to 500 characters.', 'name');
  end if;
  return trim(p_title);
end
$$;

-- The same bytes for the same agent are one source; then there is nothing more to send.
create or replace function api.begin_upload(p_agent_id uuid, p_title text, p_file_name text,
  p_media_type text, p_bytes bigint, p_sha256 bytea, p_settings jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := private.knowledge_account(p_agent_id, 'write');
  v_source public.knowledge_sources;
begin
  insert into public.knowledge_sources (user_id, agent_id, title, type, file_name, media_type,
    kept_bytes, status, sha256, settings, created_at)
  values (v_account, p_agent_id, private.check_title(p_title), 'file', left(p_file_name, 255),
    left(p_media_type, 100), p_bytes, 'pending', p_sha256, p_settings, clock_timestamp())
  on conflict (user_id, agent_id, sha256) do nothing
  returning * into v_source;
  if found then
    return jsonb_build_object('id', v_source.id, 'is_new', true);
  end if;
  select * into v_source from public.knowledge_sources s
  where s.user_id = v_account and s.agent_id = p_agent_id and s.sha256 = p_sha256;
  return private.knowledge_source_json(v_source) || '{"duplicate": true}';
end
$$;

create or replace function api.add_upload_part(p_source_id uuid, p_ordinal int, p_bytes bytea)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources := private.knowledge_source(p_source_id, 'write');
begin
  if v_source.status <> 'pending' then
    perform private.fail('conflict', 'This file is complete already.');
  end if;
  insert into private.knowledge_files (user_id, source_id, ordinal, bytes)
  values (v_source.user_id, p_source_id, p_ordinal, p_bytes);
end
$$;

create or replace function api.finish_upload(p_source_id uuid) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources := private.knowledge_source(p_source_id, 'write');
begin
  if v_source.kept_bytes is distinct from (select sum(octet_length(f.bytes))
      from private.knowledge_files f where f.user_id = v_source.user_id and f.source_id = p_source_id) then
    perform private.fail('conflict', 'Not all of the file has come.');
  end if;
  perform private.enqueue_job(v_source.user_id, 'knowledge.file', p_source_id, '{}');
  perform private.tell_source(p_source_id, 'knowledge.updated');
  return private.knowledge_source_json(v_source);
end
$$;

-- A page (url) or the pages of a sitemap (site). The same address for the same agent is one source.
create or replace function api.add_knowledge_source(p_agent_id uuid, p_type text, p_url text,
  p_title text, p_settings jsonb, p_schedule text, p_next_at timestamptz)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := private.knowledge_account(p_agent_id, 'write');
  v_source public.knowledge_sources;
begin
  perform from public.agents a where a.id = p_agent_id for no key update;
  select * into v_source from public.knowledge_sources s
  where s.user_id = v_account and s.agent_id = p_agent_id and s.type = p_type and s.url = p_url;
  if found then
    return private.knowledge_source_json(v_source) || '{"duplicate": true}';
  end if;
  insert into public.knowledge_sources (user_id, agent_id, title, type, url, status, settings,
    sync_schedule, next_sync_at, created_at)
  values (v_account, p_agent_id, private.check_title(p_title), p_type, p_url, 'pending', p_settings,
    p_schedule, p_next_at, clock_timestamp())
  returning * into v_source;
  perform private.enqueue_job(v_account, 'knowledge.site', v_source.id, '{}');
  perform private.tell_source(v_source.id, 'knowledge.updated');
  return private.knowledge_source_json(v_source);
end
$$;

-- Of one agent, or of an account: a key's own, a person's by id.
create or replace function api.list_knowledge_sources(p_account_id uuid, p_agent_id uuid, p_limit int,
  p_before_us bigint, p_before_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid;
  v_sources public.knowledge_sources[];
begin
  if p_agent_id is not null then
    v_account := private.knowledge_account(p_agent_id, 'read');
  else
    v_account := private.require_knowledge(
      coalesce(p_account_id, private.claim_account_id(), private.person_id()), 'read');
  end if;
  v_sources := array(
    select s from public.knowledge_sources s
    where s.user_id = v_account and (p_agent_id is null or s.agent_id = p_agent_id)
      and private.sees_source(s)
      and (p_before_us is null
        or (s.created_at, s.id) < (private.time_from_us(p_before_us), p_before_id))
    order by s.created_at desc, s.id desc limit p_limit + 1);
  return jsonb_build_object(
    'sources', (select coalesce(jsonb_agg(private.knowledge_source_json(s) order by s.created_at desc, s.id desc), '[]')
      from unnest(v_sources[1:p_limit]) s),
    'next_cursor', case when cardinality(v_sources) > p_limit
      then private.cursor(v_sources[p_limit].created_at, v_sources[p_limit].id) end);
end
$$;

create or replace function api.get_knowledge_source(p_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return private.knowledge_source_json(private.knowledge_source(p_id, 'read'));
end
$$;

create or replace function api.get_knowledge_status(p_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source jsonb := private.knowledge_source_json(private.knowledge_source(p_id, 'read'));
begin
  return jsonb_build_object('id', v_source -> 'id', 'status', v_source -> 'status',
    'error', v_source -> 'error', 'chunks', v_source -> 'chunks', 'pages', v_source -> 'pages',
    'last_synced_at', v_source -> 'last_synced_at', 'job', v_source -> 'job',
    'progress', v_source #> '{job,progress}');
end
$$;

-- Null leaves a thing as it is; an empty schedule ends it.
create or replace function api.update_knowledge_source(p_id uuid, p_title text, p_schedule text,
  p_next_at timestamptz, p_settings jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources := private.knowledge_source(p_id, 'write');
begin
  if p_schedule <> '' and v_source.type not in ('url', 'site') then
    perform private.fail('validation_failed', 'sync_schedule is for sources that are read from the web.',
      'sync_schedule');
  end if;
  update public.knowledge_sources s set updated_at = now(),
    title = case when p_title is null then s.title else private.check_title(p_title) end,
    settings = s.settings || coalesce(p_settings, '{}')
      || case when p_title is null then '{}'::jsonb else '{"is_named": true}' end,
    sync_schedule = case when p_schedule is null then s.sync_schedule else nullif(p_schedule, '') end,
    next_sync_at = case when p_schedule is null then s.next_sync_at else p_next_at end
  where s.id = p_id returning * into v_source;
  perform private.tell_source(p_id, 'knowledge.updated');
  return private.knowledge_source_json(v_source);
end
$$;

create or replace function api.delete_knowledge_source(p_id uuid) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources := private.knowledge_source(p_id, 'write');
begin
  perform private.cancel_jobs(p_id);
  delete from public.knowledge_sources s where s.user_id = v_source.user_id and s.id = p_id;
  return jsonb_build_object('id', p_id, 'deleted', true);
end
$$;

-- Reads it again. One at a time: who asks while a job waits or runs gets that one.
create or replace function private.start_sync(s public.knowledge_sources) returns void
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  perform from public.knowledge_sources x where x.id = s.id for no key update;
  if not exists (select from private.jobs j
      where j.subject_id = s.id and j.status in ('queued', 'running') and not j.cancel_requested) then
    perform private.enqueue_job(s.user_id,
      case s.type when 'file' then 'knowledge.file' else 'knowledge.site' end, s.id, '{}');
    update public.knowledge_sources x set status = 'pending', updated_at = now()
    where x.id = s.id and x.status = 'failed';
    perform private.tell_source(s.id, 'knowledge.updated');
  end if;
end
$$;

create or replace function api.sync_knowledge_source(p_id uuid) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_source public.knowledge_sources := private.knowledge_source(p_id, 'write');
begin
  if v_source.type not in ('file', 'url', 'site') then
    perform private.fail('conflict', 'What was written here is indexed already; there is nothing to read again.');
  end if;
  perform private.start_sync(v_source);
  select * into v_source from public.knowledge_sources s where s.id = p_id;
  return private.knowledge_source_json(v_source);
end
$$;

create or replace function api.get_job(p_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_job private.jobs;
begin
  select * into v_job from private.jobs j where j.id = p_id;
  perform private.require_knowledge(v_job.user_id, 'read');
  return private.job_json(v_job);
end
$$;

create or replace function api.cancel_job(p_id uuid) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_job private.jobs;
begin
  select * into v_job from private.jobs j where j.id = p_id;
  perform private.require_knowledge(v_job.user_id, 'write');
  update private.jobs j set cancel_requested = true,
    status = case j.status when 'queued' then 'cancelled' else j.status end,
    finished_at = case j.status when 'queued' then clock_timestamp() end
  where j.id = p_id and j.status in ('queued', 'running')
  returning * into v_job;
  if not found then
    select * into v_job from private.jobs j where j.id = p_id;
  end if;
  return private.job_json(v_job);
end
$$;

revoke all on function api.begin_upload(uuid, text, text, text, bigint, bytea, jsonb) from public;
revoke all on function api.add_upload_part(uuid, int, bytea) from public;
revoke all on function api.finish_upload(uuid) from public;
revoke all on function api.add_knowledge_source(uuid, text, text, text, jsonb, text, timestamptz) from public;
revoke all on function api.list_knowledge_sources(uuid, uuid, int, bigint, uuid) from public;
revoke all on function api.get_knowledge_source(uuid) from public;
revoke all on function api.get_knowledge_status(uuid) from public;
revoke all on function api.update_knowledge_source(uuid, text, text, timestamptz, jsonb) from public;
revoke all on function api.delete_knowledge_source(uuid) from public;
revoke all on function api.sync_knowledge_source(uuid) from public;
revoke all on function api.get_job(uuid) from public;
revoke all on function api.cancel_job(uuid) from public;
grant execute on function api.begin_upload(uuid, text, text, text, bigint, bytea, jsonb),
  api.add_upload_part(uuid, int, bytea), api.finish_upload(uuid),
  api.add_knowledge_source(uuid, text, text, text, jsonb, text, timestamptz),
  api.list_knowledge_sources(uuid, uuid, int, bigint, uuid), api.get_knowledge_source(uuid),
  api.get_knowledge_status(uuid),
  api.update_knowledge_source(uuid, text, text, timestamptz, jsonb),
  api.delete_knowledge_source(uuid), api.sync_knowledge_source(uuid), api.get_job(uuid),
  api.cancel_job(uuid) to authenticated, api_key, service_role;
