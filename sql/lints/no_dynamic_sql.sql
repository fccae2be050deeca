-- Dynamic statements stand only where tables are made, and where a function is made for the kind of vector a
-- server has.
select p.oid::regprocedure::text as violation
from pg_proc p
where p.proowner = 'chatpad_owner'::regrole and p.prolang = (select oid from pg_language where lanname = 'plpgsql')
  and p.proname not in ('ensure_partitions', 'define_vector_search')
  and p.prosrc ~* '\yexecute\y\s+(format|''|v_|p_|\$)';
