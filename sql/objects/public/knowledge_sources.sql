-- Added by api functions only, so that text, chunks and version stay one thing.
revoke all on public.knowledge_sources
  from public, anon, visitor, authenticated, api_key, service_role;
grant select, delete on public.knowledge_sources to authenticated;
grant select, delete on public.knowledge_sources to service_role;

drop policy if exists authenticated_select on public.knowledge_sources;
create policy authenticated_select on public.knowledge_sources for select to authenticated
  using (user_id in (select private.account_ids()));

-- What needs a group is managed by managers; others of the account see the rest.
drop policy if exists restricted_select on public.knowledge_sources;
create policy restricted_select on public.knowledge_sources as restrictive
  for select to authenticated
  using (acl_mode = 'public' and sensitivity in ('public', 'internal')
    or user_id in (select private.account_ids_as('manager')));

drop policy if exists authenticated_delete on public.knowledge_sources;
create policy authenticated_delete on public.knowledge_sources for delete to authenticated
  using (user_id in (select private.account_ids_as('manager')));

create or replace trigger bump_insert after insert on public.knowledge_sources
  referencing new table as changed_rows for each statement
  execute function private.bump_knowledge_version();
create or replace trigger bump_update after update on public.knowledge_sources
  referencing old table as before_rows new table as after_rows for each statement
  execute function private.bump_changed_sources();
create or replace trigger bump_delete after delete on public.knowledge_sources
  referencing old table as changed_rows for each statement
  execute function private.bump_knowledge_version();

create or replace trigger enforce_plan after insert on public.knowledge_sources
  referencing new table as added for each statement execute function private.enforce_sources();
create or replace trigger enforce_plan_growth after update on public.knowledge_sources
  referencing old table as removed new table as added
  for each statement execute function private.enforce_source_growth();
create or replace trigger audit_row after insert or delete on public.knowledge_sources
  for each row execute function private.audit_row('knowledge_source');
create or replace trigger source_gone after delete on public.knowledge_sources
  for each row execute function private.knowledge_source_gone();
