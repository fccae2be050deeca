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
create or replace trigger keep_an_owner before update of founder_role on public.accounts
  for each row when (old.founder_role = 'owner' and new.founder_role is distinct from 'owner')
  execute function private.keep_an_owner();
create or replace trigger account_event after update on public.accounts
  for each row when ((old.slug, old.display_name, old.region, old.tier, old.deployment_mode, old.status,
      old.plan, old.settings, old.founder_role, old.second_factor_required)
    is distinct from (new.slug, new.display_name, new.region, new.tier, new.deployment_mode,
      new.status, new.plan, new.settings, new.founder_role, new.second_factor_required))
  execute function private.account_changed_event();
