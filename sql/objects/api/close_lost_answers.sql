-- For the start of the only program of a database: whoever wrote the answers that are still running
-- is gone, so their leases need not run out first.
create or replace function api.close_lost_answers()
returns int language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_closed int;
  v_total int := 0;
begin
  perform private.require_service();
  update public.messages m set lease_until = clock_timestamp()
  where m.state = 'running' and m.lease_until > clock_timestamp();
  loop
    v_closed := api.close_stale_answers();
    exit when v_closed = 0;
    v_total := v_total + v_closed;
  end loop;
  return v_total;
end
$$;
revoke all on function api.close_lost_answers() from public;
grant execute on function api.close_lost_answers() to service_role;
