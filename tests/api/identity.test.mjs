// Verified identity: a site vouches for its customers with an HMAC, their conversations follow them from
// being anonymous and from device to device, and nobody becomes somebody else.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { RANDOM_UUID, account, apiKey, call, fn, member, say, visitor } from '../lib/callers.mjs';
import { Socket } from '../lib/realtime.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
let other;
let secret;
before(async () => {
  server = await startServer();
  [shop, other] = [await account(server), await account(server)];
  ({ secret } = await settings());
});
after(() => server?.stop());

const admin = (name, body, token = shop.token) => fn(server, name, { agentId: shop.agentId, ...body }, { token });
const settings = async () => {
  const reply = await admin('get-identity-secret');
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
};
const sign = (identifier, key = secret) => createHmac('sha256', key).update(identifier).digest('hex');
const config = (body, options) => fn(server, 'get-widget-config', { agentId: shop.agentId, ...body }, options);
const refused = (reply, status, code) => assert.deepEqual([reply.status, reply.body?.code], [status, code], reply.text);

// A customer on a device: `visitorId` is what its browser remembers.
async function customer(identifier, { visitorId, ...more } = {}) {
  const reply = await config({ visitorId, identifier, identifierHash: sign(identifier), ...more });
  assert.equal(reply.status, 200, reply.text);
  return { agentId: shop.agentId, ...reply.body.visitor };
}
const read = async (who, conversationId) => {
  const reply = await fn(server, 'get-messages', { conversationId }, { token: who.token });
  return reply.status === 200 ? reply.body.messages.filter((message) => message.role === 'visitor').map((message) => message.content) : reply.status;
};

describe('an identified visitor', () => {
  it('is the same one on every device, and finds their conversation', async () => {
    const phone = await customer('ann');
    assert.equal(phone.conversationId, undefined);
    const { conversationId } = (await say(server, phone, 'From my phone.')).body;
    const laptop = await customer('ann');
    assert.deepEqual([laptop.id, laptop.conversationId], [phone.id, conversationId]);
    assert.deepEqual(await read(laptop, conversationId), ['From my phone.']);
    await say(server, laptop, 'And from my laptop.', { conversationId });
    assert.deepEqual(await read(phone, conversationId), ['From my phone.', 'And from my laptop.']);
  });

  it('takes along what they wrote before they signed in', async () => {
    const guest = await visitor(server, shop.agentId);
    const { conversationId } = (await say(server, guest, 'Who am I?', { clientMessageId: 'm1' })).body;
    const bob = await customer('bob', { visitorId: guest.id, name: 'Bob', email: 'bob@example.test' });
    assert.notEqual(bob.id, guest.id);
    assert.equal(bob.conversationId, conversationId);
    assert.deepEqual(await read(bob, conversationId), ['Who am I?']);
    assert.equal(await read(guest, conversationId), 404, 'the anonymous one has nothing left');
    const again = await say(server, bob, 'Who am I?', { clientMessageId: 'm1' });
    assert.equal(again.body.conversationId, conversationId, 'a message that is sent again is not a second one');
    assert.deepEqual(await read(bob, conversationId), ['Who am I?']);
    const socket = new Socket(server);
    await socket.opened;
    const topic = `realtime:conversation:${conversationId}`;
    assert.equal((await socket.join(topic, { private: true }, bob.token)).status, 'ok');
    assert.equal((await socket.join(topic, { private: true }, guest.token)).status, 'error');
    await socket.close();
  });

  it('is shown by name to the people of the account, as verified', async () => {
    const cleo = await customer('cleo', { name: 'Cleo Clarke' });
    const { conversationId } = (await say(server, cleo, 'Good day.')).body;
    const shown = (await fn(server, 'get-conversation', { conversationId }, { token: shop.token })).body.conversation;
    assert.deepEqual([shown.visitorLabel, shown.visitorVerified], ['Cleo Clarke', true]);
    const anonymous = (await fn(server, 'get-conversation', { conversationId: shop.conversationId }, { token: shop.token })).body.conversation;
    assert.equal(anonymous.visitorVerified, false);
    const found = await fn(server, 'list-conversations', { accountId: shop.id, search: 'cleo cl' }, { token: shop.token });
    assert.deepEqual(found.body.conversations.map((one) => one.id), [conversationId]);
  });

  it('comes with what their site says of them, for people and for API keys', async () => {
    const customAttributes = { customer_tier: 'gold', total_orders: 12, newsletter: false, nothing: null };
    const hanna = await customer('hanna', { name: 'Hanna', email: 'hanna@example.test', phone: '+31 20 1', customAttributes });
    const { conversationId } = (await say(server, hanna, 'What do you know of me?')).body;
    const seen = async (token = shop.token) => (await fn(server, 'get-conversation', { conversationId }, { token })).body.visitor;
    const { firstSeenAt, verifiedAt, lastSeenAt, ...said } = await seen();
    assert.deepEqual(said, { identifier: 'hanna', name: 'Hanna', email: 'hanna@example.test', phone: '+31 20 1', groups: [], customAttributes: { customer_tier: 'gold', total_orders: 12, newsletter: false } });
    for (const at of [firstSeenAt, verifiedAt, lastSeenAt]) assert.ok(Date.parse(at) > 0, at);
    const reader = await apiKey(server, shop.id, { scopes: ['conversations:read'] });
    assert.deepEqual((await seen(reader)).customAttributes, said.customAttributes);
    assert.deepEqual((await seen((await member(server, shop.id, 'client')).token)).phone, '+31 20 1');

    // What is left out stays; an object replaces the one before; as text it is the same.
    await customer('hanna', { name: 'Hanna H.' });
    assert.deepEqual([(await seen()).name, (await seen()).customAttributes], ['Hanna H.', said.customAttributes]);
    await customer('hanna', { customAttributes: JSON.stringify({ customer_tier: 'silver' }) });
    assert.deepEqual((await seen()).customAttributes, { customer_tier: 'silver' });
    await customer('hanna', { customAttributes: {} });
    assert.deepEqual((await seen()).customAttributes, {});
  });

  it('is told of in the inbox when their site says something else', async () => {
    const socket = new Socket(server);
    await socket.opened;
    await socket.join(`realtime:account:${shop.id}`, { private: true }, shop.token);
    const ivo = await customer('ivo');
    const { conversationId } = (await say(server, ivo, 'Hello.')).body;
    await customer('ivo');
    await customer('ivo', { customAttributes: { tier: 'gold' } });
    const told = await socket.next('the event', ({ event, payload }) => event === 'broadcast' && payload.event === 'visitor.updated' && payload.payload.visitor.identifier === 'ivo');
    const { payload } = told.payload;
    assert.deepEqual([payload.visitor.customAttributes, payload.conversationIds], [{ tier: 'gold' }, [conversationId]]);
    await socket.close();
  });

  it('is not who knows their visitor id', async () => {
    const dan = await customer('dan');
    const { conversationId } = (await say(server, dan, 'Mine alone.')).body;
    const thief = await visitor(server, shop.agentId, { visitorId: dan.id });
    assert.notEqual(thief.id, dan.id);
    assert.equal(await read(thief, conversationId), 404);
    // Nor does it move to another customer.
    const eve = await customer('eve', { visitorId: dan.id });
    assert.equal(eve.conversationId, undefined);
    assert.equal(await read(eve, conversationId), 404);
    assert.deepEqual(await read(await customer('dan'), conversationId), ['Mine alone.']);
  });

  it('is one per agent: another agent neither knows nor signs them', async () => {
    const theirs = (await fn(server, 'get-identity-secret', { agentId: other.agentId }, { token: other.token })).body.secret;
    assert.notEqual(theirs, secret);
    refused(await config({ identifier: 'ann', identifierHash: sign('ann', theirs) }), 403, 'identity_not_valid');
    const ann = await fn(server, 'get-widget-config', { agentId: other.agentId, identifier: 'ann', identifierHash: sign('ann', theirs) });
    assert.equal(ann.body.visitor.conversationId, undefined);
    assert.notEqual(ann.body.visitor.id, (await customer('ann')).id);
  });

  it('may have any name a site knows its customers by', async () => {
    const numbered = await config({ identifier: 4711, identifierHash: sign('4711') });
    assert.deepEqual([numbered.status, numbered.body.visitor.id], [200, (await customer('4711')).id]);
    for (const identifier of ['42', 'Zoë 李 🙂', "'; drop table visitors; --", 'a@b.example', 'x'.repeat(250), ' ', '{"a":1}']) {
      assert.equal((await customer(identifier)).id, (await customer(identifier)).id, identifier);
    }
  });
});

describe('what a page says of a visitor', () => {
  const attributes = async () => (await server.sql`select metadata, phone, name from public.visitors where metadata <> '{}' or phone is not null or name is not null`).length;

  it('counts for nothing without a good signature', async () => {
    const before = await attributes();
    const guest = await visitor(server, shop.agentId);
    const { conversationId } = (await say(server, guest, 'Nobody in particular.')).body;
    const claims = { name: 'The director', phone: '1', customAttributes: { customer_tier: 'gold' } };
    assert.equal((await config({ visitorId: guest.id, ...claims })).status, 200, 'an anonymous page may say so, and nobody listens');
    refused(await config({ visitorId: guest.id, identifier: 'jon', identifierHash: 'f'.repeat(64), ...claims }), 403, 'identity_not_valid');
    assert.equal(await attributes(), before);
    assert.equal((await fn(server, 'get-conversation', { conversationId }, { token: shop.token })).body.visitor, null);
  });

  it('has limits, each refused with a sentence', async () => {
    const many = (count, value = 1) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, value]));
    const good = { identifier: 'kim', identifierHash: sign('kim') };
    for (const customAttributes of [many(51), { ['n'.repeat(65)]: 1 }, { '': 1 }, { a: 'x'.repeat(501) }, { a: {} }, { a: [1] }, [], 7, true, 'gold', '[]', '{"a":', '{"a":{}}', { a: 'a\u0000b' }, many(40, 'x'.repeat(300))]) {
      const reply = await config({ ...good, customAttributes });
      refused(reply, 400, 'validation_failed');
      assert.match(reply.body.message, /^customAttributes must /);
    }
    for (const phone of [7, 'x'.repeat(51), 'a\u0000b']) refused(await config({ ...good, phone }), 400, 'validation_failed');
    const [{ count }] = await server.sql`select count(*)::int from public.visitors where identifier = 'kim'`;
    assert.equal(count, 0);
    const most = many(50, 'x'.repeat(100));
    assert.equal((await config({ ...good, customAttributes: most })).status, 200);
    const [{ metadata }] = await server.sql`select metadata from public.visitors where identifier = 'kim'`;
    assert.deepEqual(metadata, most);
  });

  it('is not for an API key without the scope, and its lead not for one that may not read leads', async () => {
    const asked = (token) => fn(server, 'get-conversation', { conversationId: shop.conversationId }, { token });
    refused(await asked(await apiKey(server, shop.id, { scopes: ['chat:write'] })), 403, 'insufficient_scope');
    refused(await asked(other.key), 404, 'not_found');
    refused(await asked(shop.guest.token), 403, 'forbidden');
    const lead = await fn(server, 'create-widget-lead', { agentId: shop.agentId, conversationId: shop.conversationId, name: 'Lea' }, { token: shop.guest.token });
    assert.equal(lead.status, 201, lead.text);
    assert.equal((await asked(await apiKey(server, shop.id, { scopes: ['conversations:read'] }))).body.lead, null);
    assert.equal((await asked(await apiKey(server, shop.id, { scopes: ['conversations:read', 'leads:read'] }))).body.lead.name, 'Lea');
  });
});

describe('a signature', () => {
  it('that is wrong is refused, whatever is wrong, and nothing changes', async () => {
    const guest = await visitor(server, shop.agentId);
    const { conversationId } = (await say(server, guest, 'Still mine.')).body;
    const good = sign('frank');
    const wrong = [undefined, '', 'x', good.slice(1), `${good}0`, `${good} `, ` ${good}`, sign('franc'), sign('Frank'), sign('frank '), sign(''), 'f'.repeat(64), '0'.repeat(64),
      createHmac('sha256', secret).update('frank').digest('base64'), createHmac('sha1', secret).update('frank').digest('hex'), createHmac('sha512', secret).update('frank').digest('hex'),
      sign('frank', server.env.SUPABASE_JWT_SECRET), sign('frank', shop.agentId), sign('frank', ''), sign('frank', Buffer.from(secret, 'base64url')), good.replace(/.$/, (c) => (c === '0' ? '1' : '0'))];
    for (const identifierHash of wrong) refused(await config({ visitorId: guest.id, identifier: 'frank', identifierHash }), 403, 'identity_not_valid');
    for (const [field, value] of [['identifier', 7.5], ['identifier', 1e21], ['identifier', true], ['identifier', 'x'.repeat(251)], ['identifierHash', 7], ['identifierHash', 'a'.repeat(200)], ['identifier', 'a\u0000b'], ['email', 'nonsense']]) {
      refused(await config({ identifier: 'frank', identifierHash: good, [field]: value }), 400, 'validation_failed');
    }
    assert.deepEqual(await read(guest, conversationId), ['Still mine.']);
    const [{ count }] = await server.sql`select count(*)::int from public.visitors where identifier = 'frank'`;
    assert.equal(count, 0);
  });

  it('in capitals is as good, and an empty identifier is nobody\'s', async () => {
    assert.equal((await config({ identifier: 'ann', identifierHash: sign('ann').toUpperCase() })).status, 200);
    const nobody = await config({ identifier: '', identifierHash: '' });
    assert.equal(nobody.body.visitor.conversationId, undefined);
  });

  it('helps no site that is not on the list', async () => {
    await server.sql`update public.agents set allowed_origins = '{https://shop.example}' where id = ${shop.agentId}`;
    const body = { identifier: 'gil', identifierHash: sign('gil') };
    refused(await config(body, { headers: { origin: 'https://evil.example' } }), 403, 'origin_not_allowed');
    const [{ count }] = await server.sql`select count(*)::int from public.visitors where identifier = 'gil'`;
    assert.equal(count, 0);
    const allowed = await config(body, { headers: { origin: 'https://shop.example' } });
    assert.equal(allowed.status, 200);
    const copied = await fn(server, 'widget-chat', { agentId: shop.agentId, message: 'Hello' }, { token: allowed.body.visitor.token, headers: { origin: 'https://evil.example' } });
    refused(copied, 403, 'origin_not_allowed');
    await server.sql`update public.agents set allowed_origins = '{}' where id = ${shop.agentId}`;
  });
});

describe('the secret', () => {
  it('is for people of role admin in the account, and for nobody else', async () => {
    const names = ['get-identity-secret', 'rotate-identity-secret', 'require-identity'];
    const callers = { manager: (await member(server, shop.id, 'manager')).token, client: (await member(server, shop.id, 'client')).token };
    for (const name of names) {
      for (const [role, token] of Object.entries(callers)) refused(await admin(name, { required: false }, token), 403, 'insufficient_role');
      refused(await admin(name, {}, other.token), 404, 'not_found');
      refused(await admin(name, { agentId: RANDOM_UUID() }), 404, 'not_found');
      refused(await admin(name, {}, shop.guest.token), 403, 'forbidden');
      refused(await admin(name, {}, shop.key), 403, 'forbidden');
      refused(await call(server, `/functions/v1/${name}`, { body: { agentId: shop.agentId } }), 401, 'no_authorization');
      refused(await admin(name, { agentId: 'x' }), 400, 'validation_failed');
    }
    assert.equal((await admin('get-identity-secret', {}, (await member(server, shop.id, 'admin')).token)).body.secret, secret);
    assert.ok(Buffer.from(secret, 'base64url').length >= 32);
  });

  it('is replaced with both good for a while, then the new one alone', async () => {
    const old = secret;
    const reply = await admin('rotate-identity-secret', { overlapSeconds: 3600 });
    assert.equal(reply.status, 200, reply.text);
    assert.notEqual(reply.body.secret, old);
    assert.ok(Math.abs(Date.parse(reply.body.previousValidUntil) - Date.now() - 3_600_000) < 60_000);
    for (const key of [old, reply.body.secret]) assert.equal((await config({ identifier: 'ann', identifierHash: sign('ann', key) })).status, 200);
    // As if the hour had passed.
    await server.sql`update public.agents set identity_previous_until = now() where id = ${shop.agentId}`;
    refused(await config({ identifier: 'ann', identifierHash: sign('ann', old) }), 403, 'identity_not_valid');
    ({ secret } = await settings());
    assert.equal(secret, reply.body.secret);
    assert.equal((await customer('ann')).id, (await customer('ann')).id);
    const last = await admin('rotate-identity-secret', { overlapSeconds: 0 });
    refused(await config({ identifier: 'ann', identifierHash: sign('ann') }), 403, 'identity_not_valid');
    secret = last.body.secret;
    for (const overlapSeconds of [-1, 2_592_001, 'x']) refused(await admin('rotate-identity-secret', { overlapSeconds }), 400, 'validation_failed');
    const logged = await server.sql`select event from public.security_logs where user_id = ${shop.id} and event = 'identity_secret.rotated'`;
    assert.equal(logged.length, 2);
  });

  it('can be asked of everybody: then nobody chats without it', async () => {
    const early = await visitor(server, shop.agentId);
    assert.equal((await admin('require-identity', { required: true })).body.required, true);
    refused(await config({}), 401, 'identity_required');
    refused(await config({ visitorId: early.id }), 401, 'identity_required');
    refused(await config({ identifier: 'ann', identifierHash: randomBytes(32).toString('hex') }), 403, 'identity_not_valid');
    refused(await config({}, { headers: { origin: server.url } }), 401, 'identity_required');
    const ann = await customer('ann');
    assert.equal((await say(server, ann, 'It is me.')).status, 200);
    assert.equal((await admin('require-identity', { required: false })).body.required, false);
    assert.equal((await config({})).status, 200);
  });
});

it('a snippet that was copied to another site gets 403 everywhere', async () => {
  const own = 'https://shop.example';
  const elsewhere = { headers: { origin: 'https://copy.example' } };
  await server.sql`update public.agents set allowed_origins = ${[own]} where id = ${shop.agentId}`;
  const guest = await visitor(server, shop.agentId, { headers: { origin: own } });
  const { conversationId } = (await fn(server, 'widget-chat', { agentId: shop.agentId, message: 'Hello.' }, { token: guest.token, headers: { origin: own } })).body;
  const with_ = { token: guest.token, ...elsewhere };
  const replies = {
    config: await config({}, elsewhere),
    'config with the visitor\'s id': await config({ visitorId: guest.id }, elsewhere),
    chat: await fn(server, 'widget-chat', { agentId: shop.agentId, message: 'Hello.' }, with_),
    lead: await fn(server, 'create-widget-lead', { agentId: shop.agentId, email: 'a@b.example' }, with_),
    messages: await fn(server, 'get-messages', { conversationId }, with_),
  };
  for (const [what, reply] of Object.entries(replies)) {
    assert.deepEqual([reply.status, reply.body?.code], [403, 'origin_not_allowed'], `${what}: ${reply.text}`);
  }
  // The socket: with the token in the handshake, and in a join.
  const handshake = new Socket(server, { key: guest.token, origin: elsewhere.headers.origin });
  await assert.rejects(handshake.opened, /HTTP 403/);
  const socket = new Socket(server, { origin: elsewhere.headers.origin });
  await socket.opened;
  assert.match((await socket.join(`realtime:conversation:${conversationId}`, { private: true }, guest.token)).response.reason, /InvalidJWTToken/);
  await socket.close();
  // And at home all of it works.
  const home = new Socket(server, { key: guest.token, origin: own });
  await home.opened;
  assert.equal((await home.join(`realtime:conversation:${conversationId}`, { private: true }, guest.token)).status, 'ok');
  await home.close();
  assert.equal((await fn(server, 'get-messages', { conversationId }, { token: guest.token, headers: { origin: own } })).status, 200);
});
