-- What leaves through logical replication, and how.
select 'chatpad_events publishes what it should not, or not through the root' as violation
where not exists (select from pg_publication where pubname = 'chatpad_events'
    and pubinsert and not pubupdate and not pubdelete and not pubtruncate and pubviaroot)
  or (select array_agg(schemaname || '.' || tablename) from pg_publication_tables
      where pubname = 'chatpad_events') is distinct from array['realtime.messages']
union all
select 'supabase_realtime publishes ' || schemaname || '.' || tablename
from pg_publication_tables
where pubname = 'supabase_realtime' and schemaname in ('auth', 'private', 'realtime')
union all
select 'supabase_realtime does not publish messages'
where not exists (select from pg_publication_tables
  where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = 'messages');
