-- Appends to the audit trail and to usage; a background job folds the latter (api.fold_usage).
create or replace function private.log_security(
  p_user_id uuid, p_actor_id uuid, p_actor_kind text, p_event text,
  p_details jsonb default '{}', p_ip inet default null)
returns void language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.security_logs (user_id, actor_id, actor_kind, event, details, ip)
  select a.id, p_actor_id, p_actor_kind, p_event, coalesce(p_details, '{}'), p_ip
  from public.accounts a where a.id = p_user_id;
end
$$;

create or replace function private.count_usage(p_user_id uuid, p_kind text, p_quantity bigint)
returns void language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into private.usage_events (user_id, kind, quantity) values (p_user_id, p_kind, p_quantity);
end
$$;
