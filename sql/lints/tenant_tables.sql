-- Every table of ours in public names its account, and a foreign key between two of them carries it.
select c.oid::regclass || ' lacks user_id uuid not null' as violation
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and c.relowner = 'chatpad_owner'::regrole
  and c.relname not in ('accounts', 'team_members', 'plans')
  and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id'
    and a.atttypid = 'uuid'::regtype and a.attnotnull)
union all
select c.oid::regclass || ' lacks created_at' from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and c.relowner = 'chatpad_owner'::regrole
  and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'created_at' and a.attnotnull)
union all
select k.conrelid::regclass || ': ' || k.conname || ' does not carry user_id'
from pg_constraint k
join pg_class c on c.oid = k.conrelid
where k.contype = 'f' and c.relnamespace = 'public'::regnamespace
  and c.relowner = 'chatpad_owner'::regrole
  and k.confrelid not in ('public.accounts'::regclass, 'auth.users'::regclass, 'public.plans'::regclass)
  and not exists (select from unnest(k.conkey, k.confkey) x (a, b)
    join pg_attribute m on m.attrelid = k.conrelid and m.attnum = x.a and m.attname = 'user_id'
    join pg_attribute f on f.attrelid = k.confrelid and f.attnum = x.b and f.attname = 'user_id');
