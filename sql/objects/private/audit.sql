-- Appends to the audit log. Who acts comes from the claims, where from is what the endpoint said with
-- private.note_origin(). Rows hold ids, never names or addresses: they cannot be changed afterwards,
-- and what a person wants forgotten must not stand in them.

-- `p_origin` is {"ip", "userAgent"} of the request; for the rest of this transaction.
create or replace function private.note_origin(p_origin jsonb) returns void
language plpgsql volatile set search_path = '' as $$
begin
  perform set_config('chatpad.origin', coalesce(p_origin::text, ''), true);
end
$$;

create or replace function private.origin_ip() returns inet
language plpgsql stable set search_path = '' as $$
begin
  return (nullif(current_setting('chatpad.origin', true), '')::jsonb ->> 'ip')::inet;
exception when invalid_text_representation then
  return null;
end
$$;

create or replace function private.audit_only(
  p_user_id uuid, p_action text, p_resource_type text, p_resource_id uuid, p_detail jsonb,
  p_actor_id uuid default null, p_ip inet default null, p_user_agent text default null)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_actor uuid := coalesce(p_actor_id, private.person_id(), private.claim_key_id(),
    private.visitor_id());
  v_kind text := case when p_actor_id is not null then 'user'
    when v_role = 'authenticated' then 'user'
    when v_role in ('api_key', 'visitor') then v_role
    when v_role = 'service_role' then 'service' else 'system' end;
  v_id uuid;
begin
  if v_kind = 'user' and p_actor_id is null
    and private.team_role(p_user_id, v_actor) is null and private.is_super_admin() then
    v_kind := 'super_admin';
  end if;
  insert into public.audit_logs (user_id, actor_id, actor_kind, action, resource_type, resource_id,
    detail, ip, user_agent)
  select a.id, v_actor, v_kind, p_action, p_resource_type, p_resource_id, coalesce(p_detail, '{}'),
    coalesce(p_ip, private.origin_ip()), left(coalesce(p_user_agent,
      nullif(current_setting('chatpad.origin', true), '')::jsonb ->> 'userAgent'), 500)
  from public.accounts a where a.id = p_user_id
  returning id into v_id;
  if v_id is not null then
    insert into private.audit_unsealed (user_id, log_id) values (p_user_id, v_id);
  end if;
end
$$;

-- The same, and a row of security_logs, which is what people of the account watch.
create or replace function private.audit(
  p_user_id uuid, p_action text, p_resource_type text default null, p_resource_id uuid default null,
  p_detail jsonb default '{}')
returns void language plpgsql volatile security definer set search_path = '' as $$
declare
  v_kind text := coalesce(private.caller_role(), 'system');
begin
  perform private.audit_only(p_user_id, p_action, p_resource_type, p_resource_id, p_detail);
  perform private.log_security(p_user_id,
    coalesce(private.person_id(), private.claim_key_id(), private.visitor_id()),
    case v_kind when 'authenticated' then 'user' when 'service_role' then 'service'
      when 'anon' then 'system' else v_kind end,
    p_action, coalesce(p_detail, '{}') || jsonb_strip_nulls(jsonb_build_object('id', p_resource_id)),
    private.origin_ip());
end
$$;

-- An event on the account's topic. Who has the role client reads there too: ids, roles and states only.
create or replace function private.account_event(p_user_id uuid, p_event text, p_payload jsonb)
returns void language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  select 'account:' || a.id, 'broadcast', p_event, true, p_payload
  from public.accounts a where a.id = p_user_id;
end
$$;

-- The names of the columns that a row's change touched.
create or replace function private.changed_columns(p_old jsonb, p_new jsonb) returns jsonb
language sql immutable as $$
  select coalesce(jsonb_agg(n.key order by n.key), '[]')
  from jsonb_each(p_new) n
  where n.value is distinct from p_old -> n.key and n.key <> 'updated_at'
$$;

-- For tables whose rows are the account's things: <kind>.created, .updated or .deleted, without values.
-- Arguments: the kind, then columns that change without anybody's doing.
create or replace function private.audit_row() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(case tg_op when 'DELETE' then old else new end);
  v_changed jsonb;
begin
  if tg_op = 'UPDATE' then
    v_changed := private.changed_columns(to_jsonb(old) - tg_argv[1:], to_jsonb(new) - tg_argv[1:]);
    if v_changed = '[]' then
      return null;
    end if;
  end if;
  perform private.audit((v_row ->> 'user_id')::uuid, tg_argv[0] || case tg_op
      when 'INSERT' then '.created' when 'UPDATE' then '.updated' else '.deleted' end,
    tg_argv[0], coalesce(v_row ->> 'id', v_row ->> 'user_id')::uuid,
    case when v_changed is null then '{}' else jsonb_build_object('changed', v_changed) end);
  return null;
end
$$;

-- A takeover has its row of security_logs already.
create or replace function private.audit_takeover() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.audit_only(new.user_id,
    case tg_op when 'INSERT' then 'takeover.started' else 'takeover.ended' end,
    'conversation', new.conversation_id, jsonb_build_object('takeoverId', new.id));
  return null;
end
$$;

-- A person who signs in is told of in every account they work in.
create or replace function private.audit_sign_in() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.audit_only(a.id, 'session.created', 'session', new.id, '{}', new.user_id, new.ip,
    new.user_agent)
  from (select new.user_id as id where private.team_role(new.user_id, new.user_id) is not null
    union select t.owner_id from public.team_members t where t.member_id = new.user_id) a;
  return null;
end
$$;
create or replace trigger audit_sign_in after insert on auth.sessions
  for each row execute function private.audit_sign_in();
