-- A page of an account's leads, newest first, after the place (p_before_us, p_before_id).
create or replace function api.list_leads(
  p_account_id uuid, p_limit int, p_before_us bigint, p_before_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
declare
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 100);
  v_before timestamptz := coalesce(private.time_from_us(p_before_us), 'infinity');
  v_before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_leads jsonb;
  v_next text;
begin
  perform private.require_reader(p_account_id);
  with walked as materialized (
    select l.id, l.created_at, private.full_lead_json(l) as lead,
      row_number() over (order by l.created_at desc, l.id desc) as n
    from public.leads l
    where l.user_id = p_account_id and (l.created_at, l.id) < (v_before, v_before_id)
    order by l.created_at desc, l.id desc limit v_limit + 1)
  select coalesce(jsonb_agg(w.lead order by w.n) filter (where w.n <= v_limit), '[]'),
    case when count(*) > v_limit
      then max(private.cursor(w.created_at, w.id)) filter (where w.n = v_limit) end
  into v_leads, v_next
  from walked w;
  return jsonb_build_object('leads', v_leads, 'nextCursor', v_next);
end
$$;
revoke all on function api.list_leads(uuid, int, bigint, uuid) from public;
grant execute on function api.list_leads(uuid, int, bigint, uuid) to authenticated;
