-- The conversation under its lock, for a person who holds at least the given role in its account.
-- A foreign id and an unknown one take the same path.
create or replace function private.lock_conversation_for_person(p_conversation_id uuid, p_role text)
returns public.conversations
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person uuid := private.person_id();
  v_conversation public.conversations;
begin
  if v_person is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  select * into v_conversation from public.conversations c
  where c.id = p_conversation_id and c.user_id in (select private.account_ids())
  for no key update;
  if not found then
    perform private.not_found();
  end if;
  if private.role_rank(public.account_role(v_conversation.user_id)) < private.role_rank(p_role) then
    perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
  end if;
  return v_conversation;
end
$$;

-- The same for an API key with the scope conversations:write, or a person of at least the role member.
create or replace function private.lock_writable_conversation(p_conversation_id uuid)
returns public.conversations
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
begin
  if private.caller_role() is distinct from 'api_key' then
    return private.lock_conversation_for_person(p_conversation_id, 'member');
  end if;
  if not private.has_scope('conversations:write') then
    perform private.fail('insufficient_scope', 'The API key lacks the scope conversations:write.');
  end if;
  select * into v_conversation from public.conversations c
  where c.id = p_conversation_id and c.user_id = private.claim_account_id()
  for no key update;
  if not found then
    perform private.not_found();
  end if;
  return v_conversation;
end
$$;

-- Without a lock, for whoever may read: an API key with the scope conversations:read, or any person of
-- the account.
create or replace function private.readable_conversation(p_conversation_id uuid)
returns public.conversations
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
begin
  if private.caller_role() = 'api_key' then
    if not private.has_scope('conversations:read') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope conversations:read.');
    end if;
    select * into v_conversation from public.conversations c
    where c.id = p_conversation_id and c.user_id = private.claim_account_id();
  elsif private.person_id() is null then
    perform private.fail('forbidden', 'This needs a signed-in person or an API key.');
  else
    select * into v_conversation from public.conversations c
    where c.id = p_conversation_id and c.user_id in (select private.account_ids());
  end if;
  if not found then
    perform private.not_found();
  end if;
  return v_conversation;
end
$$;

-- A conversation without messages, of a visitor or of nobody we know. Whoever adds the row is counted by its
-- trigger.
create or replace function private.start_conversation(
  p_agent public.agents, p_visitor_id uuid, p_metadata jsonb)
returns public.conversations
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
begin
  insert into public.conversations (user_id, agent_id, visitor_id, api_key_id, channel, metadata)
  values (p_agent.user_id, p_agent.id, p_visitor_id, private.claim_key_id(),
    case when private.caller_role() = 'visitor' then 'web' else 'api' end, p_metadata)
  returning * into v_conversation;
  return v_conversation;
end
$$;

-- What the agent says of itself, not in answer to anything; the caller holds the lock.
create or replace function private.say_as_agent(
  p_conversation public.conversations, p_words text, p_kind text)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  insert into public.messages (user_id, conversation_id, seq, role, content, epoch, metadata)
  values (p_conversation.user_id, p_conversation.id, p_conversation.last_seq + 1, 'assistant',
    p_words, p_conversation.epoch, jsonb_build_object('kind', p_kind));
  update public.conversations c set last_seq = c.last_seq + 1, message_count = c.message_count + 1,
    preview = left(p_words, 200), last_message_at = now()
  where c.id = p_conversation.id;
end
$$;

-- Ends the takeover of a conversation whose lock the caller holds and whose status the caller changes.
create or replace function private.end_takeover(p_conversation public.conversations, p_note text)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  update public.conversation_takeovers t set ended_at = now(), end_note = p_note
  where t.conversation_id = p_conversation.id and t.ended_at is null;
  perform private.log_security(p_conversation.user_id,
    coalesce(private.person_id(), private.claim_key_id()),
    case when private.person_id() is null then 'api_key' else 'user' end, 'takeover.ended',
    jsonb_build_object('conversationId', p_conversation.id));
end
$$;

-- Ends every running answer of a conversation whose lock the caller holds, keeping its text.
create or replace function private.cut_running_answers(p_conversation_id uuid) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  update public.messages
  set state = 'complete', cut_off = true, lease_until = null, updated_at = now()
  where conversation_id = p_conversation_id and state = 'running';
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- A visitor whom the agent knows. Others are not found, whosever they are.
create or replace function private.require_visitor(p_visitor_id uuid, p_user_id uuid, p_agent_id uuid)
returns void language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform from public.visitors v
  where v.id = p_visitor_id and v.user_id = p_user_id and v.agent_id = p_agent_id;
  if not found then
    perform private.not_found();
  end if;
end
$$;

-- A visitor's first contact; a no-op beyond last_seen_at afterwards.
create or replace function private.see_visitor(p_visitor_id uuid, p_user_id uuid, p_agent_id uuid)
returns void language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.visitors as v (id, user_id, agent_id)
  values (p_visitor_id, p_user_id, p_agent_id)
  on conflict (id) do update set last_seen_at = now()
  where v.user_id = excluded.user_id and v.agent_id = excluded.agent_id;
  if not found then
    perform private.not_found();
  end if;
end
$$;
