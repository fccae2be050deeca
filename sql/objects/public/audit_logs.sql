-- Append-only: rows come from private.audit() alone; nobody updates or deletes, not even the service
-- role. audit_exports are written by api functions.
revoke all on public.audit_logs from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.audit_logs to authenticated, service_role;

drop policy if exists authenticated_select on public.audit_logs;
create policy authenticated_select on public.audit_logs for select to authenticated
  using (user_id in (select private.account_ids_as('admin')));

revoke all on public.audit_exports from public, anon, visitor, authenticated, api_key, service_role;
grant select (id, user_id, requested_by, format, filters, status, rows_total, expires_at,
  downloaded_at, created_at) on public.audit_exports to authenticated;
grant select, delete on public.audit_exports to service_role;

drop policy if exists authenticated_select on public.audit_exports;
create policy authenticated_select on public.audit_exports for select to authenticated
  using (user_id in (select private.account_ids_as('admin')));
