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
    from private.account_secrets s where s.key_id <> p_key_id
    union all select 'mfa_factors.' || f.id, f.user_id, f.sealed
    from auth.mfa_factors f where f.key_id <> p_key_id
    union all select 'signing_keys.' || k.id, '00000000-0000-0000-0000-000000000000'::uuid,
      private.sealed_text(k.sealed)
    from auth.signing_keys k where k.sealed is not null
      and not starts_with(private.sealed_text(k.sealed), 'v1.' || p_key_id || '.')
    union all select 'sign_in_providers.sealed', p.id, p.sealed
    from auth.sign_in_providers p where p.key_id <> p_key_id
    limit p_limit;
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
  if p_place like 'mfa\_factors.%' then
    update auth.mfa_factors f set sealed = p_new
    where f.user_id = p_owner and 'mfa_factors.' || f.id = p_place and f.sealed = p_old;
  elsif p_place like 'signing\_keys.%' then
    update auth.signing_keys k set sealed = convert_to(p_new, 'UTF8')
    where 'signing_keys.' || k.id = p_place and private.sealed_text(k.sealed) = p_old;
  elsif p_place = 'sign_in_providers.sealed' then
    update auth.sign_in_providers p set sealed = p_new where p.id = p_owner and p.sealed = p_old;
  else
    update private.account_secrets s set sealed = p_new
    where s.user_id = p_owner and 'account_secrets.' || s.name = p_place and s.sealed = p_old;
  end if;
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
