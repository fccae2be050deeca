-- The life of one assistant message: start, append while the model speaks, finish or abort. Every
-- function takes the conversation's lock first, so that after a takeover commits no text grows. Text
-- beyond 65536 characters is cut.

-- Takes the row and its seq. Not started (with the other answer's id and seq, if there is one) when
-- the epoch has moved, a person has taken over, or the message is answered or being answered.
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
    return jsonb_build_object('started', false, 'messageId', null, 'seq', null);
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
  update public.conversations c
  set last_seq = c.last_seq + 1, message_count = c.message_count + 1, updated_at = now()
  where c.id = p_conversation_id
  returning c.last_seq into v_conversation.last_seq;
  insert into public.messages (user_id, conversation_id, seq, role, state, epoch, reply_to,
    lease_until)
  values (v_conversation.user_id, p_conversation_id, v_conversation.last_seq, 'assistant',
    'running', p_epoch, p_reply_to,
    clock_timestamp()
      + make_interval(secs => least(greatest(coalesce(p_lease_seconds, 30), 1), 600)))
  returning * into v_message;
  return jsonb_build_object('started', true, 'messageId', v_message.id, 'seq', v_message.seq);
end
$$;

-- True while the answer is still the caller's. False: stop the model, the stored text stands.
create or replace function api.append_answer(
  p_message_id uuid, p_epoch bigint, p_content text, p_lease_seconds int)
returns boolean language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  perform from public.conversations c
  where c.id = (select m.conversation_id from public.messages m where m.id = p_message_id)
    and c.epoch = p_epoch and c.status <> 'human_takeover'
  for no key update;
  if not found then
    return false;
  end if;
  update public.messages m
  set content = left(p_content, 65536), updated_at = now(),
    lease_until = clock_timestamp()
      + make_interval(secs => least(greatest(coalesce(p_lease_seconds, 30), 1), 600))
  where m.id = p_message_id and m.state = 'running' and m.epoch = p_epoch;
  return found;
end
$$;

-- Completes the answer. When a takeover or an expired lease closed it first: the stored message.
create or replace function api.finish_answer(
  p_message_id uuid, p_epoch bigint, p_content text, p_citations jsonb, p_model text,
  p_tokens_in int, p_tokens_out int, p_metadata jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_message public.messages;
  v_owned boolean;
begin
  perform private.require_service();
  perform from public.conversations c
  where c.id = (select m.conversation_id from public.messages m where m.id = p_message_id)
    and c.epoch = p_epoch and c.status <> 'human_takeover'
  for no key update;
  v_owned := found;
  if v_owned then
    update public.messages m
    set state = 'complete', content = left(coalesce(p_content, m.content), 65536),
      citations = case jsonb_typeof(p_citations) when 'array' then p_citations else '[]' end,
      model = p_model, tokens_in = p_tokens_in,
      tokens_out = p_tokens_out, metadata = m.metadata || coalesce(p_metadata, '{}'),
      lease_until = null, updated_at = now()
    where m.id = p_message_id and m.state = 'running' and m.epoch = p_epoch
    returning * into v_message;
    v_owned := found;
  end if;
  if v_owned then
    update public.conversations c
    set preview = left(v_message.content, 200), last_message_at = now(), updated_at = now()
    where c.id = v_message.conversation_id;
    if p_tokens_in is not null or p_tokens_out is not null then
      perform private.count_usage(v_message.user_id, 'tokens',
        coalesce(p_tokens_in, 0) + coalesce(p_tokens_out, 0));
    end if;
  else
    select * into v_message from public.messages m where m.id = p_message_id;
    if not found then
      perform private.not_found();
    end if;
  end if;
  return private.message_json(v_message);
end
$$;

-- The provider failed and nothing replaces the text: what there is stays, cut off. The reason is
-- kept for the inbox.
create or replace function api.abort_answer(p_message_id uuid, p_epoch bigint, p_reason text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_message public.messages;
begin
  perform private.require_service();
  perform from public.conversations c
  where c.id = (select m.conversation_id from public.messages m where m.id = p_message_id)
  for no key update;
  update public.messages m
  set state = 'complete', cut_off = true, lease_until = null, updated_at = now(),
    metadata = m.metadata || jsonb_build_object('abortReason', left(p_reason, 500))
  where m.id = p_message_id and m.state = 'running' and m.epoch = p_epoch
  returning * into v_message;
  if not found then
    select * into v_message from public.messages m where m.id = p_message_id;
    if not found then
      perform private.not_found();
    end if;
  end if;
  return private.message_json(v_message);
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
revoke all on function api.append_answer(uuid, bigint, text, int) from public;
revoke all on function api.finish_answer(uuid, bigint, text, jsonb, text, int, int, jsonb)
  from public;
revoke all on function api.abort_answer(uuid, bigint, text) from public;
revoke all on function api.close_stale_answers() from public;
grant execute on function api.start_answer(uuid, bigint, uuid, int) to service_role;
grant execute on function api.append_answer(uuid, bigint, text, int) to service_role;
grant execute on function api.finish_answer(uuid, bigint, text, jsonb, text, int, int, jsonb)
  to service_role;
grant execute on function api.abort_answer(uuid, bigint, text) to service_role;
grant execute on function api.close_stale_answers() to service_role;
