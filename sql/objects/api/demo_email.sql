-- The address of the demo account: one place says it.
create or replace function api.demo_email() returns text
language sql immutable set search_path = '' as $$
  select 'demo@chatpad.example'
$$;
revoke all on function api.demo_email() from public;
grant execute on function api.demo_email() to service_role, service_authenticator;
