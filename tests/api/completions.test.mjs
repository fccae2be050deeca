// POST /v1/chat/completions and GET /v1/models with OpenAI's own client, which gets another base URL
// and key and nothing else; and the shorter request of our own.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { account, apiKey, call, fn } from '../lib/callers.mjs';
import { openai, refuse, say, startModels } from '../lib/models.mjs';
import { startServer } from '../lib/server.mjs';
import { all } from '../lib/sse.mjs';

let models;
let server;
let shop;
let other;
let client;
before(async () => {
  models = await startModels();
  server = await startServer({
    env: { CHATPAD_AI_BASE_URL: models.url, CHATPAD_AI_MODEL: 'stand-in', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_AI_RETRIES: '0' },
  });
  [shop, other] = await Promise.all([account(server), account(server)]);
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: shop.key });
});
after(async () => {
  await models?.stop();
  await server?.stop();
});

const user = (content) => ({ role: 'user', content });
const post = (body, key = shop.key, headers = {}) => call(server, '/v1/chat/completions', { token: key, body, headers });

describe('OpenAI’s client', () => {
  it('finds the agents of its account as models', async () => {
    const list = [];
    for await (const model of client.models.list()) list.push(model);
    assert.deepEqual(list.map((model) => [model.id, model.object, model.owned_by]), [[shop.agentId, 'model', 'chatpad']]);
  });

  it('chats', async () => {
    models.script = () => say('We ', 'open ', 'at nine.');
    const completion = await client.chat.completions.create({
      model: shop.agentId, messages: [{ role: 'system', content: 'Be brief.' }, user('When?')], temperature: 0.3, max_tokens: 50,
    });
    assert.equal(completion.object, 'chat.completion');
    assert.equal(completion.model, shop.agentId);
    assert.equal(completion.choices[0].message.content, 'We open at nine.');
    assert.equal(completion.choices[0].finish_reason, 'stop');
    assert.deepEqual(completion.usage, { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 });
    const { body } = models.calls.at(-1);
    assert.match(body.messages[0].content, /Be brief\./);
    assert.equal(body.temperature, 0.3);
    assert.equal(body.max_tokens, 50);
  });

  it('streams', async () => {
    models.script = () => ({ parts: openai(['Grüße', ' 👋', ' aus', ' Emden.']), pauseMs: 2 });
    const stream = await client.chat.completions.create({
      model: shop.agentId, messages: [user('Hello?')], stream: true, stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), 'Grüße 👋 aus Emden.');
    assert.ok(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length === 4, 'as the model said it');
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.equal(chunks.find((chunk) => chunk.choices[0]?.finish_reason).choices[0].finish_reason, 'stop');
    assert.deepEqual(chunks.at(-1).usage, { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 });
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  });

  it('streams with its helper, text parts and the agent’s name', async () => {
    const [{ name }] = await server.sql`select name from public.agents where id = ${shop.agentId}`;
    models.script = () => say('One ', 'two.');
    const runner = client.chat.completions.stream({ model: name, messages: [{ role: 'user', content: [{ type: 'text', text: 'Count.' }] }] });
    assert.equal(await runner.finalContent(), 'One two.');
  });

  it('tells the agent the earlier messages, or goes on with a conversation', async () => {
    models.script = () => say('Yes.');
    const one = await client.chat.completions.create({
      model: shop.agentId, messages: [user('I am Ann.'), { role: 'assistant', content: 'Hello Ann.' }, user('Who am I?')],
    });
    assert.deepEqual(models.calls.at(-1).body.messages.slice(1).map((message) => message.content), ['I am Ann.', 'Hello Ann.', 'Who am I?']);
    await client.chat.completions.create({
      model: shop.agentId, messages: [user('And now?')], metadata: { conversation_id: one.conversation_id },
    });
    assert.deepEqual(models.calls.at(-1).body.messages.slice(1).map((message) => message.content), ['Who am I?', 'Yes.', 'And now?']);
    const history = await fn(server, 'get-messages', { conversationId: one.conversation_id }, { token: shop.token });
    assert.deepEqual(history.body.messages.map((message) => message.role), ['visitor', 'assistant', 'visitor', 'assistant']);
  });

  it('gets errors it understands', async () => {
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'cp_live_nobody', maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
    await assert.rejects(client.chat.completions.create({ model: other.agentId, messages: [user('Hi')] }), OpenAI.NotFoundError);
    await assert.rejects(client.chat.completions.create({ model: shop.agentId, messages: [] }), (error) =>
      error instanceof OpenAI.BadRequestError && error.param === 'messages' && error.code === 'validation_failed');
    const narrow = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: await apiKey(server, shop.id, { scopes: ['leads:write'] }) });
    await assert.rejects(narrow.models.list(), OpenAI.PermissionDeniedError);
    await assert.rejects(narrow.chat.completions.create({ model: shop.agentId, messages: [user('Hi')] }), OpenAI.PermissionDeniedError);
  });

  it('is refused before the model is asked when its budget is used up, and does not try again', async () => {
    await server.sql`insert into public.ai_budgets ${server.sql({ user_id: shop.id, scope: 'key', period: 'day', tokens_max: 0 })}`;
    const calls = models.calls.length;
    for (const stream of [false, true]) {
      await assert.rejects(client.chat.completions.create({ model: shop.agentId, messages: [user('Hi')], stream }), (error) =>
        error instanceof OpenAI.RateLimitError && error.code === 'budget_exceeded' && error.param === 'key');
    }
    assert.equal(models.calls.length, calls);
    await server.sql`delete from public.ai_budgets where user_id = ${shop.id}`;
  });

  it('gets the fallback when no model answers, streamed or not', async () => {
    models.script = () => refuse(500, { message: 'down' });
    const fallback = 'I do not know that. Shall I ask a person?';
    const whole = await client.chat.completions.create({ model: shop.agentId, messages: [user('Hi')] });
    assert.equal(whole.choices[0].message.content, fallback);
    const runner = client.chat.completions.stream({ model: shop.agentId, messages: [user('Hi')] });
    assert.equal(await runner.finalContent(), fallback);
  });

  it('that hangs up ends the answer', async () => {
    models.script = () => ({ parts: openai(Array.from({ length: 300 }, (_, i) => `w${i} `)), pauseMs: 10 });
    const stream = await client.chat.completions.create({ model: shop.agentId, messages: [user('Everything.')], stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    const { calls } = models;
    for (let i = 0; i < 250 && !calls.at(-1).closed; ++i) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(calls.at(-1).closed, 'the model’s connection is closed');
    assert.ok(calls.at(-1).written < 250);
  });
});

describe('the request of our own', () => {
  it('streams the events of widget-chat', async () => {
    models.script = () => say('We ', 'open.');
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${shop.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [user('When?')], stream: true, tools_enabled: true }),
    });
    const list = await all(response);
    assert.deepEqual(list.map((event) => event.event), ['token', 'token', 'done']);
    assert.deepEqual(list.at(-1).json.usage, { input_tokens: 12, output_tokens: 7 });
    const [first] = (await post({ messages: [user('And?')], conversation_id: list.at(-1).json.conversationId })).body.choices;
    assert.equal(first.message.content, 'We open.');
  });

  it('asks which agent when there are several', async () => {
    await server.sql`insert into public.agents (user_id, name) values (${other.id}, 'second')`;
    const reply = await post({ messages: [user('Hi')] }, other.key);
    assert.equal(reply.status, 400);
    assert.match(reply.body.error.message, /\/v1\/models/);
    assert.equal((await post({ messages: [user('Hi')], agent_id: other.agentId }, other.key)).status, 200);
    assert.equal((await post({ messages: [user('Hi')], model: 'SECOND' }, other.key)).status, 200);
  });

  it('once, whatever is repeated with an Idempotency-Key', async () => {
    const calls = models.calls.length;
    const one = await post({ messages: [user('Once.')] }, shop.key, { 'idempotency-key': 'k-1' });
    const two = await post({ messages: [user('Once.')] }, shop.key, { 'idempotency-key': 'k-1' });
    assert.equal(two.body.id, one.body.id);
    assert.equal(two.body.choices[0].message.content, one.body.choices[0].message.content);
    assert.equal(models.calls.length, calls + 1);
  });

  it('refuses what an agent does not take from a request, and nonsense', async () => {
    const good = { messages: [user('Hi')] };
    for (const bad of [
      { ...good, tools: [{ type: 'function', function: { name: 'f' } }] }, { ...good, n: 2 }, { ...good, stop: 'x' },
      { ...good, response_format: { type: 'json_object' } }, { ...good, logprobs: true }, { ...good, temperature: 3 },
      { ...good, temperature: 'hot' }, { ...good, max_tokens: 0 }, { ...good, format: 'x' }, { ...good, conversation_id: 'x' },
      { messages: 'Hi' }, { messages: [] }, {}, { messages: [user('')] }, { messages: [user('  \n ')] },
      { messages: [{ role: 'assistant', content: 'Hi' }] }, { messages: [{ role: 'tool', content: 'x', tool_call_id: 'c' }, user('Hi')] },
      { messages: [{ role: 'king', content: 'Hi' }] }, { messages: [user(5)] }, { messages: [user([{ type: 'image_url', image_url: { url: 'https://x.example/i.png' } }])] },
      { messages: [user('x'.repeat(16_001))] }, { messages: Array(201).fill(user('x')) }, { messages: [user('a\u0000b')] },
    ]) {
      const reply = await post(bad);
      assert.equal(reply.status, 400, JSON.stringify(bad).slice(0, 100));
      assert.equal(reply.body.error.type, 'invalid_request_error');
    }
    assert.equal((await post('{')).status, 400);
    for (const [field, foreign] of [['conversation_id', other.conversationId], ['model', other.agentId]]) {
      const [theirs, nobodys] = await Promise.all([foreign, randomUUID()].map((id) => post({ ...good, model: shop.agentId, [field]: id })));
      assert.deepEqual([theirs.status, theirs.text], [404, nobodys.text], field);
    }
    assert.equal((await call(server, '/v1/chat/completions', { body: good })).status, 401);
    assert.equal((await post(good, shop.token)).status, 403);
  });
});
