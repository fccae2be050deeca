revoke all on public.leads from public, anon, visitor, authenticated, api_key, service_role;
grant select, update (status), delete on public.leads to authenticated;
grant select, update, delete on public.leads to service_role;

drop policy if exists authenticated_select on public.leads;
create policy authenticated_select on public.leads for select to authenticated
  using (user_id in (select private.account_ids()));

drop policy if exists authenticated_update on public.leads;
create policy authenticated_update on public.leads for update to authenticated
  using (user_id in (select private.account_ids_as('member')))
  with check (user_id in (select private.account_ids_as('member')));

drop policy if exists authenticated_delete on public.leads;
create policy authenticated_delete on public.leads for delete to authenticated
  using (user_id in (select private.account_ids_as('manager')));

create or replace trigger touch_updated_at before update on public.leads
  for each row execute function private.touch_updated_at();
create or replace trigger lead_event after insert on public.leads
  for each row execute function private.lead_event();
create or replace trigger lead_changed_event after update on public.leads
  for each row when ((old.name, old.email, old.phone, old.company, old.job_title, old.score, old.status,
      old.summary, old.journey_stage, old.qualification, old.assigned_to)
    is distinct from (new.name, new.email, new.phone, new.company, new.job_title, new.score, new.status,
      new.summary, new.journey_stage, new.qualification, new.assigned_to))
  execute function private.lead_changed_event();
