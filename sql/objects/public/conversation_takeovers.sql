-- Written by api functions only.
revoke all on public.conversation_takeovers from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.conversation_takeovers to authenticated;
grant select on public.conversation_takeovers to service_role;

drop policy if exists authenticated_select on public.conversation_takeovers;
create policy authenticated_select on public.conversation_takeovers for select to authenticated
  using (user_id in (select private.account_ids()));

create or replace trigger audit_started after insert on public.conversation_takeovers
  for each row execute function private.audit_takeover();
create or replace trigger audit_ended after update of ended_at on public.conversation_takeovers
  for each row when (old.ended_at is null and new.ended_at is not null)
  execute function private.audit_takeover();
