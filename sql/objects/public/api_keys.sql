-- The hashes are granted to nobody; keys are made, rotated and revoked by api functions.
revoke all on public.api_keys from public, anon, visitor, authenticated, api_key, service_role;
grant select (id, user_id, name, prefix, scopes, expires_at, revoked_at, last_used_at, created_at,
  created_by, rate_per_min, previous_until, rotated_at) on public.api_keys to authenticated;
grant select, update, delete on public.api_keys to service_role;

drop policy if exists authenticated_select on public.api_keys;
create policy authenticated_select on public.api_keys for select to authenticated
  using (user_id in (select private.account_ids_as('admin')));

create or replace trigger enforce_plan after insert on public.api_keys
  referencing new table as added for each statement execute function private.enforce_api_access();
create or replace trigger key_event after insert or delete on public.api_keys
  for each row execute function private.key_event();
create or replace trigger key_changed_event after update on public.api_keys
  for each row when ((old.name, old.key_hash, old.scopes, old.expires_at, old.revoked_at,
      old.rate_per_min, old.previous_hash, old.previous_until)
    is distinct from (new.name, new.key_hash, new.scopes, new.expires_at, new.revoked_at,
      new.rate_per_min, new.previous_hash, new.previous_until))
  execute function private.key_event();
