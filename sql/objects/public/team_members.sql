-- Every policy names its role: one without, evaluated for the owner inside account_ids(), recurses.
revoke all on public.team_members from public, anon, visitor, authenticated, api_key, service_role;
grant select, insert (owner_id, member_id, role), update (role), delete
  on public.team_members to authenticated;
grant select, insert, update, delete on public.team_members to service_role;

drop policy if exists authenticated_select on public.team_members;
create policy authenticated_select on public.team_members for select to authenticated
  using (owner_id in (select private.account_ids()) or member_id = (select auth.uid()));

-- Only the account's owner hands out or takes away the role `owner`.
drop policy if exists authenticated_insert on public.team_members;
create policy authenticated_insert on public.team_members for insert to authenticated
  with check (owner_id in (select private.account_ids_as('admin'))
    and (role <> 'owner' or owner_id = (select auth.uid())));

drop policy if exists authenticated_update on public.team_members;
create policy authenticated_update on public.team_members for update to authenticated
  using (owner_id in (select private.account_ids_as('admin'))
    and (role <> 'owner' or owner_id = (select auth.uid())))
  with check (owner_id in (select private.account_ids_as('admin'))
    and (role <> 'owner' or owner_id = (select auth.uid())));

-- A person may always leave.
drop policy if exists authenticated_delete on public.team_members;
create policy authenticated_delete on public.team_members for delete to authenticated
  using (member_id = (select auth.uid())
    or (owner_id in (select private.account_ids_as('admin'))
      and (role <> 'owner' or owner_id = (select auth.uid()))));

create or replace trigger enforce_plan after insert on public.team_members
  referencing new table as added for each statement execute function private.enforce_members();
