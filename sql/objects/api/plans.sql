-- Plans and usage: what an account may have and has used, and what an operator decides about it.

-- The service itself, or a person who is super admin.
create or replace function private.require_platform_admin() returns void
language plpgsql stable set search_path = '' as $$
begin
  if private.caller_role() = 'service_role' or private.is_super_admin() then
    return;
  end if;
  perform private.fail('forbidden', 'This is for super admins of the platform.');
end
$$;

create or replace function private.plan_json(p public.plans) returns jsonb
language sql stable as $$
  select jsonb_build_object('id', p.id, 'name', p.name, 'position', p.position,
    'limits', p.limits, 'features', p.features)
$$;

create or replace function api.list_plans() returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return jsonb_build_object('plans', (
    select coalesce(jsonb_agg(private.plan_json(p) order by p.position, p.id), '[]')
    from (select * from public.plans order by position, id limit 100) p));
end
$$;

-- Limits and features that are not named stay as they are. An unknown id makes a plan.
create or replace function api.update_plan(
  p_id text, p_name text, p_position int, p_limits jsonb, p_features jsonb, p_price_ids text[])
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_plan public.plans;
begin
  perform private.require_platform_admin();
  if p_id is null or p_id !~ '^[a-z][a-z0-9_]{0,31}$' then
    perform private.fail('validation_failed',
      'planId must be a lower-case word of at most 32 letters, digits and underscores.', 'planId');
  end if;
  if jsonb_typeof(p_limits) <> 'object' or jsonb_typeof(p_features) <> 'object' then
    perform private.fail('validation_failed', 'limits and features must be objects.');
  end if;
  -- A price means one plan: the account that pays it gets that one.
  if exists (select from public.plans p where p.id <> p_id and p.stripe_price_ids && p_price_ids) then
    perform private.fail('conflict', 'Another plan has one of these prices.', 'stripePriceIds');
  end if;
  insert into public.plans as p (id, name, position, limits, features, stripe_price_ids)
  values (p_id, coalesce(p_name, initcap(p_id)), coalesce(p_position, 100),
    coalesce(p_limits, '{}'), coalesce(p_features, '{}'), coalesce(p_price_ids, '{}'))
  on conflict (id) do update set name = coalesce(p_name, p.name),
    position = coalesce(p_position, p.position), limits = p.limits || excluded.limits,
    features = p.features || excluded.features,
    stripe_price_ids = coalesce(p_price_ids, p.stripe_price_ids)
  returning * into v_plan;
  return jsonb_build_object('plan', private.plan_json(v_plan)
    || jsonb_build_object('stripePriceIds', to_jsonb(v_plan.stripe_price_ids)));
end
$$;

-- The overrides replace those there were; null leaves them, an empty object for both takes them away.
create or replace function api.set_account_plan(
  p_account_id uuid, p_plan text, p_limits jsonb, p_features jsonb, p_note text)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_platform_admin();
  if not exists (select from public.accounts a where a.id = p_account_id) then
    perform private.not_found();
  end if;
  if p_plan is not null and not exists (select from public.plans p where p.id = p_plan) then
    perform private.fail('validation_failed', 'plan must be the id of a plan.', 'plan');
  end if;
  if jsonb_typeof(p_limits) <> 'object' or jsonb_typeof(p_features) <> 'object' then
    perform private.fail('validation_failed', 'limits and features must be objects.');
  end if;
  update public.accounts a set plan = p_plan where a.id = p_account_id and a.plan <> p_plan;
  if p_limits is not null or p_features is not null then
    delete from public.plan_overrides o where o.user_id = p_account_id;
    if coalesce(p_limits, '{}') <> '{}' or coalesce(p_features, '{}') <> '{}' then
      insert into public.plan_overrides (user_id, limits, features, note)
      values (p_account_id, coalesce(p_limits, '{}'), coalesce(p_features, '{}'),
        left(coalesce(p_note, ''), 1000));
    end if;
  end if;
  return private.usage_json(p_account_id);
end
$$;

create or replace function private.usage_json(p_account uuid) returns jsonb
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_plan record;
  v_month date := private.month_of(now());
  v_end timestamptz := private.month_end(v_month);
begin
  select * into v_plan from private.plan_of(p_account);
  return jsonb_build_object(
    'plan', jsonb_build_object('id', v_plan.plan, 'name', v_plan.name, 'features', v_plan.features),
    'period', jsonb_build_object('start', private.iso(v_month::timestamp at time zone 'UTC'),
      'end', private.iso(v_end), 'timezone', 'UTC'),
    'limits', (select jsonb_agg(jsonb_build_object('limit', l.name,
        'used', private.used_of(p_account, l.name), 'max', v_plan.limits -> l.name,
        'resets_at', case when l.monthly then private.iso(v_end) end, 'plan', v_plan.plan)
        order by l.n)
      from (values (1, 'conversations_per_month', true), (2, 'messages_per_month', true),
        (3, 'agents', false), (4, 'sources', false), (5, 'members', false),
        (6, 'storage_bytes', false)) l (n, name, monthly)),
    'metrics', (select jsonb_object_agg(m.name, private.metric_this_month(p_account, m.name))
      from (values ('conversations'), ('messages'), ('tokens'), ('api_calls')) m (name)),
    'days', (select coalesce(jsonb_agg(jsonb_build_object('day', d.starts_on, 'metrics', d.metrics)
        order by d.starts_on), '[]')
      from (select m.starts_on, jsonb_object_agg(m.metric, m.quantity) as metrics
            from public.usage_metrics m
            where m.user_id = p_account and m.period = 'day' and m.starts_on >= v_month
            group by m.starts_on) d));
end
$$;

-- For people of the account, for its keys (then without an id), and for super admins.
create or replace function api.get_usage(p_account_id uuid) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_role text := private.caller_role();
  v_account uuid := p_account_id;
begin
  if v_role = 'api_key' then
    if not private.has_scope('analytics:read') then
      perform private.fail('insufficient_scope', 'The API key lacks the scope analytics:read.');
    end if;
    v_account := private.claim_account_id();
    if p_account_id is distinct from v_account and p_account_id is not null then
      perform private.not_found();
    end if;
  elsif v_role = 'service_role' then
    if not exists (select from public.accounts a where a.id = v_account) then
      perform private.not_found();
    end if;
  else
    perform private.require_reader(v_account);
  end if;
  return private.usage_json(v_account) || case
    when v_role = 'service_role' or private.is_super_admin()
      or public.account_role(v_account) in ('owner', 'admin')
      then jsonb_build_object('subscription', private.subscription_json(v_account))
    else '{}' end;
end
$$;

revoke all on function api.list_plans() from public;
revoke all on function api.update_plan(text, text, int, jsonb, jsonb, text[]) from public;
revoke all on function api.set_account_plan(uuid, text, jsonb, jsonb, text) from public;
revoke all on function api.get_usage(uuid) from public;
grant execute on function api.list_plans() to authenticated, service_role;
grant execute on function api.update_plan(text, text, int, jsonb, jsonb, text[])
  to authenticated, service_role;
grant execute on function api.set_account_plan(uuid, text, jsonb, jsonb, text)
  to authenticated, service_role;
grant execute on function api.get_usage(uuid) to authenticated, api_key, service_role;
