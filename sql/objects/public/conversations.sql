-- Status, epoch and last_seq are written by api functions only.
revoke all on public.conversations from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.conversations to authenticated;
grant select, delete on public.conversations to service_role;

drop policy if exists authenticated_select on public.conversations;
create policy authenticated_select on public.conversations for select to authenticated
  using (user_id in (select private.account_ids()));

create or replace trigger conversation_created_event after insert on public.conversations
  for each row execute function private.conversation_created_event();

create or replace trigger conversation_event
  after update of status, escalated, subject, epoch on public.conversations
  for each row when ((old.status, old.escalated, old.subject, old.epoch)
    is distinct from (new.status, new.escalated, new.subject, new.epoch))
  execute function private.conversation_event();

create or replace trigger count_conversations after insert on public.conversations
  referencing new table as added for each statement execute function private.count_conversations();
