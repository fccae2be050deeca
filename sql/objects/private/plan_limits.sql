-- What plans allow, and the refusal. Whoever adds something to an account calls enforce_limit in the
-- transaction that adds it; conversations have their own exact count (count_conversations).

-- Months are those of UTC, for everybody.
create or replace function private.month_of(p_at timestamptz) returns date
language sql immutable as $$
  select date_trunc('month', p_at at time zone 'UTC')::date
$$;

create or replace function private.month_end(p_month date) returns timestamptz
language sql immutable as $$
  select (p_month + interval '1 month') at time zone 'UTC'
$$;

-- The account's plan with what it was granted beyond it.
create or replace function private.plan_of(p_account uuid)
returns table (plan text, name text, limits jsonb, features jsonb)
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
begin
  return query
  select p.id, p.name, p.limits || coalesce(o.limits, '{}'), p.features || coalesce(o.features, '{}')
  from public.accounts a
  join public.plans p on p.id = a.plan
  left join public.plan_overrides o on o.user_id = a.id and (o.plan is null or o.plan = a.plan)
  where a.id = p_account;
end
$$;

-- An operator at the database's own prompt: counted, but not refused.
create or replace function private.is_operator() returns boolean
language sql stable as $$
  select current_setting('role') in ('none', 'chatpad_owner')
    and session_user not in ('authenticator', 'service_authenticator')
$$;

create or replace function private.limit_words(p_limit text, p_max bigint) returns text
language sql immutable as $$
  select case p_limit when 'storage_bytes' then pg_size_pretty(p_max) || ' of storage'
    else p_max || ' ' || case p_limit
      when 'agents' then 'agent' when 'sources' then 'knowledge source'
      when 'members' then 'team member' when 'conversations_per_month' then 'conversation'
      when 'messages_per_month' then 'message'
    end || case when p_max = 1 then '' else 's' end
      || case when p_limit like '%_per_month' then ' a month' else '' end
  end
$$;

create or replace function private.feature_words(p_feature text) returns text
language sql immutable as $$
  select case p_feature
    when 'api_access' then 'API access' when 'webhooks' then 'webhooks'
    when 'custom_branding' then 'custom branding' when 'custom_domains' then 'custom domains'
    when 'white_label' then 'white label' when 'priority_support' then 'priority support'
  end
$$;

-- A visitor is no customer: they learn that it is not their fault, not the account's numbers.
create or replace function private.plan_limit_reached(
  p_account uuid, p_limit text, p_used bigint, p_max bigint, p_resets_at timestamptz default null)
returns void language plpgsql stable set search_path = '' set enable_seqscan = off as $$
declare
  v_plan record;
  v_message text;
begin
  if current_setting('role') in ('visitor', 'anon') then
    perform private.fail('plan_limit_reached',
      'We cannot take your message here right now. Please try again later or contact us another way.');
  end if;
  select * into v_plan from private.plan_of(p_account);
  if private.feature_words(p_limit) is not null then
    v_message := format('The plan %s does not include %s. Change to a plan that does.',
      v_plan.name, private.feature_words(p_limit));
  elsif p_resets_at is not null then
    v_message := format('The plan %s includes %s; they are used up. Upgrade the plan, or wait until %s.',
      v_plan.name, private.limit_words(p_limit, p_max),
      to_char(p_resets_at at time zone 'UTC', 'YYYY-MM-DD'));
  else
    v_message := format('The plan %s includes %s. Upgrade the plan, or remove what is not needed.',
      v_plan.name, private.limit_words(p_limit, p_max));
  end if;
  perform private.fail('plan_limit_reached', v_message, json_build_object('limit', p_limit,
    'used', p_used, 'max', p_max, 'resets_at', private.iso(p_resets_at), 'plan', v_plan.plan)::text);
end
$$;

create or replace function private.has_feature(p_account uuid, p_feature text) returns boolean
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
begin
  return coalesce((select (p.features ->> p_feature)::boolean from private.plan_of(p_account) p), false);
end
$$;

create or replace function private.require_feature(p_account uuid, p_feature text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if not private.has_feature(p_account, p_feature) then
    perform private.plan_limit_reached(p_account, p_feature, 0, 0);
  end if;
end
$$;

-- Used this month: the exact count, or a recount where nothing limits it. Deleting conversations gives
-- none back.
create or replace function private.conversations_used(p_account uuid) returns bigint
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
declare
  v_month date := private.month_of(now());
  v_used bigint;
begin
  select c.used into v_used from private.conversation_counts c
  where c.user_id = p_account and c.month = v_month;
  if not found then
    v_used := private.recount_conversations(p_account);
  end if;
  return v_used;
end
$$;

create or replace function private.recount_conversations(p_account uuid) returns bigint
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_month date := private.month_of(now());
begin
  return greatest(
    (select count(*) from public.conversations c where c.user_id = p_account
      and c.created_at >= v_month::timestamp at time zone 'UTC'
      and c.created_at < private.month_end(v_month)),
    private.metric_this_month(p_account, 'conversations'));
end
$$;

-- What is folded, and what waits to be.
create or replace function private.metric_this_month(p_account uuid, p_metric text) returns bigint
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
declare
  v_month date := private.month_of(now());
begin
  return coalesce((select m.quantity from public.usage_metrics m where m.user_id = p_account
      and m.metric = p_metric and m.period = 'month' and m.starts_on = v_month), 0)
    + coalesce((select sum(e.quantity) from private.usage_events e where e.user_id = p_account
      and e.kind = p_metric and e.at >= v_month::timestamp at time zone 'UTC'), 0);
end
$$;

create or replace function private.used_of(p_account uuid, p_limit text) returns bigint
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  return case p_limit
    when 'agents' then (select count(*) from public.agents a where a.user_id = p_account)
    when 'members' then (select count(*) from public.team_members t where t.owner_id = p_account)
    when 'sources' then
      (select count(*) from public.knowledge_sources s where s.user_id = p_account)
    when 'storage_bytes' then (select coalesce(sum(octet_length(s.content) + s.kept_bytes), 0)::bigint
      from public.knowledge_sources s where s.user_id = p_account)
    when 'conversations_per_month' then private.conversations_used(p_account)
    when 'messages_per_month' then private.metric_this_month(p_account, 'messages')
  end;
end
$$;

-- The folding of usage has found the month's messages used up.
create or replace function private.messages_used_up(p_account uuid, p_until timestamptz) returns void
language plpgsql stable set search_path = '' as $$
begin
  perform private.plan_limit_reached(p_account, 'messages_per_month',
    private.metric_this_month(p_account, 'messages'),
    (select (p.limits ->> 'messages_per_month')::bigint from private.plan_of(p_account) p), p_until);
end
$$;

-- After the rows are there. The account's lock lets one adding transaction after the other count; who
-- only reads the account or refers to it does not wait.
create or replace function private.enforce_limit(p_account uuid, p_limit text, p_added bigint)
returns void language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_max bigint;
  v_used bigint;
begin
  v_max := (select (p.limits ->> p_limit)::bigint from private.plan_of(p_account) p);
  if v_max is null or private.is_operator() then
    return;
  end if;
  perform from public.accounts a where a.id = p_account for no key update;
  v_used := private.used_of(p_account, p_limit);
  if v_used > v_max then
    perform private.plan_limit_reached(p_account, p_limit, v_used - p_added, v_max);
  end if;
end
$$;
