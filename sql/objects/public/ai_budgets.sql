revoke all on public.ai_budgets from public, anon, visitor, authenticated, api_key, service_role;
grant select, delete,
  insert (user_id, scope, agent_id, api_key_id, period, tokens_max, cost_micros_max),
  update (scope, agent_id, api_key_id, period, tokens_max, cost_micros_max)
  on public.ai_budgets to authenticated;
grant select, insert, update, delete on public.ai_budgets to service_role;

drop policy if exists authenticated_select on public.ai_budgets;
create policy authenticated_select on public.ai_budgets for select to authenticated
  using (user_id in (select private.account_ids_as('admin')));

drop policy if exists authenticated_insert on public.ai_budgets;
create policy authenticated_insert on public.ai_budgets for insert to authenticated
  with check (user_id in (select private.account_ids_as('admin')));

drop policy if exists authenticated_update on public.ai_budgets;
create policy authenticated_update on public.ai_budgets for update to authenticated
  using (user_id in (select private.account_ids_as('admin')))
  with check (user_id in (select private.account_ids_as('admin')));

drop policy if exists authenticated_delete on public.ai_budgets;
create policy authenticated_delete on public.ai_budgets for delete to authenticated
  using (user_id in (select private.account_ids_as('admin')));

create or replace trigger touch_updated_at before update on public.ai_budgets
  for each row execute function private.touch_updated_at();
