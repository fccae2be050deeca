-- A person closes a conversation, which ends a takeover, or opens a closed one again. Asking for what
-- is already so changes nothing. An answer that is being written is finished. The agent says its last words,
-- if it has any, before the conversation is closed.
create or replace function api.update_conversation(p_conversation_id uuid, p_status text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
  v_words text;
begin
  if p_status is null or p_status not in ('active', 'closed') then
    perform private.fail('validation_failed', 'status must be one of closed, active.');
  end if;
  v_conversation := private.lock_conversation_for_person(p_conversation_id, 'member');
  if v_conversation.status = 'archived' then
    perform private.fail('conversation_archived', 'The conversation is archived.');
  end if;
  if p_status = 'active' and v_conversation.status = 'human_takeover' then
    perform private.fail('takeover_active', 'A person is in charge; end the takeover instead.');
  end if;
  if v_conversation.status <> p_status then
    if v_conversation.status = 'human_takeover' then
      perform private.end_takeover(v_conversation, 'the conversation was closed');
    end if;
    if p_status = 'closed' then
      select a.personality #>> '{conversationFlow,endConversationMessage}' into v_words
      from public.agents a where a.id = v_conversation.agent_id;
    end if;
    if v_words ~ '\S' then
      perform private.say_as_agent(v_conversation, v_words, 'end');
    end if;
    update public.conversations c
    set status = p_status, escalated = false, updated_at = now(),
      closed_at = case when p_status = 'closed' then now() end
    where c.id = p_conversation_id
    returning * into v_conversation;
  end if;
  return jsonb_build_object('conversation', private.conversation_json(v_conversation));
end
$$;
revoke all on function api.update_conversation(uuid, text) from public;
grant execute on function api.update_conversation(uuid, text) to authenticated;
