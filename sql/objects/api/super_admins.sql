-- `chatpad admin`: who is a super admin of the platform. The operator's, by no endpoint.

create or replace function api.list_super_admins() returns table (email text)
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query select coalesce(u.email, u.id::text) from auth.users u
  where u.is_super_admin order by 1;
end
$$;

-- False when nothing changes. Access tokens say nothing about it: it counts from the commit on.
create or replace function api.set_super_admin(p_email text, p_is boolean, p_unproven boolean default false)
returns boolean
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
  v_action text := case when p_is then 'super_admin.granted' else 'super_admin.revoked' end;
begin
  perform private.require_service();
  select * into v_user from auth.users u
  where u.email = private.fold_email(p_email) and u.deleted_at is null for no key update;
  if not found then
    perform private.fail('user_not_found', 'Nobody has this address.');
  end if;
  if p_is and v_user.email_confirmed_at is null then
    perform private.fail('email_not_confirmed', 'The address is not confirmed.');
  end if;
  -- Anybody may have signed up with it where addresses count as confirmed.
  if p_is and v_user.email_proven_at is null and not p_unproven then
    perform private.fail('email_not_proven', 'Nobody has proven to read the mail of this address.');
  end if;
  if v_user.is_super_admin = p_is then
    return false;
  end if;
  update auth.users u set is_super_admin = p_is, updated_at = now() where u.id = v_user.id;
  perform private.audit(v_user.id, v_action, 'user', v_user.id);
  return true;
end
$$;

revoke all on function api.list_super_admins() from public;
revoke all on function api.set_super_admin(text, boolean, boolean) from public;
grant execute on function api.list_super_admins() to service_role;
grant execute on function api.set_super_admin(text, boolean, boolean) to service_role;
