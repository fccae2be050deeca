// Stripe's webhook: signed by Stripe's own library, applied once, in whatever order events come.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import Stripe from 'stripe';
import { account, fn, member } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';
import { startStripe } from '../lib/stripe.mjs';

const SECRET = 'whsec_of_the_endpoint';
const OLD_SECRET = 'whsec_being_rolled';
const stripe = new Stripe('sk_test_never_used');
const NOW = Math.floor(Date.now() / 1000);

let server;
let shop;
let api;
before(async () => {
  api = await startStripe();
  server = await startServer({ env: { CHATPAD_STRIPE_WEBHOOK_SECRET: `${SECRET}, ${OLD_SECRET}`, ...api.env } });
  shop = await account(server);
  await server.sql`update public.plans set stripe_price_ids = array['price_advanced', 'advanced_monthly'] where id = 'advanced'`;
  await server.sql`update public.plans set stripe_price_ids = array['price_pro'] where id = 'pro'`;
});
after(async () => {
  await server?.stop();
  api?.stop();
});

const unique = (kind) => `${kind}_${randomBytes(6).toString('hex')}`;
const event = (type, object, more = {}) => ({
  id: unique('evt'), object: 'event', api_version: '2026-10-28.endive', created: NOW, livemode: false, type, data: { object }, ...more,
});
const signed = (body, { secret = SECRET, timestamp = NOW } = {}) =>
  stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
async function post(body, signature) {
  const reply = await fetch(`${server.url}/functions/v1/stripe-webhook`, {
    method: 'POST', body, headers: { 'content-type': 'application/json; charset=utf-8', ...(signature === undefined ? {} : { 'stripe-signature': signature }) },
  });
  return { status: reply.status, body: await reply.json() };
}
// As Stripe sends it: with blanks and a line end, which the signature covers.
async function send(what) {
  const body = `${JSON.stringify(what, null, 2)}\n`;
  const reply = await post(body, signed(body));
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return reply.body.outcome;
}
const planOf = async (who) => (await server.sql`select plan from public.accounts where id = ${who.id}`)[0].plan;
const setPlan = (who, plan) => server.sql`update public.accounts set plan = ${plan} where id = ${who.id}`;

const checkout = (who, more = {}) => ({
  id: unique('cs'), object: 'checkout.session', mode: 'subscription', status: 'complete', payment_status: 'paid',
  customer: unique('cus'), subscription: unique('sub'), client_reference_id: who.id, metadata: {}, ...more,
});
const subscription = (session, price, more = {}) => ({
  id: session.subscription, object: 'subscription', status: 'active', customer: session.customer, cancel_at_period_end: false, metadata: {},
  items: { object: 'list', data: [{ id: 'si_1', price: { id: price, lookup_key: null, product: 'prod_1' }, quantity: 1, current_period_end: NOW + 86_400 }] },
  ...more,
});

describe('a signature', () => {
  const body = JSON.stringify(event('customer.created', { id: 'cus_1', object: 'customer' }));

  it('of Stripe is accepted, with either secret while one is rolled', async () => {
    for (const secret of [SECRET, OLD_SECRET]) {
      const fresh = JSON.stringify(event('customer.created', { id: 'cus_1', object: 'customer' }));
      assert.equal((await post(fresh, signed(fresh, { secret }))).status, 200);
    }
    const good = signed(body);
    assert.equal((await post(body, `${good.split(',')[0]},v1=${'0'.repeat(64)},${good.split(',')[1]},v0=${'0'.repeat(64)}`)).status, 200);
  });

  it('of anybody else, of another body or of another time is refused, and nothing is kept', async () => {
    const forged = JSON.stringify(event('checkout.session.completed', checkout(shop, { metadata: { plan: 'pro' } })));
    const hmac = (text) => createHmac('sha256', SECRET).update(text).digest('hex');
    const odd = [
      undefined, '', 'v1=', signed(forged, { secret: 'whsec_guess' }), signed(forged, { secret: OLD_SECRET.slice(6) }), signed(`${forged} `),
      signed(forged, { timestamp: NOW - 400 }), signed(forged, { timestamp: NOW + 400 }), signed(forged).replace('v1=', 'v0='),
      signed(forged).toUpperCase(), `t=${NOW},v1=${hmac(forged)}`, `t=${NOW},v1=${hmac(`${NOW}${forged}`)}`,
      `t=${NOW},${signed(forged)}`, `${signed(forged)}`.slice(0, -1), 'x'.repeat(5000),
    ];
    for (const signature of odd) {
      const reply = await post(forged, signature);
      assert.deepEqual([reply.status, reply.body.code], [400, 'bad_request'], signature);
    }
    const [{ count }] = await server.sql`select count(*)::int from private.stripe_events where type = 'checkout.session.completed'`;
    assert.equal(count, 0);
    for (const text of ['', '[]', '{}', 'null', '{"id":"evt_1"}', '{"id":"evt_2","type":"x","created":"now","data":{"object":{}}}', '{"id":"evt_3","type":"x","created":1,"data":{}}', '{"id":"a\\u0000b","type":"x"}', `${'['.repeat(9999)}`]) {
      const reply = await post(text, signed(text));
      assert.equal(reply.status, 400, `${text.slice(0, 40)}: ${JSON.stringify(reply.body)}`);
    }
  });
});

describe('a subscription', () => {
  it('that was bought puts the account on its plan, changes it, and ends it', async () => {
    await setPlan(shop, 'basic');
    const session = checkout(shop);
    assert.equal(await send(event('checkout.session.completed', session)), 'unknown_price');
    assert.equal(await planOf(shop), 'basic', 'what was bought is not known yet');
    assert.equal(await send(event('customer.subscription.created', subscription(session, 'price_advanced'), { created: NOW })), 'plan_changed');
    assert.equal(await planOf(shop), 'advanced');
    assert.equal(await send(event('customer.subscription.updated', subscription(session, 'price_pro'), { created: NOW + 1 })), 'plan_changed');
    assert.equal(await planOf(shop), 'pro');
    const { subscription: shown } = (await fn(server, 'get-usage', { accountId: shop.id }, { token: shop.token })).body;
    assert.deepEqual(shown, { plan: 'pro', status: 'active', periodEnd: new Date((NOW + 86_400) * 1000).toISOString(), cancelAtPeriodEnd: false, paymentFailedAt: null });
    const client = await member(server, shop.id, 'client');
    assert.equal((await fn(server, 'get-usage', { accountId: shop.id }, { token: client.token })).body.subscription, undefined);
    assert.equal(await send(event('customer.subscription.deleted', subscription(session, 'price_pro', { status: 'canceled' }), { created: NOW + 2 })), 'plan_changed');
    assert.equal(await planOf(shop), 'basic');
    const changes = await server.sql`select details from public.security_logs where user_id = ${shop.id} and event = 'plan.changed' order by id`;
    assert.deepEqual(changes.slice(-3).map(({ details }) => details.to), ['advanced', 'pro', 'basic']);
  });

  it('event counts once, however often it comes, also at once', async () => {
    const session = checkout(shop, { metadata: { plan: 'advanced' } });
    const bought = event('checkout.session.completed', session);
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => send(bought)));
    assert.equal(outcomes.filter((outcome) => outcome === 'plan_changed').length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'duplicate').length, 11);
    assert.equal(await planOf(shop), 'advanced');
    await send(event('customer.subscription.deleted', subscription(session, 'price_advanced'), { created: NOW + 5 }));
    assert.equal(await send(bought), 'duplicate', 'an old one again brings nothing back');
    assert.equal(await planOf(shop), 'basic');
  });

  it('ends up the same in every order of its events', async () => {
    const orders = (list) => (list.length < 2 ? [list] : list.flatMap((one, i) => orders(list.filter((_, n) => n !== i)).map((rest) => [one, ...rest])));
    for (const order of orders([0, 1, 2, 3])) {
      const buyer = checkout(shop);
      const told = [
        event('checkout.session.completed', buyer, { created: NOW }),
        event('customer.subscription.created', subscription(buyer, 'price_advanced', { status: 'incomplete' }), { created: NOW }),
        event('customer.subscription.updated', subscription(buyer, 'price_advanced'), { created: NOW + 1 }),
        event('customer.subscription.updated', subscription(buyer, 'price_pro'), { created: NOW + 2 }),
      ];
      for (const i of order) await send(told[i]);
      assert.equal(await planOf(shop), 'pro', `order ${order}`);
      const ends = [
        event('customer.subscription.deleted', subscription(buyer, 'price_pro', { status: 'canceled' }), { created: NOW + 4 }),
        event('customer.subscription.updated', subscription(buyer, 'price_pro', { cancel_at_period_end: true }), { created: NOW + 3 }),
      ];
      for (const last of order[0] % 2 ? ends : ends.reverse()) await send(last);
      assert.equal(await planOf(shop), 'basic', `order ${order}, ended`);
    }
  });

  it('of a price by lookup key, an expanded customer, and the older place of the period is understood', async () => {
    const session = checkout(shop);
    const old = subscription(session, 'price_unlisted', { customer: { id: session.customer, object: 'customer' }, current_period_end: NOW + 5 });
    old.items.data[0].price.lookup_key = 'advanced_monthly';
    delete old.items.data[0].current_period_end;
    await send(event('checkout.session.completed', { ...session, customer: { id: session.customer, object: 'customer' } }));
    assert.equal(await send(event('customer.subscription.updated', old)), 'plan_changed');
    assert.equal(await planOf(shop), 'advanced');
    const [row] = await server.sql`select period_end from private.stripe_subscriptions where id = ${session.subscription}`;
    assert.equal(row.period_end.getTime(), (NOW + 5) * 1000);
    await send(event('customer.subscription.deleted', old, { created: NOW + 1 }));
  });

  it('whose payment fails keeps its plan until Stripe gives up', async () => {
    const session = checkout(shop);
    await send(event('checkout.session.completed', session));
    await send(event('customer.subscription.created', subscription(session, 'price_pro')));
    assert.equal(await send(event('invoice.payment_failed', { id: 'in_1', object: 'invoice', parent: { subscription_details: { subscription: session.subscription } } })), 'recorded');
    await send(event('customer.subscription.updated', subscription(session, 'price_pro', { status: 'past_due' }), { created: NOW + 1 }));
    assert.equal(await planOf(shop), 'pro');
    const { subscription: shown } = (await fn(server, 'get-usage', { accountId: shop.id }, { token: shop.token })).body;
    assert.deepEqual([shown.status, shown.paymentFailedAt], ['past_due', new Date(NOW * 1000).toISOString()]);
    await send(event('customer.subscription.updated', subscription(session, 'price_pro', { status: 'unpaid' }), { created: NOW + 2 }));
    assert.equal(await planOf(shop), 'basic');
    await send(event('invoice.paid', { id: 'in_1', object: 'invoice', subscription: session.subscription }));
    await send(event('customer.subscription.updated', subscription(session, 'price_pro'), { created: NOW + 3 }));
    assert.equal(await planOf(shop), 'pro');
    await send(event('customer.subscription.deleted', subscription(session, 'price_pro'), { created: NOW + 4 }));
  });

  it('that somebody pays for another account never lowers its plan, nor ends what it pays itself', async () => {
    const own = checkout(shop, { metadata: { plan: 'pro' } });
    await send(event('checkout.session.completed', own));
    await send(event('customer.subscription.created', subscription(own, 'price_pro')));
    const gift = checkout(shop);
    await send(event('checkout.session.completed', gift));
    await send(event('customer.subscription.created', subscription(gift, 'price_advanced')));
    assert.equal(await planOf(shop), 'pro');
    await send(event('customer.subscription.deleted', subscription(gift, 'price_advanced'), { created: NOW + 1 }));
    assert.equal(await planOf(shop), 'pro');
    await send(event('customer.subscription.deleted', subscription(own, 'price_pro'), { created: NOW + 1 }));
    assert.equal(await planOf(shop), 'basic');
  });

  it('that is nobody\'s, unpaid, of another mode or of an unknown kind changes nothing', async () => {
    await setPlan(shop, 'basic');
    const nobody = { id: '00000000-0000-4000-8000-000000000000' };
    assert.equal(await send(event('checkout.session.completed', checkout(nobody))), 'unknown_account');
    assert.equal(await send(event('checkout.session.completed', checkout({ id: "'; drop table accounts; --" }))), 'unknown_account');
    assert.equal(await send(event('checkout.session.completed', checkout(shop, { payment_status: 'unpaid', metadata: { plan: 'pro' } }))), 'ignored');
    assert.equal(await send(event('checkout.session.completed', checkout(shop, { mode: 'payment', metadata: { plan: 'pro' } }))), 'ignored');
    assert.equal(await send(event('customer.subscription.updated', subscription(checkout(nobody), 'price_pro'))), 'unknown_account');
    assert.equal(await send(event('invoice.payment_failed', { id: 'in_2', subscription: 'sub_unknown' })), 'unknown_subscription');
    assert.equal(await send(event('charge.refunded', { id: 'ch_1' })), 'ignored');
    assert.equal(await planOf(shop), 'basic');
  });
});

describe("Stripe's pages", () => {
  const ask = (who, name, body = {}) => fn(server, name, { accountId: shop.id, ...body }, { token: who.token });

  it('are opened by owners and admins: one to buy, one to change what was bought', async () => {
    await server.sql`delete from private.stripe_subscriptions where user_id = ${shop.id}`;
    await server.sql`delete from private.stripe_customers where user_id = ${shop.id}`;
    api.answer = () => [200, { id: 'cs_1', url: 'https://checkout.stripe.example/c/pay/cs_1' }];
    assert.deepEqual([(await ask(shop, 'create-billing-portal')).status], [409], 'nothing was bought yet');
    api.asked = [];
    const bought = await ask(shop, 'create-checkout', { plan: 'advanced' });
    assert.deepEqual([bought.status, bought.body], [201, { url: 'https://checkout.stripe.example/c/pay/cs_1' }]);
    assert.deepEqual(api.asked, [{
      path: '/v1/checkout/sessions', method: 'POST', key: 'Bearer sk_test_canary',
      form: {
        mode: 'subscription', 'line_items[0][price]': 'price_advanced', 'line_items[0][quantity]': '1', client_reference_id: shop.id, 'metadata[plan]': 'advanced',
        'subscription_data[metadata][account_id]': shop.id, success_url: `${server.url}/admin/#/plan`, cancel_url: `${server.url}/admin/#/plan`, customer_email: shop.email,
      },
    }]);
    const session = checkout(shop);
    await send(event('customer.subscription.created', subscription(session, 'price_advanced', { metadata: { account_id: shop.id } })));
    assert.equal(await planOf(shop), 'advanced', 'the subscription itself names the account');
    assert.equal((await ask(shop, 'create-checkout', { plan: 'pro' })).body.code, 'conflict');
    api.asked = [];
    const admin = await member(server, shop.id, 'admin');
    assert.equal((await ask(admin, 'create-billing-portal')).status, 201);
    assert.deepEqual([api.asked[0].path, api.asked[0].form], ['/v1/billing_portal/sessions', { customer: session.customer, return_url: `${server.url}/admin/#/plan` }]);
    await send(event('customer.subscription.deleted', subscription(session, 'price_advanced'), { created: NOW + 1 }));
  });

  it('are not for others, nor for plans without a price', async () => {
    api.asked = [];
    for (const role of ['client', 'member', 'manager']) {
      const who = await member(server, shop.id, role);
      assert.equal((await ask(who, 'create-checkout', { plan: 'pro' })).body.code, 'insufficient_role');
      assert.equal((await ask(who, 'create-billing-portal')).body.code, 'insufficient_role');
    }
    for (const plan of ['basic', 'platinum', "x' or true --"]) {
      const reply = await ask(shop, 'create-checkout', { plan });
      assert.deepEqual([reply.status, reply.body.details], [400, 'plan']);
    }
    assert.deepEqual(api.asked, []);
  });

  it('that Stripe refuses are 502 without its words, or the key', async () => {
    for (const answer of [[402, { error: { message: 'Your key sk_test_canary is not good.' } }], [200, 'no json'], [200, {}], [200, { url: 7 }], [302, '']]) {
      api.answer = () => answer;
      const reply = await ask(shop, 'create-checkout', { plan: 'pro' });
      assert.equal(reply.status, 502, `${answer[0]}: ${reply.text}`);
      assert.doesNotMatch(reply.text, /canary|good/);
    }
  });
});
