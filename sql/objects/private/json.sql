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
    'status', c.status, 'escalated', c.escalated, 'epoch', c.epoch, 'lastSeq', c.last_seq,
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
    'banned_until', private.iso(u.banned_until)))
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
