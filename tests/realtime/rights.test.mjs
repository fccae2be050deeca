// Who may join, hear and say what on the private topics, with the real client.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, claimsOf, jwt, member, supabase, visitor } from '../lib/callers.mjs';
import { join, Socket } from '../lib/realtime.mjs';
import { sleep, startServer } from '../lib/server.mjs';

let server;
let shop;
let other;
const clients = [];
before(async () => {
  server = await startServer();
  [shop, other] = [await account(server), await account(server)];
});
after(async () => {
  for (const client of clients) client.realtime.disconnect();
  for (const owner of [shop, other]) owner?.client.realtime.disconnect();
  await server?.stop();
});

async function guestClient(guest, realtime) {
  const client = supabase(server, { token: guest.token, realtime });
  await client.realtime.setAuth();
  clients.push(client);
  return client;
}
const conversation = (who = shop) => `conversation:${who.conversationId}`;

describe('joining', () => {
  it('is allowed to the visitor of a conversation, to people of the account, to nobody else', async () => {
    const guest = await guestClient(shop.guest);
    const stranger = await guestClient(await visitor(server, shop.agentId));
    const client = await member(server, shop.id, 'client');
    clients.push(client.client);
    const anon = supabase(server);
    clients.push(anon);
    const cases = [
      [guest, conversation(), true], [guest, `agent:${shop.agentId}`, true],
      [guest, `account:${shop.id}`, false], [guest, conversation(other), false], [guest, `agent:${other.agentId}`, false],
      [stranger, conversation(), false],
      [shop.client, conversation(), true], [shop.client, `account:${shop.id}`, true], [shop.client, `agent:${shop.agentId}`, true],
      [shop.client, conversation(other), false], [shop.client, `account:${other.id}`, false],
      [client.client, conversation(), true],
      [anon, conversation(), false], [anon, `account:${shop.id}`, false], [anon, `agent:${shop.agentId}`, false],
      [shop.client, 'some-other-private-room', false],
      [shop.client, conversation().toUpperCase(), false],
    ];
    for (const [caller, topic, allowed] of cases) {
      const outcome = await join(caller, topic).then((joined) => joined, (error) => error);
      const got = !(outcome instanceof Error);
      assert.equal(got, allowed, `${topic}: ${outcome.message ?? 'joined'}`);
      if (got) await outcome.leave();
      else assert.match(outcome.message, /Unauthorized/);
    }
  });

  it('says the same of a foreign and of an unknown conversation', async () => {
    const socket = new Socket(server, { key: shop.token });
    await socket.opened;
    const replies = [];
    for (const id of [other.conversationId, '00000000-0000-4000-8000-000000000000']) {
      const joined = await socket.join(`realtime:conversation:${id}`, { private: true }, shop.token);
      replies.push(JSON.stringify(joined.response).replaceAll(id, 'ID'));
    }
    assert.equal(replies[0], replies[1]);
    socket.close();
  });

  it('of a private topic as a public one gives none of its events', async () => {
    const anon = supabase(server);
    clients.push(anon);
    const outside = await join(anon, conversation(), { config: { private: false } }).catch(() => null);
    if (!outside) return;
    const guest = await join(await guestClient(shop.guest), conversation());
    await guest.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } });
    await sleep(500);
    assert.equal(outside.events.length, 0);
  });
});

describe('saying', () => {
  it('is limited to typing, and the server says who it was', async () => {
    const owner = await join(shop.client, conversation(), { config: { private: true, broadcast: { ack: true } } });
    const guest = await join(await guestClient(shop.guest), conversation());
    await guest.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true, who: 'human', name: 'The boss' } });
    const typing = await owner.next('typing');
    assert.equal(typing.payload.who, 'visitor');
    assert.equal(typing.payload.active, true);
    assert.notEqual(typing.payload.name, 'The boss');

    assert.equal(await owner.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true, who: 'visitor' } }), 'ok');
    const answer = await guest.next('typing', (payload) => payload.who === 'human');
    assert.equal(answer.payload.active, true);
    assert.ok(!JSON.stringify(answer).includes(shop.email));

    const forbidden = ['message.created', 'takeover.started', 'takeover.ended', 'conversation.updated', 'conversation.escalated', 'lead.created', 'config.updated',
      'answer.delta', 'hello', 'TYPING.', '*', ''];
    for (const event of forbidden) {
      await guest.channel.send({ type: 'broadcast', event, payload: { forged: true } });
      owner.channel.send({ type: 'broadcast', event, payload: { forged: true } });
    }
    await guest.channel.send({ type: 'broadcast', event: 'typing', payload: { active: false, last: true } });
    await owner.next('typing', (payload) => payload.active === false);
    await sleep(300);
    for (const side of [owner, guest]) {
      assert.deepEqual(side.events.filter((seen) => seen.event !== 'typing').map((seen) => seen.event), []);
      assert.ok(!JSON.stringify(side.events).includes('forged'));
    }
    await owner.leave();
  });

  it('needs an active flag that is one, or it is dropped', async () => {
    const owner = await join(shop.client, conversation());
    const guest = await join(await guestClient(shop.guest), conversation());
    await guest.channel.send({ type: 'broadcast', event: 'typing', payload: { active: '<script>', html: '<b>' } });
    await guest.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } });
    await owner.next('typing', (payload) => payload.active === true);
    assert.ok(!JSON.stringify(owner.events).includes('<'));
    await owner.leave();
  });

  it('on account and agent topics is for nobody', async () => {
    const owner = await join(shop.client, `account:${shop.id}`);
    const second = new Socket(server, { key: shop.token });
    await second.opened;
    const joined = await second.join(`realtime:account:${shop.id}`, { private: true }, shop.token);
    assert.equal(joined.status, 'ok');
    for (const event of ['typing', 'message.created', 'x']) {
      second.push(`realtime:account:${shop.id}`, 'broadcast', { type: 'broadcast', event, payload: { forged: 1 } }, joined.ref);
    }
    await sleep(500);
    assert.equal(owner.events.length, 0);
    second.close();
    await owner.leave();
  });
});

describe('a token on an open channel', () => {
  const sign = (claims) => jwt(claims, server.env.SUPABASE_JWT_SECRET);

  it('may be renewed without leaving', async () => {
    const { data } = await shop.client.auth.refreshSession();
    const owner = await join(shop.client, conversation());
    await shop.client.realtime.setAuth(data.session.access_token);
    const renewed = sign({ ...claimsOf(data.session.access_token), iat: Math.floor(Date.now() / 1000) });
    await shop.client.realtime.setAuth(renewed);
    const guest = await join(await guestClient(shop.guest), conversation());
    await guest.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } });
    await owner.next('typing');
    await owner.leave();
  });

  for (const [what, make] of [
    ['forged', (claims) => jwt(claims, 'y'.repeat(40))],
    ['expired', (claims) => sign({ ...claims, exp: 1000 })],
    ['of somebody without access', () => other.token],
  ]) {
    it(`that is ${what} ends the channel`, async () => {
      const socket = new Socket(server);
      await socket.opened;
      const topic = `realtime:${conversation()}`;
      const joined = await socket.join(topic, { private: true }, shop.token);
      assert.equal(joined.status, 'ok');
      socket.push(topic, 'access_token', { access_token: make(claimsOf(shop.token)) }, joined.ref);
      await socket.next('an end', (frame) => ['phx_close', 'phx_error'].includes(frame.event));
      socket.close();
    });
  }

  it('that runs out ends the channel and stops its events', async () => {
    const socket = new Socket(server);
    await socket.opened;
    const topic = `realtime:${conversation()}`;
    const short = sign({ ...claimsOf(shop.token), exp: Math.floor(Date.now() / 1000) + 3 });
    assert.equal((await socket.join(topic, { private: true }, short)).status, 'ok');
    await socket.next('an end', (frame) => ['phx_close', 'phx_error'].includes(frame.event), 30_000);
    const count = socket.received.length;
    const guest = await join(await guestClient(shop.guest), conversation());
    await guest.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } });
    await sleep(500);
    assert.deepEqual(socket.received.slice(count).filter((frame) => frame.event === 'broadcast'), []);
    socket.close();
  });
});
