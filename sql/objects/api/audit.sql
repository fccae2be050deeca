-- Reading, chaining, checking and exporting the audit log.

-- A page, newest first. With filters the walk is at most 5000 rows long, so that a page may be short,
-- even empty, and still not be the last.
create or replace function api.list_audit_logs(
  p_account_id uuid, p_filters jsonb, p_limit int, p_before_us bigint, p_before_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 100);
  v_walk int := case when p_filters - 'from' - 'to' = '{}' then v_limit else 5000 end;
  v_before timestamptz := coalesce(private.time_from_us(p_before_us), 'infinity');
  v_before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_from timestamptz := coalesce((p_filters ->> 'from')::timestamptz, '-infinity');
  v_to timestamptz := coalesce((p_filters ->> 'to')::timestamptz, 'infinity');
  v_logs jsonb;
  v_next text;
begin
  perform private.require_role(p_account_id, 'admin');
  with walked as materialized (
    select l.id, l.created_at, private.audit_fits(l, p_filters) as fits,
      row_number() over (order by l.created_at desc, l.id desc) as n
    from public.audit_logs l
    where l.user_id = p_account_id and (l.created_at, l.id) < (v_before, v_before_id)
      and l.created_at >= v_from and l.created_at < v_to
    order by l.created_at desc, l.id desc limit v_walk + 1),
  found as materialized (
    select w.*, row_number() over (order by w.n) as k from walked w where w.fits and w.n <= v_walk)
  select
    coalesce((select jsonb_agg(private.audit_json(l) order by f.k)
      from found f join public.audit_logs l on l.id = f.id where f.k <= v_limit), '[]'),
    case
      when (select count(*) from found) > v_limit
        then (select private.cursor(f.created_at, f.id) from found f where f.k = v_limit)
      when (select count(*) from walked) > v_walk
        then (select private.cursor(w.created_at, w.id) from walked w where w.n = v_walk)
    end
  into v_logs, v_next;
  return jsonb_build_object('data', v_logs, 'next_cursor', v_next);
end
$$;

-- Chains what waits, in the order it was appended, at most p_rows of it. One program at a time: the
-- others find nothing to do. Returns whether there is more.
create or replace function api.seal_audit_logs(p_rows int default 1000) returns boolean
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_row record;
  v_hash bytea;
  v_seq bigint;
  v_count int := 0;
  v_last uuid;
begin
  perform private.require_service();
  if not pg_catalog.pg_try_advisory_xact_lock(5270035) then
    return false;
  end if;
  for v_row in
    select l, w.user_id, w.ordinal from (
      select u.* from private.audit_unsealed u order by u.ordinal limit p_rows) w
    join public.audit_logs l on l.id = w.log_id
    order by w.user_id, w.ordinal
  loop
    if v_last is distinct from v_row.user_id then
      v_last := v_row.user_id;
      select c.seq, c.hash into v_seq, v_hash from private.audit_chain c
      where c.user_id = v_last order by c.seq desc limit 1;
    end if;
    v_seq := coalesce(v_seq, 0) + 1;
    v_hash := private.audit_hash(coalesce(v_hash, ''), v_row.l);
    insert into private.audit_chain (user_id, seq, log_id, hash)
    values (v_last, v_seq, (v_row.l).id, v_hash);
    delete from private.audit_unsealed u where u.ordinal = v_row.ordinal;
    v_count := v_count + 1;
  end loop;
  return v_count >= p_rows;
end
$$;

-- The accounts that have a log, for `chatpad audit verify`.
create or replace function api.audited_accounts() returns setof uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query select a.id from public.accounts a
    where exists (select from public.audit_logs l where l.user_id = a.id)
      or exists (select from private.audit_chain c where c.user_id = a.id)
    order by a.id;
end
$$;

-- Walks one account's chain. `broken` is the first link or row that is wrong, and why.
create or replace function api.verify_audit_logs(
  p_account_id uuid, out sealed bigint, out unsealed bigint, out head text, out broken_seq bigint,
  out broken_log uuid, out why text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_link record;
  v_hash bytea := '';
begin
  perform private.require_service();
  sealed := 0;
  unsealed := (select count(*) from private.audit_unsealed u where u.user_id = p_account_id);
  for v_link in
    select c.seq, c.log_id, c.hash, l from private.audit_chain c
    left join public.audit_logs l on l.id = c.log_id
    where c.user_id = p_account_id order by c.seq
  loop
    broken_seq := v_link.seq;
    broken_log := v_link.log_id;
    if v_link.seq <> sealed + 1 then
      why := format('link %s is missing', sealed + 1);
    elsif (v_link.l).id is null then
      why := 'the row was deleted';
    elsif (v_link.l).user_id <> p_account_id then
      why := 'the row was moved to another account';
    elsif private.audit_hash(v_hash, v_link.l) <> v_link.hash then
      why := 'the row was changed, or the link before it';
    end if;
    if why is not null then
      return;
    end if;
    v_hash := v_link.hash;
    sealed := v_link.seq;
  end loop;
  head := encode(v_hash, 'hex');
  broken_seq := null;
  broken_log := (select l.id from public.audit_logs l
    where l.user_id = p_account_id
      and not exists (select from private.audit_chain c where c.log_id = l.id)
      and not exists (select from private.audit_unsealed u
        where u.user_id = p_account_id and u.log_id = l.id)
    order by l.created_at, l.id limit 1);
  if broken_log is not null then
    why := 'the row was put in past the chain';
  end if;
end
$$;

-- The hash of one link, or null: for comparing with what was noted earlier.
create or replace function api.audit_link(p_account_id uuid, p_seq bigint) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select encode(c.hash, 'hex') from private.audit_chain c
    where c.user_id = p_account_id and c.seq = p_seq);
end
$$;

revoke all on function api.list_audit_logs(uuid, jsonb, int, bigint, uuid) from public;
revoke all on function api.seal_audit_logs(int) from public;
revoke all on function api.audited_accounts() from public;
revoke all on function api.verify_audit_logs(uuid) from public;
revoke all on function api.audit_link(uuid, bigint) from public;
grant execute on function api.list_audit_logs(uuid, jsonb, int, bigint, uuid) to authenticated;
grant execute on function api.seal_audit_logs(int), api.audited_accounts(),
  api.verify_audit_logs(uuid), api.audit_link(uuid, bigint) to service_role;
