-- The topic the current statement is about, without the client's `realtime:` prefix.
create or replace function realtime.topic() returns text
language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;
grant execute on function realtime.topic()
  to anon, visitor, authenticated, api_key, service_role, chatpad_owner;

-- Topics whose rights and events are ours. In any letter case: only the lower-case form has readers.
create or replace function realtime.is_reserved(p_topic text) returns boolean
language sql immutable as $$
  select coalesce(p_topic ~* '^(conversation|account|agent|session):[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', false)
$$;
grant execute on function realtime.is_reserved(text)
  to anon, visitor, authenticated, api_key, service_role, chatpad_owner;

-- May the caller read, or write, the reserved topic of this statement? False for every other topic.
create or replace function realtime.reserved_allows(p_verb text) returns boolean
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_topic text := realtime.topic();
  v_kind text := split_part(v_topic, ':', 1);
  v_role text := private.caller_role();
  v_person uuid;
  v_account uuid;
  v_id uuid;
begin
  if v_topic is null or v_topic <> lower(v_topic) or not realtime.is_reserved(v_topic)
    or v_role is null or (p_verb = 'write' and v_kind <> 'conversation') then
    return false;
  end if;
  v_id := split_part(v_topic, ':', 2)::uuid;
  if v_role = 'visitor' then
    if v_kind = 'conversation' then
      return exists (select from public.conversations c
        where c.id = v_id and c.visitor_id = private.visitor_id()
          and c.agent_id = private.claim_agent_id() and c.status <> 'archived');
    end if;
    return v_kind = 'agent' and v_id = private.claim_agent_id();
  end if;
  v_person := private.person_id();
  if v_person is null then
    return false;
  end if;
  v_account := case v_kind
    when 'account' then v_id
    when 'agent' then (select a.user_id from public.agents a where a.id = v_id)
    else (select c.user_id from public.conversations c where c.id = v_id) end;
  return private.role_rank(public.account_role(v_account))
    >= private.role_rank(case p_verb when 'write' then 'member' else 'client' end);
end
$$;
revoke all on function realtime.reserved_allows(text) from public;
grant execute on function realtime.reserved_allows(text) to anon, visitor, authenticated, api_key;
