-- The role arrangement: who may become whom, and who may never bypass anything.
select format('%s must not be a member of %s', m.member::regrole, m.roleid::regrole) as violation
from pg_auth_members m
where m.member::regrole::text in ('anon', 'visitor', 'authenticated', 'api_key', 'service_role', 'replicator', 'chatpad_owner')
  or (m.member = 'authenticator'::regrole and m.roleid::regrole::text not in ('anon', 'visitor', 'authenticated', 'api_key'))
  or (m.member = 'service_authenticator'::regrole and m.roleid <> 'service_role'::regrole)
union all
select rolname || ' has a dangerous attribute'
from pg_roles
where rolname in ('anon', 'visitor', 'authenticated', 'api_key', 'service_role', 'authenticator', 'service_authenticator', 'replicator', 'chatpad_owner')
  and (rolsuper or rolcreaterole or rolcreatedb or rolinherit and rolname in ('authenticator', 'service_authenticator')
    or rolbypassrls <> (rolname = 'service_role') or rolreplication <> (rolname = 'replicator')
    or rolcanlogin <> (rolname in ('authenticator', 'service_authenticator', 'replicator')))
union all
select format('%s owns %s', c.relowner::regrole, c.oid::regclass)
from pg_class c
where c.relowner::regrole::text in ('anon', 'visitor', 'authenticated', 'api_key', 'service_role', 'authenticator', 'service_authenticator', 'replicator')
  and c.relpersistence <> 't'
union all
select format('%s may create in schema %s', r.rolname, n.nspname)
from pg_namespace n cross join pg_roles r
where r.rolname in ('anon', 'visitor', 'authenticated', 'api_key', 'service_role', 'authenticator', 'service_authenticator', 'replicator')
  and n.nspname in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
  and has_schema_privilege(r.rolname, n.oid, 'create')
union all
select format('%s may use schema private', r.rolname)
from pg_roles r
where r.rolname in ('anon', 'visitor', 'authenticated', 'api_key', 'service_role', 'authenticator', 'service_authenticator', 'replicator')
  and has_schema_privilege(r.rolname, 'private', 'usage');
