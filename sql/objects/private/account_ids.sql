-- The accounts the person may read, for `user_id in (select private.account_ids())`: evaluated once
-- per statement, not once per row.
create or replace function private.account_ids() returns setof uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
begin
  if v_person is not null then
    return next v_person;
    return query select t.owner_id from public.team_members t where t.member_id = v_person;
  end if;
end
$$;

-- The accounts in which the person holds at least the given role.
create or replace function private.account_ids_as(p_role text) returns setof uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := auth.uid();
begin
  if v_person is not null then
    return next v_person;
    return query select t.owner_id from public.team_members t
      where t.member_id = v_person and private.role_rank(t.role) >= private.role_rank(p_role);
  end if;
end
$$;

grant execute on function private.account_ids(), private.account_ids_as(text) to authenticated;

create or replace function private.is_super_admin() returns boolean
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return exists (select from auth.users u where u.id = private.person_id() and u.is_super_admin);
end
$$;
grant execute on function private.is_super_admin() to authenticated;
