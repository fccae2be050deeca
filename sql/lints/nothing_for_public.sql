-- No function of ours is executable by everybody; no table of ours has a grant to everybody.
select p.oid::regprocedure::text as violation
from pg_proc p
where p.pronamespace::regnamespace::text in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
  and (p.proowner = 'chatpad_owner'::regrole or p.pronamespace = 'private'::regnamespace)
  and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
union all
select c.oid::regclass::text
from pg_class c
where c.relowner = 'chatpad_owner'::regrole
  and exists (select from aclexplode(c.relacl) a where a.grantee = 0);
