-- The objects of the HTTP contract. camelCase, times in UTC with milliseconds.

create or replace function private.message_json(m public.messages) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'id', m.id, 'seq', m.seq, 'role', m.role, 'content', m.content, 'citations', m.citations,
    'cutOff', m.cut_off, 'createdAt', private.iso(m.created_at),
    'conversationId', m.conversation_id,
    'author', case when m.role = 'human'
      then jsonb_build_object('name', coalesce(m.author_name, 'Support')) end,
    'running', m.state = 'running')
$$;

-- What a client says of where its visitor is: addresses without query and fragment. Those may carry the
-- visitor's own secrets (a sign-in's tokens, a reset link), and the account's people read this.
create or replace function private.visit_context(p jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_name text;
begin
  p := coalesce(p, '{}');
  foreach v_name in array '{pageUrl,referrer}'::text[] loop
    if jsonb_typeof(p -> v_name) = 'string' then
      p := p || jsonb_build_object(v_name, regexp_replace(p ->> v_name, '[?#].*', ''));
    end if;
  end loop;
  return p;
end
$$;
revoke all on function private.visit_context(jsonb) from public;

-- How an answer came about, for people of the account and nobody else.
create or replace function private.answer_debug(m public.messages) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'processingSteps', coalesce(m.metadata -> 'steps', '[]'),
    'aiMetadata', jsonb_build_object('provider', m.provider, 'model', m.model,
      'tokensIn', m.tokens_in, 'tokensOut', m.tokens_out, 'costMicros', m.cost_micros,
      'tokensEstimated', coalesce(m.metadata -> 'tokensEstimated', 'false'),
      'attempts', coalesce(m.metadata -> 'attempts', '1'), 'failure', m.metadata -> 'failure'),
    'performanceMetrics', jsonb_build_object('firstTokenMs', m.first_token_ms,
      'latencyMs', m.latency_ms))
$$;

-- What a person calls themselves; null when nothing.
create or replace function private.own_name(p_metadata jsonb) returns text
language sql immutable as $$
  select left(coalesce(nullif(p_metadata ->> 'display_name', ''),
    nullif(p_metadata ->> 'full_name', ''), nullif(p_metadata ->> 'name', '')), 100)
$$;

-- A person's name as visitors may see it: never any part of the address.
create or replace function private.person_name(p_user_id uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select coalesce(private.own_name(u.raw_user_meta_data), 'Support')
  from auth.users u where u.id = p_user_id);
end
$$;

-- How a list names the visitor of a conversation without a lead. The id itself is a secret of the
-- visitor; 24 bits of its hash are the same in every conversation and lead nowhere.
create or replace function private.visitor_code(p_id uuid) returns text
language sql immutable as $$
  select 'Visitor ' || upper(left(encode(sha256(uuid_send(p_id)), 'hex'), 6))
$$;

-- Who is in charge of a conversation of this status, or null.
create or replace function private.taken_over_by(p_conversation_id uuid, p_status text)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  if p_status <> 'human_takeover' then
    return null;
  end if;
  return (select jsonb_build_object('id', t.member_id,
      'name', coalesce(private.person_name(t.member_id), 'Support'))
    from public.conversation_takeovers t
    where t.conversation_id = p_conversation_id and t.ended_at is null);
end
$$;

-- Travels on a topic that the visitor reads, and to people, who do not see visitor ids.
create or replace function private.conversation_json(c public.conversations) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_lead record;
  v_known text := private.identified_name(c.visitor_id);
begin
  select l.id, coalesce(l.name, l.email, l.phone) as label into v_lead
  from public.leads l
  where l.user_id = c.user_id and l.conversation_id = c.id
  order by l.created_at desc, l.id desc limit 1;
  return jsonb_build_object(
    'id', c.id, 'agentId', c.agent_id,
    'agentName', (select a.name from public.agents a where a.id = c.agent_id),
    'status', c.status, 'escalated', c.escalated,
    'escalatedAt', case when c.escalated then private.iso(c.escalated_at) end,
    'escalationReason', case when c.escalated then c.escalation_reason end, 'epoch', c.epoch, 'lastSeq', c.last_seq,
    'messageCount', c.message_count, 'subject', c.subject, 'preview', c.preview,
    'lastMessageRole', (select m.role from public.messages m
      where m.conversation_id = c.id and m.state = 'complete' order by m.seq desc limit 1),
    'visitorLabel', coalesce(v_lead.label, v_known, private.visitor_code(coalesce(c.visitor_id, c.id))),
    'visitorVerified', v_known is not null,
    'channel', c.channel, 'createdAt', private.iso(c.created_at),
    'updatedAt', private.iso(c.updated_at), 'lastMessageAt', private.iso(c.last_message_at),
    'closedAt', private.iso(c.closed_at), 'leadId', v_lead.id,
    'takenOverBy', private.taken_over_by(c.id, c.status),
    'metadata', c.metadata);
end
$$;

create or replace function private.lead_json(l public.leads) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'id', l.id, 'score', l.score, 'status', l.status, 'reasons', l.reasons, 'name', l.name,
    'email', l.email, 'phone', l.phone, 'company', l.company, 'jobTitle', l.job_title,
    'message', l.message, 'customFields', l.custom_fields, 'conversationId', l.conversation_id,
    'agentId', l.agent_id, 'createdAt', private.iso(l.created_at))
$$;

-- The whole record, for people.
create or replace function private.full_lead_json(l public.leads) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return private.lead_json(l) || jsonb_build_object('source', l.source,
    'capturedAt', private.iso(l.created_at), 'updatedAt', private.iso(l.updated_at),
    'assignedTo', case when l.assigned_to is not null then jsonb_build_object('id', l.assigned_to,
      'name', coalesce(private.person_name(l.assigned_to), 'Support')) end,
    'intents', l.intents, 'qualificationData', l.qualification,
    'conversationContext', jsonb_build_object('summary', l.summary, 'keyMoments', l.key_moments,
      'journeyStage', l.journey_stage,
      'engagementMetrics', private.conversation_metrics(l.conversation_id)));
end
$$;

-- {messageCount, avgResponseTime, engagementScore}: messages of both sides, milliseconds until an answer was
-- complete, and 0 to 100, full at six messages of the visitor.
create or replace function private.conversation_metrics(p_conversation_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return (select jsonb_build_object('messageCount', count(*),
      'avgResponseTime', coalesce(round(extract(epoch from avg(m.updated_at - q.created_at)) * 1000), 0)::bigint,
      'engagementScore', least(round(count(*) filter (where m.role = 'visitor') * 100 / 6.0), 100)::int)
    from public.messages m
    left join public.messages q on q.id = m.reply_to and m.state = 'complete'
    where m.conversation_id = p_conversation_id);
end
$$;

-- What the conversation's topic says of a lead: the visitor reads there, so neither the score nor
-- its reasons, nor what the team does with it.
create or replace function private.lead_contact_json(l public.leads) returns jsonb
language sql stable as $$
  select private.lead_json(l) - '{score,status,reasons,message,customFields}'::text[]
$$;

-- The note stays in the table: this object also travels on a topic that the visitor reads.
create or replace function private.takeover_json(t public.conversation_takeovers) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'id', t.id, 'memberId', t.member_id,
    'memberName', coalesce(private.person_name(t.member_id), 'Support'), 'note', null,
    'startedAt', private.iso(t.started_at), 'endedAt', private.iso(t.ended_at))
$$;

create or replace function private.user_json(u auth.users) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'email_confirmed_at', private.iso(u.email_confirmed_at),
    'confirmed_at', private.iso(u.email_confirmed_at),
    'phone_confirmed_at', private.iso(u.phone_confirmed_at),
    'invited_at', private.iso(u.invited_at),
    'confirmation_sent_at', private.iso(u.confirmation_sent_at),
    'recovery_sent_at', private.iso(u.recovery_sent_at),
    'new_email', u.email_change,
    'email_change_sent_at', private.iso(u.email_change_sent_at),
    'reauthentication_sent_at', private.iso(u.reauthentication_sent_at),
    'last_sign_in_at', private.iso(u.last_sign_in_at),
    'deleted_at', private.iso(u.deleted_at),
    'banned_until', private.iso(u.banned_until),
    'factors', private.factors_json(u.id)))
  || jsonb_build_object(
    'id', u.id, 'aud', 'authenticated', 'role', 'authenticated',
    'email', coalesce(u.email, ''), 'phone', coalesce(u.phone, ''),
    'app_metadata', u.raw_app_meta_data, 'user_metadata', u.raw_user_meta_data,
    'identities', coalesce((
      select jsonb_agg(jsonb_build_object(
        'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id,
        'identity_data', i.identity_data, 'provider', i.provider, 'email', i.email,
        'last_sign_in_at', private.iso(i.last_sign_in_at),
        'created_at', private.iso(i.created_at), 'updated_at', private.iso(i.updated_at))
        order by i.created_at, i.id)
      from auth.identities i where i.user_id = u.id), '[]'),
    'created_at', private.iso(u.created_at), 'updated_at', private.iso(u.updated_at),
    'is_anonymous', u.is_anonymous);
end
$$;
