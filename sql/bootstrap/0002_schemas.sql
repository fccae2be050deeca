-- Superuser acts, second part: schemas, what each role may reach, default privileges.
do $$
declare
  v_name text;
begin
  foreach v_name in array array['api', 'auth', 'private', 'realtime', 'storage'] loop
    execute format('create schema if not exists %I', v_name);
    execute format('alter schema %I owner to chatpad_owner', v_name);
  end loop;
  -- Creating a publication needs CREATE on the database.
  execute format('grant create on database %I to chatpad_owner', current_database());
end
$$;

grant usage, create on schema public to chatpad_owner;
grant usage on schema public to anon, authenticated, service_role;
grant usage on schema api to
  anon, visitor, authenticated, api_key, service_role, authenticator, service_authenticator;
grant usage on schema auth to anon, visitor, authenticated, api_key, service_role;
grant usage on schema realtime to
  anon, visitor, authenticated, api_key, service_role, authenticator, service_authenticator;

-- What a project's own SQL creates as postgres is reachable as it is at Supabase.
alter default privileges for role postgres in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to anon, authenticated, service_role;

-- What ChatPad creates is reachable by nobody until a grant says so.
alter default privileges for role chatpad_owner revoke execute on functions from public;
