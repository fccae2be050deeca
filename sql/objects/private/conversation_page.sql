-- The ids of a page of an account's conversations, newest activity first, after the place (p_before_us,
-- p_before_id), and the cursor of the next page. p_escalated says whether active ones wait for a person;
-- null: either. One index walk per wanted status, each no longer than the page, merged; the walk sorts
-- within an hour, hence the settings: no plan may sort more than that. With a search or an agent the walk
-- is at most 2000 conversations long, what does not match is left out, and the next page goes on where
-- the walk ended, so that a page may be short, even empty, and still not be the last.
create or replace function private.conversation_page(
  p_account_id uuid, p_agent_id uuid, p_statuses text[], p_escalated boolean, p_search text,
  p_limit int, p_before_us bigint, p_before_id uuid, out ids uuid[], out next_cursor text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
declare
  v_waiting boolean := p_escalated is true;
  v_search text := nullif(lower(trim(p_search)), '');
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 100);
  v_walk int := case when v_search is null and p_agent_id is null then v_limit else 2000 end;
  v_before timestamptz := coalesce(private.time_from_us(p_before_us), 'infinity');
  v_before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_before_hour timestamptz := case when p_before_us is null then 'infinity'
    else date_bin('1 hour', v_before, timestamptz '2000-01-01 00:00:00+00') end;
begin
  with walked as materialized (
    select w.*, row_number() over (order by w.at desc, w.id desc) as n
    from unnest(p_statuses) s (status)
    cross join lateral (
      (select c.id, coalesce(c.last_message_at, c.created_at) as at
      from public.conversations c
      where v_waiting is not true
        and c.user_id = p_account_id and c.status = s.status and c.active_hour <= v_before_hour
        and (coalesce(c.last_message_at, c.created_at), c.id) < (v_before, v_before_id)
        and (p_escalated is null or c.escalated = p_escalated)
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
    where w.n <= v_walk and (p_agent_id is null or exists (
      select from public.conversations c where c.id = w.id and c.agent_id = p_agent_id))
    and (v_search is null or exists (
      select from public.conversations c where c.id = w.id
        and (strpos(lower(c.subject), v_search) > 0 or strpos(lower(c.preview), v_search) > 0
          or strpos(lower(private.visitor_code(coalesce(c.visitor_id, c.id))), v_search) > 0
          or strpos(lower(private.identified_name(c.visitor_id)), v_search) > 0
          or exists (
            select from public.leads l
            where l.user_id = p_account_id and l.conversation_id = c.id
              and (strpos(lower(l.name), v_search) > 0 or strpos(lower(l.email), v_search) > 0
                or strpos(lower(l.company), v_search) > 0))))))
  select coalesce((select array_agg(f.id order by f.k) from found f where f.k <= v_limit), '{}'),
    case
      when (select count(*) from found) > v_limit
        then (select private.cursor(f.at, f.id) from found f where f.k = v_limit)
      when (select count(*) from walked) > v_walk
        then (select private.cursor(w.at, w.id) from walked w where w.n = v_walk)
    end
  into ids, next_cursor;
end
$$;
