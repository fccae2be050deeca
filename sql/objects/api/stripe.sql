-- An event whose signature the program has verified. It counts once, with what it changes, in one
-- transaction: Stripe sends again what was not answered, and may send anything twice.
create or replace function api.apply_stripe_event(p_event jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_id text := p_event ->> 'id';
  v_type text := p_event ->> 'type';
  v_created timestamptz := private.stripe_time(p_event -> 'created');
  v_object jsonb := p_event #> '{data,object}';
  v_outcome text;
begin
  perform private.require_service();
  if v_id is null or length(v_id) not between 1 and 255 or v_type is null or v_created is null
    or jsonb_typeof(v_object) is distinct from 'object' then
    perform private.fail('validation_failed', 'This is not an event of Stripe.');
  end if;
  insert into private.stripe_events (id, type, outcome, created)
  values (v_id, left(v_type, 255), 'received', v_created) on conflict (id) do nothing;
  if not found then
    return jsonb_build_object('received', true, 'outcome', 'duplicate');
  end if;
  v_outcome := case
    when v_type in ('checkout.session.completed', 'checkout.session.async_payment_succeeded')
      then private.stripe_checkout(v_object)
    when v_type in ('customer.subscription.created', 'customer.subscription.updated',
      'customer.subscription.paused', 'customer.subscription.resumed')
      then private.stripe_subscription(v_object, v_created, false)
    when v_type = 'customer.subscription.deleted'
      then private.stripe_subscription(v_object, v_created, true)
    when v_type = 'invoice.payment_failed'
      then private.stripe_invoice(v_object, v_created, true)
    when v_type = 'invoice.paid' then private.stripe_invoice(v_object, v_created, false)
    else 'ignored' end;
  update private.stripe_events e set outcome = v_outcome where e.id = v_id;
  -- Stripe sends again for three days.
  delete from private.stripe_events e where e.id in (
    select o.id from private.stripe_events o where o.received_at < now() - interval '90 days'
    order by o.received_at limit 100 for update skip locked);
  return jsonb_build_object('received', true, 'outcome', v_outcome);
end
$$;
revoke all on function api.apply_stripe_event(jsonb) from public;
grant execute on function api.apply_stripe_event(jsonb) to service_role;
