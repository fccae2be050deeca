-- The REST endpoints under /v1/conversations, for API keys and people: begin, list, read, archive, escalate.

-- A conversation without a message, for a visitor whom the agent knows or for nobody in particular. The scope
-- is that of everything that begins a conversation.
create or replace function api.create_conversation(
  p_agent_id uuid, p_visitor_id uuid, p_metadata jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_agent public.agents;
begin
  if v_role is null or v_role not in ('api_key', 'authenticated') then
    perform private.fail('forbidden', 'This needs a signed-in person or an API key.');
  elsif v_role = 'api_key' and not private.has_scope('chat:write') then
    perform private.fail('insufficient_scope', 'The API key lacks the scope chat:write.');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or pg_column_size(p_metadata) > 16384 then
    perform private.fail('validation_failed', 'metadata must be an object of at most 16 KiB.', 'metadata');
  end if;
  select a.* into v_agent from public.agents a
  join public.accounts o on o.id = a.user_id and o.status = 'active'
  where a.id = p_agent_id and a.is_active and (a.user_id = private.claim_account_id()
    or (v_role = 'authenticated' and a.user_id in (select private.account_ids())));
  if not found then
    perform private.not_found();
  end if;
  if v_role = 'authenticated'
    and private.role_rank(public.account_role(v_agent.user_id)) < private.role_rank('member') then
    perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
  end if;
  if p_visitor_id is not null then
    perform private.require_visitor(p_visitor_id, v_agent.user_id, v_agent.id);
  end if;
  return private.rest_transcript(private.start_conversation(v_agent, p_visitor_id,
    private.visit_context(p_metadata)), 0, 1);
end
$$;

-- The beginning of a conversation whose first message the calling API key has just posted.
create or replace function api.started_conversation(p_conversation_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
begin
  if not private.has_scope('chat:write') then
    perform private.fail('insufficient_scope', 'The API key lacks the scope chat:write.');
  end if;
  select * into v_conversation from public.conversations c
  where c.id = p_conversation_id and c.user_id = private.claim_account_id()
    and c.api_key_id = private.claim_key_id();
  if not found then
    perform private.not_found();
  end if;
  return private.rest_transcript(v_conversation, 0, 2);
end
$$;

-- Of one agent, or of an account: a key's own, a person's by id. Both may be named when they fit.
create or replace function api.find_conversations(
  p_account_id uuid, p_agent_id uuid, p_status text, p_search text, p_limit int,
  p_before_us bigint, p_before_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_key_account uuid := private.claim_account_id();
  v_account uuid := case
    when p_agent_id is not null then (select a.user_id from public.agents a where a.id = p_agent_id
      and (p_account_id is null or a.user_id = p_account_id))
    else coalesce(p_account_id, v_key_account, private.person_id()) end;
  v_statuses text[] := case
    when p_status is null then array['active', 'human_takeover', 'closed', 'archived']
    when p_status = 'escalated' then array['active'] else array[p_status] end;
  v_page record;
begin
  if private.caller_role() = 'api_key' then
    if not private.has_scope('conversations:read') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope conversations:read.');
    end if;
    if v_account is distinct from v_key_account or v_account is null then
      perform private.not_found();
    end if;
  else
    perform private.require_reader(v_account);
  end if;
  v_page := private.conversation_page(v_account, p_agent_id, v_statuses,
    case p_status when 'escalated' then true when 'active' then false end, p_search, p_limit,
    p_before_us, p_before_id);
  return jsonb_build_object('conversations', (
      select coalesce(jsonb_agg(private.rest_conversation(c) order by i.n), '[]')
      from unnest(v_page.ids) with ordinality i (id, n)
      join public.conversations c on c.id = i.id),
    'next_cursor', v_page.next_cursor);
end
$$;

create or replace function api.read_conversation(
  p_conversation_id uuid, p_after_seq bigint, p_limit int)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return private.rest_transcript(private.readable_conversation(p_conversation_id), p_after_seq, p_limit);
end
$$;

-- Ends what is under way in it: an answer keeps what it has said, a takeover ends, nobody waits any more. The
-- epoch keeps out whoever began to answer before. What is archived already stays as it is.
create or replace function api.archive_conversation(p_conversation_id uuid, p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations := private.lock_writable_conversation(p_conversation_id);
begin
  if v_conversation.status <> 'archived' then
    perform private.note_origin(p_origin);
    perform private.cut_running_answers(p_conversation_id);
    if v_conversation.status = 'human_takeover' then
      perform private.end_takeover(v_conversation, 'the conversation was archived');
    end if;
    update public.conversations c set status = 'archived', escalated = false, epoch = c.epoch + 1,
      closed_at = coalesce(c.closed_at, now()), updated_at = now()
    where c.id = p_conversation_id;
    perform private.audit(v_conversation.user_id, 'conversation.archived', 'conversation',
      p_conversation_id);
  end if;
  return jsonb_build_object('id', p_conversation_id, 'archived', true);
end
$$;

-- Calls a person. The visitor reads the agent's words for that, p_words when it has none, once; one that
-- waits already gets the higher priority, and a note when it has none.
create or replace function api.escalate_conversation(
  p_conversation_id uuid, p_note text, p_priority text, p_words text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations := private.lock_writable_conversation(p_conversation_id);
  v_words text;
begin
  if v_conversation.status = 'archived' then
    perform private.fail('conversation_archived', 'The conversation is archived.');
  elsif v_conversation.status = 'closed' then
    perform private.fail('conversation_closed', 'The conversation is closed.');
  elsif v_conversation.status = 'human_takeover' then
    perform private.fail('already_taken_over', 'A person has taken this conversation over.');
  end if;
  if not v_conversation.escalated then
    select a.personality #>> '{conversationFlow,escalationMessage}' into v_words
    from public.agents a where a.id = v_conversation.agent_id;
    perform private.say_as_agent(v_conversation,
      case when v_words ~ '\S' then v_words else p_words end, 'escalation');
  end if;
  perform private.escalate(p_conversation_id,
    case when private.person_id() is null then 'api' else 'person' end,
    case when p_priority = 'medium' then 'normal' else p_priority end, p_note);
  select * into v_conversation from public.conversations c where c.id = p_conversation_id;
  return private.rest_conversation(v_conversation);
end
$$;

revoke all on function api.create_conversation(uuid, uuid, jsonb) from public;
revoke all on function api.started_conversation(uuid) from public;
revoke all on function api.find_conversations(uuid, uuid, text, text, int, bigint, uuid) from public;
revoke all on function api.read_conversation(uuid, bigint, int) from public;
revoke all on function api.archive_conversation(uuid, jsonb) from public;
revoke all on function api.escalate_conversation(uuid, text, text, text) from public;
grant execute on function api.started_conversation(uuid) to api_key;
grant execute on function api.create_conversation(uuid, uuid, jsonb),
  api.find_conversations(uuid, uuid, text, text, int, bigint, uuid),
  api.read_conversation(uuid, bigint, int), api.archive_conversation(uuid, jsonb),
  api.escalate_conversation(uuid, text, text, text) to authenticated, api_key;
