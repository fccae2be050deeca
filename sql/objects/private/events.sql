-- Triggers that write the durable events, in the transaction of the change they tell of.

create or replace function private.message_event() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into realtime.messages (topic, also_topics, extension, event, private, payload, seq)
  select 'conversation:' || new.conversation_id, array['account:' || new.user_id], 'broadcast',
    'message.created', true,
    jsonb_build_object('message', private.message_json(new),
      'conversationId', new.conversation_id, 'agentId', c.agent_id),
    new.seq
  from public.conversations c where c.id = new.conversation_id;
  return null;
end
$$;

create or replace function private.conversation_created_event() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into realtime.messages (topic, also_topics, extension, event, private, payload)
  values ('conversation:' || new.id, array['account:' || new.user_id], 'broadcast',
    'conversation.created', true,
    jsonb_build_object('conversation', private.conversation_json(new)));
  return null;
end
$$;

-- A takeover's row is written before the conversation changes, so it can be told here.
create or replace function private.conversation_event() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_topic text := 'conversation:' || new.id;
  v_also text[] := array['account:' || new.user_id];
  v_conversation jsonb := private.conversation_json(new);
begin
  if old.status = 'human_takeover'
    and (new.status <> 'human_takeover' or new.epoch <> old.epoch) then
    insert into realtime.messages (topic, also_topics, extension, event, private, payload)
    select v_topic, v_also, 'broadcast', 'takeover.ended', true,
      jsonb_build_object('conversation', v_conversation, 'takeover', (
        select private.takeover_json(t) from public.conversation_takeovers t
        where t.conversation_id = new.id and t.ended_at is not null
        order by t.epoch desc limit 1));
  end if;
  if new.status = 'human_takeover'
    and (old.status <> 'human_takeover' or new.epoch <> old.epoch) then
    insert into realtime.messages (topic, also_topics, extension, event, private, payload)
    select v_topic, v_also, 'broadcast', 'takeover.started', true,
      jsonb_build_object('conversation', v_conversation, 'takeover', (
        select private.takeover_json(t) from public.conversation_takeovers t
        where t.conversation_id = new.id and t.ended_at is null));
  end if;
  if new.escalated and not old.escalated then
    insert into realtime.messages (topic, also_topics, extension, event, private, payload)
    values (v_topic, v_also, 'broadcast', 'conversation.escalated', true,
      jsonb_build_object('conversation', v_conversation, 'escalation', jsonb_build_object(
        'reason', new.escalation_reason, 'priority', new.metadata -> 'priority',
        'escalatedAt', private.iso(new.escalated_at))));
  end if;
  if (old.status, old.escalated, old.subject) is distinct from
    (new.status, new.escalated, new.subject) then
    insert into realtime.messages (topic, also_topics, extension, event, private, payload)
    values (v_topic, v_also, 'broadcast', 'conversation.updated', true,
      jsonb_build_object('conversation', v_conversation));
  end if;
  return null;
end
$$;

-- Two rows, because the two topics may not read the same.
create or replace function private.lead_event() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  values ('account:' || new.user_id, 'broadcast', 'lead.created', true,
    jsonb_build_object('lead', private.full_lead_json(new)));
  if new.conversation_id is not null then
    insert into realtime.messages (topic, extension, event, private, payload)
    values ('conversation:' || new.conversation_id, 'broadcast', 'lead.created', true,
      jsonb_build_object('lead', private.lead_contact_json(new)));
  end if;
  return null;
end
$$;

create or replace function private.lead_changed_event() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  values ('account:' || new.user_id, 'broadcast', 'lead.updated', true,
    jsonb_build_object('lead', private.full_lead_json(new)));
  return null;
end
$$;

-- 'visitors': what a widget shows has changed. 'people': only what the account's people see has.
create or replace function private.agent_event() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_account text := 'account:' || new.user_id;
  v_seen boolean := tg_argv[0] = 'visitors';
begin
  insert into realtime.messages (topic, also_topics, extension, event, private, payload)
  values (case when v_seen then 'agent:' || new.id else v_account end,
    case when v_seen then array[v_account] else '{}' end, 'broadcast', 'config.updated', true,
    jsonb_build_object('agent',
      jsonb_build_object('id', new.id, 'updatedAt', private.iso(new.updated_at))));
  return null;
end
$$;
