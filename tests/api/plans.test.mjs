// What a plan allows: counted exactly, refused with numbers for the customer and without for the visitor.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, fn, member, say, signIn, supabase, visitor } from '../lib/callers.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

let server;
let shop; // on Pro
let operator; // a super admin
before(async () => {
  server = await startServer();
  shop = await account(server, 'plans-shop');
  operator = await account(server, 'operator');
  await server.sql`update auth.users set is_super_admin = true where id = ${operator.id}`;
});
after(() => server?.stop());

// An account as sign-up makes it, with one agent.
async function fresh(name) {
  const email = `${name}@example.test`;
  const { error } = await supabase(server).auth.signUp({ email, password: `correct horse ${name}` });
  if (error) throw error;
  const owner = await signIn(server, email, `correct horse ${name}`);
  const [agent] = await server.sql`insert into public.agents (user_id, name) values (${owner.id}, ${name}) returning id`;
  return { ...owner, agentId: agent.id };
}

const usage = async (who) => (await fn(server, 'get-usage', { accountId: who.id }, { token: who.token })).body;
const limitOf = async (who, limit) => (await usage(who)).limits.find((one) => one.limit === limit);
const startedBy = async (who) => {
  const [{ count }] = await server.sql`select count(*)::int from public.conversations where user_id = ${who.id}
    and created_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'`;
  return count;
};
const nextMonth = () => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString();
};

describe('conversation starts', () => {
  it('of 400 at once, one below the limit, exactly one is accepted', async () => {
    const basic = await fresh('crowd');
    await server.sql`insert into public.conversations (user_id, agent_id) select ${basic.id}, ${basic.agentId} from generate_series(1, 99)`;
    const guest = await visitor(server, basic.agentId);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 400 });
    const body = JSON.stringify({ agentId: basic.agentId, message: 'May I?' });
    const ask = () => new Promise((resolve, reject) => {
      const request = http.request(`${server.url}/functions/v1/widget-chat`, {
        method: 'POST', agent,
        headers: { authorization: `Bearer ${guest.token}`, 'content-type': 'application/json', 'content-length': body.length },
      }, (reply) => {
        let text = '';
        reply.on('data', (bytes) => (text += bytes));
        reply.on('end', () => resolve({ status: reply.statusCode, body: JSON.parse(text) }));
      });
      request.on('error', reject);
      request.end(body);
    });
    // Who waited too long for the database is told to come back, and does: a slow machine refuses nobody for that.
    const start = async () => {
      for (;;) {
        const reply = await ask();
        if (reply.status !== 503) return reply;
        await sleep(100);
      }
    };
    const replies = await Promise.all(Array.from({ length: 400 }, start));
    agent.destroy();
    const accepted = replies.filter((reply) => reply.status === 200);
    assert.equal(accepted.length, 1);
    for (const reply of replies.filter((one) => one.status !== 200)) {
      assert.deepEqual([reply.status, reply.body.code, reply.body.details], [403, 'plan_limit_reached', '']);
    }
    assert.equal(await startedBy(basic), 100);
    assert.deepEqual(await limitOf(basic, 'conversations_per_month'),
      { limit: 'conversations_per_month', used: 100, max: 100, resets_at: nextMonth(), plan: 'basic' });
    const [{ messages }] = await server.sql`select count(*)::int as messages from public.messages m where m.user_id = ${basic.id} and m.role = 'visitor'`;
    assert.equal(messages, 1, 'a refused start left nothing behind');
    const more = await say(server, guest, 'And another thing.', { conversationId: accepted[0].body.conversationId });
    assert.equal(more.status, 200, 'the conversation that was accepted goes on');
  });

  it('are refused to a visitor in words that name no numbers, to a key with all of them', async () => {
    await server.sql`insert into public.plan_overrides (user_id, limits) values (${shop.id}, '{"conversations_per_month": 1}')`;
    const refused = await say(server, await visitor(server, shop.agentId), 'Hello?');
    assert.equal(refused.status, 403);
    assert.equal(refused.body.code, 'plan_limit_reached');
    assert.doesNotMatch(refused.body.message + refused.body.details, /\d|plan|limit/i);
    assert.match(refused.body.message, /try again later/);
    const key = await fn(server, 'widget-chat', { agentId: shop.agentId, message: 'Hello?' }, { token: shop.key });
    assert.equal(key.status, 403);
    assert.deepEqual(key.body.details, { limit: 'conversations_per_month', used: 1, max: 1, resets_at: nextMonth(), plan: 'pro' });
    assert.match(key.body.message, /1 conversation a month.*Upgrade the plan, or wait until \d{4}-\d\d-01/);
    await server.sql`delete from public.plan_overrides where user_id = ${shop.id}`;
    assert.equal((await say(server, await visitor(server, shop.agentId), 'Hello?')).status, 200, 'what is lifted is lifted at once');
  });

  it('of the demo shop are not limited', async () => {
    const demo = await signIn(server);
    assert.deepEqual([(await usage(demo)).plan.id, (await limitOf(demo, 'conversations_per_month')).max], ['pro', null]);
  });
});

describe('knowledge sources', () => {
  it('are limited by the plan, however many are added at once', async () => {
    const basic = await fresh('small');
    const texts = await Promise.all(Array.from({ length: 12 }, (_, i) =>
      fn(server, 'add-knowledge-text', { agentId: basic.agentId, title: `T${i}`, content: `Text ${i}.` }, { token: basic.token })));
    assert.deepEqual(texts.map((reply) => reply.status).sort(), [...Array(5).fill(201), ...Array(7).fill(403)]);
    assert.deepEqual(texts.find((reply) => reply.status === 403).body.details,
      { limit: 'sources', used: 5, max: 5, resets_at: null, plan: 'basic' });
    assert.equal((await limitOf(basic, 'sources')).used, 5);
  });

  it('that are there stay when the plan becomes smaller', async () => {
    const small = await fresh('shrinks');
    await server.sql`update public.accounts set plan = 'advanced' where id = ${small.id}`;
    for (const n of [1, 2, 3, 4, 5, 6]) {
      assert.equal((await fn(server, 'add-knowledge-text', { agentId: small.agentId, title: `T${n}`, content: `Text ${n}.` }, { token: small.token })).status, 201);
    }
    await server.sql`update public.accounts set plan = 'basic' where id = ${small.id}`;
    assert.deepEqual(await limitOf(small, 'sources'), { limit: 'sources', used: 6, max: 5, resets_at: null, plan: 'basic' });
    assert.equal((await fn(server, 'add-knowledge-text', { agentId: small.agentId, title: 'T7', content: 'Text 7.' }, { token: small.token })).body.details.used, 6);
  });
});

describe('API access', () => {
  it('belongs to the plan: a key of another account says what to do', async () => {
    const basic = await fresh('keyless');
    const key = await apiKey(server, basic.id);
    const refused = await fn(server, 'validate-api-key', {}, { token: key });
    assert.equal(refused.status, 403);
    assert.deepEqual([refused.body.code, refused.body.details],
      ['plan_limit_reached', { limit: 'api_access', used: 0, max: 0, resets_at: null, plan: 'basic' }]);
    await server.sql`update public.accounts set plan = 'advanced' where id = ${basic.id}`;
    assert.equal((await fn(server, 'validate-api-key', {}, { token: key })).body.plan, 'advanced');
  });
});

describe('usage', () => {
  it('is folded in the background and equals a recount', async () => {
    const busy = await account(server, 'busy');
    const guest = await visitor(server, busy.agentId);
    const first = await say(server, guest, 'One.');
    await Promise.all(['Two.', 'Three.'].map((text) => say(server, guest, text, { conversationId: first.body.conversationId })));
    await say(server, await visitor(server, busy.agentId), 'Somebody else.');
    const [{ messages }] = await server.sql`select count(*)::int as messages from public.messages where user_id = ${busy.id}`;
    const { metrics } = await usage(busy);
    assert.deepEqual([metrics.messages, metrics.conversations], [messages, 3], 'also before it is folded');
    const folded = await eventually('the events are folded', async () => {
      const [{ left }] = await server.sql`select count(*)::int as left from private.usage_events where user_id = ${busy.id}`;
      return left === 0 && usage(busy);
    });
    assert.deepEqual([folded.metrics.messages, folded.metrics.conversations], [messages, 3]);
    assert.deepEqual(folded.days.map(({ metrics: { messages: n } }) => n), [messages]);
    const rows = await server.sql`select metric, period, quantity::int from public.usage_metrics
      where user_id = ${busy.id} and metric <> 'tokens' order by 1, 2`;
    assert.deepEqual(rows.map((row) => [row.metric, row.period, row.quantity]),
      [['conversations', 'day', 3], ['conversations', 'month', 3], ['messages', 'day', messages], ['messages', 'month', messages]]);
  });

  it('counts requests with an API key', async () => {
    const caller = await account(server, 'caller');
    for (let i = 0; i < 7; i += 1) await fn(server, 'validate-api-key', {}, { token: caller.key });
    await eventually('they are told', async () => (await usage(caller)).metrics.api_calls === 7);
  });

  it('is counted once however many fold at the same time', async () => {
    await server.sql`insert into private.usage_events (user_id, kind, quantity) select ${operator.id}, 'tokens', 1 from generate_series(1, 30000)`;
    const fold = () => server.sql.begin(async (sql) => {
      await sql`set local role service_role`;
      await sql`select set_config('request.jwt.claims', '{"role":"service_role"}', true)`;
      await sql`select api.fold_usage()`;
    });
    await eventually('all is folded', async () => {
      await Promise.all([fold(), fold(), fold(), fold()]);
      const [{ left }] = await server.sql`select count(*)::int as left from private.usage_events where user_id = ${operator.id} and kind = 'tokens'`;
      return left === 0;
    });
    assert.equal((await usage(operator)).metrics.tokens, 30000);
  });

  it('is for people of the account and for super admins', async () => {
    const client = await member(server, shop.id, 'client');
    for (const who of [shop, client, operator]) {
      assert.equal((await fn(server, 'get-usage', { accountId: shop.id }, { token: who.token })).status, 200);
    }
    const service = await fn(server, 'get-usage', { accountId: shop.id }, { token: server.env.SUPABASE_SERVICE_ROLE_KEY });
    assert.equal(service.body.plan.id, 'pro');
    const key = await apiKey(server, shop.id, { scopes: ['analytics:read'] });
    assert.equal((await fn(server, 'get-usage', {}, { token: key })).body.plan.id, 'pro');
    assert.equal((await fn(server, 'get-usage', {}, { token: shop.key })).body.code, 'insufficient_scope');
    const none = await fn(server, 'get-usage', {}, { token: shop.token });
    assert.deepEqual([none.status, none.body.details], [400, 'accountId']);
    const guest = await fn(server, 'get-usage', { accountId: shop.id }, { token: shop.guest.token });
    assert.equal(guest.status, 403);
  });
});

describe('a super admin', () => {
  const decide = (who, name, body) => fn(server, name, body, { token: who.token });

  it('changes what a plan allows, and whoever is on it feels it at once', async () => {
    const basic = await fresh('subject');
    const made = await decide(operator, 'update-plan', { planId: 'tiny', name: 'Tiny', position: 9, limits: { agents: 1, conversations_per_month: 1, sources: 0 }, features: { api_access: true } });
    assert.equal(made.status, 200, made.text);
    const set = await decide(operator, 'set-account-plan', { accountId: basic.id, plan: 'tiny' });
    assert.equal(set.status, 200, set.text);
    assert.deepEqual([set.body.plan.id, set.body.limits[0].max], ['tiny', 1]);
    const start = async () => (await say(server, await visitor(server, basic.agentId), 'Hi')).status;
    assert.deepEqual([await start(), await start()], [200, 403]);
    await decide(operator, 'update-plan', { planId: 'tiny', limits: { conversations_per_month: 2 } });
    assert.deepEqual([await start(), await start()], [200, 403]);
    await decide(operator, 'set-account-plan', { accountId: basic.id, limits: { conversations_per_month: 3 }, note: 'One more.' });
    assert.deepEqual([await start(), await start()], [200, 403]);
    const plans = await decide(basic, 'list-plans', {});
    assert.deepEqual(plans.body.plans.map((plan) => plan.id), ['basic', 'advanced', 'pro', 'tiny']);
    assert.equal(plans.body.plans[0].stripePriceIds, undefined);
  });

  it('is refused words and numbers that no plan has', async () => {
    for (const [body, field] of [
      [{ planId: 'pro', limits: { agentz: 1 } }, 'limits.agentz'], [{ planId: 'pro', limits: { agents: -1 } }, 'limits.agents'],
      [{ planId: 'pro', limits: { agents: 'many' } }, 'limits.agents'], [{ planId: 'pro', features: { api_access: 'yes' } }, 'features.api_access'],
      [{ planId: "x'; drop" }, 'planId'], [{ limits: {} }, 'planId'], [{ planId: 'pro', limits: [] }, 'limits'],
    ]) {
      const reply = await decide(operator, 'update-plan', body);
      assert.deepEqual([reply.status, reply.body.code, reply.body.details], [400, 'validation_failed', field], reply.text);
    }
    const unknown = await decide(operator, 'set-account-plan', { accountId: shop.id, plan: 'platinum' });
    assert.deepEqual([unknown.status, unknown.body.details], [400, 'plan']);
    assert.equal((await decide(operator, 'set-account-plan', { accountId: randomUUID(), plan: 'pro' })).status, 404);
  });

  it('is nobody else', async () => {
    const admin = await member(server, shop.id, 'admin');
    for (const who of [shop, admin]) {
      for (const [name, body] of [['update-plan', { planId: 'basic', limits: { agents: null } }], ['set-account-plan', { accountId: shop.id, plan: 'pro' }], ['set-account-plan', { accountId: randomUUID(), plan: 'pro' }]]) {
        const reply = await decide(who, name, body);
        assert.deepEqual([reply.status, reply.body.code], [403, 'forbidden'], name);
      }
    }
  });
});
