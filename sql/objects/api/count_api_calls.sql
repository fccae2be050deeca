-- What one loop of a program has counted: {account: calls}.
create or replace function api.count_api_calls(p_calls jsonb) returns void
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  insert into private.usage_events (user_id, kind, quantity)
  select c.key::uuid, 'api_calls', c.value::bigint from jsonb_each_text(p_calls) c;
end
$$;
revoke all on function api.count_api_calls(jsonb) from public;
grant execute on function api.count_api_calls(jsonb) to service_role;
