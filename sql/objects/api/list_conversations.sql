-- A page of an account's conversations for its inbox (private.conversation_page). `open` are those that
-- are neither closed nor archived, `waiting` those that wait for a person.
create or replace function api.list_conversations(
  p_account_id uuid, p_status text, p_search text, p_limit int, p_before_us bigint,
  p_before_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_statuses text[] := case
    when p_status is null then array['active', 'human_takeover', 'closed', 'archived']
    when p_status = 'waiting' then array['active']
    when p_status = 'open' then array['active', 'human_takeover'] else array[p_status] end;
  v_page record;
begin
  perform private.require_reader(p_account_id);
  v_page := private.conversation_page(p_account_id, null, v_statuses,
    case when p_status = 'waiting' then true end, p_search, p_limit, p_before_us, p_before_id);
  return jsonb_build_object('conversations', (
      select coalesce(jsonb_agg(private.conversation_json(c) order by i.n), '[]')
      from unnest(v_page.ids) with ordinality i (id, n)
      join public.conversations c on c.id = i.id),
    'nextCursor', v_page.next_cursor);
end
$$;
revoke all on function api.list_conversations(uuid, text, text, int, bigint, uuid) from public;
grant execute on function api.list_conversations(uuid, text, text, int, bigint, uuid)
  to authenticated;
