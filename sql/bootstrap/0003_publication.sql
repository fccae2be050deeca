-- Superuser acts, third part: the publication that projects add their own tables to.
do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
  alter publication supabase_realtime owner to chatpad_owner;
  -- A partitioned table gives its changes as itself: its policies are those that people know.
  alter publication supabase_realtime set (publish_via_partition_root = true);
end
$$;
