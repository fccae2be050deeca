-- The read check of a join, first half: one row per extension, to be looked for under the caller's
-- role in the same transaction, which is then rolled back.
create or replace function realtime.place_probes(p_topic text, p_broadcast uuid, p_presence uuid)
returns void language plpgsql volatile security definer set search_path = '' as $$
begin
  -- What looks for them is planned once, perhaps while the table is empty; what earlier joins have
  -- left behind would then be read each time.
  perform set_config('realtime.topic', p_topic, true), set_config('enable_seqscan', 'off', true);
  insert into realtime.messages (id, topic, extension, event, private, payload)
  values (p_broadcast, p_topic, 'broadcast', 'typing', true, '{}'),
    (p_presence, p_topic, 'presence', null, true, '{}');
end
$$;
grant execute on function realtime.place_probes(text, uuid, uuid)
  to authenticator, service_authenticator;

-- The write check: may the caller insert a row of this extension? Leaves no row behind.
create or replace function realtime.probe_write(p_topic text, p_extension text) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  perform set_config('realtime.topic', p_topic, true);
  insert into realtime.messages (topic, extension, event, private, payload)
  values (p_topic, p_extension, case p_extension when 'broadcast' then 'typing' end, true, '{}');
  raise exception using errcode = 'CP001', message = 'probe';
exception
  when sqlstate 'CP001' then return true;
  when insufficient_privilege then return false;
end
$$;
grant execute on function realtime.probe_write(text, text)
  to anon, visitor, authenticated, api_key, service_role;
