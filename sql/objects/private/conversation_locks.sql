-- The conversation under its lock, for a person who holds at least the given role in its account.
-- A foreign id and an unknown one take the same path.
create or replace function private.lock_conversation_for_person(p_conversation_id uuid, p_role text)
returns public.conversations
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person uuid := private.person_id();
  v_conversation public.conversations;
begin
  if v_person is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  select * into v_conversation from public.conversations c
  where c.id = p_conversation_id and c.user_id in (select private.account_ids())
  for no key update;
  if not found then
    perform private.not_found();
  end if;
  if private.role_rank(public.account_role(v_conversation.user_id)) < private.role_rank(p_role) then
    perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
  end if;
  return v_conversation;
end
$$;

-- Ends every running answer of a conversation whose lock the caller holds, keeping its text.
create or replace function private.cut_running_answers(p_conversation_id uuid) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_count int;
begin
  update public.messages
  set state = 'complete', cut_off = true, lease_until = null, updated_at = now()
  where conversation_id = p_conversation_id and state = 'running';
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- A visitor's first contact; a no-op beyond last_seen_at afterwards.
create or replace function private.see_visitor(p_visitor_id uuid, p_user_id uuid, p_agent_id uuid)
returns void language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.visitors as v (id, user_id, agent_id)
  values (p_visitor_id, p_user_id, p_agent_id)
  on conflict (id) do update set last_seen_at = now()
  where v.user_id = excluded.user_id and v.agent_id = excluded.agent_id;
  if not found then
    perform private.not_found();
  end if;
end
$$;
