-- `chatpad secrets rotate`: from one sealing key to the next while programs serve. A table with a
-- sealed column of its own gets a branch in sealed_with_other_keys and in reseal.

-- The id of the key that seals; empty when nothing was ever sealed.
create or replace function api.sealing_key() returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return coalesce((select s.key_id from private.sealing s), '');
end
$$;

-- From its commit on only this key seals.
create or replace function api.begin_sealing_rotation(p_key_id text) returns void
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  insert into private.sealing (key_id) values (p_key_id)
  on conflict (single) do update set key_id = excluded.key_id;
end
$$;

-- What is still to be sealed anew, some of it: place and owner are what the text was sealed for.
create or replace function api.sealed_with_other_keys(p_key_id text, p_limit int)
returns table (place text, owner uuid, sealed text)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query select 'account_secrets.' || s.name, s.user_id, s.sealed
    from private.account_secrets s where s.key_id <> p_key_id limit p_limit;
end
$$;

-- Replaces the text unless somebody has meanwhile: false then.
create or replace function api.reseal(p_place text, p_owner uuid, p_old text, p_new text)
returns boolean language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  if not private.sealed_with_current(p_new) then
    return false;
  end if;
  update private.account_secrets s set sealed = p_new
  where s.user_id = p_owner and 'account_secrets.' || s.name = p_place and s.sealed = p_old;
  return found;
end
$$;

revoke all on function api.sealing_key() from public;
revoke all on function api.begin_sealing_rotation(text) from public;
revoke all on function api.sealed_with_other_keys(text, int) from public;
revoke all on function api.reseal(text, uuid, text, text) from public;
grant execute on function api.sealing_key() to service_role;
grant execute on function api.begin_sealing_rotation(text) to service_role;
grant execute on function api.sealed_with_other_keys(text, int) to service_role;
grant execute on function api.reseal(text, uuid, text, text) to service_role;
