-- Every single act that takes away one of the things that keep accounts apart, or opens one of them:
-- what it is, the statement that does it, and the word that a finding must hold. Each is tried alone
-- and undone (`chatpad verify-isolation --mutate`).
with ours as (
  select c.oid, c.oid::regclass::text as name, c.relkind, c.relacl, c.relnamespace
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relowner = 'chatpad_owner'::regrole and c.relkind in ('r', 'p', 'v') and not c.relispartition
    and n.nspname in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
),
functions as (
  select p.oid, p.oid::regprocedure::text as name, p.proacl, p.prosecdef, p.proowner from pg_proc p
  where p.pronamespace::regnamespace::text in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
    and p.proowner = 'chatpad_owner'::regrole and p.prokind = 'f'
),
persons (name) as (values ('anon'), ('visitor'), ('authenticated'), ('api_key')),
mutations (what, statement, word) as (
  select 'drop policy', format('drop policy %I on %s', p.polname, o.name), p.polname::text
  from ours o join pg_policy p on p.polrelid = o.oid
  union all
  select 'open policy', format('alter policy %I on %s %s', p.polname, o.name, concat_ws(' ',
    case when p.polqual is not null then 'using (true)' end,
    case when p.polwithcheck is not null then 'with check (true)' end)), p.polname::text
  from ours o join pg_policy p on p.polrelid = o.oid
  where p.polname <> 'owner_all'
    and (coalesce(pg_get_expr(p.polqual, p.polrelid), 'true') <> 'true' or coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'true') <> 'true')
  union all
  select 'policy for everybody', format('alter policy %I on %s to public', p.polname, o.name), p.polname::text
  from ours o join pg_policy p on p.polrelid = o.oid
  union all
  select 'add policy', format('create policy hole on %s using (true)', o.name), 'hole' from ours o where o.relkind <> 'v'
  union all
  select 'not forced', format('alter table %s no force row level security', o.name), o.name from ours o
  join pg_class c on c.oid = o.oid and c.relforcerowsecurity
  union all
  select 'no row security', format('alter table %s disable row level security', o.name), o.name from ours o
  join pg_class c on c.oid = o.oid and c.relrowsecurity
  union all
  select 'drop key', format('alter table %s drop constraint %I cascade', o.name, k.conname), k.conname::text
  from ours o join pg_constraint k on k.conrelid = o.oid and k.contype in ('p', 'u', 'f')
  where o.name not in (select inhparent::regclass::text from pg_inherits) or k.contype = 'f'
  union all
  select 'drop check', format('alter table %s drop constraint %I', o.name, k.conname), k.conname::text
  from ours o join pg_constraint k on k.conrelid = o.oid and k.contype = 'c' and k.coninhcount = 0
  union all
  select 'drop index', format('drop index %s', i.indexrelid::regclass), (select relname from pg_class where oid = i.indexrelid)
  from ours o join pg_index i on i.indrelid = o.oid and i.indisunique
  where not exists (select from pg_constraint k where k.conindid = i.indexrelid)
  union all
  select 'revoke', format('revoke %s on %s from %s', a.privilege_type, o.name, a.grantee::regrole), o.name || ' ' || a.privilege_type
  from ours o cross join aclexplode(o.relacl) a where a.grantee not in (0, 'chatpad_owner'::regrole)
  union all
  select 'revoke column', format('revoke %s (%I) on %s from %s', a.privilege_type, t.attname, o.name, a.grantee::regrole),
    format('%s(%s) %s', o.name, t.attname, a.privilege_type)
  from ours o join pg_attribute t on t.attrelid = o.oid cross join aclexplode(t.attacl) a
  union all
  select 'grant', format('grant %s on %s to %s', v.verb, o.name, r.name), o.name
  from ours o cross join (values ('select'), ('insert'), ('update'), ('delete')) v (verb) cross join persons r
  where not has_table_privilege(r.name, o.oid, v.verb)
  union all
  select 'grant to everybody', format('grant select on %s to public', o.name), o.name from ours o
  union all
  select 'revoke execute', format('revoke execute on function %s from %s', f.name, a.grantee::regrole), f.name
  from functions f cross join aclexplode(f.proacl) a where a.grantee not in (0, 'chatpad_owner'::regrole)
  union all
  select 'grant execute', format('grant execute on function %s to public', f.name), f.name from functions f
  where not exists (select from aclexplode(f.proacl) a where a.grantee = 0)
  union all
  select 'invoker', format('alter function %s security invoker', f.name), f.name from functions f where f.prosecdef
  union all
  select 'search_path', format('alter function %s reset search_path', f.name), f.name
  from functions f join pg_proc p on p.oid = f.oid and p.proconfig::text like '%search_path%'
  union all
  select 'view of its owner', format('alter view %s set (security_invoker = off)', o.name), o.name from ours o where o.relkind = 'v'
  union all
  select 'no trigger', format('alter table %s disable trigger %I', o.name, t.tgname), t.tgname::text
  from ours o join pg_trigger t on t.tgrelid = o.oid and not t.tgisinternal
  union all
  select 'schema', format('grant create on schema %I to %s', n.name, r.name), n.name
  from (values ('api'), ('auth'), ('private'), ('realtime'), ('storage')) n (name) cross join persons r
  union all
  select 'schema', format('grant usage on schema private to %s', r.name), 'private' from persons r
  union all
  select 'past the policies', format('alter role %s bypassrls', r.name), r.name
  from (select name from persons union all values ('authenticator'), ('chatpad_owner'), ('replicator'), ('service_authenticator')) r (name)
  union all
  select 'membership', format('grant %s to %s', g.role, g.login), g.login
  from (values ('service_role', 'authenticator'), ('chatpad_owner', 'authenticator'), ('authenticated', 'visitor'),
    ('service_role', 'api_key'), ('chatpad_owner', 'service_authenticator')) g (role, login)
  union all
  select 'partition', format('grant select on %s to authenticated', i.inhrelid::regclass), p.name
  from ours p join pg_inherits i on i.inhparent = p.oid
  union all
  select 'partition', format('alter table %s disable row level security', i.inhrelid::regclass), p.name
  from ours p join pg_inherits i on i.inhparent = p.oid
)
select what, statement, word from mutations order by what, statement
