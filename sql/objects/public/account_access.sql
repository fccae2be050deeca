-- The stable names of the tenancy model. For a policy use private.account_ids() instead: one of
-- these per row costs tens of microseconds.

-- owner | admin | manager | member | client, or null without access.
create or replace function public.account_role(account_owner_id uuid) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
  v_role text := private.team_role(account_owner_id, v_person);
begin
  if v_person is null or account_owner_id is null then
    return null;
  end if;
  -- The flag asks for an account that exists: an id of nobody stays an id of nobody.
  if private.role_rank(v_role) < private.role_rank('owner') and private.is_super_admin()
    and exists (select from public.accounts a where a.id = account_owner_id) then
    return 'owner';
  end if;
  return v_role;
end
$$;

create or replace function public.has_account_access(account_owner_id uuid) returns boolean
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return public.account_role(account_owner_id) is not null;
end
$$;

grant execute on function public.has_account_access(uuid), public.account_role(uuid)
  to anon, authenticated, service_role;
