-- Every policy names its role: one without, evaluated for the owner inside account_ids(), recurses.
-- Nobody puts anybody into a team: that takes an invitation which the person accepts (api.team).
revoke all on public.team_members from public, anon, visitor, authenticated, api_key, service_role;
grant select, update (role), delete on public.team_members to authenticated;
grant select, insert, update, delete on public.team_members to service_role;

drop policy if exists authenticated_insert on public.team_members;

drop policy if exists authenticated_select on public.team_members;
create policy authenticated_select on public.team_members for select to authenticated
  using (owner_id in (select private.account_ids()) or member_id = (select auth.uid()));

-- Only owners hand out or take away the role `owner`.
drop policy if exists authenticated_update on public.team_members;
create policy authenticated_update on public.team_members for update to authenticated
  using (owner_id in (select private.account_ids_as('admin'))
    and (role <> 'owner' or owner_id in (select private.account_ids_as('owner'))))
  with check (owner_id in (select private.account_ids_as('admin'))
    and (role <> 'owner' or owner_id in (select private.account_ids_as('owner'))));

-- A person may always leave.
drop policy if exists authenticated_delete on public.team_members;
create policy authenticated_delete on public.team_members for delete to authenticated
  using (member_id = (select auth.uid())
    or (owner_id in (select private.account_ids_as('admin'))
      and (role <> 'owner' or owner_id in (select private.account_ids_as('owner')))));

create or replace trigger enforce_plan after insert on public.team_members
  referencing new table as added for each statement execute function private.enforce_members();

create or replace trigger keep_an_owner_update before update on public.team_members
  for each row when (old.role = 'owner' and new.role <> 'owner')
  execute function private.keep_an_owner();
create or replace trigger keep_an_owner_delete before delete on public.team_members
  for each row when (old.role = 'owner') execute function private.keep_an_owner();
create or replace trigger member_event after insert or delete on public.team_members
  for each row execute function private.member_event();
create or replace trigger member_role_event after update on public.team_members
  for each row when (old.role <> new.role) execute function private.member_event();
