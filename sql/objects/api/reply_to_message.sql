-- The newest answer to a visitor's message, for a retry that finds it being written elsewhere.
create or replace function api.reply_to_message(p_message_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_message public.messages;
begin
  perform private.require_service();
  select * into v_message from public.messages m
  where m.reply_to = p_message_id order by m.seq desc limit 1;
  if not found then
    return jsonb_build_object('state', 'none', 'reply', null);
  end if;
  return jsonb_build_object(
    'state', case when v_message.state = 'running' and v_message.lease_until <= clock_timestamp()
                  then 'none' else v_message.state end,
    'reply', private.message_json(v_message));
end
$$;
revoke all on function api.reply_to_message(uuid) from public;
grant execute on function api.reply_to_message(uuid) to service_role;
