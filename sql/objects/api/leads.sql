-- Leads from the widget or the API.

create or replace function api.create_widget_lead(
  p_agent_id uuid, p_conversation_id uuid, p_fields jsonb, p_score int, p_reasons jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_account_id uuid := private.lead_agent(p_agent_id, p_conversation_id);
  v_visitor_id uuid := private.visitor_id();
  v_conversation_id uuid := p_conversation_id;
  v_said jsonb;
  v_lead public.leads;
begin
  if jsonb_typeof(p_fields) is distinct from 'object' or pg_column_size(p_fields) > 65536 then
    perform private.fail('validation_failed', 'The fields must be an object of at most 64 KiB.');
  end if;
  if jsonb_typeof(p_fields -> 'customFields') not in ('object', 'null') then
    perform private.fail('validation_failed', 'customFields must be an object.');
  end if;
  if jsonb_typeof(p_reasons) <> 'array' then
    perform private.fail('validation_failed', 'reasons must be a list.');
  end if;
  if v_conversation_id is null then
    if v_visitor_id is not null then
      perform private.see_visitor(v_visitor_id, v_account_id, p_agent_id);
    end if;
    insert into public.conversations (user_id, agent_id, visitor_id, api_key_id, channel)
    values (v_account_id, p_agent_id, v_visitor_id, private.claim_key_id(),
      case when v_role = 'api_key' then 'api' else 'web' end)
    returning id into v_conversation_id;
  elsif v_visitor_id is null then
    select c.visitor_id into v_visitor_id from public.conversations c
    where c.id = v_conversation_id;
  end if;
  -- What the conversation said before the form was sent (api.note_lead).
  select s.state -> 'lead' into v_said from private.lead_states s
  where s.conversation_id = v_conversation_id;
  begin
    insert into public.leads (user_id, agent_id, conversation_id, visitor_id, name, email, phone,
      company, job_title, message, custom_fields, score, reasons, source, summary, journey_stage,
      qualification, key_moments, intents)
    values (v_account_id, p_agent_id, v_conversation_id, v_visitor_id,
      nullif(trim(p_fields ->> 'name'), ''), nullif(lower(trim(p_fields ->> 'email')), ''),
      nullif(trim(p_fields ->> 'phone'), ''), nullif(trim(p_fields ->> 'company'), ''),
      nullif(trim(p_fields ->> 'jobTitle'), ''), nullif(trim(p_fields ->> 'message'), ''),
      coalesce(nullif(p_fields -> 'customFields', 'null'), '{}'),
      least(greatest(coalesce(p_score, 0), 0), 100), coalesce(p_reasons, '[]'),
      case when v_role = 'api_key' then 'api' else 'widget' end,
      coalesce(left(v_said ->> 'summary', 2000), ''), coalesce(v_said ->> 'journeyStage', 'discovery'),
      coalesce(v_said -> 'qualification', '{}'), coalesce(v_said -> 'keyMoments', '[]'),
      coalesce(v_said -> 'intents', '[]'))
    returning * into v_lead;
  exception when check_violation then
    perform private.fail('validation_failed', 'A field of the lead is too long.');
  end;
  return jsonb_build_object('lead', private.lead_json(v_lead),
    'conversationId', v_conversation_id);
end
$$;

-- What the scoring reads: how many messages there are and what the visitor wrote.
create or replace function api.lead_context(p_agent_id uuid, p_conversation_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.lead_agent(p_agent_id, p_conversation_id);
  return jsonb_build_object(
    'messageCount', coalesce((select c.message_count from public.conversations c
      where c.id = p_conversation_id), 0),
    'visitorTexts', coalesce((
      select jsonb_agg(t.content order by t.seq) from (
        select m.seq, m.content from public.messages m
        where m.conversation_id = p_conversation_id and m.role = 'visitor'
        order by m.seq desc limit 200) t), '[]'));
end
$$;

revoke all on function api.create_widget_lead(uuid, uuid, jsonb, int, jsonb) from public;
revoke all on function api.lead_context(uuid, uuid) from public;
grant execute on function api.create_widget_lead(uuid, uuid, jsonb, int, jsonb)
  to visitor, api_key;
grant execute on function api.lead_context(uuid, uuid) to visitor, api_key;
