-- What language models have used, and whether a budget is left. Like other usage it is appended by
-- the answer and folded a few seconds later: no two answers wait for each other, and what is asked
-- between two answers' ends may go over a budget by those.

create or replace function private.count_ai_call(p_conversation_id uuid, p_tokens bigint,
  p_cost_micros bigint)
returns void language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into private.ai_calls (user_id, agent_id, api_key_id, visitor_id, tokens, cost_micros)
  select c.user_id, c.agent_id, c.api_key_id, c.visitor_id, p_tokens, coalesce(p_cost_micros, 0)
  from public.conversations c where c.id = p_conversation_id;
end
$$;

-- By api.fold_usage, under its lock. Of an account, agent, key or visitor alike: ids do not repeat.
create or replace function private.fold_ai_calls() returns int
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_taken int;
begin
  with taken as (
    delete from private.ai_calls c
    where c.id in (select w.id from private.ai_calls w order by w.id limit 20000
                   for update skip locked)
    returning c.user_id, c.agent_id, c.api_key_id, c.visitor_id, c.tokens, c.cost_micros,
      (c.at at time zone 'UTC')::date as day
  ), folded as (
    insert into private.ai_used as u (user_id, scope_id, day, tokens, cost_micros)
    select t.user_id, s.id, t.day, sum(t.tokens), sum(t.cost_micros)
    from taken t join public.accounts a on a.id = t.user_id
    cross join lateral (values (t.user_id), (t.agent_id), (t.api_key_id), (t.visitor_id)) s (id)
    where s.id is not null
    group by t.user_id, s.id, t.day
    order by t.user_id, s.id, t.day
    on conflict (user_id, scope_id, day)
    do update set tokens = u.tokens + excluded.tokens,
      cost_micros = u.cost_micros + excluded.cost_micros
  )
  select count(*) into v_taken from taken;
  delete from private.ai_used u where u.day < (now() at time zone 'UTC')::date - 62;
  return v_taken;
end
$$;

-- Whose budget is used up: the first of account, agent, key and visitor; null when there is enough.
create or replace function private.over_ai_budget(
  p_account_id uuid, p_agent_id uuid, p_key_id uuid, p_visitor_id uuid)
returns text language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_budget record;
  v_used record;
  v_today date := (now() at time zone 'UTC')::date;
begin
  for v_budget in
    select b.scope, b.period, b.tokens_max, b.cost_micros_max, case b.scope
        when 'account' then p_account_id when 'agent' then p_agent_id
        when 'key' then p_key_id else p_visitor_id end as id
    from public.ai_budgets b
    where b.user_id = p_account_id
      and (b.agent_id is null or b.agent_id = p_agent_id)
      and (b.api_key_id is null or b.api_key_id = p_key_id)
    order by b.scope
  loop
    continue when v_budget.id is null;
    select coalesce(sum(s.tokens), 0) as tokens, coalesce(sum(s.cost_micros), 0) as cost_micros
    into v_used
    from (
      select u.tokens, u.cost_micros from private.ai_used u
      where u.user_id = p_account_id and u.scope_id = v_budget.id and u.day >= case v_budget.period
        when 'day' then v_today else date_trunc('month', v_today)::date end
      union all
      select c.tokens, c.cost_micros from private.ai_calls c
      where c.user_id = p_account_id
        and v_budget.id in (c.user_id, c.agent_id, c.api_key_id, c.visitor_id)
    ) s;
    if v_used.tokens >= v_budget.tokens_max or v_used.cost_micros >= v_budget.cost_micros_max then
      return v_budget.scope;
    end if;
  end loop;
  return null;
end
$$;

-- The shape of agents.ai, so that a slip is refused when it is stored and not found by a visitor.
create or replace function private.check_agent_ai() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_entry jsonb;
  v_name text;
begin
  if pg_column_size(new.ai) > 32768 then
    perform private.fail('validation_failed', 'ai must be an object of at most 32 KiB.');
  end if;
  if new.ai ? 'routing' and coalesce(new.ai ->> 'routing' not in ('order', 'cost', 'latency'), true) then
    perform private.fail('validation_failed', 'ai.routing must be order, cost or latency.');
  end if;
  if new.ai ? 'tools' and (jsonb_typeof(new.ai -> 'tools') <> 'array'
    or not new.ai -> 'tools' <@ '["search_knowledge", "request_human", "capture_lead"]') then
    perform private.fail('validation_failed',
      'ai.tools must hold search_knowledge, request_human or capture_lead.');
  end if;
  if new.ai ? 'chain' then
    if jsonb_typeof(new.ai -> 'chain') <> 'array' or jsonb_array_length(new.ai -> 'chain') > 5 then
      perform private.fail('validation_failed', 'ai.chain must be an array of at most 5 entries.');
    end if;
    for v_entry in select e.value from jsonb_array_elements(new.ai -> 'chain') e loop
      if coalesce(v_entry ->> 'provider', '')
        not in ('openai', 'anthropic', 'gateway', 'custom', 'builtin') then
        perform private.fail('validation_failed',
          'ai.chain: provider must be openai, anthropic, gateway, custom or builtin.');
      end if;
      if v_entry ->> 'provider' <> 'builtin'
        and coalesce(length(v_entry ->> 'model'), 0) not between 1 and 200 then
        perform private.fail('validation_failed', 'ai.chain: model must have 1 to 200 characters.');
      end if;
      if (v_entry ->> 'provider' = 'custom')
        is distinct from coalesce(v_entry ->> 'baseUrl' ~ '^https?://[^\s@#]+$'
          and length(v_entry ->> 'baseUrl') <= 2000, false) then
        perform private.fail('validation_failed',
          'ai.chain: baseUrl must be an http or https address, for provider custom only.');
      end if;
      if v_entry ? 'secret' and coalesce(v_entry ->> 'secret' !~ '^[a-z][a-z0-9_.-]{0,62}$', true) then
        perform private.fail('validation_failed', 'ai.chain: secret must be the name of a secret.');
      end if;
      -- Managers choose where a custom service is; the other secrets are for services of the server.
      if v_entry ->> 'provider' = 'custom' and v_entry ->> 'secret' !~ '^custom[.]' then
        perform private.fail('validation_failed',
          'ai.chain: the secret of a custom service has a name that begins with "custom.".');
      end if;
      foreach v_name in array array['temperature', 'topP', 'maxTokens'] loop
        if v_entry ? v_name and jsonb_typeof(v_entry -> v_name) <> 'number' then
          perform private.fail('validation_failed',
            format('ai.chain: %s must be a number.', v_name));
        end if;
      end loop;
    end loop;
  end if;
  return new;
end
$$;
