-- key_hash is granted to nobody; keys are made and revoked by api functions.
revoke all on public.api_keys from public, anon, visitor, authenticated, api_key, service_role;
grant select (id, user_id, name, prefix, scopes, expires_at, revoked_at, last_used_at, created_at)
  on public.api_keys to authenticated;
grant select, update, delete on public.api_keys to service_role;

drop policy if exists authenticated_select on public.api_keys;
create policy authenticated_select on public.api_keys for select to authenticated
  using (user_id in (select private.account_ids_as('admin')));

create or replace trigger enforce_plan after insert on public.api_keys
  referencing new table as added for each statement execute function private.enforce_api_access();
