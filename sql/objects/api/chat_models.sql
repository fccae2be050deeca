-- Agents as API clients name them: what OpenAI's clients call a model.

create or replace function private.require_chat_key() returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  if private.caller_role() is distinct from 'api_key' then
    perform private.fail('forbidden', 'This needs an API key.');
  elsif not private.has_scope('chat:write') then
    perform private.fail('insufficient_scope', 'The API key lacks the scope chat:write.');
  end if;
  return (private.claims() ->> 'account_id')::uuid;
end
$$;

create or replace function api.chat_models() returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account_id uuid := private.require_chat_key();
begin
  return jsonb_build_object('object', 'list', 'data', (
    select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'object', 'model', 'name', a.name,
        'created', extract(epoch from a.created_at)::bigint, 'owned_by', 'chatpad')
      order by a.created_at, a.id), '[]')
    from (select g.* from public.agents g where g.user_id = v_account_id and g.is_active
          order by g.created_at, g.id limit 500) a));
end
$$;

-- The agent that p_name names, by its id or, when only one is called so, by its name; '' is the only
-- agent there is.
create or replace function api.chat_agent(p_name text) returns uuid
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_account_id uuid := private.require_chat_key();
  v_ids uuid[];
begin
  select array_agg(a.id) into v_ids
  from (select g.id from public.agents g
        where g.user_id = v_account_id and g.is_active
          and (p_name = '' or g.id::text = lower(p_name) or lower(g.name) = lower(p_name))
        limit 2) a;
  if v_ids is null then
    perform private.not_found();
  elsif cardinality(v_ids) > 1 then
    perform private.fail('validation_failed',
      'model must be the id of an agent: GET /v1/models lists them.');
  end if;
  return v_ids[1];
end
$$;

revoke all on function api.chat_models() from public;
revoke all on function api.chat_agent(text) from public;
grant execute on function api.chat_models() to api_key;
grant execute on function api.chat_agent(text) to api_key;
