-- Broadcasts from SQL, as at Supabase. The caller's policies on realtime.messages apply, and a
-- failure is a warning: a broadcast never breaks the statement that wanted to tell of itself.
create or replace function realtime.send(
  payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql volatile as $$
declare
  v_id uuid := gen_random_uuid();
  v_payload jsonb := payload;
begin
  if v_payload is null or jsonb_typeof(v_payload) <> 'object' then
    raise exception 'the payload must be a JSON object';
  end if;
  if not v_payload ? 'id' then
    v_payload := v_payload || jsonb_build_object('id', v_id);
  end if;
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (v_id, v_payload, event, topic, private, 'broadcast');
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;

create or replace function realtime.send_binary(
  payload bytea, event text, topic text, private boolean default true) returns void
language plpgsql volatile as $$
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (binary_payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end
$$;

create or replace function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW') returns void
language plpgsql volatile as $$
begin
  if level = 'STATEMENT' then
    raise exception 'broadcast_changes works in row-level triggers only';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'broadcast_changes does not know the operation %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object('id', gen_random_uuid(), 'operation', operation, 'table', table_name,
      'schema', table_schema, 'record', to_jsonb(new), 'old_record', to_jsonb(old)),
    event_name, topic_name, true);
end
$$;

grant execute on function realtime.send(jsonb, text, text, boolean),
  realtime.send_binary(bytea, text, text, boolean),
  realtime.broadcast_changes(text, text, text, text, text, record, record, text)
  to anon, authenticated, service_role;
