-- Small triggers that keep derived columns true.
create or replace function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;

-- Origins are compared exactly, so they are stored the way a browser sends them.
create or replace function private.normalise_origins() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.allowed_origins := coalesce((
    select array_agg(distinct o.origin order by o.origin)
    from (select lower(rtrim(trim(x), '/')) as origin from unnest(new.allowed_origins) x) o
    where o.origin <> ''), '{}');
  return new;
end
$$;

-- Statement-level: one bump per agent however many chunks a statement touches.
create or replace function private.bump_knowledge_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.agents a set knowledge_version = a.knowledge_version + 1
  where a.id in (select r.agent_id from changed_rows r);
  return null;
end
$$;

-- What an index is made of is what bumps: a job that begins, tells or ends leaves the version alone.
create or replace function private.bump_changed_sources() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
begin
  update public.agents a set knowledge_version = a.knowledge_version + 1
  where a.id in (select n.agent_id from after_rows n join before_rows o on o.id = n.id
    where (n.status = 'ready') <> (o.status = 'ready') or (n.status = 'ready'
      and (n.title, n.url, n.acl_mode, n.acl_groups, n.sensitivity)
        is distinct from (o.title, o.url, o.acl_mode, o.acl_groups, o.sensitivity)));
  return null;
end
$$;
