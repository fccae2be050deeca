-- The stable names of the tenancy model. For a policy use private.account_ids() instead: one of
-- these per row costs tens of microseconds.

-- owner | admin | manager | member | client, or null without access. A super admin counts as an owner
-- of every account there is; an id of nobody stays one. An account that asks for a second factor is
-- nobody's without it, and these functions with private.account_ids() are where that is decided.
create or replace function public.account_role(account_owner_id uuid) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
  v_role text;
  v_factor boolean;
begin
  if v_person is null or account_owner_id is null then
    return null;
  end if;
  if account_owner_id = v_person then
    select a.founder_role, a.second_factor_required into v_role, v_factor
    from public.accounts a where a.id = v_person;
    if not found then
      return 'owner';
    end if;
  else
    select t.role, exists (select from public.accounts a
      where a.id = account_owner_id and a.second_factor_required) into v_role, v_factor
    from public.team_members t
    where t.owner_id = account_owner_id and t.member_id = v_person;
  end if;
  if v_factor and not private.second_factor_given() then
    return null;
  end if;
  if v_role = 'owner' then
    return v_role;
  end if;
  return coalesce((
    select 'owner' from auth.users u join public.accounts a on a.id = account_owner_id
    where u.id = v_person and u.is_super_admin and current_setting('role') = 'authenticated'
      and (not a.second_factor_required or private.second_factor_given())), v_role);
end
$$;

create or replace function public.has_account_access(account_owner_id uuid) returns boolean
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
begin
  -- Most ask as members, and a policy asks this for each row: no further call for them.
  if exists (select from public.team_members t
             where t.owner_id = account_owner_id and t.member_id = v_person
               and not exists (select from public.accounts a
                 where a.id = account_owner_id and a.second_factor_required)) then
    return true;
  end if;
  return public.account_role(account_owner_id) is not null;
end
$$;

grant execute on function public.has_account_access(uuid), public.account_role(uuid)
  to anon, authenticated, service_role;
