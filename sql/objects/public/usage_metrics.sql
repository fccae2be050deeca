-- Written by api.fold_usage only.
revoke all on public.usage_metrics from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.usage_metrics to authenticated;
grant select on public.usage_metrics to service_role;

drop policy if exists authenticated_select on public.usage_metrics;
create policy authenticated_select on public.usage_metrics for select to authenticated
  using (user_id in (select private.account_ids()) or (select private.is_super_admin()));
