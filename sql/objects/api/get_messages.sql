-- A page of a conversation after a sequence number. Stops before the first running answer, so that
-- lastSeq, the cursor for the next call, never skips one. Tells too who is in charge, or waited for: a
-- client that was away may have missed it.
create or replace function api.get_messages(
  p_conversation_id uuid, p_after_seq bigint, p_limit int)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_claims jsonb := private.claims();
  v_role text := private.caller_role();
  v_after bigint := coalesce(p_after_seq, 0);
  v_limit int := least(greatest(coalesce(p_limit, 1000), 1), 1000);
  v_stop bigint;
  v_messages jsonb;
  v_last bigint;
  v_count bigint;
  v_status text;
  v_escalated boolean;
begin
  if v_role = 'visitor' then
    select c.status, c.escalated into v_status, v_escalated from public.conversations c
    where c.id = p_conversation_id and c.visitor_id = (v_claims ->> 'sub')::uuid
      and c.agent_id = (v_claims ->> 'agent_id')::uuid and c.status <> 'archived';
  elsif v_role = 'api_key' then
    if not v_claims -> 'scopes' ? 'conversations:read' then
      perform private.fail('insufficient_scope', 'The API key lacks the scope conversations:read.');
    end if;
    select c.status, c.escalated into v_status, v_escalated from public.conversations c
    where c.id = p_conversation_id and c.user_id = (v_claims ->> 'account_id')::uuid;
  elsif v_role = 'authenticated' then
    select c.status, c.escalated into v_status, v_escalated from public.conversations c
    where c.id = p_conversation_id and c.user_id in (select private.account_ids());
  else
    perform private.fail('forbidden', 'This needs a visitor token, a person or an API key.');
  end if;
  if not found then
    perform private.not_found();
  end if;
  select min(m.seq) into v_stop from public.messages m
  where m.conversation_id = p_conversation_id and m.state = 'running';
  select count(*), max(p.seq) filter (where p.n <= v_limit),
    coalesce(jsonb_agg(p.message order by p.seq) filter (where p.n <= v_limit), '[]')
  into v_count, v_last, v_messages
  from (
    select m.seq, private.message_json(m) || case
        when v_role = 'authenticated' and m.safety_flags <> '[]'
        then jsonb_build_object('safetyFlags', m.safety_flags) else '{}' end || case
        when v_role = 'authenticated' and m.model is not null
        then jsonb_build_object('debugInfo', private.answer_debug(m)) else '{}' end as message,
      row_number() over (order by m.seq) as n
    from public.messages m
    where m.conversation_id = p_conversation_id and m.seq > v_after
      and m.seq < coalesce(v_stop, 9223372036854775807)
    order by m.seq limit v_limit + 1) p;
  return jsonb_build_object('messages', v_messages, 'lastSeq', coalesce(v_last, v_after),
    'hasMore', v_count > v_limit, 'status', v_status, 'escalated', v_escalated,
    'takenOverBy', private.taken_over_by(p_conversation_id, v_status));
end
$$;
revoke all on function api.get_messages(uuid, bigint, int) from public;
grant execute on function api.get_messages(uuid, bigint, int) to visitor, authenticated, api_key;
