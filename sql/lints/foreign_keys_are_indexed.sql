-- Deleting a parent must not scan its children: an index leads with columns of the key and reaches the
-- most specific, its last.
select k.conrelid::regclass || ': ' || k.conname as violation
from pg_constraint k join pg_class c on c.oid = k.conrelid
where k.contype = 'f' and c.relowner = 'chatpad_owner'::regrole
  and not exists (
    select from pg_index i
    cross join lateral (select min(x.n) as n from unnest(i.indkey) with ordinality x (col, n)
      where x.col = k.conkey[cardinality(k.conkey)]) reach
    where i.indrelid = k.conrelid and reach.n is not null
      and (i.indkey::int2[])[0:reach.n - 1] <@ k.conkey);
