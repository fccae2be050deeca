// Two programs, one PostgreSQL, one Redis: what is said on one is heard on the other.
import assert from 'node:assert/strict';
import { createHmac, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, say, supabase } from '../lib/callers.mjs';
import { health, metric, SECRET, startCluster } from '../lib/cluster.mjs';
import { join } from '../lib/realtime.mjs';
import { eventually, sleep } from '../lib/server.mjs';
import { events } from '../lib/sse.mjs';

let cluster;
let a;
let b;
let shop; // an account whose owner is signed in on both nodes
let there; // the same person's client on node b
const clients = [];
before(async () => {
  cluster = await startCluster({ provider: { tokenMs: 30, tokens: 40 } });
  [a, b] = cluster.nodes;
  shop = await account(a);
  there = supabase(b, { token: shop.token });
  await there.realtime.setAuth(shop.token);
  clients.push(shop.client, there);
});
after(async () => {
  for (const client of clients) client.realtime.disconnect();
  await cluster?.stop();
});

const room = (prefix = 'room') => `${prefix}-${randomUUID().slice(0, 8)}`;
function fresh(node) {
  const client = supabase(node);
  clients.push(client);
  return client;
}
const open = { config: {} };

// A channel that is present with `key` and knows who else is.
function enter(node, topic, key) {
  const seen = [];
  const channel = fresh(node).channel(topic, { config: { presence: { key } } });
  for (const event of ['join', 'leave']) channel.on('presence', { event }, (one) => seen.push(`${event} ${one.key}`));
  return new Promise((resolve, reject) => channel.subscribe((status, error) => {
    if (status === 'SUBSCRIBED') resolve({ channel, seen, keys: () => Object.keys(channel.presenceState()).sort() });
    if (status === 'CHANNEL_ERROR') reject(error);
  }));
}
const sees = (one, keys, limitMs) => eventually(`${keys}, is ${one.keys()}`, () => one.keys().join() === keys.join(), limitMs);

describe('what crosses', () => {
  it('broadcasts of clients: JSON and bytes, in order, both ways', async () => {
    const topic = room();
    const [left, right] = [await join(fresh(a), topic, open), await join(fresh(b), topic, open)];
    for (let n = 0; n < 200; n += 1) left.channel.send({ type: 'broadcast', event: 'count', payload: { n } });
    await right.next('count', (payload) => payload.n === 199);
    assert.deepEqual(right.events.map((seen) => seen.payload.n), Array.from({ length: 200 }, (_, n) => n));
    await right.channel.send({ type: 'broadcast', event: 'bytes', payload: new Uint8Array([0, 255, 7]).buffer });
    assert.deepEqual([...new Uint8Array((await left.next('bytes')).payload)], [0, 255, 7]);
    assert.equal(left.events.filter((seen) => seen.event === 'bytes').length, 1, 'once');
  });

  it('broadcasts over HTTP, and the public room is not the private one', async () => {
    const topic = room();
    const listener = await join(fresh(b), topic, open);
    const path = `/realtime/v1/api/broadcast/${topic}/events/hello`;
    const sent = await call(a, path, { apikey: a.env.SUPABASE_ANON_KEY, body: { n: 1 } });
    assert.equal(sent.status, 202, sent.text);
    assert.deepEqual((await listener.next('hello')).payload, { n: 1 });
  });

  it('durable events, typing and the pieces of an answer', async () => {
    const { conversationId } = (await say(a, shop.guest, 'Hello?')).body;
    const topic = `conversation:${conversationId}`;
    const watching = await join(there, topic);
    const guest = supabase(a, { token: shop.guest.token });
    clients.push(guest);
    await guest.realtime.setAuth(shop.guest.token);
    const typing = await join(guest, topic);
    typing.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } });
    assert.equal((await watching.next('typing')).payload.who, 'visitor');
    const answered = await say(a, shop.guest, 'Tell me more.', { conversationId });
    assert.equal(answered.status, 200);
    const { id } = answered.body.reply;
    await watching.next('message.created', (payload) => payload.message?.id === id);
    const words = watching.events.filter((seen) => seen.event === 'answer.delta' && seen.payload.message_id === id);
    assert.ok(words.length > 0, 'pieces of the answer came');
    const ids = watching.events.filter((seen) => seen.event === 'message.created').map((seen) => seen.payload.message.id);
    assert.equal(new Set(ids).size, ids.length, 'each event once');
  });

  it('presence: the state at a join, who comes, who goes', async () => {
    const topic = room();
    const ann = await enter(a, topic, 'ann');
    await ann.channel.track({ mood: 'well' });
    const bob = await enter(b, topic, 'bob');
    await sees(bob, ['ann']);
    assert.equal(bob.channel.presenceState().ann[0].mood, 'well');
    await bob.channel.track({ mood: 'fine' });
    await sees(ann, ['ann', 'bob']);
    await ann.channel.track({ mood: 'tired' });
    await eventually('the new mood', () => bob.channel.presenceState().ann?.[0].mood === 'tired');
    await ann.channel.untrack();
    await sees(bob, ['bob']);
    assert.ok(bob.seen.includes('leave ann'));
  });

  it('a takeover on one node stops the answer that runs on the other', async () => {
    const { conversationId } = (await say(a, shop.guest, 'A question.')).body;
    const reply = await fetch(`${a.url}/functions/v1/widget-chat`, {
      method: 'POST',
      headers: { apikey: a.env.SUPABASE_ANON_KEY, authorization: `Bearer ${shop.guest.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ agentId: shop.agentId, conversationId, message: 'Talk to me.', stream: true }),
    });
    const stream = events(reply)[Symbol.asyncIterator]();
    const seen = [];
    const next = async () => {
      const { value, done } = await stream.next();
      if (!done) seen.push(value);
      return done;
    };
    while (seen.filter((one) => one.event === 'token').length < 3) assert.equal(await next(), false);
    const taken = await fn(b, 'start-takeover', { conversationId }, { token: shop.token });
    assert.equal(taken.status, 200, taken.text);
    while (!(await next()));
    const [stored] = await cluster.sql`select content, cut_off from public.messages
      where conversation_id = ${conversationId} and role = 'assistant' order by seq desc limit 1`;
    assert.equal(stored.cut_off, true);
    assert.ok(stored.content.split(' ').length < 40, 'it was stopped, not finished');
    await sleep(300);
    const [later] = await cluster.sql`select content from public.messages
      where conversation_id = ${conversationId} and role = 'assistant' order by seq desc limit 1`;
    assert.equal(later.content, stored.content, 'nothing is added later');
  });
});

describe('a bus that anybody can write to', () => {
  const key = Buffer.from(hkdfSync('sha256', SECRET, 'chatpad bus 1', 'packets', 32));
  const text = (value) => Buffer.concat([Buffer.from(new Uint32Array([Buffer.byteLength(value)]).buffer), Buffer.from(value)]);
  function packet(topic, event, { sign = key, number = 1n, wallMs = Date.now(), node = randomBytes(8) } = {}) {
    const content = Buffer.concat([Buffer.from([0, 1]), text(topic), text(event), text('{"forged":true}'), text('')]);
    const head = Buffer.alloc(16);
    head.writeBigUInt64LE(number, 0);
    head.writeBigInt64LE(BigInt(wallMs), 8);
    const body = Buffer.concat([node, head, Buffer.from([1]), Buffer.from(new Uint32Array([content.length]).buffer), content]);
    return Buffer.concat([Buffer.from('CPB1'), createHmac('sha256', sign).update(body).digest(), body]);
  }

  it('takes what is signed with its key, once, and nothing else', async () => {
    const topic = room();
    const listeners = [await join(fresh(a), topic, open), await join(fresh(b), topic, open)];
    const channel = await cluster.redis.channel();
    assert.match(channel, /^chatpad:[0-9a-f]{32}$/);
    const publish = (bytes) => cluster.redis.command('PUBLISH', channel, bytes);
    const refused = async () => (await metric(a, 'chatpad_bus_refused_total'));
    const before = await refused();
    const good = packet(topic, 'good');
    await publish(good);
    for (const listener of listeners) await listener.next('good');
    const forged = [
      packet(topic, 'forged', { sign: Buffer.from('guess'.repeat(7)) }),
      good, // again
      packet(topic, 'old', { wallMs: Date.now() - 600_000 }),
      packet(topic, 'future', { wallMs: Date.now() + 600_000 }),
      Buffer.from(packet(topic, 'changed')).fill(0x41, 90, 91),
      packet(topic, 'short').subarray(0, 80),
      Buffer.from('CPB1'), Buffer.from('{}'), randomBytes(500),
    ];
    for (const bytes of forged) await publish(bytes);
    await publish(packet(topic, 'last'));
    for (const listener of listeners) {
      await listener.next('last');
      assert.deepEqual(listener.events.map((seen) => seen.event), ['good', 'last']);
    }
    assert.equal(await refused() - before, forged.length);
  });

  it('gives its connection up rather than hold what has no end', async () => {
    const losses = await metric(b, 'chatpad_bus_losses_total');
    await cluster.redis.command('PUBLISH', await cluster.redis.channel(), Buffer.alloc(24 * 1024 * 1024, 'x'));
    await eventually('the loss', async () => (await metric(b, 'chatpad_bus_losses_total')) > losses);
    for (const node of [a, b]) await eventually('the bus is back', async () => (await health(node)).bus === 'ok');
  });

  it('is silent while nothing happens', async () => {
    const channel = await cluster.redis.channel();
    const packets = [];
    const socket = cluster.redis.listen(channel, (bytes) => packets.push(bytes));
    await eventually('signs of life of both', () => new Set(packets.map((bytes) => bytes.subarray(36, 44).toString('hex'))).size === 2);
    assert.ok(packets.every((bytes) => bytes.length < 400), `sizes: ${packets.map((bytes) => bytes.length)}`);
    socket.destroy();
  });
});

describe('without Redis', () => {
  it('each node serves alone and says so; afterwards all is as before', async () => {
    const topic = room();
    const [ann, bob] = [await enter(a, topic, 'ann'), await enter(b, topic, 'bob')];
    await Promise.all([ann.channel.track({}), bob.channel.track({})]);
    await Promise.all([sees(ann, ['ann', 'bob']), sees(bob, ['ann', 'bob'])]);

    await cluster.redis.stop();
    for (const node of [a, b]) {
      await eventually('the health says so', async () => (await health(node)).bus === 'away');
      const reply = await fetch(`${node.url}/health`);
      assert.equal(reply.status, 200, 'a load balancer keeps both');
      assert.deepEqual(await reply.json(), { status: 'degraded', database: 'ok', realtime: 'ok', bus: 'away' });
      assert.equal(await metric(node, 'chatpad_bus_connected'), 0);
    }
    const other = room();
    for (const node of [a, b]) {
      const [one, two] = [await join(fresh(node), other, open), await join(fresh(node), other, open)];
      await one.channel.send({ type: 'broadcast', event: 'here', payload: { port: node.port } });
      assert.equal((await two.next('here')).payload.port, node.port);
      assert.ok(two.events.every((seen) => seen.payload.port === node.port));
    }
    const { conversationId } = (await say(a, shop.guest, 'Is anybody there?')).body;
    const watching = await join(there, `conversation:${conversationId}`);
    await say(a, shop.guest, 'Durable.', { conversationId });
    await watching.next('message.created', (payload) => payload.message?.content === 'Durable.');
    // What changes meanwhile is not heard of by the other, and the other's presences end.
    const cat = await enter(a, topic, 'cat');
    await cat.channel.track({});
    await bob.channel.untrack();
    await sees(ann, ['ann', 'cat'], 40_000);
    await sees(bob, [], 40_000);
    assert.equal(ann.channel.state, 'joined');

    await cluster.redis.start();
    for (const node of [a, b]) await eventually('the bus is back', async () => (await health(node)).status === 'ok', 30_000);
    await Promise.all([sees(ann, ['ann', 'cat']), sees(bob, ['ann', 'cat'])]);
    await bob.channel.track({});
    await Promise.all([ann, bob, cat].map((one) => sees(one, ['ann', 'bob', 'cat'])));
    const [left, right] = [await join(fresh(a), other, open), await join(fresh(b), other, open)];
    await left.channel.send({ type: 'broadcast', event: 'again', payload: {} });
    await right.next('again');
    assert.ok((await metric(a, 'chatpad_bus_losses_total')) >= 1);
  });

  it('a frozen Redis is noticed like a dead one', async () => {
    cluster.redis.child.kill('SIGSTOP');
    for (const node of [a, b]) await eventually('the health says so', async () => (await health(node)).bus === 'away', 30_000);
    cluster.redis.child.kill('SIGCONT');
    for (const node of [a, b]) await eventually('the bus is back', async () => (await health(node)).bus === 'ok', 30_000);
  });
});
