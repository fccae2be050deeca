-- What the program needs to send a person to Stripe's own pages, for owners and admins of an account.

create or replace function private.require_payer(p_account uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  perform private.require_reader(p_account);
  if private.role_rank(public.account_role(p_account)) < private.role_rank('admin') then
    perform private.fail('insufficient_role', 'Only owners and admins of the account pay for it.');
  end if;
end
$$;

-- Where to buy: the plan's first price. Who pays already changes the plan in the portal, and does not
-- buy a second one.
create or replace function api.checkout_of_plan(p_account_id uuid, p_plan text) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_price text;
begin
  perform private.require_payer(p_account_id);
  v_price := (select x.id from public.plans p, unnest(p.stripe_price_ids) with ordinality x (id, n)
    where p.id = p_plan and x.id like 'price\_%' order by x.n limit 1);
  if v_price is null then
    perform private.fail('validation_failed', 'This plan cannot be bought here.', 'plan');
  end if;
  if exists (select from private.stripe_subscriptions s where s.user_id = p_account_id
      and s.status in ('active', 'trialing', 'past_due')) then
    perform private.fail('conflict', 'The account has a subscription; change its plan in the billing portal.');
  end if;
  return jsonb_build_object('price', v_price,
    'customer', (select c.id from private.stripe_customers c where c.user_id = p_account_id
      order by c.created_at desc limit 1),
    'email', (select u.email from auth.users u where u.id = private.person_id()));
end
$$;

create or replace function api.customer_of_account(p_account_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_customer text;
begin
  perform private.require_payer(p_account_id);
  select coalesce(s.customer, c.id) into v_customer
  from private.stripe_customers c
  full join private.stripe_subscriptions s on s.customer = c.id
  where coalesce(s.user_id, c.user_id) = p_account_id and coalesce(s.customer, c.id) is not null
  order by s.status in ('active', 'trialing', 'past_due') desc nulls last, s.told_at desc nulls last
  limit 1;
  if not found then
    perform private.fail('conflict', 'The account has bought nothing yet.');
  end if;
  return jsonb_build_object('customer', v_customer);
end
$$;

revoke all on function api.checkout_of_plan(uuid, text) from public;
revoke all on function api.customer_of_account(uuid) from public;
grant execute on function api.checkout_of_plan(uuid, text) to authenticated;
grant execute on function api.customer_of_account(uuid) to authenticated;
