-- Superuser acts, first part: the closed list of roles. Idempotent; holds no secret.
do $$
declare
  v_name text;
begin
  foreach v_name in array array['chatpad_owner', 'anon', 'visitor', 'authenticated', 'api_key'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = v_name) then
      execute format('create role %I nologin noinherit', v_name);
    end if;
  end loop;
  if not exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'authenticator') then
    create role authenticator login noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'service_authenticator') then
    create role service_authenticator login noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'replicator') then
    create role replicator login noinherit replication;
  end if;
end
$$;

alter role chatpad_owner nologin nosuperuser nobypassrls nocreaterole nocreatedb;
alter role authenticator nosuperuser nobypassrls nocreaterole nocreatedb;
alter role service_authenticator nosuperuser nobypassrls nocreaterole nocreatedb;
alter role service_role bypassrls;

-- `set role` reaches every role the login is a member of, so the two logins share none.
grant anon, visitor, authenticated, api_key to authenticator;
grant service_role to service_authenticator;

-- An open write transaction holds back the realtime horizon of the whole cluster.
alter role authenticator set idle_in_transaction_session_timeout = '15s';
alter role authenticator set jit = off;
alter role service_authenticator set idle_in_transaction_session_timeout = '15s';
alter role service_authenticator set jit = off;
