// The chatbot-widget API: public configuration, sessions, chat.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, call, fn, visitor } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
let other;
before(async () => {
  server = await startServer();
  shop = await account(server);
  other = await account(server);
  const text = 'The harbour shop opens at nine in the morning.\n\nParcels are sent within two days.';
  assert.equal((await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: 'Facts', content: text }, { token: shop.token })).status, 201);
});
after(() => server?.stop());

const session = (token, more = {}) => call(server, '/api/chatbot-widget/session', { token, body: { chatbotConfigId: shop.agentId, ...more } });
const chat = (token, sessionId, message, more = {}) => call(server, '/api/chatbot-widget/chat', { token, body: { sessionId, message }, ...more });
const config = (id, options = {}) => call(server, `/api/chatbot-widget/config/${id}`, { method: 'GET', ...options });

describe('the configuration', () => {
  it('is public and says what the document says', async () => {
    const reply = await config(shop.agentId);
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(Object.keys(reply.body), ['id', 'name', 'personalitySettings', 'operatingHours', 'uiSettings', 'features']);
    assert.equal(reply.body.id, shop.agentId);
    assert.deepEqual(Object.keys(reply.body.personalitySettings).sort(), ['responseStyle', 'tone']);
    assert.equal(reply.body.operatingHours.isOpen, true);
    assert.deepEqual(Object.keys(reply.body.uiSettings).sort(), ['branding', 'theme']);
    assert.deepEqual(reply.body.features, { leadCapture: true, knowledgeBase: true, fileUpload: false });
    assert.doesNotMatch(reply.text, /instructions|safety|leadSettings/);
  });

  it('keeps to the allowed origins, and knows no other ids', async () => {
    await server.sql`update public.agents set allowed_origins = '{https://shop.example}' where id = ${shop.agentId}`;
    assert.equal((await config(shop.agentId, { headers: { origin: 'https://evil.example' } })).status, 403);
    assert.equal((await config(shop.agentId, { headers: { origin: 'https://shop.example' } })).status, 200);
    await server.sql`update public.agents set allowed_origins = '{}' where id = ${shop.agentId}`;
    for (const id of [randomUUID(), 'x', '%00', "1' or '1'='1"]) assert.equal((await config(encodeURIComponent(id))).status, 404, id);
  });
});

describe('a session', () => {
  it('is a conversation; the cache is warm when that is asked for', async () => {
    const guest = await visitor(server, shop.agentId);
    const reply = await session(guest.token, { initialContext: { referrer: 'https://ads.example/?click=7', campaign: 'spring', pageUrl: 'https://shop.example/#access_token=x' }, options: { warmKnowledgeCache: true } });
    assert.equal(reply.status, 201, reply.text);
    assert.deepEqual(Object.keys(reply.body), ['sessionId', 'chatbotConfig', 'cacheStatus', 'operatingHours']);
    assert.equal(reply.body.cacheStatus.warmed, true);
    assert.ok(reply.body.cacheStatus.vectorsLoaded >= 1);
    assert.match(reply.body.cacheStatus.cacheSize, /^\d+ KB$/);
    assert.equal(reply.body.chatbotConfig.id, shop.agentId);
    assert.equal(reply.body.operatingHours.isOpen, true);
    const [row] = await server.sql`select metadata, visitor_id from public.conversations where id = ${reply.body.sessionId}`;
    assert.deepEqual(row, { metadata: { referrer: 'https://ads.example/', campaign: 'spring', pageUrl: 'https://shop.example/' }, visitor_id: guest.id });
    assert.equal((await session(guest.token)).body.cacheStatus.warmed, false);
  });

  it('answers with metrics, and goes on as a conversation of the widget', async () => {
    const guest = await visitor(server, shop.agentId);
    const { sessionId } = (await session(guest.token)).body;
    const first = await chat(guest.token, sessionId, 'When does the shop open?');
    assert.equal(first.status, 200, first.text);
    assert.deepEqual(Object.keys(first.body), ['response', 'sessionId', 'leadCaptured', 'conversationMetrics']);
    assert.match(first.body.response, /nine/);
    assert.equal(first.body.sessionId, sessionId);
    assert.equal(first.body.leadCaptured, false);
    assert.equal(first.body.conversationMetrics.messageCount, 2);
    assert.equal(first.body.conversationMetrics.engagementScore, 17);
    assert.ok(first.body.conversationMetrics.avgResponseTime >= 0);
    const lead = await chat(guest.token, sessionId, 'I am the owner, our budget is 5,000 EUR, we start next month, mail ada@engines.example or +44 20 7946 0958. I want to buy.');
    assert.equal(lead.body.leadCaptured, true);
    const read = await fn(server, 'get-messages', { conversationId: sessionId }, { token: guest.token });
    assert.equal(read.body.messages.length, 4);
  });

  it('says how an answer came about to a server that asks, never to a visitor', async () => {
    const { sessionId } = (await session(shop.key, { options: { debugMode: true } })).body;
    const reply = await chat(shop.key, sessionId, 'When does the shop open?');
    assert.deepEqual(Object.keys(reply.body.debugInfo), ['processingSteps', 'aiMetadata', 'performanceMetrics']);
    assert.equal(reply.body.debugInfo.aiMetadata.model, 'extractive');
    const guest = await visitor(server, shop.agentId);
    const asked = (await session(guest.token, { options: { debugMode: true } })).body;
    assert.equal('debugInfo' in (await chat(guest.token, asked.sessionId, 'Hello')).body, false);
  });

  it('takes a retry with the same key as the same message', async () => {
    const { sessionId } = (await session(shop.key)).body;
    const headers = { 'idempotency-key': randomUUID() };
    const [one, two] = [await chat(shop.key, sessionId, 'Hello', { headers }), await chat(shop.key, sessionId, 'Hello', { headers })];
    assert.equal(one.body.response, two.body.response);
    assert.equal(two.body.conversationMetrics.messageCount, 2);
  });

  it('belongs to whoever began it', async () => {
    const [mine, another] = [await visitor(server, shop.agentId), await visitor(server, shop.agentId)];
    const { sessionId } = (await session(mine.token)).body;
    const weak = await apiKey(server, shop.id, { scopes: ['conversations:read'] });
    assert.equal((await chat(another.token, sessionId, 'x')).status, 404);
    assert.equal((await chat(other.key, sessionId, 'x')).status, 404);
    assert.equal((await chat(mine.token, randomUUID(), 'x')).status, 404);
    assert.equal((await chat(weak, sessionId, 'x')).body.code, 'insufficient_scope');
    assert.equal((await session(other.key)).status, 404);
    assert.equal((await session(other.guest.token)).status, 404);
    for (const token of [undefined, shop.token, server.env.SUPABASE_ANON_KEY]) {
      assert.ok([401, 403].includes((await session(token)).status));
      assert.ok([401, 403].includes((await chat(token, sessionId, 'x')).status));
    }
  });

  it('refuses what is no session and no message', async () => {
    const { sessionId } = (await session(shop.key)).body;
    for (const body of [{}, { message: 'x' }, { sessionId }, { sessionId, message: '' }, { sessionId, message: 'x'.repeat(8001) }, { sessionId: 'x', message: 'x' }, { sessionId, message: 'x', clientInfo: 'x' }]) {
      assert.equal((await call(server, '/api/chatbot-widget/chat', { token: shop.key, body })).status, 400, JSON.stringify(body).slice(0, 80));
    }
    assert.equal((await call(server, '/api/chatbot-widget/session', { token: shop.key, body: { chatbotConfigId: 'x' } })).status, 400);
  });
});
