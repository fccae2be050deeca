-- Which secret the programs on this database have; empty when nobody has said.
create or replace function api.secret_fingerprint() returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return coalesce((select d.secret_fingerprint from private.deployment d), '');
end
$$;
revoke all on function api.secret_fingerprint() from public;
grant execute on function api.secret_fingerprint() to service_role;
