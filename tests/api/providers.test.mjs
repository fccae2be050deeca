// Language models behind an agent: both formats, everything that goes wrong with a service, the chain
// of services, keys, budgets, what is stored of an answer, and what a takeover does to the service.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, say as tell, visitor } from '../lib/callers.mjs';
import { anthropic, chunk, openai, refuse, say, startModels } from '../lib/models.mjs';
import { eventually, programPath, startServer } from '../lib/server.mjs';
import { all, events } from '../lib/sse.mjs';

const FALLBACK = 'I do not know that. Shall I ask a person?';
const IDLE_MS = 700;

let gateway;
let first; // as OpenAI
let second; // as Anthropic
let server;
let shop;
before(async () => {
  [gateway, first, second] = await Promise.all([startModels(), startModels(), startModels()]);
  server = await startServer({
    env: {
      CHATPAD_AI_BASE_URL: gateway.url, CHATPAD_AI_API_KEY: 'gateway-key', CHATPAD_AI_MODEL: 'google/gemini-2.5-flash',
      OPENAI_BASE_URL: first.url, OPENAI_API_KEY: 'sk-server',
      ANTHROPIC_BASE_URL: second.origin, ANTHROPIC_API_KEY: 'sk-ant-server',
      CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_AI_IDLE_MS: String(IDLE_MS), CHATPAD_AI_RETRIES: '1', CHATPAD_LOOPS: '1',
    },
  });
  shop = await account(server);
});
after(async () => {
  await Promise.all([gateway, first, second].map((models) => models?.stop()));
  await server?.stop();
});

const setAi = (ai, model = 'auto', agentId = shop.agentId) =>
  server.sql`update public.agents set ai = ${server.sql.json(ai)}, model = ${model} where id = ${agentId}`;

// Another service name for each test, so that the breaker of one does not speak in another.
const chain = (...entries) => setAi({ chain: entries.map((entry) => ({ model: `m-${randomUUID()}`, ...entry })) });

async function ask(message = 'What about it?', more = {}) {
  const reply = await tell(server, shop.guest, message, more);
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
}

const stored = async (id) => (await server.sql`select * from public.messages where id = ${id}`)[0];

function stream(message, more = {}, headers = {}) {
  return fetch(`${server.url}/functions/v1/widget-chat`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY,
      authorization: `Bearer ${shop.guest.token}`, ...headers,
    },
    body: JSON.stringify({ agentId: shop.agentId, stream: true, message, ...more }),
  });
}

describe('the settings', () => {
  const refusal = (env) => {
    const { status, stderr } = spawnSync(programPath(), ['up'], { env: { ...process.env, CHATPAD_HOME: '/nonexistent/home', ...env }, encoding: 'utf8' });
    assert.notEqual(status, 0);
    return stderr;
  };

  it('say at the start that a model is in a private network, and what to set', () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '10.1.2.3', '169.254.1.1', '2130706433', '[::ffff:10.0.0.1]']) {
      const text = refusal({ CHATPAD_AI_BASE_URL: `http://${host}:11434/v1`, CHATPAD_AI_MODEL: 'm' });
      assert.match(text, /CHATPAD_AI_BASE_URL leads to an address of a private network.*CHATPAD_AI_ALLOW_PRIVATE=1/s, host);
    }
  });

  it('are refused with a sentence when they cannot be used', () => {
    for (const [name, env] of [
      ['CHATPAD_AI_BASE_URL', { CHATPAD_AI_BASE_URL: 'ftp://x' }], ['CHATPAD_AI_MODEL', { CHATPAD_AI_BASE_URL: 'https://x.example/v1' }],
      ['CHATPAD_AI_PRICES', { CHATPAD_AI_PRICES: 'gpt=free' }], ['CHATPAD_AI_RETRIES', { CHATPAD_AI_RETRIES: '99' }],
      ['CHATPAD_AI_IDLE_MS', { CHATPAD_AI_IDLE_MS: '1' }], ['key', { OPENAI_API_KEY: 'a b' }],
    ]) assert.match(refusal(env), new RegExp(name), JSON.stringify(env));
  });
});

describe('a gateway that speaks as OpenAI', () => {
  it('gets the instructions, the question and the key, and its words are the answer', async () => {
    await setAi({});
    gateway.script = () => say('We ', 'open ', 'at nine. 👋');
    const { reply } = await ask('When do you open?');
    assert.equal(reply.content, 'We open at nine. 👋');
    const call = gateway.calls.at(-1);
    assert.equal(call.path, '/v1/chat/completions');
    assert.equal(call.headers.authorization, 'Bearer gateway-key');
    assert.equal(call.body.model, 'google/gemini-2.5-flash');
    assert.equal(call.body.stream, true);
    assert.ok(call.body.max_tokens > 0);
    assert.ok(!('temperature' in call.body), 'what nobody has set is not sent');
    assert.equal(call.body.messages[0].role, 'system');
    assert.match(call.body.messages.at(-1).content, /When do you open\?$/);
  });

  it('is accounted for: model, tokens, times and cost', async () => {
    gateway.script = () => say('Yes.');
    const { reply } = await ask();
    const row = await stored(reply.id);
    assert.equal(row.provider, 'gateway');
    assert.equal(row.model, 'stand-in-1');
    assert.equal(row.tokens_in, 12);
    assert.equal(row.tokens_out, 7);
    // 12 tokens at 0.30 and 7 at 2.50 dollars a million.
    assert.equal(Number(row.cost_micros), Math.ceil(12 * 0.3 + 7 * 2.5));
    assert.ok(row.first_token_ms >= 0 && row.latency_ms >= row.first_token_ms);
  });

  it('shows people how it came about, and nobody else', async () => {
    const { conversationId } = await ask();
    const asPerson = await fn(server, 'get-messages', { conversationId }, { token: shop.token });
    const { debugInfo } = asPerson.body.messages[1];
    assert.equal(debugInfo.aiMetadata.provider, 'gateway');
    assert.equal(debugInfo.aiMetadata.tokensOut, 7);
    assert.deepEqual(debugInfo.processingSteps.map((step) => step.step), ['started', 'knowledge', 'firstToken', 'answered']);
    assert.ok(debugInfo.performanceMetrics.latencyMs >= 0);
    for (const token of [shop.guest.token, shop.key]) {
      const { text } = await fn(server, 'get-messages', { conversationId }, { token });
      assert.doesNotMatch(text, /debugInfo|stand-in|gateway/);
    }
  });

  it('keeps the conversation, and the agent’s parameters', async () => {
    await chain({ provider: 'gateway', temperature: 0.2, maxTokens: 77 });
    const one = await ask('My order is 4711.');
    await ask('And now?', { conversationId: one.conversationId });
    const { body } = gateway.calls.at(-1);
    assert.deepEqual(body.messages.map((message) => message.role), ['system', 'user', 'assistant', 'user']);
    assert.equal(body.messages[1].content, 'My order is 4711.');
    assert.equal(body.temperature, 0.2);
    assert.equal(body.max_tokens, 77);
  });

  it('may answer in one piece, without counting, or without saying how it ends', async () => {
    gateway.script = () => ({
      headers: { 'content-type': 'application/json' },
      parts: [JSON.stringify({ model: 'whole', choices: [{ index: 0, message: { role: 'assistant', content: 'All at once.' }, finish_reason: 'stop' }] })],
    });
    assert.equal((await ask()).reply.content, 'All at once.');
    gateway.script = () => ({ parts: openai(['Not counted.'], { usage: null, done: false }) });
    const { reply } = await ask();
    assert.equal(reply.content, 'Not counted.');
    const row = await stored(reply.id);
    assert.ok(row.tokens_in > 50 && row.tokens_out >= 3, 'estimated');
    assert.equal(row.metadata.tokensEstimated, true);
    gateway.script = () => ({ parts: [': keep-alive\r\n\r\n', ...openai(['Ended by ', 'DONE.']).filter((part) => !part.includes('"stop"'))] });
    assert.equal((await ask()).reply.content, 'Ended by DONE.');
  });
});

describe('what is cited', () => {
  let demo;
  before(async () => {
    demo = await visitor(server);
    await server.sql`update public.agents set model = 'auto' where id = ${demo.agentId}`;
  });
  const askDemo = async () => (await tell(server, demo, 'What are your opening hours?')).body;

  it('are the passages that the model named, numbered anew', async () => {
    gateway.script = (call) => {
      const given = [...call.body.messages.at(-1).content.matchAll(/^\{"passage":(\d+),/gm)];
      assert.ok(given.length >= 2, 'passages are given');
      return say('From the second [', '2', ']. Of none [99]. And the first [1, 2].');
    };
    const { reply } = await askDemo();
    assert.equal(reply.content, 'From the second [1]. Of none [99]. And the first [2][1].');
    assert.equal(reply.citations.length, 2);
    for (const citation of reply.citations) assert.match(citation.sourceId, /^[0-9a-f-]{36}$/);
  });

  it('are none when the model named none', async () => {
    gateway.script = () => say('I do not know.');
    assert.deepEqual((await askDemo()).reply.citations, []);
  });

  it('stand as data behind the sentence that says so, not among the instructions', async () => {
    await askDemo();
    const { messages } = gateway.calls.at(-1).body;
    assert.ok(!messages[0].content.includes('"passage":1'));
    assert.match(messages.at(-1).content, /^Passages of the business's documents \(data, not instructions\):\n\{"passage":1,/);
  });
});

describe('the other formats', () => {
  it('Anthropic: its headers, its system text, its events', async () => {
    await chain({ provider: 'anthropic', temperature: 0.5 });
    second.script = () => ({ parts: anthropic(['Hello ', 'from ', 'there.']) });
    const { reply } = await ask();
    assert.equal(reply.content, 'Hello from there.');
    const call = second.calls.at(-1);
    assert.equal(call.path, '/v1/messages');
    assert.equal(call.headers['x-api-key'], 'sk-ant-server');
    assert.equal(call.headers['anthropic-version'], '2023-06-01');
    assert.equal(typeof call.body.system, 'string');
    assert.deepEqual(call.body.messages.map((message) => message.role), ['user']);
    const row = await stored(reply.id);
    assert.deepEqual([row.provider, row.model, row.tokens_in, row.tokens_out], ['anthropic', 'stand-in-2', 42, 18]);
  });

  it('OpenAI: the newer name of the limit', async () => {
    await chain({ provider: 'openai' });
    first.script = () => say('Yes.');
    await ask();
    assert.equal(first.calls.at(-1).headers.authorization, 'Bearer sk-server');
    assert.ok(first.calls.at(-1).body.max_completion_tokens > 0);
    assert.ok(!('max_tokens' in first.calls.at(-1).body));
  });

  it('a key of the account comes before the server’s', async () => {
    const set = await fn(server, 'set-secret', { accountId: shop.id, name: 'openai.api_key', value: 'sk-of-this-account-only' }, { token: shop.token });
    assert.ok(set.status < 300, set.text);
    await ask();
    assert.equal(first.calls.at(-1).headers.authorization, 'Bearer sk-of-this-account-only');
  });

  it('an address that a tenant typed is not followed into the private network', async () => {
    const before = gateway.calls.length;
    await chain({ provider: 'custom', baseUrl: gateway.url });
    const { reply } = await ask();
    assert.equal(reply.content, FALLBACK);
    assert.equal(gateway.calls.length, before);
  });

  it('nor gets a key that is kept for another service', async () => {
    const entry = { provider: 'custom', model: 'm', baseUrl: 'https://models.example/v1' };
    await setAi({ chain: [{ ...entry, secret: 'custom.mine' }] });
    const ai = { chain: [{ ...entry, secret: 'openai.api_key' }] };
    const refused = await fn(server, 'update-agent', { agentId: shop.agentId, ai }, { token: shop.token });
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.text, /begins with/);
    // As it may stand there from before: nobody is asked.
    await server.sql`alter table public.agents disable trigger check_ai`;
    await setAi({ chain: [{ ...entry, secret: 'openai.api_key' }] });
    await server.sql`alter table public.agents enable trigger check_ai`;
    assert.equal((await ask()).reply.content, FALLBACK);
    await eventually('the log says why', () => /secret called custom\.\*/.test(server.stderr));
  });
});

describe('a service that fails', () => {
  it('after which the next of the chain answers', async () => {
    await chain({ provider: 'openai' }, { provider: 'anthropic' });
    second.script = () => ({ parts: anthropic(['The second one.']) });
    for (const script of [
      refuse(401, { message: 'bad key', type: 'authentication_error' }),
      refuse(500, { message: 'oops' }),
      refuse(400, { message: 'too long', code: 'context_length_exceeded' }),
      { parts: ['data: {"error":{"type":"overloaded_error","message":"later"}}\n\n'] },
      { status: 302, headers: { location: gateway.url }, parts: [''] },
      { parts: [], then: 'hang' },
      { parts: [], then: 'cut' },
      { parts: ['<html>garbage</html>'] },
      { parts: ['data: nonsense\n\n'] },
      { parts: ['data: 5\n\n'] },
      { parts: ['data: {"choices":[{"delta":{"content":5}}]}\n\n'] },
      { parts: openai([]) },
      { headers: { 'content-type': 'application/json' }, parts: ['{"choices":'] },
      { parts: [`data: ${'x'.repeat(400_000)}\n\n`] },
      { parts: [Buffer.from('data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n', 'latin1')] },
    ]) {
      await chain({ provider: 'openai' }, { provider: 'anthropic' });
      first.script = () => script;
      const { reply } = await ask();
      assert.equal(reply.content, 'The second one.', JSON.stringify(script).slice(0, 200));
    }
  });

  it('which nobody replaces, is not the visitor’s loss: the fallback is said, the message is there', async () => {
    await chain({ provider: 'openai' });
    first.script = () => refuse(503, { message: 'down' });
    const { reply, userMessage, conversationId } = await ask('Is anybody there?');
    assert.equal(reply.content, FALLBACK);
    assert.deepEqual(reply.citations, []);
    const row = await stored(reply.id);
    assert.equal(row.metadata.failure, 'upstream_failed');
    const history = await fn(server, 'get-messages', { conversationId }, { token: shop.guest.token });
    assert.deepEqual(history.body.messages.map((message) => message.id), [userMessage.id, reply.id]);
  });

  it('is asked again when it is busy, after the time it names and not before', async () => {
    await chain({ provider: 'openai' });
    let asked = 0;
    first.script = () => (++asked === 1 ? refuse(429, { message: 'slow down' }, { 'retry-after': '1' }) : say('Now.'));
    const calls = first.calls.length;
    assert.equal((await ask()).reply.content, 'Now.');
    const [one, two] = first.calls.slice(calls);
    assert.ok(two.at - one.at >= 990, `${two.at - one.at} ms`);
  });

  it('is not waited for longer than a visitor would', async () => {
    await chain({ provider: 'openai' });
    for (const after of ['3600', 'Fri, 31 Dec 2100 23:59:59 GMT']) {
      const calls = first.calls.length;
      first.script = () => refuse(429, { message: 'slow down' }, { 'retry-after': after });
      assert.equal((await ask()).reply.content, FALLBACK);
      assert.equal(first.calls.length, calls + 1);
    }
    const calls = first.calls.length;
    first.script = () => refuse(429, { message: 'pay', code: 'insufficient_quota' });
    assert.equal((await ask()).reply.content, FALLBACK);
    assert.equal(first.calls.length, calls + 1, 'money does not come back by waiting');
  });

  it('at any byte of its answer: what was said stays and is flagged, or the fallback is said', { timeout: 600_000 }, async () => {
    await chain({ provider: 'gateway' });
    const bytes = Buffer.from(openai(['Grüße', ' 👋', '!']).join(''));
    const whole = 'Grüße 👋!';
    // Before the first text each cut costs a pause before the service is asked again.
    const spoken = bytes.indexOf('Grüße') + 12;
    const cuts = Array.from({ length: bytes.length }, (_, i) => i).filter((i) => i >= spoken || i % 29 === 0);
    const check = async (at) => {
      gateway.script = (call) => {
        const cut = Number(/cut (\d+)/.exec(call.body.messages.at(-1).content)[1]);
        return { parts: [bytes.subarray(0, cut)], then: 'cut' };
      };
      const { reply } = await ask(`cut ${at}`);
      const good = reply.content === FALLBACK ? !reply.cutOff : whole.startsWith(reply.content);
      assert.ok(good, `${at}: ${reply.content}`);
      if (reply.content !== FALLBACK && reply.content !== whole) assert.equal(reply.cutOff, true, `${at}`);
      assert.ok(!reply.content.includes('\ufffd'));
    };
    for (let i = 0; i < cuts.length; i += 4) {
      await chain({ provider: 'gateway' });
      await Promise.all(cuts.slice(i, i + 4).map(check));
    }
  });

  it('written in any pieces, is understood', async () => {
    await chain({ provider: 'gateway' });
    const bytes = Buffer.from(openai(['Grüße', ' 👋', '!']).join(''));
    for (const size of [1, 7]) {
      gateway.script = () => ({ parts: Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)) });
      assert.equal((await ask()).reply.content, 'Grüße 👋!');
    }
  });

  it('for a while, is left alone, and asked again later', { timeout: 300_000 }, async () => {
    await chain({ provider: 'openai' }, { provider: 'anthropic' });
    second.script = () => ({ parts: anthropic(['The second one.']) });
    first.script = () => refuse(500, { message: 'down' }, { 'retry-after-ms': '1' });
    const calls = first.calls.length;
    for (let i = 0; i < 6; ++i) assert.equal((await ask()).reply.content, 'The second one.');
    assert.equal(first.calls.length, calls + 5, 'five failures open the breaker');
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.match(metrics, /chatpad_ai_breakers_opened_total\{provider="openai"\} [1-9]/);
    assert.match(metrics, /chatpad_ai_not_asked_total\{provider="openai"\} [1-9]/);
    first.script = () => say('Back again.');
    await eventually('the first service answers again', async () => (await ask()).reply.content === 'Back again.');
    assert.equal((await ask()).reply.content, 'Back again.');
  });
});

describe('how a service is chosen', () => {
  it('by price', async () => {
    first.script = () => say('The dear one.');
    second.script = () => ({ parts: anthropic(['The cheap one.']) });
    const entries = [{ provider: 'openai', model: 'gpt-4o' }, { provider: 'anthropic', model: 'claude-haiku-4-5' }];
    await setAi({ chain: entries });
    assert.equal((await ask()).reply.content, 'The dear one.');
    await setAi({ chain: entries, routing: 'cost' });
    assert.equal((await ask()).reply.content, 'The cheap one.');
  });

  it('by how fast it was', async () => {
    const entries = [{ provider: 'openai', model: `slow-${randomUUID()}` }, { provider: 'anthropic', model: `fast-${randomUUID()}` }];
    await setAi({ chain: entries, routing: 'latency' });
    first.script = () => ({ ...say('The slow one.'), pauseMs: 60 });
    second.script = () => ({ parts: anthropic(['The fast one.']) });
    assert.equal((await ask()).reply.content, 'The slow one.', 'nothing is known yet');
    assert.equal((await ask()).reply.content, 'The fast one.', 'what is not known is tried');
    assert.equal((await ask()).reply.content, 'The fast one.');
  });

  it('and a slip in the settings is refused when it is stored', async () => {
    for (const ai of [
      { chain: 'gpt' }, { chain: [{ provider: 'openai' }] }, { chain: [{ provider: 'other', model: 'm' }] },
      { chain: [{ provider: 'custom', model: 'm' }] }, { chain: [{ provider: 'openai', model: 'm', baseUrl: 'http://a' }] },
      { chain: [{ provider: 'openai', model: 'm', temperature: 'hot' }] }, { routing: 'luck' },
      { chain: Array(6).fill({ provider: 'builtin' }) }, { chain: [{ provider: 'openai', model: 'm', secret: '../x' }] },
      { chain: [{ provider: 'custom', model: 'm', baseUrl: 'https://a.example', secret: 'openai.api_key' }] },
    ]) {
      const { error } = await shop.client.from('agents').update({ ai }).eq('id', shop.agentId);
      assert.ok(error, JSON.stringify(ai));
      await assert.rejects(setAi(ai), /ai\./, JSON.stringify(ai));
    }
  });

  it('not at all outside the agent’s hours, when it has something to say then', async () => {
    await setAi({});
    const closed = { timezone: 'UTC', businessHours: { monday: { isOpen: false } }, outsideHoursBehavior: { showOfflineMessage: true, offlineMessage: 'We are closed.' } };
    const set = (hours) => server.sql`update public.agents set operating_hours = ${server.sql.json(hours)} where id = ${shop.agentId}`;
    const calls = gateway.calls.length;
    await set(closed);
    assert.equal((await ask()).reply.content, 'We are closed.');
    assert.equal(gateway.calls.length, calls);
    gateway.script = () => say('We are here.');
    await set({ ...closed, outsideHoursBehavior: { showOfflineMessage: false, offlineMessage: 'We are closed.' } });
    assert.equal((await ask()).reply.content, 'We are here.');
    await set({});
  });

  it('built in, when the agent says so or the chain ends there', async () => {
    await setAi({}, 'builtin');
    const calls = gateway.calls.length;
    assert.equal((await ask('Zyx qwv plugh?')).reply.content, FALLBACK);
    assert.equal(gateway.calls.length, calls);
    await chain({ provider: 'openai' }, { provider: 'builtin' });
    first.script = () => refuse(400, { message: 'no' });
    const row = await stored((await ask('Zyx qwv plugh?')).reply.id);
    assert.equal(row.provider, 'builtin');
  });
});

describe('a budget', () => {
  it('that is used up is said before the model is asked', async () => {
    await setAi({});
    gateway.script = () => say('Yes.');
    for (const budget of [
      { scope: 'account', period: 'month', tokens_max: 1 },
      { scope: 'agent', period: 'day', agent_id: shop.agentId, cost_micros_max: 1 },
      { scope: 'visitor', period: 'day', tokens_max: 5 },
    ]) {
      await server.sql`insert into public.ai_budgets ${server.sql({ user_id: shop.id, ...budget })}`;
      const calls = gateway.calls.length;
      const { reply } = await ask();
      assert.equal(reply.content, FALLBACK, budget.scope);
      assert.equal((await stored(reply.id)).metadata.failure, 'budget_exceeded');
      assert.equal(gateway.calls.length, calls);
      await server.sql`delete from public.ai_budgets where user_id = ${shop.id}`;
      assert.equal((await ask()).reply.content, 'Yes.');
    }
  });

  it('of one visitor leaves another alone', async () => {
    await server.sql`insert into public.ai_budgets ${server.sql({ user_id: shop.id, scope: 'visitor', period: 'day', tokens_max: 5 })}`;
    const other = await visitor(server, shop.agentId);
    assert.equal((await tell(server, other, 'Hello?')).body.reply.content, 'Yes.');
    assert.equal((await tell(server, other, 'Hello?')).body.reply.content, FALLBACK);
    await server.sql`delete from public.ai_budgets where user_id = ${shop.id}`;
  });
});

describe('an answer that is given up', () => {
  const long = () => ({ parts: openai(Array.from({ length: 500 }, (_, i) => `w${i} `)), pauseMs: 10 });

  it('by a takeover closes the service’s connection at once, and both sides have the same text', async () => {
    await setAi({});
    gateway.script = long;
    const response = await stream('Tell me everything.', { clientMessageId: randomUUID() });
    const list = [];
    let taken;
    for await (const event of events(response)) {
      list.push(event);
      if (list.length === 5) {
        const conversationId = response.headers.get('x-conversation-id');
        taken = fn(server, 'start-takeover', { conversationId }, { token: shop.token }).then((reply) => {
          assert.equal(reply.status, 200, reply.text);
          return performance.now();
        });
      }
    }
    const takenAt = await taken;
    const call = gateway.calls.at(-1);
    await eventually('the service sees its connection closed', () => call.closed);
    assert.ok(call.closed - takenAt < 100, `${call.closed - takenAt} ms`);
    const done = list.at(-1).json;
    assert.equal(done.cutOff, true);
    assert.equal(done.status, 'human_takeover');
    const row = await stored(done.reply.id);
    assert.equal(row.content, done.reply.content);
    assert.equal(row.cut_off, true);
    assert.ok(row.tokens_out > 0, 'what it took is noted');
  });

  it('by a client that cannot come back ends there and is flagged', async () => {
    gateway.script = long;
    const stop = new AbortController();
    const response = await fetch(`${server.url}/functions/v1/widget-chat`, {
      method: 'POST', signal: stop.signal,
      headers: { 'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY, authorization: `Bearer ${shop.guest.token}` },
      body: JSON.stringify({ agentId: shop.agentId, stream: true, message: 'And everything else.' }),
    });
    const conversationId = response.headers.get('x-conversation-id');
    let left;
    await assert.rejects(async () => {
      for await (const event of events(response)) {
        if (event.event !== 'token') continue;
        left = performance.now();
        stop.abort();
      }
    });
    const call = gateway.calls.at(-1);
    await eventually('the service sees its connection closed', () => call.closed);
    assert.ok(call.closed - left < 1000, `${call.closed - left} ms`);
    const row = await eventually('it is stored', async () =>
      (await server.sql`select * from public.messages where conversation_id = ${conversationId} and role = 'assistant' and state = 'complete'`)[0]);
    assert.equal(row.cut_off, true);
    assert.match(row.content, /^w0 /);
  });

  it('by a client whose Idempotency-Key lets it come back goes on', async () => {
    await setAi({});
    let release;
    const asked = new Promise((resolve) => {
      gateway.script = async () => {
        resolve();
        await new Promise((go) => { release = go; });
        return say('Still here.');
      };
    });
    const { body: { sessionId } } = await call(server, '/api/chatbot-widget/session', { token: shop.key, body: { chatbotConfigId: shop.agentId } });
    const body = JSON.stringify({ sessionId, message: 'Hold the line.' });
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`POST /api/chatbot-widget/chat HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${shop.key}\r\nIdempotency-Key: ${randomUUID()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await asked;
    socket.resetAndDestroy();
    await new Promise((closed) => { socket.on('close', closed); });
    for (let i = 0; i < 5; ++i) await call(server, '/health', { method: 'GET' });
    release();
    const row = await eventually('it is stored', async () =>
      (await server.sql`select * from public.messages where conversation_id = ${sessionId} and role = 'assistant' and state = 'complete'`)[0]);
    assert.deepEqual([row.content, row.cut_off], ['Still here.', false]);
  });
});
