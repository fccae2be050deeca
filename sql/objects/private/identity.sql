-- May a page of this origin show the agent? An empty list lets every site in, our own pages always may.
create or replace function private.require_origin(p_allowed text[], p_origin text, p_own_page boolean)
returns void language plpgsql stable set search_path = '' as $$
begin
  if p_allowed <> '{}' and p_own_page is not true
    and (p_origin is null or lower(p_origin) <> all (p_allowed)) then
    perform private.fail('origin_not_allowed', 'This site may not use this agent.');
  end if;
end
$$;

-- Raises unless the caller is a person of role admin in the agent's account.
create or replace function private.require_identity_admin(p_agent_id uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  v_account_id uuid;
begin
  if private.person_id() is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  select a.user_id into v_account_id from public.agents a
  where a.id = p_agent_id and a.user_id in (select private.account_ids());
  if not found then
    perform private.not_found();
  end if;
  if private.role_rank(public.account_role(v_account_id)) < private.role_rank('admin') then
    perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
  end if;
end
$$;

create or replace function private.log_security_of_agent(p_agent_id uuid, p_event text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.log_security(a.user_id, private.person_id(), 'user', p_event,
    jsonb_build_object('agent_id', a.id))
  from public.agents a where a.id = p_agent_id;
end
$$;

-- What an identified visitor is called in lists; null for an anonymous one.
create or replace function private.identified_name(p_visitor_id uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select coalesce(v.name, v.email, v.identifier) from public.visitors v
    where v.id = p_visitor_id and v.identifier is not null);
end
$$;

-- What a site said of a customer it vouches for, for the account's people; null for an anonymous visitor,
-- whose id stays the visitor's secret.
create or replace function private.visitor_json(v public.visitors) returns jsonb
language sql stable as $$
  select case when v.identifier is not null then jsonb_build_object('identifier', v.identifier,
    'name', v.name, 'email', v.email, 'phone', v.phone, 'customAttributes', v.metadata,
    'groups', v.groups, 'firstSeenAt', private.iso(v.first_seen_at),
    'verifiedAt', private.iso(v.verified_at), 'lastSeenAt', private.iso(v.last_seen_at)) end
$$;

-- Tells the account what is known of the visitor of these conversations, the newest 20. Not on their own
-- topics: a visitor reads there, and who speaks as one must not learn what the site says of them.
create or replace function private.visitor_event(v public.visitors) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_ids jsonb := (select jsonb_agg(n.id) from (select c.id from public.conversations c
    where c.user_id = v.user_id and c.agent_id = v.agent_id and c.visitor_id = v.id
    order by c.created_at desc limit 20) n);
begin
  if v_ids is not null then
    perform private.account_event(v.user_id, 'visitor.updated',
      jsonb_build_object('visitor', private.visitor_json(v), 'conversationIds', v_ids));
  end if;
end
$$;
