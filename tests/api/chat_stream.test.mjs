// WS /v1/chat/stream: the events of an answer on a websocket of an API client, by the same way as
// POST /v1/chat/completions; who gets in, what is refused, what ends an answer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { account, apiKey, call, fn } from '../lib/callers.mjs';
import { openai, say, startModels } from '../lib/models.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { all } from '../lib/sse.mjs';

let models;
let server;
let shop;
before(async () => {
  models = await startModels();
  server = await startServer({
    env: { CHATPAD_AI_BASE_URL: models.url, CHATPAD_AI_MODEL: 'stand-in', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_AI_RETRIES: '0' },
  });
  shop = await account(server);
});
after(async () => {
  await models?.stop();
  await server?.stop();
});

// A client: what it hears, in order.
class Stream {
  constructor({ key = shop.key, query, headers = {}, ...options } = {}) {
    const sent = key ? { authorization: `Bearer ${key}`, ...headers } : headers;
    this.heard = [];
    this.ws = new WebSocket(`${server.url.replace('http', 'ws')}/v1/chat/stream${query ?? ''}`, { headers: sent, ...options });
    this.ws.on('message', (data) => this.heard.push(JSON.parse(String(data))));
    this.ws.on('error', () => {});
    this.closed = new Promise((resolve) => this.ws.on('close', (code, reason) => resolve({ code, reason: String(reason) })));
    this.opened = new Promise((resolve) => {
      this.ws.on('open', () => resolve(101));
      this.ws.on('unexpected-response', (request, response) => {
        response.resume();
        resolve(response.statusCode);
        this.ws.terminate();
      });
    });
  }

  async ready() {
    assert.equal(await this.opened, 101);
    return this;
  }

  send(message) {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  // The events up to the n-th end that was heard.
  async answers(n = 1) {
    const ends = () => this.heard.filter((event) => event.type === 'done' || event.type === 'error').length;
    await eventually(`${n} ends; heard ${JSON.stringify(this.heard.at(-1))}`, () => ends() >= n);
    return this.heard;
  }
}

const user = (content) => ({ role: 'user', content });
const ask = (content, more = {}) => ({ messages: [user(content)], ...more });
const textOf = (events) => events.filter((event) => event.type === 'token').map((event) => event.content).join('');
const long = () => ({ parts: openai(Array.from({ length: 500 }, (_, i) => `w${i} `)), pauseMs: 10 });

describe('a message', () => {
  it('is answered by the events that the stream of POST /v1/chat/completions has', async () => {
    models.script = () => say('Grüße', ' 👋', ' aus Emden.');
    const stream = await new Stream().ready();
    stream.send(ask('Hello?', { stream: false }));
    const events = await stream.answers();
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${shop.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(ask('Hello?', { stream: true })),
    });
    const posted = await all(response);
    assert.deepEqual(events.map((event) => event.type), posted.map((event) => event.event));
    assert.deepEqual(events.map((event) => event.id), posted.map((event) => event.id));
    for (const [i, event] of events.entries()) assert.deepEqual(Object.keys(event).sort(), [...Object.keys(posted[i].json), 'id'].sort());
    const done = events.at(-1);
    assert.equal(textOf(events), 'Grüße 👋 aus Emden.');
    assert.equal(done.reply.content, textOf(events));
    assert.deepEqual(done.usage, { input_tokens: 12, output_tokens: 7 });
    stream.ws.close(1000);
    assert.equal((await stream.closed).code, 1000);
  });

  it('goes on with a conversation, and several are answered one behind the other', async () => {
    models.script = ({ body }) => say(`You said: ${body.messages.at(-1).content.split('\n').at(-1)}`);
    const stream = await new Stream().ready();
    stream.send(ask('first'));
    const conversation = (await stream.answers()).at(-1).conversationId;
    for (const word of ['second', 'third']) stream.send(ask(word, { conversation_id: conversation }));
    const ends = (await stream.answers(3)).filter((event) => event.type === 'done');
    assert.deepEqual(ends.map((event) => event.userMessage.seq), [1, 3, 5]);
    assert.deepEqual(ends.map((event) => event.userMessage.content), ['first', 'second', 'third']);
    assert.ok(ends.every((event) => event.conversationId === conversation));
    stream.ws.close();
  });

  it('that comes again is stored once, and a stream that broke goes on behind its last event', async () => {
    models.script = () => ({ parts: openai(Array.from({ length: 40 }, (_, i) => `w${i} `)), pauseMs: 5 });
    const asked = models.calls.length;
    const message = ask('Count.', { client_message_id: randomUUID() });
    const first = await new Stream().ready();
    first.send(message);
    await eventually('some of the answer', () => first.heard.length >= 5);
    first.ws.terminate();
    const seen = first.heard.slice();
    const second = await new Stream().ready();
    second.send({ ...message, last_event_id: seen.at(-1).id });
    const rest = await second.answers();
    const done = rest.at(-1);
    assert.equal(textOf(seen) + textOf(rest), done.reply.content);
    assert.equal(done.reply.content, Array.from({ length: 40 }, (_, i) => `w${i} `).join(''));
    assert.equal(models.calls.length - asked, 1, 'the model was asked once');
    second.send(message);
    const again = (await second.answers(2)).at(-1);
    assert.deepEqual([again.userMessage.id, again.reply.id], [done.userMessage.id, done.reply.id]);
    second.ws.close();
  });

  it('that means nothing is answered by an error, and the next one is answered', async () => {
    models.script = () => say('Yes.');
    const stream = await new Stream().ready();
    const bad = [
      ['{', 400, 'bad_json'], ['[]', 400, 'bad_json'], ['{}', 400, 'validation_failed'], [ask(' '), 400, 'validation_failed'],
      [ask('x', { tools: [{}] }), 400, 'validation_failed'], [ask('x', { last_event_id: '7' }), 400, 'validation_failed'],
      [ask('x', { model: randomUUID() }), 404, 'not_found'], [ask('x', { conversation_id: randomUUID() }), 404, 'not_found'],
    ];
    for (const [i, [message, status, code]] of bad.entries()) {
      stream.send(message);
      const error = (await stream.answers(i + 1)).at(-1);
      assert.deepEqual([error.type, error.status], ['error', status], JSON.stringify(error));
      assert.equal(error.code, code, JSON.stringify(message));
      assert.equal(typeof error.message, 'string');
    }
    stream.ws.send(Buffer.from([1, 2, 3]));
    assert.equal((await stream.answers(bad.length + 1)).at(-1).code, 'bad_request');
    stream.send(ask('Are you well?'));
    assert.equal((await stream.answers(bad.length + 2)).at(-1).type, 'done');
    stream.ws.close();
  });
});

describe('the handshake', () => {
  it('lets API keys in, by header or by query, and nobody else', async () => {
    for (const way of [{}, { key: null, headers: { apikey: shop.key } }, { key: null, headers: { 'x-api-key': shop.key } }, { key: null, query: `?apikey=${shop.key}` },
      { origin: 'https://elsewhere.example' }]) {
      const stream = await new Stream(way).ready();
      stream.ws.close();
    }
    const revoked = await apiKey(server, shop.id, { revokedAt: new Date() });
    const refused = [
      [{ key: null }, 401], [{ key: 'cp_live_nobody' }, 401], [{ key: revoked }, 401], [{ key: shop.guest.token }, 403], [{ key: shop.token }, 403],
      [{ key: null, headers: { apikey: server.env.SUPABASE_ANON_KEY } }, 401], [{ key: server.env.SUPABASE_SERVICE_ROLE_KEY }, 403],
    ];
    for (const [way, status] of refused) assert.equal(await new Stream(way).opened, status, JSON.stringify(way));
  });

  it('has to be one', async () => {
    const plain = await call(server, '/v1/chat/stream', { method: 'GET', token: shop.key });
    assert.equal(plain.status, 426);
    assert.equal(plain.body.code, 'upgrade_required');
    assert.equal(plain.headers.get('upgrade'), 'websocket');
    const posted = await call(server, '/v1/chat/stream', { token: shop.key, body: ask('x') });
    assert.equal(posted.status, 405);
    const broken = await new Promise((resolve, reject) => {
      const request = http.request(`${server.url}/v1/chat/stream`, {
        agent: false, headers: { authorization: `Bearer ${shop.key}`, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '12', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
      }, (response) => resolve(response.resume().statusCode));
      request.on('upgrade', () => reject(new Error('version 12 was taken')));
      request.on('error', reject);
      request.end();
    });
    assert.ok(broken === 400 || broken === 426, String(broken));
  });

  it('needs no scope, a message does', async () => {
    const stream = await new Stream({ key: await apiKey(server, shop.id, { scopes: ['leads:write'] }) }).ready();
    stream.send(ask('Hello?'));
    const [error] = await stream.answers();
    assert.deepEqual([error.type, error.status, error.code], ['error', 403, 'insufficient_scope']);
    stream.ws.close();
  });

  it('does not outlive its key', async () => {
    models.script = () => say('Yes.');
    const key = await apiKey(server, shop.id);
    const stream = await new Stream({ key }).ready();
    stream.send(ask('Hello?'));
    assert.equal((await stream.answers()).at(-1).type, 'done');
    await server.sql`update public.api_keys set revoked_at = now() where name = 'test' and prefix = ${key.slice(0, 12)}`;
    let ends = 1;
    const last = await eventually('a refusal', async () => {
      stream.send(ask('Still there?'));
      const event = (await stream.answers(++ends)).at(-1);
      return event.type === 'error' && event;
    });
    assert.equal(last.status, 401);
    stream.ws.close();
  });
});

describe('an answer', () => {
  it('ends when a person takes over: the model is let go at once, both sides have the same text', async () => {
    models.script = long;
    const stream = await new Stream().ready();
    stream.send(ask('Tell me everything.'));
    await eventually('some of it', () => stream.heard.length >= 5);
    const [{ conversation_id: conversationId }] = await server.sql`select conversation_id from public.messages where id = ${stream.heard[0].messageId}`;
    const taken = await fn(server, 'start-takeover', { conversationId }, { token: shop.token });
    const takenAt = performance.now();
    assert.equal(taken.status, 200, taken.text);
    const done = (await stream.answers()).at(-1);
    const model = models.calls.at(-1);
    await eventually('the service sees its connection closed', () => model.closed);
    assert.ok(model.closed - takenAt < 100, `${model.closed - takenAt} ms`);
    assert.deepEqual([done.type, done.cutOff, done.status], ['done', true, 'human_takeover']);
    const [row] = await server.sql`select content, cut_off from public.messages where id = ${done.reply.id}`;
    assert.deepEqual([row.content, row.cut_off], [done.reply.content, true]);
    stream.send(ask('And now?', { conversation_id: conversationId }));
    const quiet = (await stream.answers(2)).at(-1);
    assert.deepEqual([quiet.reply, quiet.status], [null, 'human_takeover']);
    stream.ws.close();
  });

  for (const [how, leave] of [['closes', (ws) => ws.close()], ['breaks off', (ws) => ws.terminate()]]) {
    it(`ends when its client ${how}: the model is let go, and what was said is kept`, async () => {
      models.script = long;
      const stream = await new Stream().ready();
      stream.send(ask('And everything else.'));
      await eventually('some of it', () => stream.heard.length >= 5);
      const { messageId } = stream.heard[0];
      const leftAt = performance.now();
      leave(stream.ws);
      const model = models.calls.at(-1);
      await eventually('the service sees its connection closed', () => model.closed);
      assert.ok(model.closed - leftAt < 100, `${model.closed - leftAt} ms`);
      const row = await eventually('the row is complete', async () => {
        const [found] = await server.sql`select content, cut_off, state from public.messages where id = ${messageId}`;
        return found.state === 'complete' && found;
      });
      assert.equal(row.cut_off, true);
      assert.ok(row.content.length > 0);
    });
  }
});

describe('the limits', () => {
  it('let eight messages wait, and refuse further ones at once', async () => {
    let let_go;
    const held = new Promise((resolve) => (let_go = resolve));
    models.script = async () => {
      await held;
      return say('Yes.');
    };
    const stream = await new Stream().ready();
    for (let i = 0; i < 11; ++i) stream.send(ask(`Message ${i}`));
    await eventually('two are refused', () => stream.heard.length === 2);
    assert.deepEqual(stream.heard.map((event) => [event.type, event.code]), [['error', 'overloaded'], ['error', 'overloaded']]);
    let_go();
    const ends = (await stream.answers(11)).filter((event) => event.type === 'done');
    assert.deepEqual(ends.map((event) => event.userMessage.content), Array.from({ length: 9 }, (_, i) => `Message ${i}`));
    stream.ws.close();
  });

  it('close a socket whose message is over a mebibyte, and whose frames are none', async () => {
    const large = await new Stream().ready();
    large.send(JSON.stringify(ask('x'.repeat(1024 * 1024 + 1))));
    assert.equal((await large.closed).code, 1009);
    const wrong = await new Stream().ready();
    wrong.ws._socket.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d])); // not masked
    assert.equal((await wrong.closed).code, 1002);
  });

  it('count messages like requests', async () => {
    const slow = await startServer({ env: { CHATPAD_RATE_SCALE: '1' } });
    try {
      const other = await account(slow);
      const stream = new WebSocket(`${slow.url.replace('http', 'ws')}/v1/chat/stream`, { headers: { authorization: `Bearer ${other.key}` } });
      const heard = [];
      stream.on('message', (data) => heard.push(JSON.parse(String(data))));
      await new Promise((resolve) => stream.on('open', resolve));
      const refused = await eventually('a refusal', async () => {
        const before = heard.length;
        stream.send('{}');
        await eventually('an answer', () => heard.length > before);
        return heard.find((event) => event.status === 429);
      });
      assert.equal(refused.code, 'too_many_requests');
      stream.close();
    } finally {
      await slow.stop();
    }
  });
});
