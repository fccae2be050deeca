-- True when the text was sealed with the key that seals now; the first text on a database decides
-- which that is. The row stays locked to the end of the transaction, so that a rotation begins either
-- before it or after it. Every function that stores a sealed text asks first, and returns null without
-- storing when it is false: the program then reads its keys again (functions/shared/secret).
create or replace function private.sealed_with_current(p_sealed text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key text := substring(p_sealed from '^v1\.([0-9a-f]{16})\.');
  v_current text;
begin
  if v_key is null then
    return false;
  end if;
  select s.key_id into v_current from private.sealing s for share;
  if not found then
    insert into private.sealing (key_id) values (v_key) on conflict do nothing;
    select s.key_id into v_current from private.sealing s for share;
  end if;
  return v_current = v_key;
end
$$;

create or replace function private.account_secret_json(p_secret private.account_secrets)
returns jsonb language sql stable as $$
  select jsonb_build_object('name', p_secret.name, 'last4', p_secret.last4,
    'createdAt', private.iso(p_secret.created_at), 'updatedAt', private.iso(p_secret.updated_at))
$$;

-- What was sealed, as a text, where the column holds bytes: those of older programs in hexadecimal.
create or replace function private.sealed_text(p_sealed bytea) returns text
language sql immutable as $$
  select case when substring(p_sealed from 1 for 3) = 'v1.'::bytea
    then convert_from(p_sealed, 'UTF8') else '\x' || encode(p_sealed, 'hex') end
$$;
