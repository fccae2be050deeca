-- Every forced table has the policy that lets its owner, and so definer functions, see it.
select n.nspname || '.' || c.relname as violation
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relforcerowsecurity
  and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'owner_all'
    and p.polcmd = '*' and p.polpermissive and p.polroles = array['chatpad_owner'::regrole::oid]
    and pg_get_expr(p.polqual, c.oid) = 'true' and pg_get_expr(p.polwithcheck, c.oid) = 'true');
