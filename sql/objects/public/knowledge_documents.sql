-- Written by api functions only; they leave with their source.
revoke all on public.knowledge_documents
  from public, anon, visitor, authenticated, api_key, service_role;
grant select on public.knowledge_documents to authenticated;
grant select on public.knowledge_documents to service_role;

drop policy if exists authenticated_select on public.knowledge_documents;
create policy authenticated_select on public.knowledge_documents for select to authenticated
  using (user_id in (select private.account_ids()));

-- Whoever may not see a source may not see its documents.
drop policy if exists restricted_select on public.knowledge_documents;
create policy restricted_select on public.knowledge_documents as restrictive
  for select to authenticated
  using (source_id in (select s.id from public.knowledge_sources s));
