-- What one account got beyond its plan: for a super admin to give, for the account's people to see.
revoke all on public.plan_overrides from public, anon, visitor, authenticated, api_key, service_role;
grant select, delete, insert (user_id, plan, limits, features, note),
  update (plan, limits, features, note)
  on public.plan_overrides to authenticated;
grant select, insert, update, delete on public.plan_overrides to service_role;

drop policy if exists authenticated_select on public.plan_overrides;
create policy authenticated_select on public.plan_overrides for select to authenticated
  using (user_id in (select private.account_ids()) or (select private.is_super_admin()));

drop policy if exists authenticated_insert on public.plan_overrides;
create policy authenticated_insert on public.plan_overrides for insert to authenticated
  with check ((select private.is_super_admin()));

drop policy if exists authenticated_update on public.plan_overrides;
create policy authenticated_update on public.plan_overrides for update to authenticated
  using ((select private.is_super_admin())) with check ((select private.is_super_admin()));

drop policy if exists authenticated_delete on public.plan_overrides;
create policy authenticated_delete on public.plan_overrides for delete to authenticated
  using ((select private.is_super_admin()));

create or replace trigger check_plan_words before insert or update of limits, features
  on public.plan_overrides for each row execute function private.check_plan_words();
create or replace trigger touch_updated_at before update on public.plan_overrides
  for each row execute function private.touch_updated_at();
create or replace trigger override_changed after insert or update or delete
  on public.plan_overrides for each row execute function private.override_changed();
