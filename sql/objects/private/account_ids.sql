-- Who founded an account holds `accounts.founder_role` in it, everybody else a row of team_members. A
-- super admin of the platform reads and writes in every account, as an owner would. Nobody does without a
-- second factor where the account asks for one.

create or replace function private.is_super_admin() returns boolean
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return exists (select from auth.users u where u.id = private.person_id() and u.is_super_admin);
end
$$;
grant execute on function private.is_super_admin() to authenticated;

-- The role the person holds, or null; the platform's flag does not count.
create or replace function private.team_role(p_account_id uuid, p_person uuid) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text;
begin
  if p_account_id = p_person then
    select a.founder_role into v_role from public.accounts a where a.id = p_account_id;
    -- A person without an account's row is still the owner of what carries their id.
    return case when found then v_role else 'owner' end;
  end if;
  return (select t.role from public.team_members t
          where t.owner_id = p_account_id and t.member_id = p_person);
end
$$;

-- The accounts the person may read, for `user_id in (select private.account_ids())`: evaluated once
-- per statement, not once per row. One function each, because calls within calls cost more than the rest.
create or replace function private.account_ids() returns setof uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
  v_all boolean;
  v_role text;
begin
  if v_person is null then
    return;
  end if;
  select u.is_super_admin and current_setting('role') = 'authenticated',
    case when a.id is null then 'owner'
      when not a.second_factor_required or private.second_factor_given() then a.founder_role end
  into v_all, v_role
  from auth.users u left join public.accounts a on a.id = u.id where u.id = v_person;
  if v_all then
    return query select a.id from public.accounts a
      where not a.second_factor_required or private.second_factor_given();
    return;
  end if;
  if v_role is not null or not found then
    return next v_person;
  end if;
  return query select t.owner_id from public.team_members t where t.member_id = v_person
    and (not exists (select from public.accounts a where a.id = t.owner_id and a.second_factor_required)
      or private.second_factor_given());
end
$$;

-- The accounts in which the person holds at least the given role.
create or replace function private.account_ids_as(p_role text) returns setof uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
  v_rank int := private.role_rank(p_role);
  v_all boolean;
  v_role text;
begin
  if v_person is null then
    return;
  end if;
  select u.is_super_admin and current_setting('role') = 'authenticated',
    case when a.id is null then 'owner'
      when not a.second_factor_required or private.second_factor_given() then a.founder_role end
  into v_all, v_role
  from auth.users u left join public.accounts a on a.id = u.id where u.id = v_person;
  if v_all then
    return query select a.id from public.accounts a
      where not a.second_factor_required or private.second_factor_given();
    return;
  end if;
  if private.role_rank(v_role) >= v_rank or not found then
    return next v_person;
  end if;
  return query select t.owner_id from public.team_members t
    where t.member_id = v_person and private.role_rank(t.role) >= v_rank
      and (not exists (select from public.accounts a where a.id = t.owner_id and a.second_factor_required)
        or private.second_factor_given());
end
$$;

-- The accounts that keep the caller out for want of a second factor.
create or replace function private.accounts_wanting_factor() returns setof uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := private.person_id();
begin
  if v_person is null or private.second_factor_given() then
    return;
  end if;
  return query select a.id from public.accounts a
    where a.id = v_person and a.second_factor_required and a.founder_role is not null;
  return query select t.owner_id from public.team_members t
    join public.accounts a on a.id = t.owner_id and a.second_factor_required
    where t.member_id = v_person;
  if private.is_super_admin() then
    return query select a.id from public.accounts a where a.second_factor_required;
  end if;
end
$$;
revoke all on function private.accounts_wanting_factor() from public;

grant execute on function private.account_ids(), private.account_ids_as(text) to authenticated;
