-- Since when a conversation waits for a person, and why. The inbox lists those that wait by their activity.
alter table public.conversations
  add column escalated_at timestamptz,
  add column escalation_reason text
    check (escalation_reason in ('request', 'keyword', 'topic', 'assistant', 'person', 'api'));
create index conversations_waiting on public.conversations (user_id, active_hour desc)
  where escalated and status = 'active';

-- Its successor is told the reason.
drop function if exists api.note_safety(uuid, uuid, uuid, jsonb, jsonb, text);
