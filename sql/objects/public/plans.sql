-- Everybody who signs in may see what there is; a super admin decides what that is. New plans are made by
-- api.update_plan.
revoke all on public.plans from public, anon, visitor, authenticated, api_key, service_role;
grant select, update (name, position, limits, features, stripe_price_ids)
  on public.plans to authenticated;
grant select, insert, update, delete on public.plans to service_role;

drop policy if exists authenticated_select on public.plans;
create policy authenticated_select on public.plans for select to authenticated using (true);

drop policy if exists authenticated_update on public.plans;
create policy authenticated_update on public.plans for update to authenticated
  using ((select private.is_super_admin())) with check ((select private.is_super_admin()));

create or replace trigger check_plan_words before insert or update of limits, features
  on public.plans for each row execute function private.check_plan_words();
create or replace trigger touch_updated_at before update on public.plans
  for each row execute function private.touch_updated_at();
create or replace trigger plan_changed after update on public.plans
  for each row when (old.limits is distinct from new.limits)
  execute function private.plan_changed();
