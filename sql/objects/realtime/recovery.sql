-- What a client that comes back has missed on a private topic, under its own rights.
-- Both functions ask in one statement, so that rows and snapshot belong together. The first row is the
-- head: `outcome`, the snapshot in `payload`, the next cursor in `horizon` and `seq`. Then the events.

-- Up to where the history is gone.
create or replace function realtime.purged_to(out xid xid8, out until timestamp)
language plpgsql stable security definer set search_path = '' as $$
begin
  select p.xid, p.until into xid, until from realtime.purged p;
end
$$;
revoke all on function realtime.purged_to() from public;
grant execute on function realtime.purged_to()
  to anon, visitor, authenticated, api_key, service_role;

-- The cursor is a horizon (rows of transactions from it on) or a conversation's seq: then the rows from
-- the horizon of the newest message up to it, and every later message. Outcomes: ok; purged: part of
-- it was dropped; ahead: the cursor is not of this history; too_long: more than the limits.
-- A message's row may be stored a little before or after the neighbours of its seq, so by seq nothing
-- counts as complete that starts within ten minutes of what was dropped.
create or replace function realtime.missed(
  p_topic text, p_horizon xid8, p_seq bigint, p_events_max int, p_bytes_max bigint)
returns table (outcome text, id uuid, event text, payload text, binary_payload text, seq bigint,
  horizon text, xid text)
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
#variable_conflict use_column
begin
  perform set_config('realtime.topic', p_topic, true);
  return query with now_ as materialized (
    select pg_current_snapshot() as snapshot
  ), anchor as materialized (
    select m.horizon, m.inserted_at from realtime.messages m
    where p_horizon is null and m.topic = p_topic and m.event = 'message.created'
      and m.seq <= greatest(p_seq, 1)
    order by m.seq desc limit 1
  ), start as materialized (
    select case when p_horizon is not null then p_horizon
      when p_seq = 0 then '0' else (select a.horizon from anchor a) end as xid,
      case when p_horizon is not null then p_horizon > p.xid
      else (select a.horizon > p.xid and a.inserted_at > p.until + interval '10 minutes'
        from anchor a) end as complete,
      p_horizon > pg_snapshot_xmax((select n.snapshot from now_ n)) as ahead
    from realtime.purged_to() p
  ), found as materialized (
    (select m.id, m.event, m.payload, m.binary_payload, m.seq, m.horizon, m.xid, m.ordinal,
      m.inserted_at
    from realtime.messages m
    where m.topic = p_topic and m.extension = 'broadcast' and m.event <> ''
      and m.private is distinct from false
      and m.xid is distinct from pg_current_xact_id_if_assigned()
      and p_horizon is null
      and (m.xid >= (select s.xid from start s) or m.seq > p_seq)
      and (select s.complete from start s)
    limit p_events_max + 1)
    union all
    (select m.id, m.event, m.payload, m.binary_payload, m.seq, m.horizon, m.xid, m.ordinal,
      m.inserted_at
    from realtime.messages m
    where m.topic = p_topic and m.extension = 'broadcast' and m.event <> ''
      and m.private is distinct from false
      and m.xid is distinct from pg_current_xact_id_if_assigned()
      and p_horizon is not null and m.xid >= p_horizon
      and (select s.complete from start s)
    limit p_events_max + 1)
    union all
    (select m.id, m.event, m.payload, m.binary_payload, m.seq, m.horizon, m.xid, m.ordinal,
      m.inserted_at
    from realtime.messages m
    where m.also_topics[1] = p_topic and m.topic <> p_topic and m.extension = 'broadcast'
      and m.event <> '' and m.private is distinct from false
      and m.xid is distinct from pg_current_xact_id_if_assigned()
      and p_horizon is not null and m.xid >= p_horizon
      and (select s.complete from start s)
    limit p_events_max + 1)
  ), texts as materialized (
    select f.*, f.payload::text as text from found f
  ), sized as materialized (
    select count(*) as events,
      coalesce(sum(coalesce(octet_length(t.text), 0)
        + coalesce(octet_length(t.binary_payload), 0)), 0) as bytes,
      max(t.seq) as seq
    from texts t
  ), head as materialized (
    select case when s.ahead then 'ahead'
      when s.complete is not true then 'purged'
      when z.events > p_events_max or z.bytes > p_bytes_max then 'too_long'
      else 'ok' end as outcome,
      case when p_seq is not null then (
        select max(m.seq) from realtime.messages m where m.topic = p_topic) end as seq
    from start s, sized z
  )
  select r.outcome, r.id, r.event, r.payload, r.binary_payload, r.seq, r.horizon, r.xid from (
    select h.outcome, null::uuid as id, null::text as event, n.snapshot::text as payload,
      null::text as binary_payload, h.seq, pg_snapshot_xmin(n.snapshot)::text as horizon,
      null::text as xid, null::bigint as ordinal
    from head h, now_ n
    union all
    select null, t.id, t.event, t.text, encode(t.binary_payload, 'hex'), t.seq, t.horizon::text, t.xid::text,
      t.ordinal
    from texts t where (select h.outcome from head h) = 'ok'
  ) r order by r.ordinal nulls first;
end
$$;
revoke all on function realtime.missed(text, xid8, bigint, int, bigint) from public;
grant execute on function realtime.missed(text, xid8, bigint, int, bigint)
  to anon, visitor, authenticated, api_key, service_role;

-- The newest `p_limit` events of a topic, of those the ones since `p_since_ms`, oldest first.
create or replace function realtime.replayed(p_topic text, p_since_ms bigint, p_limit int)
returns table (outcome text, id uuid, event text, payload text, binary_payload text, seq bigint,
  horizon text, xid text)
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
#variable_conflict use_column
begin
  perform set_config('realtime.topic', p_topic, true);
  return query with found as materialized (
    (select m.* from realtime.messages m
    where m.topic = p_topic and m.extension = 'broadcast' and m.event <> ''
      and m.private is distinct from false
      and m.xid is distinct from pg_current_xact_id_if_assigned()
    order by m.xid desc, m.ordinal desc limit p_limit)
    union all
    (select m.* from realtime.messages m
    where m.also_topics[1] = p_topic and m.topic <> p_topic and m.extension = 'broadcast'
      and m.event <> '' and m.private is distinct from false
      and m.xid is distinct from pg_current_xact_id_if_assigned()
    order by m.xid desc, m.ordinal desc limit p_limit)
  ), newest as materialized (
    select f.* from found f
    where f.inserted_at >= to_timestamp(p_since_ms / 1000.0) at time zone 'utc'
    order by f.ordinal desc limit p_limit
  )
  select r.outcome, r.id, r.event, r.payload, r.binary_payload, r.seq, r.horizon, r.xid from (
    select 'ok' as outcome, null::uuid as id, null::text as event,
      pg_current_snapshot()::text as payload, null::text as binary_payload, null::bigint as seq,
      pg_snapshot_xmin(pg_current_snapshot())::text as horizon, null::text as xid,
      null::bigint as ordinal
    union all
    select null, n.id, n.event, n.payload::text, encode(n.binary_payload, 'hex'), n.seq, n.horizon::text,
      n.xid::text, n.ordinal
    from newest n
  ) r order by r.ordinal nulls first;
end
$$;
revoke all on function realtime.replayed(text, bigint, int) from public;
grant execute on function realtime.replayed(text, bigint, int)
  to anon, visitor, authenticated, api_key, service_role;

grant usage on sequence realtime.messages_ordinal
  to anon, visitor, authenticated, api_key, service_role;
