-- A view runs with its reader's rights, else it leaks what its owner sees.
select c.oid::regclass::text as violation
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and c.relowner = 'chatpad_owner'::regrole
  and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
union all
select c.oid::regclass::text from pg_class c
where c.relkind = 'm' and c.relowner = 'chatpad_owner'::regrole;
