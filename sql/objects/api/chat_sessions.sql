-- Sessions of the chatbot-widget API are conversations.

-- A conversation without messages, of the visitor or of an API key. p_debug: its answers say how they came
-- about, to API keys only.
create or replace function api.create_chat_session(p_agent_id uuid, p_context jsonb, p_debug boolean)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_account_id uuid := private.claim_account_id();
  v_visitor_id uuid := private.visitor_id();
  v_agent public.agents;
  v_started public.conversations;
begin
  if v_role = 'visitor' then
    if p_agent_id is distinct from private.claim_agent_id() then
      perform private.not_found();
    end if;
  elsif v_role = 'api_key' then
    if not private.has_scope('chat:write') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope chat:write.');
    end if;
  else
    perform private.fail('forbidden', 'This needs a visitor token or an API key.');
  end if;
  select a.* into v_agent from public.agents a
  join public.accounts o on o.id = a.user_id and o.status = 'active'
  where a.id = p_agent_id and a.user_id = v_account_id and a.is_active;
  if not found then
    perform private.not_found();
  end if;
  if v_visitor_id is not null then
    perform private.see_visitor(v_visitor_id, v_account_id, p_agent_id);
  end if;
  v_started := private.start_conversation(v_agent, v_visitor_id, private.visit_context(p_context)
    || case when p_debug and v_role = 'api_key' then '{"debugMode":true}'::jsonb else '{}' end);
  return jsonb_build_object('sessionId', v_started.id, 'accountId', v_account_id,
    'knowledgeVersion', v_agent.knowledge_version, 'operatingHours', v_agent.operating_hours);
end
$$;

-- What an answer of the session says beside its text: {agentId, debugMode, metrics, lastAnswer}.
create or replace function api.chat_session(p_session_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_conversation public.conversations;
begin
  if v_role is null or v_role not in ('visitor', 'api_key') then
    perform private.fail('forbidden', 'This needs a visitor token or an API key.');
  end if;
  if v_role = 'api_key' and not private.has_scope('chat:write') then
    perform private.fail('insufficient_scope', 'The API key lacks the scope chat:write.');
  end if;
  select * into v_conversation from public.conversations c
  where c.id = p_session_id and c.user_id = private.claim_account_id() and c.status <> 'archived'
    and (v_role = 'api_key' or (c.visitor_id = private.visitor_id()
      and c.agent_id = private.claim_agent_id()));
  if not found then
    perform private.not_found();
  end if;
  return jsonb_build_object('agentId', v_conversation.agent_id,
    'debugMode', v_role = 'api_key' and coalesce((v_conversation.metadata ->> 'debugMode')::boolean, false),
    'metrics', private.conversation_metrics(p_session_id),
    'lastAnswer', (select jsonb_build_object('model', m.model, 'inputTokens', m.tokens_in,
        'outputTokens', m.tokens_out, 'citations', jsonb_array_length(m.citations),
        'safetyFlags', jsonb_array_length(m.safety_flags),
        'responseTimeMs', round(extract(epoch from m.updated_at - q.created_at) * 1000)::bigint)
      from public.messages m join public.messages q on q.id = m.reply_to
      where m.conversation_id = p_session_id and m.role = 'assistant' order by m.seq desc limit 1));
end
$$;
revoke all on function api.create_chat_session(uuid, jsonb, boolean) from public;
revoke all on function api.chat_session(uuid) from public;
grant execute on function api.create_chat_session(uuid, jsonb, boolean) to visitor, api_key;
grant execute on function api.chat_session(uuid) to visitor, api_key;
