-- What the lists of the inbox share.

-- Raises unless the caller is a person who may read the account; a foreign account and an unknown
-- one are not told apart. Every role reads.
create or replace function private.require_reader(p_account_id uuid) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if private.person_id() is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  perform from public.accounts a
  where a.id = p_account_id and a.id in (select private.account_ids());
  if not found then
    perform private.not_found();
  end if;
end
$$;

-- A place in a list ordered by time and id, as clients carry it: 24 bytes in base64url, which is
-- what functions/shared/paging reads.
create or replace function private.cursor(p_at timestamptz, p_id uuid) returns text
language sql stable as $$
  select translate(encode(int8send((extract(epoch from p_at) * 1000000)::bigint)
    || uuid_send(p_id), 'base64'), '+/', '-_')
$$;

create or replace function private.time_from_us(p_us bigint) returns timestamptz
language sql stable as $$
  select timestamptz 'epoch' + p_us * interval '1 microsecond'
$$;
