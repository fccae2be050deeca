-- private.account_ids() under a name that callers may use: nobody may name what is in schema private,
-- and the check of a deleted row (realtime/changes) words our policies as the caller.
create or replace function realtime.account_ids() returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query select private.account_ids();
end
$$;
revoke all on function realtime.account_ids() from public;
grant execute on function realtime.account_ids() to authenticated;
