// create-widget-lead and validate-api-key.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, call, fn, say } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer();
  shop = await account(server);
});
after(() => server?.stop());

const lead = (who, fields) => fn(server, 'create-widget-lead', { agentId: shop.agentId, ...fields }, { token: who });

describe('create-widget-lead', () => {
  it('stores, scores with reasons and links to the conversation', async () => {
    const { conversationId } = (await say(server, shop.guest, 'What does the pro plan cost? We want to buy 50 seats this week.')).body;
    const reply = await lead(shop.guest.token, {
      conversationId, name: 'Ada Byron', email: 'Ada@Example.Test', phone: '+44 20 7946 0958', company: 'Engines Ltd',
      jobTitle: 'Director', message: 'Please call me about a quote.', customFields: { seats: 50 },
    });
    assert.equal(reply.status, 201, reply.text);
    const made = reply.body.lead;
    assert.equal(reply.body.conversationId, conversationId);
    assert.equal(made.conversationId, conversationId);
    assert.equal(made.email, 'ada@example.test');
    assert.deepEqual(made.customFields, { seats: 50 });
    assert.ok(Number.isInteger(made.score) && made.score >= 0 && made.score <= 100);
    assert.ok(made.reasons.length >= 1);
    for (const reason of made.reasons) {
      assert.equal(typeof reason.criterion, 'string');
      assert.equal(typeof reason.points, 'number');
    }
    assert.equal(typeof made.status, 'string');
  });

  it('scores a rich lead above a bare one', async () => {
    const bare = await lead(shop.guest.token, { email: 'someone@example.test' });
    const { conversationId } = (await say(server, shop.guest, 'We need pricing today, our budget is approved.')).body;
    const rich = await lead(shop.guest.token, {
      conversationId, name: 'Grace Hopper', email: 'grace@navy.example', phone: '+1 202 555 0101', company: 'Navy', jobTitle: 'CTO',
      message: 'We are ready to buy and need a quote as soon as possible.',
    });
    assert.ok(rich.body.lead.score > bare.body.lead.score, `${rich.body.lead.score} > ${bare.body.lead.score}`);
  });

  it('makes a conversation when there is none', async () => {
    const reply = await lead(shop.guest.token, { name: 'No Talk' });
    assert.equal(reply.status, 201);
    assert.match(reply.body.conversationId, /^[0-9a-f-]{36}$/);
    const read = await fn(server, 'get-messages', { conversationId: reply.body.conversationId }, { token: shop.guest.token });
    assert.equal(read.status, 200);
  });

  it('takes an API key with the scope and refuses one without', async () => {
    assert.equal((await lead(shop.key, { email: 'key@example.test' })).status, 201);
    const reader = await apiKey(server, shop.id, { scopes: ['conversations:read'] });
    const refused = await lead(reader, { email: 'key@example.test' });
    assert.equal(refused.status, 403);
    assert.equal(refused.body.code, 'insufficient_scope');
  });
});

describe('validate-api-key', () => {
  it('accepts the key as Bearer and as apikey', async () => {
    for (const how of [{ token: shop.key }, { apikey: shop.key }]) {
      const reply = await call(server, '/functions/v1/validate-api-key', { ...how, body: {} });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.body.valid, true);
      assert.equal(reply.body.accountId, shop.id);
      assert.ok(reply.body.scopes.includes('chat:write'));
      assert.equal(reply.body.plan, 'pro');
    }
  });

  it('knows the demo key, on plan pro', async () => {
    const reply = await call(server, '/functions/v1/validate-api-key', { apikey: server.env.CHATPAD_DEMO_API_KEY, body: {} });
    assert.equal(reply.body.plan, 'pro');
  });

  it('refuses revoked, expired, unknown and mangled keys alike', async () => {
    const revoked = await apiKey(server, shop.id, { revokedAt: new Date() });
    const expired = await apiKey(server, shop.id, { expiresAt: new Date(Date.now() - 1000) });
    const bad = [revoked, expired, `${shop.key}x`, shop.key.slice(0, -1), `cp_live_${'A'.repeat(32)}`, 'cp_live_', `cp_live_${'A'.repeat(5000)}`];
    const texts = new Set();
    for (const key of bad) {
      const reply = await call(server, '/functions/v1/validate-api-key', { apikey: key, body: {} });
      assert.ok([401, 403].includes(reply.status), `${key.slice(0, 20)}: ${reply.status}`);
      if (key.length < 1000) texts.add(reply.text);
    }
    assert.equal(texts.size, 1, 'no difference tells an attacker why');
  });

  it('is not for a token of another kind', async () => {
    for (const token of [shop.token, shop.guest.token, server.env.SUPABASE_ANON_KEY]) {
      const reply = await call(server, '/functions/v1/validate-api-key', { token, body: {} });
      assert.ok([401, 403].includes(reply.status), reply.text);
    }
  });
});
