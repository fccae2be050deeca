-- Limits are the operator's to set: the service, or a person who is super admin. The account's own
-- people read them.
revoke all on public.realtime_limits from public, anon, visitor, authenticated, api_key, service_role;
grant select, delete,
  insert (user_id, enabled, clients_max, channels_max, joins_per_s, events_per_s, bytes_per_s,
    presence_per_s, payload_bytes_max),
  update (enabled, clients_max, channels_max, joins_per_s, events_per_s, bytes_per_s,
    presence_per_s, payload_bytes_max)
  on public.realtime_limits to authenticated;
grant select, insert, update, delete on public.realtime_limits to service_role;

drop policy if exists authenticated_select on public.realtime_limits;
create policy authenticated_select on public.realtime_limits for select to authenticated
  using (user_id in (select private.account_ids()) or (select private.is_super_admin()));

drop policy if exists authenticated_insert on public.realtime_limits;
create policy authenticated_insert on public.realtime_limits for insert to authenticated
  with check ((select private.is_super_admin()));

drop policy if exists authenticated_update on public.realtime_limits;
create policy authenticated_update on public.realtime_limits for update to authenticated
  using ((select private.is_super_admin())) with check ((select private.is_super_admin()));

drop policy if exists authenticated_delete on public.realtime_limits;
create policy authenticated_delete on public.realtime_limits for delete to authenticated
  using ((select private.is_super_admin()));

create or replace trigger touch_updated_at before update on public.realtime_limits
  for each row execute function private.touch_updated_at();

create or replace function private.limits_json(p_account uuid) returns jsonb
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
begin
  return coalesce((select to_jsonb(l) - 'user_id' - 'created_at' - 'updated_at'
    from public.realtime_limits l where l.user_id = p_account), '{}');
end
$$;

-- Every program applies what this event says; the account's people may listen to it.
create or replace function private.limits_event() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_account uuid := case tg_op when 'DELETE' then old.user_id else new.user_id end;
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  values ('account:' || v_account, 'broadcast', 'limits.updated', true,
    jsonb_build_object('limits', private.limits_json(v_account)));
  return null;
end
$$;

create or replace trigger limits_event after insert or update or delete on public.realtime_limits
  for each row execute function private.limits_event();

create or replace trigger audit_row after insert or update or delete on public.realtime_limits
  for each row execute function private.audit_row('realtime_limits', 'updated_at');
