-- The conversation, whose lock the caller holds, waits for a person from now on. Nothing happens while a
-- person is in charge or when it is closed; whoever waits already keeps the time, and the higher priority.
-- p_note is for the account's people; the first one stays.
create or replace function private.escalate(
  p_conversation_id uuid, p_reason text, p_priority text, p_note text default null)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_ranks constant text[] := array['low', 'normal', 'high', 'urgent'];
begin
  update public.conversations c set escalated = true, updated_at = now(),
    escalated_at = case when c.escalated then c.escalated_at else now() end,
    escalation_reason = case when c.escalated then c.escalation_reason else p_reason end,
    escalation_note = case when c.escalated then coalesce(c.escalation_note, p_note) else p_note end,
    metadata = c.metadata || jsonb_build_object('priority', case
      when c.escalated and array_position(v_ranks, c.metadata ->> 'priority')
        > array_position(v_ranks, p_priority) then c.metadata ->> 'priority'
      else p_priority end)
  where c.id = p_conversation_id and c.status = 'active';
end
$$;
