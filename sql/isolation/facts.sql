-- What keeps accounts apart, one row per fact: kind, name, fact. `chatpad verify-isolation` compares
-- these rows of a database with those that sql/ makes. Partitions come and go with the days, so their
-- facts stand under the name of their parent; a project's own tables are its own affair.
with ours as (
  select c.oid, n.nspname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.reloptions,
    c.relowner, case when c.relispartition
      then (select i.inhparent::regclass::text || '*' from pg_inherits i where i.inhrelid = c.oid)
      else c.oid::regclass::text end as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relowner = 'chatpad_owner'::regrole and c.relkind in ('r', 'p', 'v', 'm', 'S')
    and n.nspname in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
),
functions as (
  select p.oid, p.oid::regprocedure::text as name, p.* from pg_proc p
  where p.pronamespace::regnamespace::text in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
    and (p.proowner = 'chatpad_owner'::regrole or p.pronamespace = 'private'::regnamespace)
),
roles (name) as (
  values ('anon'), ('visitor'), ('authenticated'), ('api_key'), ('service_role'), ('authenticator'),
    ('service_authenticator'), ('replicator'), ('chatpad_owner')
),
facts (kind, name, fact) as (
  select 'table', o.name, format('%s owner=%s rls=%s forced=%s %s', o.relkind, o.relowner::regrole,
    o.relrowsecurity, o.relforcerowsecurity, array_to_string(o.reloptions, ' '))
  from ours o
  union
  select 'grant', o.name || ' ' || a.privilege_type || ' to ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'public'),
    a.is_grantable::text
  from ours o cross join aclexplode(o.relacl) a
  union
  select 'column grant', format('%s(%s) %s to %s', o.name, t.attname, a.privilege_type,
    coalesce(nullif(a.grantee, 0)::regrole::text, 'public')), a.is_grantable::text
  from ours o join pg_attribute t on t.attrelid = o.oid cross join aclexplode(t.attacl) a
  union
  select 'column', format('%s.%s', o.name, t.attname), format('%s%s%s', format_type(t.atttypid, t.atttypmod),
    case when t.attnotnull then ' not null' end, case when t.attgenerated <> '' then ' generated' end)
  from ours o join pg_attribute t on t.attrelid = o.oid and t.attnum > 0 and not t.attisdropped
  where o.relkind in ('r', 'p')
  union
  select 'policy', o.name || ' ' || p.polname, format('%s %s to %s using (%s) check (%s)',
    case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
    (select string_agg(coalesce(nullif(r, 0)::regrole::text, 'public'), ', ' order by 1) from unnest(p.polroles) r),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  from ours o join pg_policy p on p.polrelid = o.oid
  union
  select 'constraint', o.name || ' ' || k.conname, pg_get_constraintdef(k.oid) || case when k.convalidated then '' else ' not valid' end
  from ours o join pg_constraint k on k.conrelid = o.oid and k.contype in ('p', 'u', 'f', 'c')
  where o.name not like '%*'
  union
  select 'unique index', o.name || ' ' || i.indexrelid::regclass, regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '')
  from ours o join pg_index i on i.indrelid = o.oid and i.indisunique
  where o.name not like '%*'
  union
  select 'trigger', o.name || ' ' || t.tgname, t.tgenabled::text || ' ' || regexp_replace(pg_get_triggerdef(t.oid), ' ON .* FOR ', ' FOR ')
  from ours o join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal
  where o.name not like '%*'
  union
  select 'view', o.name, md5(pg_get_viewdef(o.oid)) from ours o where o.relkind in ('v', 'm')
  union
  select 'function', f.name, format('owner=%s definer=%s %s %s %s', f.proowner::regrole, f.prosecdef, f.provolatile,
    array_to_string(f.proconfig, ' '), md5(f.prosrc || f.proretset || f.prorettype::regtype))
  from functions f
  union
  select 'execute', f.name || ' to ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), a.is_grantable::text
  from functions f cross join aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
  union
  select 'schema', n.nspname::text, n.nspowner::regrole::text from pg_namespace n
  where n.nspname in ('api', 'auth', 'private', 'realtime', 'storage')
  union
  select 'schema grant', n.nspname || ' ' || a.privilege_type || ' to ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), ''
  from pg_namespace n cross join aclexplode(n.nspacl) a
  where n.nspname in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
    and (n.nspname <> 'public' or a.grantee in (0, 'chatpad_owner'::regrole) or a.grantee::regrole::text in (select name from roles))
  union
  select 'role', r.rolname::text, format('super=%s bypassrls=%s login=%s replication=%s inherit=%s createrole=%s createdb=%s',
    r.rolsuper, r.rolbypassrls, r.rolcanlogin, r.rolreplication, r.rolinherit, r.rolcreaterole, r.rolcreatedb)
  from pg_roles r join roles on roles.name = r.rolname
  union
  select 'member', m.member::regrole || ' of ' || m.roleid::regrole, m.admin_option::text
  from pg_auth_members m where m.member::regrole::text in (select name from roles) or m.roleid::regrole::text in (select name from roles)
  union
  select 'default grant', format('%s %s %s to %s', d.defaclrole::regrole, coalesce(nullif(d.defaclnamespace, 0)::regnamespace::text, 'anywhere'),
    d.defaclobjtype, coalesce(nullif(a.grantee, 0)::regrole::text, 'public')), string_agg(a.privilege_type, ' ' order by a.privilege_type)
  from pg_default_acl d cross join aclexplode(d.defaclacl) a
  where d.defaclrole = 'chatpad_owner'::regrole
  group by 1, 2
)
select kind, name, coalesce(fact, '') as fact from facts order by kind, name, fact
