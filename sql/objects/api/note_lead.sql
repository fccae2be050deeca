-- What is known so far, for the message of this seq: {state, hasLead, messages}. A first message has nothing
-- before it but a lead that was left through the form.
create or replace function private.lead_progress(p_account_id uuid, p_conversation_id uuid, p_seq bigint)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return jsonb_build_object(
    'state', case when p_seq > 1 then (select s.state from private.lead_states s
      where s.conversation_id = p_conversation_id) end,
    'hasLead', exists (select from public.leads l
      where l.user_id = p_account_id and l.conversation_id = p_conversation_id),
    'messages', case when p_seq > 1 then (select count(*) from public.messages m
      where m.conversation_id = p_conversation_id and m.role = 'visitor' and m.seq <= p_seq) else 1 end);
end
$$;

-- After an answer: what is known now. True when the conversation has a lead. A lead that somebody left
-- through the form keeps what they wrote there; the score never falls.
create or replace function api.note_lead(
  p_conversation_id uuid, p_state jsonb, p_lead jsonb, p_capture boolean)
returns boolean language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation record;
  v_lead public.leads;
begin
  perform private.require_service();
  select c.user_id, c.agent_id, c.visitor_id, c.channel into v_conversation
  from public.conversations c where c.id = p_conversation_id for no key update;
  if not found then
    perform private.not_found();
  end if;
  insert into private.lead_states as s (conversation_id, user_id, state)
  values (p_conversation_id, v_conversation.user_id, p_state || jsonb_build_object('lead', p_lead))
  on conflict (conversation_id) do update set state = excluded.state, updated_at = now();
  select l.* into v_lead from public.leads l
  where l.user_id = v_conversation.user_id and l.conversation_id = p_conversation_id
  order by l.created_at desc, l.id desc limit 1;
  if v_lead.id is null and not coalesce(p_capture, false) then
    return false;
  end if;
  if v_lead.id is null then
    insert into public.leads (user_id, agent_id, conversation_id, visitor_id, name, email, phone,
      company, job_title, score, reasons, source, summary, journey_stage, qualification, key_moments,
      intents)
    values (v_conversation.user_id, v_conversation.agent_id, p_conversation_id,
      v_conversation.visitor_id, left(p_lead ->> 'name', 200), lower(p_lead ->> 'email'),
      left(p_lead ->> 'phone', 50), left(p_lead ->> 'company', 200), left(p_lead ->> 'jobTitle', 200),
      (p_lead ->> 'score')::int, p_lead -> 'reasons', 'chat', left(p_lead ->> 'summary', 2000),
      p_lead ->> 'journeyStage', p_lead -> 'qualification', p_lead -> 'keyMoments', p_lead -> 'intents');
    return true;
  end if;
  update public.leads l set
    name = coalesce(l.name, left(p_lead ->> 'name', 200)),
    email = coalesce(l.email, lower(p_lead ->> 'email')),
    phone = coalesce(l.phone, left(p_lead ->> 'phone', 50)),
    company = coalesce(l.company, left(p_lead ->> 'company', 200)),
    job_title = coalesce(l.job_title, left(p_lead ->> 'jobTitle', 200)),
    score = greatest(l.score, (p_lead ->> 'score')::int),
    reasons = case when (p_lead ->> 'score')::int > l.score then p_lead -> 'reasons' else l.reasons end,
    summary = left(p_lead ->> 'summary', 2000), journey_stage = p_lead ->> 'journeyStage',
    qualification = p_lead -> 'qualification', key_moments = p_lead -> 'keyMoments',
    intents = p_lead -> 'intents'
  where l.id = v_lead.id;
  return true;
end
$$;
revoke all on function api.note_lead(uuid, jsonb, jsonb, boolean) from public;
grant execute on function api.note_lead(uuid, jsonb, jsonb, boolean) to service_role;
