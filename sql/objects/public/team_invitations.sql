-- Written by api functions only. Whoever was invited sees the invitation through its link.
revoke all on public.team_invitations
  from public, anon, visitor, authenticated, api_key, service_role;
grant select (id, user_id, email, role, invited_by, expires_at, accepted_at, accepted_by, revoked_at,
  created_at) on public.team_invitations to authenticated;
grant select, delete on public.team_invitations to service_role;

drop policy if exists authenticated_select on public.team_invitations;
create policy authenticated_select on public.team_invitations for select to authenticated
  using (user_id in (select private.account_ids_as('admin')));

create or replace trigger invitation_event after insert or delete on public.team_invitations
  for each row execute function private.invitation_event();
create or replace trigger invitation_ended_event
  after update of accepted_at, revoked_at on public.team_invitations
  for each row when ((old.accepted_at is null, old.revoked_at is null)
    is distinct from (new.accepted_at is null, new.revoked_at is null))
  execute function private.invitation_event();
