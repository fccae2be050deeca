-- Every table of ours has row level security enabled and forced, partitions too.
select n.nspname || '.' || c.relname as violation
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relowner = 'chatpad_owner'::regrole
  and n.nspname in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
  and not (n.nspname = 'private' and c.relname = 'migrations')
  and not (c.relrowsecurity and c.relforcerowsecurity);
