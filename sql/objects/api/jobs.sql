-- The queue as its workers see it: claim, beat, end. Everything here is the program's own act.

-- Up to p_count jobs, one after the other from the accounts that have the fewest running, at most
-- p_per_account of one account. Also takes over whose lease is over. One program claims at a time, so
-- that the shares are exact; who finds another at it gets nothing and comes back.
create or replace function api.claim_jobs(
  p_worker uuid, p_kinds text[], p_count int, p_lease_s int, p_per_account int)
returns table (id uuid, user_id uuid, kind text, subject_id uuid, payload jsonb, state jsonb,
  attempts int)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
  v_id uuid;
  v_locked uuid[] := '{}';
begin
  perform private.require_service();
  if not pg_try_advisory_xact_lock(hashtextextended('private.jobs', 0)) then
    return;
  end if;
  update private.jobs j set status = case when j.cancel_requested then 'cancelled' else 'failed' end,
    worker = null, lease_until = null, finished_at = v_now,
    error_code = case when not j.cancel_requested then 'interrupted' end,
    error = case when not j.cancel_requested
      then 'The work was interrupted too often. Try again.' end
  where j.id in (select x.id from private.jobs x where x.status = 'running' and x.lease_until < v_now
    and (x.cancel_requested or x.attempts >= x.attempts_max) for update skip locked);
  for v_i in 1 .. p_count + 20 loop  -- twenty that are locked may stand in front
    exit when p_count <= 0;
    select c.id into v_id
    from (select distinct on (j.user_id) j.id, j.user_id, j.run_at, j.created_at from private.jobs j
      where j.kind = any (p_kinds) and ((j.status = 'queued' and j.run_at <= v_now)
        or (j.status = 'running' and j.lease_until < v_now))
        and j.id <> all (v_locked)
      order by j.user_id, j.run_at, j.created_at, j.id) c
    left join (select r.user_id, count(*) as n from private.jobs r
      where r.status = 'running' and r.lease_until >= v_now group by r.user_id) busy
      on busy.user_id = c.user_id
    where coalesce(busy.n, 0) < p_per_account
    order by coalesce(busy.n, 0), c.run_at, c.created_at, c.id limit 1;
    exit when not found;
    perform from private.jobs j where j.id = v_id for update skip locked;
    if not found then  -- somebody is at it; those behind need not wait for that
      v_locked := v_locked || v_id;
      continue;
    end if;
    p_count := p_count - 1;
    return query
    update private.jobs j set status = 'running', worker = p_worker, attempts = j.attempts + 1,
      lease_until = v_now + p_lease_s * interval '1 second', claimed_at = v_now,
      started_at = coalesce(j.started_at, v_now)
    where j.id = v_id
    returning j.id, j.user_id, j.kind, j.subject_id, j.payload, j.state, j.attempts;
  end loop;
end
$$;

-- Renews the lease and notes how far it is. Says go, cancel, or lost when somebody else has it, or
-- the same program anew, after its lease was over.
create or replace function api.beat_job(p_id uuid, p_worker uuid, p_attempt int, p_lease_s int,
  p_done bigint, p_total bigint, p_note text, p_state jsonb) returns text
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_cancel boolean;
begin
  perform private.require_service();
  update private.jobs j set lease_until = clock_timestamp() + p_lease_s * interval '1 second',
    done = p_done, total = p_total, note = p_note, state = coalesce(p_state, j.state)
  where j.id = p_id and j.worker = p_worker and j.attempts = p_attempt and j.status = 'running'
  returning j.cancel_requested into v_cancel;
  return case when v_cancel is null then 'lost' when v_cancel then 'cancel' else 'go' end;
end
$$;

-- p_outcome: done, failed, cancelled; again: tried once more after p_again_s, unless it was the last
-- attempt; or yield: goes on when the others have had their turn, which is no attempt of it. Says what became of it, or lost.
create or replace function api.end_job(
  p_id uuid, p_worker uuid, p_attempt int, p_outcome text, p_code text, p_error text, p_again_s int) returns text
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_job private.jobs;
  v_status text;
begin
  perform private.require_service();
  select * into v_job from private.jobs j
  where j.id = p_id and j.worker = p_worker and j.attempts = p_attempt and j.status = 'running'
  for no key update;
  if not found then
    return 'lost';
  end if;
  -- What fails because somebody has cancelled it has not failed.
  v_status := case when v_job.cancel_requested and p_outcome <> 'done' then 'cancelled'
    when p_outcome = 'yield' then 'queued'
    when p_outcome <> 'again' then p_outcome
    when v_job.attempts >= v_job.attempts_max then 'failed' else 'queued' end;
  update private.jobs j set status = v_status, worker = null, lease_until = null,
    attempts = j.attempts - case p_outcome when 'yield' then 1 else 0 end,
    error_code = case when v_status <> 'cancelled' then p_code end,
    error = case when v_status <> 'cancelled' then p_error end,
    run_at = case v_status when 'queued'
      then clock_timestamp() + p_again_s * interval '1 second' else j.run_at end,
    finished_at = case when v_status <> 'queued' then clock_timestamp() end
  where j.id = p_id;
  return v_status;
end
$$;

-- A program that ends hands its jobs back; that is no attempt of theirs.
create or replace function api.release_jobs(p_worker uuid) returns int
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_count int;
begin
  perform private.require_service();
  update private.jobs j set status = case when j.cancel_requested then 'cancelled' else 'queued' end,
    finished_at = case when j.cancel_requested then clock_timestamp() end,
    worker = null, lease_until = null, attempts = greatest(0, j.attempts - 1)
  where j.worker = p_worker and j.status = 'running';
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- For the start of the only program of a database: nobody works on anything.
create or replace function api.release_lost_jobs() returns int
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_count int;
begin
  perform private.require_service();
  update private.jobs j set lease_until = '-infinity' where j.status = 'running';
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- Ended jobs are kept for seven days.
create or replace function api.forget_jobs() returns int
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_count int;
begin
  perform private.require_service();
  delete from private.jobs j where j.id in (
    select x.id from private.jobs x
    where x.finished_at < now() - interval '7 days' order by x.finished_at limit 1000);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- For /metrics: how many wait, and for how many seconds the one that is due longest.
create or replace function api.jobs_waiting() returns table (waiting bigint, oldest_s double precision)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query select count(*),
    coalesce(extract(epoch from now() - min(j.run_at)), 0)::double precision
  from private.jobs j where j.status = 'queued' and j.run_at <= now();
end
$$;

revoke all on function api.claim_jobs(uuid, text[], int, int, int) from public;
revoke all on function api.beat_job(uuid, uuid, int, int, bigint, bigint, text, jsonb) from public;
revoke all on function api.end_job(uuid, uuid, int, text, text, text, int) from public;
revoke all on function api.release_jobs(uuid) from public;
revoke all on function api.release_lost_jobs() from public;
revoke all on function api.forget_jobs() from public;
revoke all on function api.jobs_waiting() from public;
grant execute on function api.claim_jobs(uuid, text[], int, int, int) to service_role;
grant execute on function api.beat_job(uuid, uuid, int, int, bigint, bigint, text, jsonb) to service_role;
grant execute on function api.end_job(uuid, uuid, int, text, text, text, int) to service_role;
grant execute on function api.release_jobs(uuid) to service_role;
grant execute on function api.release_lost_jobs() to service_role;
grant execute on function api.forget_jobs() to service_role;
grant execute on function api.jobs_waiting() to service_role;
