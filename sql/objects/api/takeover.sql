-- A person takes a conversation over, speaks in it, and hands it back.

-- Raises the epoch, which fences every answer that started before; a running one keeps its text.
-- Idempotent for the same person; takes over from another. Nobody waits any more.
create or replace function api.start_takeover(p_conversation_id uuid, p_note text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
  v_person uuid := private.person_id();
begin
  v_conversation := private.lock_conversation_for_person(p_conversation_id, 'member');
  if length(p_note) > 4000 then
    perform private.fail('validation_failed', 'note must have at most 4000 characters.');
  end if;
  if v_conversation.status in ('closed', 'archived') then
    perform private.fail('conversation_closed', 'The conversation is closed.');
  end if;
  if v_conversation.status = 'human_takeover' and exists (
    select from public.conversation_takeovers t
    where t.conversation_id = p_conversation_id and t.ended_at is null
      and t.member_id = v_person) then
    return jsonb_build_object('conversation', private.conversation_json(v_conversation));
  end if;
  perform private.cut_running_answers(p_conversation_id);
  update public.conversation_takeovers t
  set ended_at = now(), end_note = 'taken over by another person'
  where t.conversation_id = p_conversation_id and t.ended_at is null;
  insert into public.conversation_takeovers (user_id, conversation_id, member_id, note, epoch)
  values (v_conversation.user_id, p_conversation_id, v_person, p_note, v_conversation.epoch + 1);
  update public.conversations c
  set status = 'human_takeover', escalated = false, epoch = c.epoch + 1, updated_at = now()
  where c.id = p_conversation_id
  returning * into v_conversation;
  perform private.log_security(v_conversation.user_id, v_person, 'user', 'takeover.started',
    jsonb_build_object('conversationId', p_conversation_id));
  return jsonb_build_object('conversation', private.conversation_json(v_conversation));
end
$$;

-- Hands the conversation back to the AI. Without a takeover: returns it as it is.
create or replace function api.end_takeover(p_conversation_id uuid, p_note text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
begin
  v_conversation := private.lock_conversation_for_person(p_conversation_id, 'member');
  if length(p_note) > 4000 then
    perform private.fail('validation_failed', 'note must have at most 4000 characters.');
  end if;
  if v_conversation.status = 'human_takeover' then
    perform private.end_takeover(v_conversation, p_note);
    update public.conversations c set status = 'active', updated_at = now()
    where c.id = p_conversation_id
    returning * into v_conversation;
  end if;
  return jsonb_build_object('conversation', private.conversation_json(v_conversation));
end
$$;

create or replace function api.send_human_message(
  p_conversation_id uuid, p_content text, p_client_message_id text default null)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
  v_person uuid := private.person_id();
  v_message_id uuid := gen_random_uuid();
  v_message public.messages;
begin
  v_conversation := private.lock_conversation_for_person(p_conversation_id, 'member');
  if p_content is null or p_content !~ '\S' or length(p_content) > 16000 then
    perform private.fail('validation_failed', 'content must have 1 to 16000 characters.');
  end if;
  if length(p_client_message_id) not between 1 and 200 then
    perform private.fail('validation_failed', 'clientMessageId must have 1 to 200 characters.');
  end if;
  if p_client_message_id is not null then
    insert into private.idempotency
      (agent_id, actor, client_message_id, message_id, conversation_id)
    values (v_conversation.agent_id, 'u:' || v_person, p_client_message_id, v_message_id,
      p_conversation_id)
    on conflict do nothing;
    if not found then
      select m.* into v_message
      from private.idempotency i join public.messages m on m.id = i.message_id
      where i.agent_id = v_conversation.agent_id and i.actor = 'u:' || v_person
        and i.client_message_id = p_client_message_id
        and i.conversation_id = p_conversation_id;
      if not found then
        perform private.fail('conflict', 'This clientMessageId belongs to another conversation.');
      end if;
      return jsonb_build_object('message', private.message_json(v_message));
    end if;
  end if;
  if v_conversation.status <> 'human_takeover' then
    perform private.fail('takeover_required', 'Take the conversation over before writing in it.');
  end if;
  update public.conversations c
  set last_seq = c.last_seq + 1, message_count = c.message_count + 1,
    preview = left(p_content, 200), last_message_at = now(), updated_at = now()
  where c.id = p_conversation_id
  returning * into v_conversation;
  insert into public.messages (id, user_id, conversation_id, seq, role, content, epoch, author_id,
    author_name, client_message_id)
  values (v_message_id, v_conversation.user_id, p_conversation_id, v_conversation.last_seq, 'human',
    p_content, v_conversation.epoch, v_person,
    coalesce(private.person_name(v_person), 'Support'), p_client_message_id)
  returning * into v_message;
  return jsonb_build_object('message', private.message_json(v_message));
end
$$;

revoke all on function api.start_takeover(uuid, text) from public;
revoke all on function api.end_takeover(uuid, text) from public;
revoke all on function api.send_human_message(uuid, text, text) from public;
grant execute on function api.start_takeover(uuid, text) to authenticated;
grant execute on function api.end_takeover(uuid, text) to authenticated;
grant execute on function api.send_human_message(uuid, text, text) to authenticated;
