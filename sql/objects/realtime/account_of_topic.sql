-- Whose a topic is, and that account's limits; and whether it keeps the person of these claims, who
-- belongs to it, out for want of a second factor. One row; nulls for a topic that is nobody's. For the
-- program, beside the probes of a join: it gives no rights.
create or replace function realtime.account_of_topic(
  p_topic text, out account uuid, out limits jsonb, out factor_wanted boolean)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_id uuid;
  v_person uuid := auth.uid();
begin
  factor_wanted := false;
  if not realtime.is_reserved(p_topic) or p_topic <> lower(p_topic) then
    return;
  end if;
  v_id := split_part(p_topic, ':', 2)::uuid;
  account := case split_part(p_topic, ':', 1)
    when 'account' then (select a.id from public.accounts a where a.id = v_id)
    when 'agent' then (select a.user_id from public.agents a where a.id = v_id)
    else (select c.user_id from public.conversations c where c.id = v_id) end;
  limits := case when account is not null then private.limits_json(account) end;
  factor_wanted := v_person is not null
    and exists (select from public.accounts a where a.id = account and a.second_factor_required)
    and not private.second_factor_given()
    and (private.team_role(account, v_person) is not null
      or exists (select from auth.users u where u.id = v_person and u.is_super_admin));
end
$$;
revoke all on function realtime.account_of_topic(text) from public;
grant execute on function realtime.account_of_topic(text) to authenticator, service_authenticator;
