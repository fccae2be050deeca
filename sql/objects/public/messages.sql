-- Written by api functions only; single messages are never deleted, seq has no holes.
revoke all on public.messages from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.messages to authenticated;
grant select on public.messages to service_role;

drop policy if exists authenticated_select on public.messages;
create policy authenticated_select on public.messages for select to authenticated
  using (user_id in (select private.account_ids()));

create or replace trigger message_event_insert after insert on public.messages
  for each row when (new.state = 'complete') execute function private.message_event();

create or replace trigger message_event_complete after update of state on public.messages
  for each row when (old.state = 'running' and new.state = 'complete')
  execute function private.message_event();

create or replace trigger count_message after insert on public.messages
  for each row execute function private.count_message();
