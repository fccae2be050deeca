revoke all on public.agents from public, anon, visitor, authenticated, api_key, service_role;
grant select, delete,
  insert (user_id, name, greeting, fallback_message, instructions, model, ai, is_active,
    allowed_origins, theme, behavior, position, features, personality, operating_hours),
  update (name, greeting, fallback_message, instructions, model, ai, is_active,
    allowed_origins, theme, behavior, position, features, personality, operating_hours)
  on public.agents to authenticated;
grant select, insert, update, delete on public.agents to service_role;

drop policy if exists authenticated_select on public.agents;
create policy authenticated_select on public.agents for select to authenticated
  using (user_id in (select private.account_ids()));

drop policy if exists authenticated_insert on public.agents;
create policy authenticated_insert on public.agents for insert to authenticated
  with check (user_id in (select private.account_ids_as('manager')));

drop policy if exists authenticated_update on public.agents;
create policy authenticated_update on public.agents for update to authenticated
  using (user_id in (select private.account_ids_as('manager')))
  with check (user_id in (select private.account_ids_as('manager')));

drop policy if exists authenticated_delete on public.agents;
create policy authenticated_delete on public.agents for delete to authenticated
  using (user_id in (select private.account_ids_as('manager')));

create or replace trigger normalise_origins before insert or update of allowed_origins
  on public.agents for each row execute function private.normalise_origins();

-- A new knowledge version is no change of the agent's settings.
create or replace trigger touch_updated_at before update on public.agents
  for each row when (old.knowledge_version = new.knowledge_version)
  execute function private.touch_updated_at();

create or replace trigger agent_event after update on public.agents
  for each row when (
    (old.name, old.greeting, old.fallback_message, old.is_active, old.allowed_origins, old.theme,
      old.behavior, old.position, old.features, old.personality, old.operating_hours)
    is distinct from
    (new.name, new.greeting, new.fallback_message, new.is_active, new.allowed_origins, new.theme,
      new.behavior, new.position, new.features, new.personality, new.operating_hours))
  execute function private.agent_event('visitors');
create or replace trigger agent_inner_event after update on public.agents
  for each row when (
    (old.safety, old.lead_settings, old.instructions, old.model, old.ai)
    is distinct from
    (new.safety, new.lead_settings, new.instructions, new.model, new.ai))
  execute function private.agent_event('people');

create or replace trigger check_ai before insert or update of ai on public.agents
  for each row execute function private.check_agent_ai();

create or replace trigger enforce_plan after insert on public.agents
  referencing new table as added for each statement execute function private.enforce_agents();
create or replace trigger audit_row after insert or update or delete on public.agents
  for each row execute function private.audit_row('agent', 'knowledge_version', 'updated_at');
