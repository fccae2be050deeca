// Every endpoint against input that is wrong: 400 with the field's name, never more than that.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, jwt, claimsOf } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer();
  shop = await account(server);
});
after(() => server?.stop());

const LONG = (length) => 'x'.repeat(length);
const NOT_UUIDS = ['', 'abc', '12345678-1234-1234-1234-12345678901', 17, null, true, [], {}, ['a'], "' or 1=1 --",
  '00000000-0000-0000-0000-000000000000\u0000', '{00000000-0000-0000-0000-000000000000}'];
const NOT_TEXTS = [17, true, [], {}, ['a']];

// [endpoint, who, a body that works, {field: values that must each be refused with its name}]
const table = () => [
  ['get-widget-config', 'nobody', { agentId: shop.agentId },
    { agentId: NOT_UUIDS, visitorId: NOT_UUIDS.filter((value) => value !== null) }],
  ['widget-chat', 'visitor', { agentId: shop.agentId, message: 'Hello' }, {
    agentId: NOT_UUIDS,
    conversationId: NOT_UUIDS.filter((value) => value !== null),
    message: [...NOT_TEXTS, '', '   \n', null, LONG(16_001)],
    clientMessageId: [...NOT_TEXTS, '', LONG(201)],
    metadata: ['text', 17, [], true],
    stream: ['yes', 1, {}],
  }],
  ['get-messages', 'visitor', { conversationId: shop.conversationId },
    { conversationId: NOT_UUIDS, afterSeq: ['1', -1, 1.5, {}, 1e300] }],
  ['create-widget-lead', 'visitor', { agentId: shop.agentId, name: 'A' }, {
    agentId: NOT_UUIDS,
    conversationId: NOT_UUIDS.filter((value) => value !== null),
    name: [...NOT_TEXTS, LONG(201)],
    email: [...NOT_TEXTS, 'no-at', 'a@', '@b.test', 'a b@c.test', 'a@b@c.test', `${LONG(320)}@example.test`],
    phone: [...NOT_TEXTS, LONG(51)],
    company: [...NOT_TEXTS, LONG(201)],
    jobTitle: [...NOT_TEXTS, LONG(201)],
    message: [...NOT_TEXTS, LONG(8001)],
    customFields: ['text', 17, []],
  }],
  ['start-takeover', 'person', { conversationId: shop.conversationId }, { conversationId: NOT_UUIDS, note: [...NOT_TEXTS, LONG(4001)] }],
  ['send-human-message', 'person', { conversationId: shop.conversationId, content: 'Hi' },
    { conversationId: NOT_UUIDS, content: [...NOT_TEXTS, '', '  ', null, LONG(16_001)] }],
  ['end-takeover', 'person', { conversationId: shop.conversationId }, { conversationId: NOT_UUIDS, note: NOT_TEXTS }],
  ['list-agents', 'person', { accountId: shop.id }, { accountId: NOT_UUIDS }],
  ['list-conversations', 'person', { accountId: shop.id }, {
    accountId: NOT_UUIDS, status: [...NOT_TEXTS, '', 'Open', 'OPEN '], search: [...NOT_TEXTS, LONG(201), 'a\u0000b'],
    limit: ['1', 0, -1, 101, 1.5, {}], cursor: [...NOT_TEXTS, '', 'x', LONG(32), LONG(3000)],
  }],
  ['list-leads', 'person', { accountId: shop.id }, { accountId: NOT_UUIDS, limit: ['1', 0, 101, 1e300], cursor: [...NOT_TEXTS, '', 'x'] }],
  ['get-conversation', 'person', { conversationId: shop.conversationId }, { conversationId: NOT_UUIDS }],
  ['update-conversation', 'person', { conversationId: shop.conversationId, status: 'closed' },
    { conversationId: NOT_UUIDS, status: [...NOT_TEXTS, '', null, 'open', 'archived', 'human_takeover'] }],
  ['add-knowledge-text', 'person', { agentId: shop.agentId, title: 'T', content: 'Some text.' }, {
    agentId: NOT_UUIDS,
    title: [...NOT_TEXTS, '', null, LONG(501)],
    url: [...NOT_TEXTS, LONG(2001)],
    content: [...NOT_TEXTS, '', '  ', null],
  }],
];
const tokens = { nobody: () => undefined, visitor: () => shop.guest.token, person: () => shop.token };
const LEAKS = /select |insert |api\.|private\.|pg_|SQLSTATE|\.cc:|\.sql|relation|column|syntax error|\/work|\/root|\/home/i;

function assertPlainError(reply, what) {
  assert.equal(typeof reply.body?.code, 'string', what);
  assert.equal(typeof reply.body.message, 'string', what);
  assert.ok('details' in reply.body && 'hint' in reply.body, what);
  assert.doesNotMatch(reply.text, LEAKS, what);
}

describe('a wrong field', () => {
  for (const row of ['get-widget-config', 'widget-chat', 'get-messages', 'create-widget-lead', 'start-takeover',
    'send-human-message', 'end-takeover', 'list-agents', 'list-conversations', 'list-leads', 'get-conversation', 'update-conversation',
    'add-knowledge-text']) {
    it(`of ${row} is named`, async () => {
      const [name, who, valid, fields] = table().find(([endpoint]) => endpoint === row);
      const token = tokens[who]();
      const works = await fn(server, name, valid, { token });
      assert.ok(works.status < 300, `${name} with ${JSON.stringify(valid)}: ${works.text}`);
      for (const [field, values] of Object.entries(fields)) {
        for (const value of values) {
          const what = `${name} ${field}=${JSON.stringify(value).slice(0, 40)}`;
          const reply = await fn(server, name, { ...valid, [field]: value }, { token });
          assert.equal(reply.status, 400, `${what}: ${reply.status} ${reply.text.slice(0, 200)}`);
          assert.ok(`${reply.body.message} ${reply.body.details}`.includes(field), `${what}: ${reply.text}`);
          assertPlainError(reply, what);
        }
        if (!(field in valid)) continue;
        const without = { ...valid };
        delete without[field];
        if (name === 'create-widget-lead' && field === 'name') continue;
        const missing = await fn(server, name, without, { token });
        assert.equal(missing.status, 400, `${name} without ${field}`);
        assert.ok(`${missing.body.message} ${missing.body.details}`.includes(field), missing.text);
      }
    });
  }
});

describe('a body that is no JSON object', () => {
  const nested = (depth) => `{"agentId":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  const bad = () => ({
    empty: '', 'open brace': '{', text: 'hello', null: 'null', list: '[]', number: '17', string: '"x"',
    trailing: `{"agentId":"${shop.agentId}"} x`, 'two values': '{}{}', 'byte order mark': `\ufeff{"agentId":"${shop.agentId}"}`,
    'single quotes': "{'agentId':1}", 'trailing comma': '{"a":1,}', comment: '{/* */}', NaN: '{"a":NaN}',
    'lone surrogate': '{"agentId":"\\ud800"}', 'depth 65': nested(65), 'depth 50,000': nested(15_000),
    'duplicate key': `{"agentId":"${shop.agentId}","agentId":"${shop.agentId}"}`,
    'duplicate by escape': `{"agentId":"${shop.agentId}","\\u0061gentId":"x"}`,
    'huge exponent': '{"agentId":1e999999}', 'long number': `{"agentId":${'9'.repeat(20_000)}}`,
  });

  it('is 400 everywhere', async () => {
    for (const [what, body] of Object.entries(bad())) {
      for (const [name, who] of [['get-widget-config', 'nobody'], ['widget-chat', 'visitor'], ['start-takeover', 'person']]) {
        const reply = await fn(server, name, body, { token: tokens[who]() });
        assert.ok(reply.status === 400 || (reply.status === 413 && body.length > 4000), `${name}, ${what}: ${reply.status} ${reply.text.slice(0, 100)}`);
        assertPlainError(reply, what);
      }
    }
    assert.ok(server.alive);
  });

  it('may not be compressed', async () => {
    for (const encoding of ['gzip', 'br', 'gzip, gzip']) {
      const reply = await fn(server, 'get-widget-config', '{}', { headers: { 'content-encoding': encoding } });
      assert.equal(reply.status, 415, encoding);
    }
  });

  it('of bytes that are no UTF-8 is 400', async () => {
    const bytes = Buffer.concat([Buffer.from('{"agentId":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"}')]);
    const reply = await fetch(`${server.url}/functions/v1/get-widget-config`, { method: 'POST', body: bytes, headers: { 'content-type': 'application/json' } });
    assert.equal(reply.status, 400);
  });
});

describe('size', () => {
  it('over the limit is 413, and the server goes on', async () => {
    const body = JSON.stringify({ agentId: shop.agentId, message: LONG(20_000_000) });
    const reply = await fn(server, 'widget-chat', body, { token: shop.guest.token }).catch((error) => ({ error }));
    // A server that stops reading may reset the connection before the client has read its answer.
    if (!reply.error) {
      assert.equal(reply.status, 413);
      assert.equal(reply.body.code, 'payload_too_large');
    }
    assert.equal((await call(server, '/health', { method: 'GET' })).status, 200);
  });

  it('of 12 MB as a token is refused wherever a token may stand', async () => {
    const before = server.residentKiB();
    const big = jwt({ ...claimsOf(shop.token), pad: LONG(9_000_000) }, server.env.SUPABASE_JWT_SECRET);
    assert.ok(big.length > 12_000_000);
    const attempts = [
      () => call(server, '/auth/v1/user', { method: 'GET', token: big }),
      () => call(server, '/auth/v1/user', { method: 'GET', apikey: big }),
      () => call(server, `/realtime/v1/websocket?apikey=${big}`, { method: 'GET' }),
      () => call(server, '/auth/v1/token?grant_type=refresh_token', { body: { refresh_token: big }, apikey: server.env.SUPABASE_ANON_KEY }),
    ];
    for (const attempt of attempts) {
      const reply = await attempt().catch((error) => ({ error }));
      assert.ok(reply.error || (reply.status >= 400 && reply.status < 500), String(reply.status));
    }
    assert.equal((await call(server, '/health', { method: 'GET' })).status, 200);
    assert.ok(server.residentKiB() - before < 128 * 1024, 'the memory comes back');
  });
});

describe('an id', () => {
  it('may be written in capitals', async () => {
    const reply = await fn(server, 'get-widget-config', { agentId: shop.agentId.toUpperCase() });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.body.agent.id, shop.agentId);
  });

  it('in the body does not set what only the server may', async () => {
    const made = await fn(server, 'create-widget-lead', {
      agentId: shop.agentId, name: 'M', score: 100, status: 'converted', user_id: server.env.CHATPAD_DEMO_AGENT_ID, id: shop.agentId,
    }, { token: shop.guest.token });
    assert.ok([201, 400].includes(made.status), made.text);
    if (made.status === 201) {
      assert.notEqual(made.body.lead.id, shop.agentId);
      assert.equal(made.body.lead.status, 'new');
      assert.ok(made.body.lead.score < 100);
    }
  });
});
