-- Superuser acts, fourth part: tables made by hand show up in /rest/v1 at once.
-- Says "the catalogue of schema public changed" on channel chatpad_ddl; the payload is empty.
create or replace function private.ddl_watch() returns event_trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_event = 'sql_drop' then
    if exists (select from pg_catalog.pg_event_trigger_dropped_objects() d
               where d.schema_name = 'public' and not d.is_temporary) then
      perform pg_catalog.pg_notify('chatpad_ddl', '');
    end if;
  elsif exists (select from pg_catalog.pg_event_trigger_ddl_commands() d
                where d.schema_name = 'public' or d.command_tag in ('GRANT', 'REVOKE')) then
    perform pg_catalog.pg_notify('chatpad_ddl', '');
  end if;
end
$$;
revoke all on function private.ddl_watch() from public;

do $$
begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'chatpad_ddl_end') then
    create event trigger chatpad_ddl_end on ddl_command_end execute function private.ddl_watch();
  end if;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'chatpad_ddl_drop') then
    create event trigger chatpad_ddl_drop on sql_drop execute function private.ddl_watch();
  end if;
end
$$;
