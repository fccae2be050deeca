// Broadcasts over HTTP: what supabase-js sends from a channel that is not joined, and httpSend().
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, call, supabase } from '../lib/callers.mjs';
import { join, Socket } from '../lib/realtime.mjs';
import { sleep, startServer } from '../lib/server.mjs';

let server;
let shop;
const clients = [];
const BATCH = '/realtime/v1/api/broadcast';
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  shop = await account(server);
  await server.sql.unsafe(`
    create policy team_read on realtime.messages for select to authenticated
      using ((select realtime.topic()) like 'team%');
    create policy team_write on realtime.messages for insert to authenticated
      with check ((select realtime.topic()) like 'team%' and (select auth.uid()) = '${shop.id}')`);
});
after(async () => {
  for (const client of clients) client.realtime.disconnect();
  shop?.client.realtime.disconnect();
  await server?.stop();
});

const room = (prefix = 'room') => `${prefix}-${randomUUID().slice(0, 8)}`;
function fresh(options) {
  const client = supabase(server, options);
  clients.push(client);
  return client;
}
const anon = () => ({ apikey: server.env.SUPABASE_ANON_KEY });
const listen = (topic, config = {}, client = fresh()) => join(client, topic, { config });
const event = (topic, name, query = '') => `${BATCH}/${encodeURIComponent(topic)}/events/${encodeURIComponent(name)}${query}`;

describe('with supabase-js', () => {
  it('httpSend() reaches every loop, JSON and bytes, odd names included', async () => {
    const topic = `room: ${room()}/ü`;
    const listeners = [await listen(topic), await listen(topic), await listen(topic)];
    const sender = fresh().channel(topic);
    assert.deepEqual(await sender.httpSend('über/all', { a: [1, 'ü'] }), { success: true });
    assert.deepEqual(await sender.httpSend('bytes', new Uint8Array([0, 255, 1])), { success: true });
    for (const listener of listeners) {
      assert.deepEqual((await listener.next('über/all')).payload, { a: [1, 'ü'] });
      assert.deepEqual([...new Uint8Array((await listener.next('bytes')).payload)], [0, 255, 1]);
    }
  });

  it('send() on a channel that is not joined goes the same way', async () => {
    const topic = room();
    const listener = await listen(topic);
    const sender = fresh().channel(topic);
    assert.equal(await sender.send({ type: 'broadcast', event: 'hi', payload: { n: 1 } }), 'ok');
    assert.deepEqual((await listener.next('hi')).payload, { n: 1 });
  });

  it('private rooms want the right to write, and are not the public ones', async () => {
    const topic = room('team');
    const inside = await listen(topic, { private: true }, shop.client);
    const outside = await listen(topic);
    const owner = await account(server);
    clients.push(owner.client);
    const may = shop.client.channel(topic, { config: { private: true } });
    const stranger = owner.client.channel(topic, { config: { private: true } });
    await assert.rejects(stranger.httpSend('forged', {}), /Unauthorized/);
    await assert.rejects(fresh().channel(topic, { config: { private: true } }).httpSend('forged', {}), /Unauthorized/);
    const sent = await call(server, event(topic, 'inside', '?private=true'), { token: shop.token, body: { n: 1 } });
    assert.equal(sent.status, 202);
    assert.equal(sent.text, '');
    await inside.next('inside');
    await fresh().channel(topic).httpSend('outside', {});
    await outside.next('outside');
    assert.deepEqual(inside.events.map((seen) => seen.event), ['inside']);
    assert.deepEqual(outside.events.map((seen) => seen.event), ['outside']);
    void may;
  });
});

describe('a batch', () => {
  it('is answered 202, and leaves out silently what the caller may not send', async () => {
    const [open, team] = [room(), room('team')];
    const listener = await listen(open);
    const inside = await listen(team, { private: true }, shop.client);
    const messages = [
      { topic: open, event: 'one', payload: { n: 1 } }, { topic: open, event: 'two', private: false },
      { topic: team, event: 'forged', payload: {}, private: true }, { topic: open, event: 'message.created', payload: {} },
      { topic: `conversation:${shop.conversationId}`, event: 'typing', payload: {}, private: true },
    ];
    const reply = await call(server, BATCH, { ...anon(), body: { messages } });
    assert.deepEqual([reply.status, reply.text, reply.headers.get('x-broadcast-refused')], [202, '', '3']);
    assert.deepEqual((await listener.next('one')).payload, { n: 1 });
    assert.deepEqual((await listener.next('two')).payload, {});
    const own = await call(server, BATCH, { token: shop.token, body: { messages: [{ topic: team, event: 'mine', payload: {}, private: true }] } });
    assert.deepEqual([own.status, own.headers.get('x-broadcast-refused')], [202, '0']);
    await inside.next('mine');
    assert.deepEqual(listener.events.map((seen) => seen.event), ['one', 'two']);
    assert.ok(!inside.events.some((seen) => seen.event === 'forged'));
  });

  it('of the service key passes every policy, but not the names of our events', async () => {
    const team = room('team');
    const inside = await listen(team, { private: true }, shop.client);
    const key = { apikey: server.env.SUPABASE_SERVICE_ROLE_KEY };
    assert.equal((await call(server, event(team, 'news', '?private=true'), { ...key, body: { n: 1 } })).status, 202);
    await inside.next('news');
    assert.equal((await call(server, event(team, 'takeover.started', '?private=true'), { ...key, body: {} })).status, 403);
  });

  it('by a visitor may only say typing, in the server\'s words', async () => {
    const topic = `conversation:${shop.conversationId}`;
    const owner = await listen(topic, { private: true }, shop.client);
    const body = { messages: [{ topic, event: 'typing', payload: { active: true, who: 'human' }, private: true }, { topic, event: 'hello', payload: {}, private: true }] };
    const reply = await call(server, BATCH, { token: shop.guest.token, body });
    assert.deepEqual([reply.status, reply.headers.get('x-broadcast-refused')], [202, '1']);
    assert.deepEqual((await owner.next('typing')).payload, { who: 'visitor', active: true });
    assert.equal((await call(server, event(`account:${shop.id}`, 'x', '?private=true'), { token: shop.token, body: {} })).status, 403);
  });
});

describe('what is refused', () => {
  it('has a status and a sentence', async () => {
    const topic = room();
    const message = { topic, event: 'x', payload: {} };
    const cases = [
      [401, BATCH, { body: { messages: [message] } }],
      [401, event(topic, 'x'), { body: {} }],
      [401, event(topic, 'x'), { body: {}, headers: { authorization: 'Bearer sb_publishable_x' } }],
      [403, BATCH, { token: 'no.jwt.here', body: { messages: [message] } }],
      [400, BATCH, { ...anon(), body: {} }],
      [400, BATCH, { ...anon(), body: { messages: [] } }],
      [400, BATCH, { ...anon(), body: { messages: [{ topic, payload: {} }] } }],
      [400, BATCH, { ...anon(), body: { messages: Array(51).fill(message) } }],
      [400, BATCH, { ...anon(), body: { messages: [{ ...message, topic: 'x'.repeat(300) }] } }],
      [400, BATCH, { ...anon(), body: { messages: [{ ...message, event: 'ü'.repeat(200) }] } }],
      [400, event(topic, 'x'), { ...anon(), body: '{"broken":', headers: { 'content-type': 'application/json' } }],
      [415, event(topic, 'x'), { ...anon(), body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
      [413, event(topic, 'x'), { ...anon(), body: { pad: 'x'.repeat(300_000) } }],
      [413, BATCH, { ...anon(), body: { messages: Array.from({ length: 10 }, () => ({ ...message, payload: { pad: 'x'.repeat(200_000) } })) } }],
      [404, `${BATCH}/${topic}/events/`, { ...anon(), body: {} }],
      [405, BATCH, { ...anon(), method: 'GET' }],
      [501, event(topic, 'x', '?private=true&persist=true'), { ...anon(), body: {} }],
    ];
    for (const [status, target, options] of cases) {
      const reply = await call(server, target, options);
      assert.equal(reply.status, status, `${target} ${JSON.stringify(options).slice(0, 100)}: ${reply.text}`);
      assert.ok(reply.body.message.length > 3);
      assert.equal(reply.headers.get('access-control-allow-origin'), '*');
    }
  });

  it('stays within the rate, which names the time to wait', async () => {
    const strict = await startServer({ rateScale: 1 });
    try {
      const topic = room();
      const socket = new Socket(strict);
      await socket.opened;
      await socket.join(`realtime:${topic}`);
      const replies = await Promise.all(Array.from({ length: 120 }, () =>
        call(strict, event(topic, 'x'), { apikey: strict.env.SUPABASE_ANON_KEY, body: {} })));
      const refused = replies.filter((reply) => reply.status === 429);
      assert.ok(refused.length > 0);
      assert.ok(Number(refused[0].headers.get('retry-after')) >= 1);
      await sleep(500);
      assert.equal(socket.received.filter((frame) => frame.event === 'broadcast').length, replies.length - refused.length);
      socket.close();
    } finally {
      await strict.stop();
    }
  });
});
