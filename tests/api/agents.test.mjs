// create-agent, update-agent, get-agent.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, fn, member } from '../lib/callers.mjs';
import { join } from '../lib/realtime.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
let other;
before(async () => {
  server = await startServer();
  shop = await account(server);
  other = await account(server);
});
after(() => server?.stop());

const as = (who) => ({ token: who.token });
const update = (settings, who = shop) => fn(server, 'update-agent', { agentId: shop.agentId, ...settings }, as(who));

const ALL = {
  name: 'Wholesale', greeting: 'Welcome.', fallbackMessage: 'I will ask.', instructions: 'Be kind.', ai: { chain: [{ provider: 'openai', model: 'gpt-4o-mini', temperature: 0.2 }, { provider: 'builtin' }] }, isActive: true,
  allowedOrigins: ['https://shop.example'], position: 'bottom-left', theme: { primaryColor: '#0f766e', mode: 'dark', radius: 12 },
  behavior: { openOnLoad: true }, features: { leadCapture: false },
  personality: { tone: 'friendly', responseStyle: { length: 'concise', emojiUsage: 'minimal', followUpQuestions: true, proactiveOffering: false }, conversationFlow: { escalationMessage: 'A person comes.', endConversationMessage: 'Bye.' } },
  operatingHours: { timezone: 'Europe/Berlin', businessHours: [] }, safety: { injection: 'flag' },
  leadSettings: { thresholds: { leadCapture: 50, qualified: 70, salesReady: 80 } },
};

describe('an agent', () => {
  it('is made with all its settings and comes back so, and is in the audit log', async () => {
    const made = await fn(server, 'create-agent', { accountId: shop.id, ...ALL }, as(shop));
    assert.equal(made.status, 201, made.text);
    const { id, accountId, createdAt, updatedAt, model, ...rest } = made.body.agent;
    assert.deepEqual(rest, ALL);
    assert.equal(accountId, shop.id);
    assert.equal(model, 'auto');
    assert.ok(createdAt && updatedAt);
    assert.deepEqual((await fn(server, 'get-agent', { agentId: id }, as(shop))).body, made.body);
    const rows = await server.sql`select action, actor_id from public.audit_logs where user_id = ${shop.id} and resource_id = ${id}`;
    assert.ok(rows.some((row) => row.action === 'agent.created' && row.actor_id === shop.id));
  });

  it('is changed in part, and whoever has its channel hears of it', async () => {
    const live = await join(shop.client, `account:${shop.id}`);
    const reply = await update({ greeting: 'Ahoy.', theme: { primaryColor: '#112233' } });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.body.agent.greeting, 'Ahoy.');
    assert.equal(reply.body.agent.fallbackMessage, 'I do not know that. Shall I ask a person?');
    await live.next('config.updated', (payload) => payload.agent.id === shop.agentId);
    const config = await fn(server, 'get-widget-config', { agentId: shop.agentId });
    assert.equal(config.body.agent.greeting, 'Ahoy.');
    assert.equal(config.body.config.theme.primaryColor, '#112233');
    await live.channel.unsubscribe();
  });

  it('is managed by managers, not by members or clients, and by nobody else', async () => {
    const manager = await member(server, shop.id, 'manager');
    assert.equal((await update({ greeting: 'By a manager.' }, manager)).status, 200);
    assert.equal((await fn(server, 'create-agent', { accountId: shop.id, name: 'Second' }, as(manager))).status, 201);
    for (const role of ['member', 'client']) {
      const person = await member(server, shop.id, role);
      for (const reply of [await update({ greeting: 'x' }, person), await fn(server, 'get-agent', { agentId: shop.agentId }, as(person)),
        await fn(server, 'create-agent', { accountId: shop.id, name: 'x' }, as(person))]) {
        assert.equal(reply.status, 403);
        assert.equal(reply.body.code, 'insufficient_role');
      }
    }
    for (const reply of [await update({ greeting: 'x' }, other), await fn(server, 'get-agent', { agentId: shop.agentId }, as(other)),
      await fn(server, 'create-agent', { accountId: shop.id, name: 'x' }, as(other))]) assert.equal(reply.status, 404);
    for (const token of [shop.key, shop.guest.token]) {
      assert.ok([401, 403].includes((await fn(server, 'get-agent', { agentId: shop.agentId }, { token })).status));
    }
  });

  it('is refused beyond the plan', async () => {
    await server.sql`update public.accounts set plan = 'basic' where id = ${other.id}`;
    const reply = await fn(server, 'create-agent', { accountId: other.id, name: 'One too many' }, as(other));
    assert.equal(reply.status, 403, reply.text);
    assert.equal(reply.body.code, 'plan_limit_reached');
  });

  it('takes no setting that means nothing, and says which', async () => {
    const bad = [
      [{ name: '' }, 'name'], [{ name: '   ' }, 'name'], [{ greeting: 'x'.repeat(4001) }, 'greeting'], [{ isActive: 'yes' }, 'isActive'],
      [{ allowedOrigins: ['javascript:alert(1)'] }, 'allowedOrigins'], [{ allowedOrigins: ['https://a.example/path'] }, 'allowedOrigins'],
      [{ position: 'middle' }, 'position'], [{ theme: { primaryColor: 'red;background:url(//x)' } }, 'primaryColor'],
      [{ personality: { tone: 'rude' } }, 'tone'], [{ personality: { responseStyle: { length: 'endless' } } }, 'length'],
      [{ operatingHours: { timezone: 'Mars/Olympus' } }, 'operatingHours.timezone'], [{ safety: { injection: 'x' } }, 'safety.injection'],
    ];
    for (const [settings, field] of bad) {
      const reply = await update(settings);
      assert.equal(reply.status, 400, JSON.stringify(settings).slice(0, 100));
      assert.equal(reply.body.details, field, reply.text);
    }
    assert.equal((await fn(server, 'create-agent', { accountId: shop.id }, as(shop))).status, 400, 'a name is needed');
  });
});
