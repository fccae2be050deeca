-- The stable names of the tenancy model. For a policy use private.account_ids() instead: one of
-- these per row costs tens of microseconds.
create or replace function public.has_account_access(account_owner_id uuid) returns boolean
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
begin
  return coalesce(v_person = account_owner_id, false)
    or exists (select from public.team_members t
               where t.owner_id = account_owner_id and t.member_id = v_person);
end
$$;

-- owner | admin | manager | member | client, or null without access.
create or replace function public.account_role(account_owner_id uuid) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
begin
  if v_person = account_owner_id then
    return 'owner';
  end if;
  return (select t.role from public.team_members t
          where t.owner_id = account_owner_id and t.member_id = v_person);
end
$$;

grant execute on function public.has_account_access(uuid), public.account_role(uuid)
  to anon, authenticated, service_role;
