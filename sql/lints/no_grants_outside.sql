-- anon, visitor, api_key and the logins hold no grant on a tenant table, nobody holds one on a
-- partition (row level security of the parent does not guard it), none on tables of auth and private.
select format('%s: %s to %s', c.oid::regclass, a.privilege_type, a.grantee::regrole) as violation
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
  select x.grantee, x.privilege_type from aclexplode(c.relacl) x
  union select x.grantee, x.privilege_type from pg_attribute t cross join aclexplode(t.attacl) x
    where t.attrelid = c.oid) a
where c.relowner = 'chatpad_owner'::regrole and c.relkind in ('r', 'p', 'v', 'm')
  and a.grantee <> c.relowner
  and (c.relispartition or n.nspname in ('auth', 'private', 'storage')
    or (n.nspname = 'public' and a.grantee <> all (array['authenticated'::regrole, 'service_role'::regrole]::oid[])));
