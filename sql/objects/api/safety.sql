-- What was noticed about a visitor's message and its answer. Flags of a message are replaced, not added
-- to: the run that answers it knows all of them. The account hears of it, and of what it is about. A
-- reason says that a person has to look; not once somebody has taken over since the answer began.
create or replace function api.note_safety(p_conversation_id uuid, p_question_id uuid,
  p_answer_id uuid, p_input jsonb, p_output jsonb, p_reason text, p_priority text)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
begin
  perform private.require_service();
  select * into v_conversation from public.conversations c
  where c.id = p_conversation_id for no key update;
  if not found then
    perform private.not_found();
  end if;
  update public.messages m set safety_flags = case m.id when p_question_id then p_input else p_output end
  where m.conversation_id = p_conversation_id and m.id in (p_question_id, p_answer_id)
    and case m.id when p_question_id then p_input else p_output end <> '[]';
  if p_reason is not null and v_conversation.epoch = (
    select m.epoch from public.messages m
    where m.id = p_question_id and m.conversation_id = p_conversation_id) then
    perform private.escalate(p_conversation_id, p_reason, p_priority);
  end if;
  if p_input = '[]' and p_output = '[]' then
    return;
  end if;
  perform private.account_event(v_conversation.user_id, 'safety.alert', jsonb_build_object(
    'conversationId', p_conversation_id, 'agentId', v_conversation.agent_id,
    'messages', (select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'seq', m.seq, 'role', m.role,
        'safetyFlags', m.safety_flags) order by m.seq), '[]')
      from public.messages m
      where m.conversation_id = p_conversation_id and m.id in (p_question_id, p_answer_id)
        and m.safety_flags <> '[]')));
end
$$;
revoke all on function api.note_safety(uuid, uuid, uuid, jsonb, jsonb, text, text) from public;
grant execute on function api.note_safety(uuid, uuid, uuid, jsonb, jsonb, text, text) to service_role;

-- An agent's safety settings, and new ones: as a whole, checked by the program.
create or replace function api.get_safety(p_agent_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return jsonb_build_object('safety', (private.managed_agent(p_agent_id)).safety);
end
$$;

create or replace function api.update_safety(p_agent_id uuid, p_safety jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.managed_agent(p_agent_id);
  update public.agents a set safety = p_safety
  where a.id = p_agent_id and a.safety is distinct from p_safety;
  return api.get_safety(p_agent_id);
end
$$;
revoke all on function api.get_safety(uuid) from public;
revoke all on function api.update_safety(uuid, jsonb) from public;
grant execute on function api.get_safety(uuid) to authenticated;
grant execute on function api.update_safety(uuid, jsonb) to authenticated;
