-- Policies compute rights once per statement: no function that reads a table is called with a column,
-- and auth.uid() stands inside a sub-select.
select n.nspname || '.' || c.relname || ': ' || p.polname as violation
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
cross join lateral (select concat_ws(' ', pg_get_expr(p.polqual, c.oid),
  pg_get_expr(p.polwithcheck, c.oid)) as text) e
where c.relowner = 'chatpad_owner'::regrole
  and (e.text ~ '(has_account_access|account_role)\(' or e.text ~ '(?<!SELECT )auth\.uid\(\)');
