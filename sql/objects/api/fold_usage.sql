-- Folds waiting usage events into metrics by day and by month. Events leave the queue in the
-- transaction that adds them up, so none is counted twice or lost, whenever the program dies. One
-- node at a time, at most 20000 events; how many it took. Accounts whose plan limits messages are
-- barred here: the message path itself locks and counts nothing.
create or replace function api.fold_usage() returns int
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_taken int;
  v_accounts uuid[];
begin
  perform private.require_service();
  if not pg_catalog.pg_try_advisory_xact_lock(5270040) then
    return 0;
  end if;
  with taken as (
    delete from private.usage_events e
    where e.id in (select w.id from private.usage_events w order by w.id limit 20000
                   for update skip locked)
    returning e.user_id, e.kind, e.quantity, (e.at at time zone 'UTC')::date as day
  ), sums as (
    select t.user_id, t.kind, t.day, sum(t.quantity) as quantity
    from taken t join public.accounts a on a.id = t.user_id
    group by t.user_id, t.kind, t.day
  ), folded as (
    insert into public.usage_metrics as m (user_id, metric, period, starts_on, quantity)
    select s.user_id, s.kind, 'day', s.day, s.quantity from sums s
    union all
    select s.user_id, s.kind, 'month', date_trunc('month', s.day)::date, sum(s.quantity)
    from sums s group by s.user_id, s.kind, date_trunc('month', s.day)
    on conflict (user_id, metric, period, starts_on)
    do update set quantity = m.quantity + excluded.quantity, updated_at = now()
    returning m.user_id, m.metric
  )
  select (select count(*) from taken),
    (select array_agg(distinct f.user_id) from folded f where f.metric = 'messages')
  into v_taken, v_accounts;
  update public.accounts a set messages_blocked_until = private.month_end(m.starts_on)
  from unnest(v_accounts) u (id)
  cross join lateral private.plan_of(u.id) p
  join public.usage_metrics m on m.user_id = u.id and m.metric = 'messages' and m.period = 'month'
    and m.starts_on = private.month_of(now())
  where a.id = u.id and a.messages_blocked_until is null
    and m.quantity >= (p.limits ->> 'messages_per_month')::bigint;
  update public.accounts a set messages_blocked_until = null where a.messages_blocked_until <= now();
  return v_taken + private.fold_ai_calls();
end
$$;
revoke all on function api.fold_usage() from public;
grant execute on function api.fold_usage() to service_role;
