-- Where a person may insert or update, a unique key starts with the account (a duplicate would tell of
-- a foreign row) or holds only columns that the person may not set.
select i.indexrelid::regclass::text as violation
from pg_index i join pg_class c on c.oid = i.indrelid
where i.indisunique and c.relnamespace = 'public'::regnamespace
  and c.relowner = 'chatpad_owner'::regrole
  and (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0])
    not in ('user_id', 'owner_id')
  and exists (select from unnest(i.indkey) k (n)
    where has_column_privilege('authenticated', c.oid, k.n, 'insert')
      or has_column_privilege('authenticated', c.oid, k.n, 'update'));
