-- Forgets client_message_ids of more than 7 days ago: a retry that old counts as a new message.
-- At most 5000 at once, so that the transaction stays short; the program asks again until there is
-- nothing left.
create or replace function api.forget_client_message_ids() returns int
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_count int;
begin
  perform private.require_service();
  delete from private.idempotency i
  where (i.agent_id, i.actor, i.client_message_id) in (
    select o.agent_id, o.actor, o.client_message_id from private.idempotency o
    where o.created_at < now() - interval '7 days'
    order by o.created_at limit 5000
    for update skip locked);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
revoke all on function api.forget_client_message_ids() from public;
grant execute on function api.forget_client_message_ids() to service_role;
