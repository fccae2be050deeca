-- Every program reads the key ring again when it hears of this event. Its topic is that of an account
-- which nobody has, so no channel may join it; it says nothing but that something changed.
create or replace function private.keys_event() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  values ('account:00000000-0000-0000-0000-000000000000', 'broadcast', 'keys.updated', true, '{}');
  return null;
end
$$;

create or replace trigger keys_event after insert or update or delete on auth.signing_keys
  for each statement execute function private.keys_event();
create or replace trigger keys_event after insert or update or delete on private.project_keys
  for each statement execute function private.keys_event();
