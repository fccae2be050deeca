-- Whose a topic is, and that account's limits. One row; nulls for a topic that is nobody's. For the
-- program, beside the probes of a join: it says nothing about rights.
create or replace function realtime.account_of_topic(p_topic text, out account uuid, out limits jsonb)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_id uuid;
begin
  if not realtime.is_reserved(p_topic) or p_topic <> lower(p_topic) then
    return;
  end if;
  v_id := split_part(p_topic, ':', 2)::uuid;
  account := case split_part(p_topic, ':', 1)
    when 'account' then (select a.id from public.accounts a where a.id = v_id)
    when 'agent' then (select a.user_id from public.agents a where a.id = v_id)
    else (select c.user_id from public.conversations c where c.id = v_id) end;
  limits := case when account is not null then private.limits_json(account) end;
end
$$;
revoke all on function realtime.account_of_topic(text) from public;
grant execute on function realtime.account_of_topic(text) to authenticator, service_authenticator;
