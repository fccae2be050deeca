-- Signing keys and project keys: what the program checks credentials against, and what its operators do
-- with them (chatpad keys). The service's only; keys never leave by any endpoint.

-- Everything that is valid. `sealed` only of the pair that signs: nobody else needs it.
create or replace function api.key_ring()
returns table (kind text, id text, algorithm text, bytes bytea, sealed bytea)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
    select 'pair', k.id::text, k.algorithm, k.public_key,
      case when k.status = 'current' then k.sealed end
    from auth.signing_keys k where k.status <> 'revoked'
    union all
    select p.kind, p.id::text, null, p.key_hash, null
    from private.project_keys p where p.revoked_at is null
    order by 1, 2;
end
$$;

create or replace function api.list_keys()
returns table (kind text, id uuid, algorithm text, status text, since timestamptz, created timestamptz)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query
    select 'signing', k.id, k.algorithm, k.status,
      coalesce(k.revoked_at, k.previous_at, k.current_at, k.created_at), k.created_at
    from auth.signing_keys k
    union all
    select p.kind, p.id, p.hint, case when p.revoked_at is null then 'valid' else 'revoked' end,
      coalesce(p.revoked_at, p.created_at), p.created_at
    from private.project_keys p
    order by 1 desc, 6, 2;
end
$$;

create or replace function api.create_signing_key(
  p_id uuid, p_algorithm text, p_public_key bytea, p_sealed bytea)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  if (select count(*) from auth.signing_keys k where k.status <> 'revoked') >= 16 then
    perform private.fail('conflict', 'There are 16 signing keys. Revoke those whose tokens have all expired.');
  end if;
  if not private.sealed_with_current(private.sealed_text(p_sealed)) then
    perform private.fail('conflict', 'The first key of CHATPAD_SECRET_KEY here is not the one that seals on this database.');
  end if;
  insert into auth.signing_keys (id, algorithm, public_key, sealed)
  values (p_id, p_algorithm, p_public_key, p_sealed);
exception when unique_violation then
  perform private.fail('conflict', 'There is a standby key already. Rotate to it, or revoke it.');
end
$$;

-- The standby key signs from now on; tokens of the one before stay valid. Returns the new one.
create or replace function api.rotate_signing_keys()
returns uuid language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_id uuid;
begin
  perform private.require_service();
  select k.id into v_id from auth.signing_keys k where k.status = 'standby' for update;
  if not found then
    perform private.fail('conflict', 'There is no standby key to rotate to. Create one first.');
  end if;
  update auth.signing_keys k set status = 'previous', previous_at = now() where k.status = 'current';
  update auth.signing_keys k set status = 'current', current_at = now() where k.id = v_id;
  return v_id;
end
$$;

-- Of either kind. Nothing it signed, and nobody who sends it, is accepted any more. Returns what it was.
create or replace function api.revoke_key(p_id uuid)
returns text language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_was text;
begin
  perform private.require_service();
  select k.status into v_was from auth.signing_keys k where k.id = p_id and k.status <> 'revoked' for update;
  if found then
    update auth.signing_keys k set status = 'revoked', revoked_at = now(), sealed = null where k.id = p_id;
    return v_was;
  end if;
  update private.project_keys p set revoked_at = now()
  where p.id = p_id and p.revoked_at is null returning p.kind into v_was;
  if not found then
    perform private.fail('not_found', 'There is no valid key with this id.');
  end if;
  return v_was;
end
$$;

-- Repeated at every start: a key that is known, also as a revoked one, stays what it is. False when
-- it is revoked.
create or replace function api.add_project_key(p_kind text, p_key_hash bytea, p_hint text)
returns boolean language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  if not exists (select from private.project_keys p where p.key_hash = p_key_hash)
    and (select count(*) from private.project_keys p where p.revoked_at is null) >= 64 then
    perform private.fail('conflict', 'There are 64 project keys. Revoke those that nobody uses.');
  end if;
  insert into private.project_keys (kind, key_hash, hint) values (p_kind, p_key_hash, p_hint)
  on conflict (key_hash) do nothing;
  return exists (select from private.project_keys p where p.key_hash = p_key_hash and p.revoked_at is null);
end
$$;

-- One that nobody knows is no error.
create or replace function api.retire_project_key(p_key_hash bytea)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  update private.project_keys p set revoked_at = now()
  where p.key_hash = p_key_hash and p.revoked_at is null;
end
$$;

revoke all on function api.key_ring() from public;
revoke all on function api.list_keys() from public;
revoke all on function api.create_signing_key(uuid, text, bytea, bytea) from public;
revoke all on function api.rotate_signing_keys() from public;
revoke all on function api.revoke_key(uuid) from public;
revoke all on function api.add_project_key(text, bytea, text) from public;
revoke all on function api.retire_project_key(bytea) from public;
grant execute on function api.key_ring() to service_role;
grant execute on function api.list_keys() to service_role;
grant execute on function api.create_signing_key(uuid, text, bytea, bytea) to service_role;
grant execute on function api.rotate_signing_keys() to service_role;
grant execute on function api.revoke_key(uuid) to service_role;
grant execute on function api.add_project_key(text, bytea, text) to service_role;
grant execute on function api.retire_project_key(bytea) to service_role;
