-- A definer function of schema api keeps its first plan on a pooled connection: it must not be a
-- sequential scan chosen while the table was small.
select p.oid::regprocedure::text as violation
from pg_proc p
where p.pronamespace = 'api'::regnamespace and p.prosecdef
  and not coalesce(p.proconfig @> array['enable_seqscan=off'], false);
