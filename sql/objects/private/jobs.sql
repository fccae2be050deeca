-- What makes, cancels and shows a job. Who works on one calls api.claim_jobs and its like.

create or replace function private.job_json(j private.jobs) returns jsonb
language sql stable as $$
  select jsonb_build_object('id', j.id, 'kind', j.kind, 'subjectId', j.subject_id,
    'status', case when j.cancel_requested and j.status in ('queued', 'running')
      then 'cancelling' else j.status end,
    'attempts', j.attempts,
    'progress', jsonb_build_object('done', j.done, 'total', j.total, 'note', j.note),
    'error', case when j.error_code is not null
      then jsonb_build_object('code', j.error_code, 'message', j.error) end,
    'createdAt', private.iso(j.created_at), 'startedAt', private.iso(j.started_at),
    'finishedAt', private.iso(j.finished_at))
$$;

-- Fails when the account has too many that wait: what is queued must have an end.
create or replace function private.enqueue_job(
  p_account uuid, p_kind text, p_subject uuid, p_payload jsonb) returns private.jobs
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_job private.jobs;
begin
  perform from public.accounts a where a.id = p_account for no key update;
  if (select count(*) from private.jobs j
      where j.user_id = p_account and j.status = 'queued') >= 200 then
    perform private.fail('too_many_requests',
      'This account has 200 jobs that wait; try again when some of them are done.', 'retry_after_s=30');
  end if;
  insert into private.jobs (user_id, kind, subject_id, payload)
  values (p_account, p_kind, p_subject, p_payload)
  returning * into v_job;
  return v_job;
end
$$;

-- What waits ends at once; who works on one learns it at the next beat.
create or replace function private.cancel_jobs(p_subject uuid) returns void
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  update private.jobs j set cancel_requested = true,
    status = case j.status when 'queued' then 'cancelled' else j.status end,
    finished_at = case j.status when 'queued' then clock_timestamp() end
  where j.subject_id = p_subject and j.status in ('queued', 'running');
end
$$;

-- The newest job of something, or null.
create or replace function private.newest_job(p_subject uuid) returns private.jobs
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
declare
  v_job private.jobs;
begin
  select * into v_job from private.jobs j where j.subject_id = p_subject
  order by j.created_at desc limit 1;
  return v_job;
end
$$;
