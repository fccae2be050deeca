-- The objects of the REST endpoints under /v1/conversations: snake_case, with the words of that API.

-- One that waits for a person is called escalated, with what is known of that; priorities are low, medium,
-- high and urgent.
create or replace function private.rest_conversation(c public.conversations) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_shown jsonb := private.conversation_json(c);
begin
  return jsonb_build_object(
    'id', c.id, 'agent_id', c.agent_id, 'agent_name', v_shown -> 'agentName',
    'status', case when c.status = 'active' and c.escalated then 'escalated' else c.status end,
    'escalation', case when c.escalated then jsonb_build_object('reason', c.escalation_reason,
      'note', c.escalation_note, 'escalated_at', private.iso(c.escalated_at),
      'priority', case c.metadata ->> 'priority' when 'normal' then 'medium'
        else c.metadata ->> 'priority' end) end,
    'taken_over_by', v_shown -> 'takenOverBy', 'channel', c.channel, 'subject', c.subject,
    'preview', c.preview, 'visitor_label', v_shown -> 'visitorLabel',
    'visitor_verified', v_shown -> 'visitorVerified', 'message_count', c.message_count,
    'last_seq', c.last_seq, 'metadata', c.metadata, 'created_at', private.iso(c.created_at),
    'updated_at', private.iso(c.updated_at), 'last_message_at', private.iso(c.last_message_at),
    'closed_at', private.iso(c.closed_at));
end
$$;

-- What was noticed about a message is for people only.
create or replace function private.rest_message(m public.messages) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_build_object('id', m.id, 'seq', m.seq, 'role', m.role, 'content', m.content,
    'citations', (
      select coalesce(jsonb_agg(jsonb_build_object('doc_id', c -> 'sourceId', 'title', c -> 'title',
        'url', c -> 'url', 'page', c -> 'page', 'snippet', c -> 'snippet') order by n), '[]')
      from jsonb_array_elements(m.citations) with ordinality x (c, n)),
    'author', case when m.role = 'human'
      then jsonb_build_object('name', coalesce(m.author_name, 'Support')) end,
    'cut_off', m.cut_off, 'model_used', m.model, 'token_count_in', m.tokens_in,
    'token_count_out', m.tokens_out, 'latency_ms', m.latency_ms,
    'created_at', private.iso(m.created_at))
    || case when private.person_id() is not null
      then jsonb_build_object('safety_flags', m.safety_flags) else '{}' end;
end
$$;

-- A conversation with a page of its messages behind p_after_seq. Stops before the first running answer,
-- so that next_after_seq never skips one.
create or replace function private.rest_transcript(
  c public.conversations, p_after_seq bigint, p_limit int)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_after bigint := coalesce(p_after_seq, 0);
  v_limit int := least(greatest(coalesce(p_limit, 50), 1), 100);
  v_messages public.messages[];
begin
  v_messages := array(
    select m from public.messages m
    where m.conversation_id = c.id and m.seq > v_after and m.seq < coalesce((
      select min(r.seq) from public.messages r
      where r.conversation_id = c.id and r.state = 'running'), 9223372036854775807)
    order by m.seq limit v_limit + 1);
  return private.rest_conversation(c) || jsonb_build_object(
    'messages', (select coalesce(jsonb_agg(private.rest_message(m) order by m.seq), '[]')
      from unnest(v_messages[1:v_limit]) m),
    'next_after_seq', coalesce(v_messages[least(cardinality(v_messages), v_limit)].seq, v_after),
    'has_more', cardinality(v_messages) > v_limit);
end
$$;
