-- The life of one assistant message: start, append while the model speaks, finish. Every
-- function takes the conversation's lock first, so that after a takeover commits no text grows. Text
-- beyond 65536 characters is cut.

-- What ended an answer early: its conversation was archived, or else a person took over, who may have
-- handed back since.
create or replace function private.ended_as(p_status text) returns text
language sql immutable as $$
  select case p_status when 'archived' then p_status else 'human_takeover' end
$$;

-- Takes the row and its seq. Not started (with the other answer's id and seq, if there is one, else the
-- conversation's status) when the epoch has moved, a person has taken over, the conversation was
-- archived, or the message is answered or being answered.
create or replace function api.start_answer(
  p_conversation_id uuid, p_epoch bigint, p_reply_to uuid, p_lease_seconds int)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations;
  v_other record;
  v_message public.messages;
begin
  perform private.require_service();
  select * into v_conversation from public.conversations c
  where c.id = p_conversation_id for no key update;
  if not found then
    perform private.not_found();
  end if;
  if v_conversation.epoch is distinct from p_epoch
    or v_conversation.status not in ('active', 'closed') then
    return jsonb_build_object('started', false, 'messageId', null, 'seq', null,
      'status', private.ended_as(v_conversation.status));
  end if;
  if p_reply_to is not null then
    perform from public.messages m
    where m.id = p_reply_to and m.conversation_id = p_conversation_id;
    if not found then
      perform private.not_found();
    end if;
    update public.messages m
    set state = 'complete', cut_off = true, lease_until = null, updated_at = now()
    where m.conversation_id = p_conversation_id and m.state = 'running'
      and m.reply_to = p_reply_to and m.lease_until <= clock_timestamp();
    select m.id, m.seq into v_other from public.messages m
    where m.reply_to = p_reply_to and m.conversation_id = p_conversation_id
      and (m.state = 'running' or not m.cut_off or m.epoch <> p_epoch)
    order by m.seq desc limit 1;
    if found then
      return jsonb_build_object('started', false, 'messageId', v_other.id, 'seq', v_other.seq);
    end if;
  end if;
  v_message := private.begin_answer(p_conversation_id, p_epoch, p_reply_to, p_lease_seconds);
  return jsonb_build_object('started', true, 'messageId', v_message.id, 'seq', v_message.seq);
end
$$;

-- Stores what running answers have said so far and renews their leases. p_drafts: a list of
-- {id, epoch, content}, id that of the answer's row. Returns those that were not stored: `lost` are not
-- the caller's any more (stop the model, the stored text stands), `busy` have a conversation that
-- somebody else holds at this moment: it is not waited for, since the others' are held here meanwhile.
create or replace function api.append_answers(p_drafts jsonb, p_lease_seconds int)
returns table (message_id uuid, outcome text) language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_stored uuid[];
begin
  perform private.require_service();
  with draft as materialized (
    select d.id, d.epoch, d.content, m.conversation_id
    from jsonb_to_recordset(p_drafts) as d (id uuid, epoch bigint, content text)
    join public.messages m on m.id = d.id
  ), held as materialized (
    select c.id, c.epoch from public.conversations c
    where c.id in (select draft.conversation_id from draft) and c.status <> 'human_takeover'
    for no key update of c skip locked
  ), stored as (
    update public.messages m
    set content = left(d.content, 65536), updated_at = now(),
      lease_until = clock_timestamp()
        + make_interval(secs => least(greatest(coalesce(p_lease_seconds, 30), 1), 600))
    from draft d join held h on h.id = d.conversation_id and h.epoch = d.epoch
    where m.id = d.id and m.state = 'running' and m.epoch = d.epoch
    returning m.id
  )
  select coalesce(array_agg(stored.id), '{}') into v_stored from stored;
  if cardinality(v_stored) = jsonb_array_length(p_drafts) then
    return;
  end if;
  return query
  select d.id, case when m.id is null then 'lost' else 'busy' end
  from jsonb_to_recordset(p_drafts) as d (id uuid, epoch bigint)
  left join (public.messages m join public.conversations c on c.id = m.conversation_id)
    on m.id = d.id and m.state = 'running' and m.epoch = d.epoch
      and c.epoch = d.epoch and c.status <> 'human_takeover'
  where d.id <> all (v_stored);
end
$$;

-- Completes the answer with what p_answer says of it: content, citations, provider, model, tokensIn,
-- tokensOut, costMicros, latencyMs, firstTokenMs, cutOff, metadata. When a takeover, the archive or an
-- expired lease closed it first, the stored message stays and only what it took is noted (owned: false;
-- status says which of the first two it was, null the lease).
create or replace function api.finish_answer(p_message_id uuid, p_epoch bigint, p_answer jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_message public.messages;
  v_owned boolean;
  v_status text;
  v_noted boolean;
  v_tokens bigint := coalesce((p_answer ->> 'tokensIn')::bigint, 0)
    + coalesce((p_answer ->> 'tokensOut')::bigint, 0);
begin
  perform private.require_service();
  perform from public.conversations c
  where c.id = (select m.conversation_id from public.messages m where m.id = p_message_id)
    and c.epoch = p_epoch and c.status <> 'human_takeover'
  for no key update;
  v_owned := found;
  if not v_owned then
    v_status := private.ended_as((select c.status from public.conversations c
      where c.id = (select m.conversation_id from public.messages m where m.id = p_message_id)));
  end if;
  if v_owned then
    update public.messages m
    set state = 'complete',
      content = left(coalesce(p_answer ->> 'content', m.content), 65536),
      citations = case jsonb_typeof(p_answer -> 'citations')
        when 'array' then p_answer -> 'citations' else '[]' end,
      cut_off = coalesce((p_answer ->> 'cutOff')::boolean, false),
      provider = p_answer ->> 'provider', model = p_answer ->> 'model',
      tokens_in = (p_answer ->> 'tokensIn')::int, tokens_out = (p_answer ->> 'tokensOut')::int,
      cost_micros = (p_answer ->> 'costMicros')::bigint,
      latency_ms = (p_answer ->> 'latencyMs')::int,
      first_token_ms = (p_answer ->> 'firstTokenMs')::int,
      metadata = m.metadata || coalesce(p_answer -> 'metadata', '{}'),
      lease_until = null, updated_at = now()
    where m.id = p_message_id and m.state = 'running' and m.epoch = p_epoch
    returning * into v_message;
    v_owned := found;
    v_noted := v_owned;
  end if;
  if v_owned then
    update public.conversations c
    set preview = left(v_message.content, 200), last_message_at = now(), updated_at = now()
    where c.id = v_message.conversation_id;
  else
    update public.messages m
    set provider = p_answer ->> 'provider', model = p_answer ->> 'model',
      tokens_in = (p_answer ->> 'tokensIn')::int, tokens_out = (p_answer ->> 'tokensOut')::int,
      cost_micros = (p_answer ->> 'costMicros')::bigint,
      latency_ms = (p_answer ->> 'latencyMs')::int,
      first_token_ms = (p_answer ->> 'firstTokenMs')::int
    where m.id = p_message_id and m.role = 'assistant' and m.model is null and v_tokens > 0
    returning * into v_message;
    v_noted := found;
    if not found then
      select * into v_message from public.messages m where m.id = p_message_id;
      if not found then
        perform private.not_found();
      end if;
    end if;
  end if;
  if v_noted and v_tokens > 0 then
    perform private.count_usage(v_message.user_id, 'tokens', v_tokens);
    if coalesce(v_message.provider, 'builtin') <> 'builtin' then
      perform private.count_ai_call(v_message.conversation_id, v_tokens, v_message.cost_micros);
    end if;
  end if;
  return jsonb_build_object('owned', v_owned, 'status', v_status,
    'message', private.message_json(v_message));
end
$$;

-- Closes answers whose program went away. Waits for no lock: what is busy is looked at next time.
create or replace function api.close_stale_answers()
returns int language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation_id uuid;
  v_closed int;
  v_total int := 0;
begin
  perform private.require_service();
  for v_conversation_id in
    select distinct m.conversation_id from public.messages m
    where m.state = 'running' and m.lease_until <= clock_timestamp() limit 200
  loop
    perform from public.conversations c where c.id = v_conversation_id
    for no key update skip locked;
    if found then
      update public.messages m
      set state = 'complete', cut_off = true, lease_until = null, updated_at = now()
      where m.conversation_id = v_conversation_id and m.state = 'running'
        and m.lease_until <= clock_timestamp();
      get diagnostics v_closed = row_count;
      v_total := v_total + v_closed;
    end if;
  end loop;
  return v_total;
end
$$;

revoke all on function api.start_answer(uuid, bigint, uuid, int) from public;
revoke all on function api.append_answers(jsonb, int) from public;
revoke all on function api.finish_answer(uuid, bigint, jsonb) from public;
revoke all on function api.close_stale_answers() from public;
grant execute on function api.start_answer(uuid, bigint, uuid, int) to service_role;
grant execute on function api.append_answers(jsonb, int) to service_role;
grant execute on function api.finish_answer(uuid, bigint, jsonb) to service_role;
grant execute on function api.close_stale_answers() to service_role;
