-- A security definer function pins its search_path to nothing.
select p.oid::regprocedure::text as violation
from pg_proc p
where p.prosecdef and p.pronamespace::regnamespace::text in ('public', 'api', 'auth', 'private', 'realtime', 'storage')
  and (p.proowner = 'chatpad_owner'::regrole or p.pronamespace = 'private'::regnamespace)
  and not coalesce(p.proconfig @> array['search_path=""'], false);
