-- Written by api functions only; they leave with their source.
revoke all on public.knowledge_chunks from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.knowledge_chunks to authenticated;
grant select on public.knowledge_chunks to service_role;

drop policy if exists authenticated_select on public.knowledge_chunks;
create policy authenticated_select on public.knowledge_chunks for select to authenticated
  using (user_id in (select private.account_ids()));

-- Whoever may not see a source may not see its passages.
drop policy if exists restricted_select on public.knowledge_chunks;
create policy restricted_select on public.knowledge_chunks as restrictive
  for select to authenticated
  using (source_id in (select s.id from public.knowledge_sources s));

create or replace trigger bump_insert after insert on public.knowledge_chunks
  referencing new table as changed_rows for each statement
  execute function private.bump_knowledge_version();
create or replace trigger bump_update after update on public.knowledge_chunks
  referencing new table as changed_rows for each statement
  execute function private.bump_knowledge_version();
create or replace trigger bump_delete after delete on public.knowledge_chunks
  referencing old table as changed_rows for each statement
  execute function private.bump_knowledge_version();
