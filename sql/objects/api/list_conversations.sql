-- A page of an account's conversations, newest activity first, after the place (p_before_us,
-- p_before_id). One index walk per wanted status, each no longer than the page, merged; the walk
-- sorts within an hour, hence the settings: no plan may sort more than that. With a search the walk is
-- at most 2000 conversations long, what does not match is left out, and the next page goes on where
-- the walk ended, so that a page may be short, even empty, and still not be the last.
create or replace function api.list_conversations(
  p_account_id uuid, p_status text, p_search text, p_limit int, p_before_us bigint,
  p_before_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
declare
  v_statuses text[] := case
    when p_status is null then array['active', 'human_takeover', 'closed', 'archived']
    when p_status = 'waiting' then array['active']
    when p_status = 'open' then array['active', 'human_takeover'] else array[p_status] end;
  v_waiting boolean := p_status = 'waiting';
  v_search text := nullif(lower(trim(p_search)), '');
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 100);
  v_walk int := case when v_search is null then v_limit else 2000 end;
  v_before timestamptz := coalesce(private.time_from_us(p_before_us), 'infinity');
  v_before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_before_hour timestamptz := case when p_before_us is null then 'infinity'
    else date_bin('1 hour', v_before, timestamptz '2000-01-01 00:00:00+00') end;
  v_conversations jsonb;
  v_next text;
begin
  perform private.require_reader(p_account_id);
  with walked as materialized (
    select w.*, row_number() over (order by w.at desc, w.id desc) as n
    from unnest(v_statuses) s (status)
    cross join lateral (
      (select c.id, coalesce(c.last_message_at, c.created_at) as at
      from public.conversations c
      where v_waiting is not true
        and c.user_id = p_account_id and c.status = s.status and c.active_hour <= v_before_hour
        and (coalesce(c.last_message_at, c.created_at), c.id) < (v_before, v_before_id)
      order by c.active_hour desc, coalesce(c.last_message_at, c.created_at) desc, c.id desc
      limit v_walk + 1)
      union all
      (select c.id, coalesce(c.last_message_at, c.created_at) as at
      from public.conversations c
      where v_waiting and c.escalated and c.status = 'active'
        and c.user_id = p_account_id and c.active_hour <= v_before_hour
        and (coalesce(c.last_message_at, c.created_at), c.id) < (v_before, v_before_id)
      order by c.active_hour desc, coalesce(c.last_message_at, c.created_at) desc, c.id desc
      limit v_walk + 1)) w),
  found as materialized (
    select w.id, w.at, w.n, row_number() over (order by w.n) as k
    from walked w
    where w.n <= v_walk and (v_search is null or exists (
      select from public.conversations c where c.id = w.id
        and (strpos(lower(c.subject), v_search) > 0 or strpos(lower(c.preview), v_search) > 0
          or strpos(lower(private.visitor_code(coalesce(c.visitor_id, c.id))), v_search) > 0
          or strpos(lower(private.identified_name(c.visitor_id)), v_search) > 0
          or exists (
            select from public.leads l
            where l.user_id = p_account_id and l.conversation_id = c.id
              and (strpos(lower(l.name), v_search) > 0 or strpos(lower(l.email), v_search) > 0
                or strpos(lower(l.company), v_search) > 0)))))),
  page as (
    select f.k, private.conversation_json(c) as conversation
    from found f join public.conversations c on c.id = f.id
    where f.k <= v_limit)
  select coalesce((select jsonb_agg(p.conversation order by p.k) from page p), '[]'),
    case
      when (select count(*) from found) > v_limit
        then (select private.cursor(f.at, f.id) from found f where f.k = v_limit)
      when (select count(*) from walked) > v_walk
        then (select private.cursor(w.at, w.id) from walked w where w.n = v_walk)
    end
  into v_conversations, v_next;
  return jsonb_build_object('conversations', v_conversations, 'nextCursor', v_next);
end
$$;
revoke all on function api.list_conversations(uuid, text, text, int, bigint, uuid) from public;
grant execute on function api.list_conversations(uuid, text, text, int, bigint, uuid)
  to authenticated;
