-- Secrets of an account: people of role admin store, list and delete them; nobody reads one back.

create or replace function private.require_secret_keeper(p_account_id uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.require_reader(p_account_id);
  if p_account_id not in (select private.account_ids_as('admin')) then
    perform private.fail('insufficient_role', 'This needs the role admin.');
  end if;
end
$$;

-- Null, and nothing stored, when the text was sealed with a key that seals no more.
create or replace function api.set_account_secret(
  p_account_id uuid, p_name text, p_sealed text, p_last4 text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_secret private.account_secrets;
begin
  if private.caller_role() is distinct from 'service_role' then
    perform private.require_secret_keeper(p_account_id);
  end if;
  if p_name is null or p_name !~ '^[a-z][a-z0-9_.-]{0,62}$' then
    perform private.fail('validation_failed',
      'name must be 1 to 63 of a-z, 0-9, _, . and -, and begin with a letter.');
  end if;
  -- One at a time for each account, so that their number is exact.
  perform from public.accounts a where a.id = p_account_id for no key update;
  if not found then
    perform private.not_found();
  end if;
  if not private.sealed_with_current(p_sealed) then
    return null;
  end if;
  if (select count(*) from private.account_secrets s
      where s.user_id = p_account_id and s.name <> p_name) >= 100 then
    perform private.fail('conflict', 'An account keeps at most 100 secrets; delete one first.');
  end if;
  insert into private.account_secrets (user_id, name, sealed, last4)
  values (p_account_id, p_name, p_sealed, coalesce(p_last4, ''))
  on conflict (user_id, name) do update
    set sealed = excluded.sealed, last4 = excluded.last4, updated_at = now()
  returning * into v_secret;
  perform private.log_security(p_account_id, private.person_id(),
    case when private.person_id() is null then 'service' else 'user' end, 'secret.set',
    jsonb_build_object('name', p_name));
  return jsonb_build_object('secret', private.account_secret_json(v_secret));
end
$$;

create or replace function api.list_account_secrets(p_account_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_secret_keeper(p_account_id);
  return jsonb_build_object('secrets', (
    select coalesce(jsonb_agg(private.account_secret_json(s) order by s.name), '[]')
    from private.account_secrets s where s.user_id = p_account_id));
end
$$;

create or replace function api.delete_account_secret(p_account_id uuid, p_name text) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_secret_keeper(p_account_id);
  delete from private.account_secrets s where s.user_id = p_account_id and s.name = p_name;
  if not found then
    perform private.not_found();
  end if;
  perform private.log_security(p_account_id, private.person_id(), 'user', 'secret.deleted',
    jsonb_build_object('name', p_name));
  return jsonb_build_object('deleted', true);
end
$$;

-- For the program's own use of it: the sealed text, or null.
create or replace function api.sealed_account_secret(p_account_id uuid, p_name text) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select s.sealed from private.account_secrets s
          where s.user_id = p_account_id and s.name = p_name);
end
$$;

revoke all on function api.set_account_secret(uuid, text, text, text) from public;
revoke all on function api.list_account_secrets(uuid) from public;
revoke all on function api.delete_account_secret(uuid, text) from public;
revoke all on function api.sealed_account_secret(uuid, text) from public;
grant execute on function api.set_account_secret(uuid, text, text, text) to authenticated, service_role;
grant execute on function api.list_account_secrets(uuid) to authenticated;
grant execute on function api.delete_account_secret(uuid, text) to authenticated;
grant execute on function api.sealed_account_secret(uuid, text) to service_role;
