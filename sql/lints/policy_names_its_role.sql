-- A policy of ours names its roles and is called <persona>_<verb> (or owner_all, or restricted_<verb>).
select n.nspname || '.' || c.relname || ': ' || p.polname as violation
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where c.relowner = 'chatpad_owner'::regrole
  and (p.polroles = '{0}' or p.polname !~
    '^(owner_all|(anon|visitor|authenticated|api_key|restricted)_(select|insert|update|delete|all))$');
