-- A visitor's message, committed before the model is asked. Locks one conversation row, never an
-- account's. A retry with the same client_message_id waits for the first attempt at the primary key
-- of private.idempotency and returns its result. A generic plan throughout: PostgreSQL would take the
-- history's limit, which is no constant, as a reason to plan that query at every call. The text was screened by
-- the settings p_safety; when they are not the agent's, nothing is stored and those of the agent are returned.
-- An API key begins a conversation for the visitor p_visitor_id, whom the agent has to know.
-- With p_lease_seconds the answer to a new message begins in the same transaction, unless a person has taken
-- over: answerId is its row, and whoever asked writes it (api.append_answers).
create or replace function api.post_visitor_message(
  p_agent_id uuid, p_conversation_id uuid, p_content text, p_client_message_id text,
  p_metadata jsonb, p_history int default 10, p_safety jsonb default null,
  p_visitor_id uuid default null, p_lease_seconds int default null)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
  v_claims jsonb := private.claims();
  v_role text := current_setting('role');
  v_account_id uuid := (v_claims ->> 'account_id')::uuid;
  v_visitor_id uuid;
  v_key_id uuid;
  v_actor text;
  v_agent record;
  v_message_id uuid := gen_random_uuid();
  v_conversation_id uuid := coalesce(p_conversation_id, gen_random_uuid());
  v_seq bigint := 1;
  v_epoch bigint := 0;
  v_status text := 'active';
  v_message public.messages;
  v_reply public.messages;
  v_reply_state text := 'none';
  v_history jsonb := '[]';
  v_duplicate boolean := false;
  v_answer public.messages;
begin
  if v_role is distinct from v_claims ->> 'role' then
    perform private.fail('forbidden', 'This needs a visitor token or an API key.');
  elsif v_role = 'visitor' then
    v_visitor_id := (v_claims ->> 'sub')::uuid;
    v_actor := 'v:' || v_visitor_id;
    if v_visitor_id is null or p_agent_id is distinct from (v_claims ->> 'agent_id')::uuid then
      perform private.not_found();
    end if;
  elsif v_role = 'api_key' then
    if not v_claims -> 'scopes' ? 'chat:write' then
      perform private.fail('insufficient_scope', 'The API key lacks the scope chat:write.');
    end if;
    v_key_id := (v_claims ->> 'key_id')::uuid;
    v_actor := 'k:' || v_key_id;
  else
    perform private.fail('forbidden', 'This needs a visitor token or an API key.');
  end if;
  if p_content is null or p_content !~ '\S' or length(p_content) > 16000 then
    perform private.fail('validation_failed', 'message must have 1 to 16000 characters.');
  end if;
  if length(p_client_message_id) not between 1 and 200 then
    perform private.fail('validation_failed', 'clientMessageId must have 1 to 200 characters.');
  end if;
  if jsonb_typeof(p_metadata) <> 'object' or pg_column_size(p_metadata) > 16384 then
    perform private.fail('validation_failed', 'metadata must be an object of at most 16 KiB.');
  end if;
  p_metadata := private.visit_context(p_metadata);

  select a.id, a.user_id, a.name, a.instructions, a.fallback_message, a.model, a.ai, a.personality,
    a.operating_hours, a.knowledge_version, a.safety, a.allowed_origins, a.lead_settings,
    o.messages_blocked_until, coalesce(w.groups, '{}') as groups
  into v_agent
  from public.agents a
  join public.accounts o on o.id = a.user_id and o.status = 'active'
  left join public.visitors w on w.id = v_visitor_id and w.user_id = a.user_id
    and w.agent_id = a.id and w.identifier is not null
  where a.id = p_agent_id and a.user_id = v_account_id and a.is_active;
  if not found then
    perform private.not_found();
  end if;

  if p_safety is not null and p_safety <> v_agent.safety then
    return jsonb_build_object('safety', v_agent.safety);
  end if;

  if p_client_message_id is not null then
    insert into private.idempotency
      (agent_id, actor, client_message_id, message_id, conversation_id)
    values (p_agent_id, v_actor, p_client_message_id, v_message_id, v_conversation_id)
    on conflict do nothing;
    v_duplicate := not found;
  end if;

  if v_duplicate then
    select m.* into v_message
    from private.idempotency i join public.messages m on m.id = i.message_id
    where i.agent_id = p_agent_id and i.actor = v_actor
      and i.client_message_id = p_client_message_id;
    if not found then
      perform private.not_found();
    end if;
    v_conversation_id := v_message.conversation_id;
    select c.epoch, c.status into v_epoch, v_status
    from public.conversations c where c.id = v_conversation_id;
    select m.* into v_reply from public.messages m
    where m.reply_to = v_message.id order by m.seq desc limit 1;
    -- An answer that its own program left half-way counts as none; one that a takeover cut stands.
    if v_reply.id is null then
      v_reply_state := 'none';
    elsif v_reply.state = 'running' then
      v_reply_state := case when v_reply.lease_until > now() then 'running' else 'none' end;
    elsif not v_reply.cut_off or v_reply.epoch <> v_epoch then
      v_reply_state := 'complete';
    end if;
  else
    if v_agent.messages_blocked_until > now() then
      perform private.messages_used_up(v_account_id, v_agent.messages_blocked_until);
    end if;
    if p_conversation_id is null then
      if v_visitor_id is not null then
        perform private.see_visitor(v_visitor_id, v_account_id, p_agent_id);
      elsif p_visitor_id is not null then
        perform private.require_visitor(p_visitor_id, v_account_id, p_agent_id);
      end if;
      insert into public.conversations (id, user_id, agent_id, visitor_id, api_key_id, channel,
        last_seq, message_count, preview, metadata, last_message_at)
      values (v_conversation_id, v_account_id, p_agent_id, coalesce(v_visitor_id, p_visitor_id), v_key_id,
        case when v_role = 'api_key' then 'api' else 'web' end,
        1, 1, left(p_content, 200), coalesce(p_metadata, '{}'), now());
    else
      update public.conversations c
      set last_seq = c.last_seq + 1, message_count = c.message_count + 1,
        preview = left(p_content, 200), last_message_at = now(), updated_at = now()
      where c.id = p_conversation_id and c.agent_id = p_agent_id and c.user_id = v_account_id
        and (v_visitor_id is null or c.visitor_id = v_visitor_id) and c.status <> 'archived'
      returning c.last_seq, c.epoch, c.status into v_seq, v_epoch, v_status;
      if not found then
        perform private.not_found();
      end if;
      -- Apart, so that the usual update names no column that the event trigger watches.
      if v_status = 'closed' then
        update public.conversations c set status = 'active', closed_at = null
        where c.id = p_conversation_id returning c.status into v_status;
      end if;
    end if;
    insert into public.messages (id, user_id, conversation_id, seq, role, content, epoch,
      client_message_id, metadata)
    values (v_message_id, v_account_id, v_conversation_id, v_seq, 'visitor', p_content, v_epoch,
      p_client_message_id, coalesce(p_metadata, '{}'))
    returning * into v_message;
    if p_lease_seconds is not null and v_status = 'active' then
      v_answer := private.begin_answer(v_conversation_id, v_epoch, v_message_id, p_lease_seconds);
    end if;
  end if;

  if v_message.seq > 1 and p_history > 0 then
    select coalesce(jsonb_agg(jsonb_build_object('role', h.role, 'content', h.content)
      order by h.seq), '[]')
    into v_history
    from (select m.seq, m.role, m.content from public.messages m
          where m.conversation_id = v_conversation_id and m.seq < v_message.seq
            and m.state = 'complete' and m.content <> ''
            and m.role in ('visitor', 'assistant', 'human')
          order by m.seq desc limit least(p_history, 100)) h;
  end if;

  return jsonb_build_object(
    'conversationId', v_conversation_id, 'accountId', v_account_id, 'epoch', v_epoch,
    'status', v_status, 'duplicate', v_duplicate,
    'userMessage', private.message_json(v_message),
    'reply', case when v_reply_state = 'complete' then private.message_json(v_reply) end,
    'replyState', v_reply_state, 'answerId', v_answer.id,
    'hasSecrets', exists (select from private.account_secrets s where s.user_id = v_account_id),
    'overBudget', private.over_ai_budget(v_account_id, p_agent_id, v_key_id, v_visitor_id),
    'agent', jsonb_build_object('id', v_agent.id, 'name', v_agent.name,
      'instructions', v_agent.instructions, 'fallbackMessage', v_agent.fallback_message,
      'model', v_agent.model, 'ai', v_agent.ai, 'personality', v_agent.personality,
      'schedule', case v_agent.operating_hours #>> '{outsideHoursBehavior,showOfflineMessage}'
        when 'true' then v_agent.operating_hours end,
      'knowledgeVersion', v_agent.knowledge_version, 'safety', v_agent.safety,
      'allowedOrigins', to_jsonb(v_agent.allowed_origins),
      'leadSettings', v_agent.lead_settings),
    'lead', private.lead_progress(v_account_id, v_conversation_id, v_message.seq),
    'groups', to_jsonb(v_agent.groups), 'history', v_history);
end
$$;
revoke all on function api.post_visitor_message(uuid, uuid, text, text, jsonb, int, jsonb, uuid, int) from public;
grant execute on function api.post_visitor_message(uuid, uuid, text, text, jsonb, int, jsonb, uuid, int)
  to visitor, api_key;
