revoke all on public.accounts from public, anon, visitor, authenticated, api_key, service_role;
grant select, update (display_name, settings) on public.accounts to authenticated;
grant select, update, delete on public.accounts to service_role;

drop policy if exists authenticated_select on public.accounts;
create policy authenticated_select on public.accounts for select to authenticated
  using (id in (select private.account_ids()));

drop policy if exists authenticated_update on public.accounts;
create policy authenticated_update on public.accounts for update to authenticated
  using (id in (select private.account_ids_as('admin')))
  with check (id in (select private.account_ids_as('admin')));

create or replace trigger touch_updated_at before update on public.accounts
  for each row execute function private.touch_updated_at();

create or replace trigger plan_of_account_changed before update of plan on public.accounts
  for each row when (old.plan is distinct from new.plan)
  execute function private.plan_of_account_changed();
