// Rates by address, visitor, person, key and account, and what the answers say about them. A hundredth of
// the usual numbers; addresses come from a proxy that is trusted.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { apiKey, call, fn, jwt, visitor } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let busy;
let calm;
before(async () => {
  server = await startServer({ rateScale: 0.01, env: { CHATPAD_TRUSTED_PROXIES: '127.0.0.1' } });
  [busy, calm] = [await shop(), await shop()];
});
after(() => server?.stop());

let hosts = 0;
const address = () => `198.51.${100 + Math.floor(hosts / 250)}.${1 + (hosts++ % 250)}`;
const from = (ip = address()) => ({ headers: { 'x-forwarded-for': ip } });

async function shop() {
  const id = randomUUID();
  await server.sql`insert into auth.users (id) values (${id})`;
  await server.sql`insert into public.accounts (id, slug, plan) values (${id}, ${`s-${id.slice(0, 8)}`}, 'pro')`;
  const [agent] = await server.sql`insert into public.agents (user_id, name) values (${id}, 'Agent') returning id`;
  return { id, agentId: agent.id };
}
const guest = (of) => visitor(server, of.agentId, from());
const ask = (who, name = 'get-messages', body = { conversationId: randomUUID() }) => fn(server, name, body, { token: who.token, ...from() });
const refusals = (replies, by) => replies.filter((reply) => reply.status === 429 && reply.body.details === by).length;

describe('the headers of an answer', () => {
  it('say what is left, as the draft has them and as others send them', async () => {
    const reply = await fn(server, 'get-widget-config', { agentId: calm.agentId }, from());
    assert.equal(reply.status, 200);
    const header = (name) => reply.headers.get(name);
    assert.deepEqual([header('ratelimit-limit'), header('ratelimit-remaining'), header('ratelimit-policy')], ['1', '0', '1;w=10']);
    assert.ok(Number(header('ratelimit-reset')) >= 1 && Number(header('ratelimit-reset')) <= 10);
    assert.deepEqual([header('x-ratelimit-limit'), header('x-ratelimit-remaining')], ['1', '0']);
    assert.ok(Math.abs(Number(header('x-ratelimit-reset')) - Date.now() / 1000) < 60, header('x-ratelimit-reset'));
    const exposed = header('access-control-expose-headers');
    for (const name of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'ratelimit-policy', 'x-ratelimit-limit', 'retry-after']) assert.ok(exposed.includes(name), name);
  });

  it('of a refusal say when to come back, and which rate it was', async () => {
    const ip = address();
    const twice = [];
    for (let i = 0; i < 2; i += 1) twice.push(await fn(server, 'get-widget-config', { agentId: calm.agentId }, from(ip)));
    assert.deepEqual(twice.map((reply) => reply.status), [200, 429]);
    const [, refused] = twice;
    assert.deepEqual([refused.body.code, refused.body.details], ['too_many_requests', 'endpoint']);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.deepEqual([refused.headers.get('ratelimit-limit'), refused.headers.get('ratelimit-remaining')], ['1', '0']);
  });

  it('of a stream say it, too, and of a page without a rate nothing', async () => {
    const who = await guest(calm);
    const stream = await ask(who, 'widget-chat', { agentId: calm.agentId, message: 'Hi', stream: true });
    assert.equal(stream.headers.get('content-type').split(';')[0], 'text/event-stream');
    assert.equal(stream.headers.get('ratelimit-remaining'), '0');
    assert.equal((await call(server, '/health', { method: 'GET' })).headers.get('ratelimit-limit'), null);
  });
});

describe('a rate', () => {
  it('counts a visitor on all endpoints together', async () => {
    const who = await guest(calm);
    assert.equal((await ask(who)).status, 404);
    const second = await ask(who, 'widget-chat', { agentId: calm.agentId, message: 'Hi' });
    assert.deepEqual([second.status, second.body.details], [429, 'visitor']);
    assert.equal((await ask(await guest(calm))).status, 404, 'another visitor is another one');
  });

  it('counts an account with all its visitors and keys, and nobody else', async () => {
    const crowd = await Promise.all(Array.from({ length: 60 }, () => guest(busy)));
    const quiet = await guest(calm);
    const replies = await Promise.all(crowd.map((who) => ask(who)));
    assert.ok(refusals(replies, 'account') > 0, 'the account has had its share');
    assert.ok(replies.filter((reply) => reply.status === 404).length >= 20, 'but that it had');
    assert.equal((await ask(quiet)).status, 404, 'the other account is served');
    const keys = await Promise.all(Array.from({ length: 30 }, () => apiKey(server, busy.id)));
    assert.ok(refusals(await Promise.all(keys.map((token) => ask({ token }))), 'account') > 0, 'its keys count with them');
  });

  it('counts a key, whatever address it comes from', async () => {
    const token = await apiKey(server, calm.id, { scopes: ['conversations:read', 'chat:write', 'leads:write', 'analytics:read', 'knowledge:write'] });
    const bodies = [
      ['get-messages', { conversationId: randomUUID() }], ['widget-chat', { agentId: randomUUID(), message: 'Hi' }], ['validate-api-key', {}],
      ['get-usage', {}], ['create-widget-lead', { agentId: randomUUID(), name: 'X' }], ['add-knowledge-text', { agentId: randomUUID(), title: 'X', content: 'X' }],
    ];
    const replies = [];
    for (const [name, body] of bodies) replies.push(await ask({ token }, name, body));
    assert.deepEqual(replies.map((reply) => reply.status), [404, 404, 200, 200, 404, 404]);
    const seventh = await call(server, '/realtime/v1/api/broadcast', { token, body: { messages: [{ topic: 'room', event: 'hi' }] }, ...from() });
    assert.deepEqual([seventh.status, seventh.body.details], [429, 'key']);
  });

  it('counts a person with every session', async () => {
    const session = () => jwt({ role: 'authenticated', aud: 'authenticated', sub: calm.id, iat: 1, exp: 4_000_000_000, session_id: randomUUID() }, server.env.SUPABASE_JWT_SECRET);
    const names = ['list-accounts', 'list-plans', 'list-agents', 'list-leads', 'list-conversations'];
    const replies = [];
    for (const name of names) replies.push(await ask({ token: session() }, name, { accountId: calm.id }));
    assert.deepEqual(replies.map((reply) => reply.status), [200, 200, 200, 200, 429]);
    assert.equal(replies[4].body.details, 'user');
  });

  it('counts an address before anybody is asked who they are, and a /64 of IPv6 as one', async () => {
    const knock = (ip) => call(server, '/functions/v1/validate-api-key', { body: {}, ...from(ip) });
    const four = await Promise.all(Array.from({ length: 60 }, () => knock('203.0.113.77')));
    assert.ok(refusals(four, 'address') > 0);
    assert.ok(four.every((reply) => [401, 429].includes(reply.status)));
    assert.equal((await knock('203.0.113.78')).status, 401);
    const six = await Promise.all(Array.from({ length: 60 }, (_, i) => knock(`2001:db8:0:7::${(i + 1).toString(16)}`)));
    assert.ok(refusals(six, 'address') > 0);
    assert.equal((await knock('2001:db8:0:8::1')).status, 401);
  });
});
