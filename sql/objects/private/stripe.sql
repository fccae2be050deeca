-- From Stripe's objects to plans. A subscription decides while it is active, trialing or past due; of
-- several the highest plan counts, so nobody lowers an account's plan by paying for it, too.

create or replace function private.stripe_time(p_seconds jsonb) returns timestamptz
language sql immutable as $$
  select case jsonb_typeof(p_seconds) when 'number' then to_timestamp((p_seconds #>> '{}')::float8) end
$$;

-- An id that stands there as text, or inside an expanded object.
create or replace function private.stripe_id(p_value jsonb) returns text
language sql immutable as $$
  select case jsonb_typeof(p_value) when 'string' then p_value #>> '{}'
    when 'object' then p_value ->> 'id' end
$$;

-- The account an object names: client_reference_id of a checkout, or account_id in metadata.
create or replace function private.stripe_account(p_object jsonb) returns uuid
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
declare
  v_text text := coalesce(p_object ->> 'client_reference_id', p_object #>> '{metadata,account_id}');
begin
  if v_text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return null;
  end if;
  return (select a.id from public.accounts a where a.id = v_text::uuid);
end
$$;

create or replace function private.plan_of_prices(p_prices text[]) returns text
language plpgsql stable set search_path = '' as $$
begin
  return (select p.id from public.plans p where p.stripe_price_ids && p_prices
    order by p.position desc, p.id limit 1);
end
$$;

-- The account's plan as its subscriptions say. One that is active with a price of no plan leaves the
-- plan alone: the operator has not said yet what it stands for.
create or replace function private.apply_subscriptions(p_account uuid) returns text
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_plan text;
  v_unknown boolean;
begin
  perform from public.accounts a where a.id = p_account for no key update;
  select p.id into v_plan
  from private.stripe_subscriptions s join public.plans p on p.id = s.plan
  where s.user_id = p_account and s.status in ('active', 'trialing', 'past_due')
  order by p.position desc, p.id limit 1;
  if not found then
    v_unknown := exists (select from private.stripe_subscriptions s where s.user_id = p_account
      and s.plan is null and s.status in ('active', 'trialing', 'past_due'));
    if v_unknown then
      return 'unknown_price';
    end if;
    select p.id into v_plan from public.plans p order by p.position, p.id limit 1;
  end if;
  update public.accounts a set plan = v_plan where a.id = p_account and a.plan <> v_plan;
  return case when found then 'plan_changed' else 'recorded' end;
end
$$;

-- A checkout binds customer and subscription to the account; what it bought may be known already, or
-- come with an event of the subscription. Until then the plan its metadata names counts.
create or replace function private.stripe_checkout(p_object jsonb) returns text
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid := private.stripe_account(p_object);
  v_customer text := private.stripe_id(p_object -> 'customer');
  v_subscription text := private.stripe_id(p_object -> 'subscription');
begin
  if p_object ->> 'mode' is distinct from 'subscription' or v_subscription is null
    or p_object ->> 'payment_status' is not distinct from 'unpaid' then
    return 'ignored';
  end if;
  if v_account is null then
    return 'unknown_account';
  end if;
  if v_customer is not null then
    insert into private.stripe_customers as c (id, user_id) values (v_customer, v_account)
    on conflict (id) do update set user_id = excluded.user_id;
  end if;
  insert into private.stripe_subscriptions as s (id, user_id, customer, status, plan, told_at)
  values (v_subscription, v_account, v_customer, 'active',
    (select p.id from public.plans p where p.id = p_object #>> '{metadata,plan}'), '-infinity')
  on conflict (id) do update set user_id = v_account, customer = coalesce(s.customer, v_customer),
    updated_at = now();
  return private.apply_subscriptions(v_account);
end
$$;

-- The state of a subscription. What an older event says is not news; of two of the same second the
-- later to arrive counts, but nothing comes after the end.
create or replace function private.stripe_subscription(
  p_object jsonb, p_created timestamptz, p_deleted boolean)
returns text language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_id text := p_object ->> 'id';
  v_customer text := private.stripe_id(p_object -> 'customer');
  v_account uuid;
  v_prices text[];
begin
  if v_id is null then
    return 'ignored';
  end if;
  v_account := coalesce(private.stripe_account(p_object),
    (select c.user_id from private.stripe_customers c where c.id = v_customer));
  v_prices := array(select x.price from jsonb_array_elements(
      case jsonb_typeof(p_object #> '{items,data}') when 'array' then p_object #> '{items,data}'
        else '[]' end) i,
    unnest(array[private.stripe_id(i -> 'price'), i #>> '{price,lookup_key}']) x (price)
    where x.price is not null);
  insert into private.stripe_subscriptions as s (id, user_id, customer, status, prices, plan,
    period_end, cancel_at_period_end, told_at)
  values (v_id, v_account, v_customer,
    case when p_deleted then 'canceled' else coalesce(p_object ->> 'status', 'incomplete') end,
    v_prices, private.plan_of_prices(v_prices),
    private.stripe_time(coalesce(p_object #> '{items,data,0,current_period_end}',
      p_object -> 'current_period_end')),
    coalesce((p_object ->> 'cancel_at_period_end')::boolean, false), p_created)
  on conflict (id) do update set user_id = coalesce(s.user_id, excluded.user_id),
    customer = coalesce(excluded.customer, s.customer), status = excluded.status,
    prices = excluded.prices, plan = excluded.plan, period_end = excluded.period_end,
    cancel_at_period_end = excluded.cancel_at_period_end, told_at = excluded.told_at,
    updated_at = now()
  where excluded.told_at > s.told_at
    or (excluded.told_at = s.told_at and s.status <> 'canceled')
  returning s.user_id into v_account;
  if not found then
    return 'outdated';
  end if;
  if v_account is null then
    return 'unknown_account';
  end if;
  return private.apply_subscriptions(v_account);
end
$$;

-- A failed payment changes no plan: Stripe tries again, and says with the subscription when it gives up.
create or replace function private.stripe_invoice(
  p_object jsonb, p_created timestamptz, p_failed boolean)
returns text language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_account uuid;
begin
  update private.stripe_subscriptions s
  set payment_failed_at = case when p_failed then p_created end, updated_at = now()
  where s.id = private.stripe_id(coalesce(p_object #> '{parent,subscription_details,subscription}',
    p_object -> 'subscription'))
  returning s.user_id into v_account;
  if not found then
    return 'unknown_subscription';
  end if;
  if p_failed and v_account is not null then
    perform private.log_security(v_account, null, 'system', 'billing.payment_failed');
  end if;
  return 'recorded';
end
$$;

-- For people who pay, not for everybody of the team.
create or replace function private.subscription_json(p_account uuid) returns jsonb
language plpgsql stable set search_path = '' set enable_seqscan = off as $$
begin
  return (select jsonb_build_object('status', s.status, 'plan', s.plan,
      'periodEnd', private.iso(s.period_end), 'cancelAtPeriodEnd', s.cancel_at_period_end,
      'paymentFailedAt', private.iso(s.payment_failed_at))
    from private.stripe_subscriptions s where s.user_id = p_account
    order by s.status in ('active', 'trialing', 'past_due') desc, s.told_at desc limit 1);
end
$$;
