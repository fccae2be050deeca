-- Append-only: nobody updates or deletes, not even the service role.
revoke all on public.security_logs from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.security_logs to authenticated;
grant select on public.security_logs to service_role;

drop policy if exists authenticated_select on public.security_logs;
create policy authenticated_select on public.security_logs for select to authenticated
  using (user_id in (select private.account_ids_as('admin')));
