-- Verified identity: which secrets count, whom a good signature stands for, and what admins do with it.

-- Asked by the program before it compares a signature.
create or replace function api.identity_versions(p_agent_id uuid)
returns table (current_version integer, previous_version integer)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
    select a.identity_version,
      case when a.identity_previous_until > now() then a.identity_version - 1 end
    from public.agents a
    join public.accounts o on o.id = a.user_id and o.status = 'active'
    where a.id = p_agent_id and a.is_active;
  if not found then
    perform private.not_found();
  end if;
end
$$;

-- The visitor this identifier stands for, made at its first time. What an anonymous visitor had
-- becomes theirs; what belongs to somebody identified never moves. Only after the signature was good.
-- `p_about`: {name, email, phone, customAttributes}; what it leaves out stays as it was.
create or replace function api.identify_visitor(
  p_agent_id uuid, p_origin text, p_own_page boolean, p_visitor_id uuid,
  p_identifier text, p_about jsonb, p_groups text[])
returns table (visitor_id uuid, conversation_id uuid)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_agent record;
  v_before jsonb;
  v_visitor public.visitors;
  v_id uuid;
begin
  perform private.require_service();
  select a.id, a.user_id, a.allowed_origins into v_agent
  from public.agents a
  join public.accounts o on o.id = a.user_id and o.status = 'active'
  where a.id = p_agent_id and a.is_active;
  if not found then
    perform private.not_found();
  end if;
  perform private.require_origin(v_agent.allowed_origins, p_origin, p_own_page);
  select private.visitor_json(v) into v_before from public.visitors v
  where v.user_id = v_agent.user_id and v.agent_id = v_agent.id and v.identifier = p_identifier;
  insert into public.visitors as v (id, user_id, agent_id, identifier, name, email, phone, metadata,
    groups, verified_at)
  values (gen_random_uuid(), v_agent.user_id, v_agent.id, p_identifier, p_about ->> 'name',
    p_about ->> 'email', p_about ->> 'phone', coalesce(p_about -> 'customAttributes', '{}'), p_groups,
    now())
  on conflict (user_id, agent_id, identifier) where identifier is not null
  do update set name = coalesce(excluded.name, v.name), email = coalesce(excluded.email, v.email),
    phone = coalesce(excluded.phone, v.phone),
    metadata = case when p_about ? 'customAttributes' then excluded.metadata else v.metadata end,
    groups = excluded.groups, verified_at = now(), last_seen_at = now()
  returning * into v_visitor;
  v_id := v_visitor.id;
  if exists (select from public.visitors w where w.id = p_visitor_id and w.user_id = v_agent.user_id
      and w.agent_id = v_agent.id and w.identifier is null) then
    update public.conversations c set visitor_id = v_id
    where c.user_id = v_agent.user_id and c.agent_id = v_agent.id and c.visitor_id = p_visitor_id;
    -- A message that is sent again under the new name is still the same.
    update private.idempotency i set actor = 'v:' || v_id
    where i.agent_id = v_agent.id and i.actor = 'v:' || p_visitor_id
      and not exists (select from private.idempotency j where j.agent_id = i.agent_id
        and j.actor = 'v:' || v_id and j.client_message_id = i.client_message_id);
    v_before := null;
  end if;
  if v_before is null or v_before - '{verifiedAt,lastSeenAt}'::text[]
      <> private.visitor_json(v_visitor) - '{verifiedAt,lastSeenAt}'::text[] then
    perform private.visitor_event(v_visitor);
  end if;
  visitor_id := v_id;
  select c.id into conversation_id from public.conversations c
  where c.user_id = v_agent.user_id and c.agent_id = v_agent.id and c.visitor_id = v_id
    and c.status <> 'archived'
  order by c.last_message_at desc nulls last, c.id limit 1;
  return next;
end
$$;

-- For people of role admin: which version signs, and how long the one before counts.
create or replace function api.identity_settings(p_agent_id uuid)
returns table (version integer, previous_until text, required boolean)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_identity_admin(p_agent_id);
  return query
    select a.identity_version,
      case when a.identity_previous_until > now() then private.iso(a.identity_previous_until) end,
      a.identity_required
    from public.agents a where a.id = p_agent_id;
end
$$;

create or replace function api.rotate_identity_secret(p_agent_id uuid, p_overlap_s integer)
returns table (version integer, previous_until text, required boolean)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_identity_admin(p_agent_id);
  update public.agents a set identity_version = a.identity_version + 1,
    identity_previous_until = now() + make_interval(secs => p_overlap_s)
  where a.id = p_agent_id;
  perform private.log_security_of_agent(p_agent_id, 'identity_secret.rotated');
  return query select s.version, s.previous_until, s.required from api.identity_settings(p_agent_id) s;
end
$$;

create or replace function api.require_identity(p_agent_id uuid, p_required boolean)
returns table (version integer, previous_until text, required boolean)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_identity_admin(p_agent_id);
  update public.agents a set identity_required = p_required
  where a.id = p_agent_id and a.identity_required <> p_required;
  if found then
    perform private.log_security_of_agent(p_agent_id,
      case when p_required then 'identity.required' else 'identity.optional' end);
  end if;
  return query select s.version, s.previous_until, s.required from api.identity_settings(p_agent_id) s;
end
$$;

revoke all on function api.identity_versions(uuid) from public;
revoke all on function api.identify_visitor(uuid, text, boolean, uuid, text, jsonb, text[]) from public;
revoke all on function api.identity_settings(uuid) from public;
revoke all on function api.rotate_identity_secret(uuid, integer) from public;
revoke all on function api.require_identity(uuid, boolean) from public;
grant execute on function api.identity_versions(uuid) to service_role;
grant execute on function api.identify_visitor(uuid, text, boolean, uuid, text, jsonb, text[]) to service_role;
grant execute on function api.identity_settings(uuid) to authenticated;
grant execute on function api.rotate_identity_secret(uuid, integer) to authenticated;
grant execute on function api.require_identity(uuid, boolean) to authenticated;
