-- The row of an answer that begins, behind what the conversation has. For api.start_answer and
-- api.post_visitor_message, which hold the conversation's lock and know that it may begin.
create or replace function private.begin_answer(
  p_conversation_id uuid, p_epoch bigint, p_reply_to uuid, p_lease_seconds int)
returns public.messages language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_account_id uuid;
  v_seq bigint;
  v_message public.messages;
begin
  update public.conversations c
  set last_seq = c.last_seq + 1, message_count = c.message_count + 1, updated_at = now()
  where c.id = p_conversation_id
  returning c.user_id, c.last_seq into v_account_id, v_seq;
  insert into public.messages (user_id, conversation_id, seq, role, state, epoch, reply_to,
    lease_until)
  values (v_account_id, p_conversation_id, v_seq, 'assistant', 'running', p_epoch, p_reply_to,
    clock_timestamp()
      + make_interval(secs => least(greatest(coalesce(p_lease_seconds, 30), 1), 600)))
  returning * into v_message;
  return v_message;
end
$$;
