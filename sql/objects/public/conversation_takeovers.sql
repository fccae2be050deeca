-- Written by api functions only.
revoke all on public.conversation_takeovers from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.conversation_takeovers to authenticated;
grant select on public.conversation_takeovers to service_role;

drop policy if exists authenticated_select on public.conversation_takeovers;
create policy authenticated_select on public.conversation_takeovers for select to authenticated
  using (user_id in (select private.account_ids()));
