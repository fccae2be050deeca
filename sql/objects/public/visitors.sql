-- Written by api functions only.
revoke all on public.visitors from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.visitors to authenticated;
grant select, delete on public.visitors to service_role;

drop policy if exists authenticated_select on public.visitors;
create policy authenticated_select on public.visitors for select to authenticated
  using (user_id in (select private.account_ids()));
