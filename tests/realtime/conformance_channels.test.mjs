// Every client on channels: statuses, broadcasts, rooms, rights, tokens, lost connections.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { describe, it } from 'node:test';
import { call, claimsOf, jwt } from '../lib/callers.mjs';
import { clientStage, everyClient, KINDS } from '../lib/clients.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually } from '../lib/server.mjs';

const { server, people, shop } = await clientStage(async ({ server }) => {
  // user_metadata.level says what a token may do in rooms named level-*.
  await server.sql.unsafe(`
    create policy level_read on realtime.messages for select to authenticated
      using (realtime.topic() like 'level-%' and (auth.jwt() -> 'user_metadata' ->> 'level')::int >= 1);
    create policy level_write on realtime.messages for insert to authenticated
      with check (realtime.topic() like 'level-%' and (auth.jwt() -> 'user_metadata' ->> 'level')::int >= 2)`);
});

const room = (prefix = 'room') => `${prefix}-${randomUUID().slice(0, 8)}`;
const level = (number, more = {}) =>
  jwt({ ...claimsOf(shop.token), user_metadata: { level: number }, ...more }, server.env.SUPABASE_JWT_SECRET);
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

// A proxy that can lose its connections, as a phone that locks or changes its network does.
async function flakyProxy() {
  const pairs = new Set();
  let away = false;
  const proxy = net.createServer((near) => {
    if (away) return near.on('error', () => {}).destroy();
    const far = net.connect(server.port, '127.0.0.1');
    pairs.add(near).add(far);
    near.pipe(far).pipe(near);
    for (const one of [near, far]) one.on('error', () => {}).on('close', () => { near.destroy(); far.destroy(); });
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    cut: () => { for (const one of pairs) one.destroy(); pairs.clear(); },
    pause() { away = true; this.cut(); },
    resume: () => { away = false; },
    close() { this.cut(); proxy.close(); },
  };
}

const PAYLOADS = {
  object: { a: 1, 'ü "quoted" \\': [null, true, { deep: [[]] }], emoji: '😀', empty: {} },
  'large numbers': { big: 9007199254740991, small: -1.5e-9 },
  nothing: {},
  '100 KiB': { text: 'x'.repeat(100 * 1024) },
  'names the protocol uses': { ids: [1], event: 'phx_close', type: 'system', payload: null, ref: '1' },
};

everyClient({ describe, it }, () => people, {
  'says SUBSCRIBED once, CLOSED after leaving, and may join again': [[], async (kind) => {
    const topic = room();
    const first = await people.join(kind, topic);
    await people.join(kind, room(), { client: first.client }); // a client without channels closes its socket
    assert.equal(await first.leave(), 'ok');
    await first.says('CLOSED');
    assert.deepEqual(first.statuses.slice(0, 2), ['SUBSCRIBED', 'CLOSED']);
    const again = await people.join(kind, topic, { client: first.client, config: { broadcast: { self: true } } });
    await again.send('x', { n: 1 });
    await again.broadcast('x');
    assert.equal(first.broadcasts.length, 0);
  }],

  'is heard by everybody else, and by itself when it asks': [[], async (kind) => {
    const topic = room();
    const quiet = await people.join(kind, topic);
    const loud = await people.join(kind, topic, { config: { broadcast: { self: true, ack: true } } });
    const others = await Promise.all(KINDS.map((other) => people.join(other, topic)));
    assert.equal(await loud.send('from loud', { n: 1 }), 'ok');
    assert.equal(await quiet.send('from quiet', { n: 2 }), 'ok');
    for (const heard of [...others, loud]) {
      assert.deepEqual((await heard.broadcast('from loud')).payload, { n: 1 });
      const { type, event, payload } = await heard.broadcast('from quiet');
      assert.deepEqual({ type, event, payload }, { type: 'broadcast', event: 'from quiet', payload: { n: 2 } });
    }
    await quiet.broadcast('from loud');
    assert.ok(!quiet.broadcasts.some((message) => message.event === 'from quiet'));
    await Promise.all([...others, loud, quiet].map((heard) => heard.leave()));
  }],

  'sends every JSON payload to every version, unchanged': [[], async (kind) => {
    const topic = room();
    const listeners = await Promise.all(KINDS.map((other) => people.join(other, topic)));
    const sender = await people.join(kind, topic, { config: { broadcast: { ack: true } } });
    for (const [name, payload] of Object.entries(PAYLOADS)) {
      assert.equal(await sender.send(name, payload), 'ok', name);
      for (const heard of listeners) assert.deepEqual((await heard.broadcast(name)).payload, payload, `${name} to ${heard.kind.name}`);
    }
    await Promise.all([...listeners, sender].map((heard) => heard.leave()));
  }],

  'keeps the order of 100 broadcasts': [[], async (kind) => {
    const topic = room();
    const [sender, reader] = [await people.join(kind, topic), await people.join(kind, topic)];
    for (let n = 0; n < 100; n += 1) sender.send(`e${n}`, { n });
    await reader.broadcast('e99');
    assert.deepEqual(reader.broadcasts.map(({ payload }) => payload.n), Array.from({ length: 100 }, (_, n) => n));
  }],

  'sends and gets raw bytes; clients of version 1 get only what is JSON': [['bytes'], async (kind) => {
    const topic = room();
    const sender = await people.join(kind, topic, { config: { broadcast: { ack: true } } });
    const listeners = await Promise.all(KINDS.map((other) => people.join(other, topic)));
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
    assert.equal(await sender.send('bytes', bytes.buffer), 'ok');
    assert.equal(await sender.send('after', { done: true }), 'ok');
    for (const heard of listeners) {
      await heard.broadcast('after');
      const raw = heard.broadcasts.filter((message) => message.event === 'bytes');
      assert.deepEqual(raw.map(({ payload }) => [...new Uint8Array(payload)]), heard.kind.bytes ? [[...bytes]] : [], heard.kind.name);
    }
    await Promise.all([...listeners, sender].map((heard) => heard.leave()));
  }],

  'sends without a subscription, over HTTP': [[], async (kind) => {
    const topic = room();
    const listener = await people.join(kind, topic);
    const sender = people.client(kind).channel(topic);
    assert.equal(await sender.send({ type: 'broadcast', event: 'posted', payload: { n: 1 } }), 'ok');
    assert.deepEqual((await listener.broadcast('posted')).payload, { n: 1 });
  }],

  'httpSend() is heard, and refused where the caller may not write': [['http'], async (kind) => {
    const [open, closed] = [room(), room('level')];
    const listeners = [await people.join(kind, open), await people.join(kind, closed, { token: level(1), config: { private: true } })];
    assert.deepEqual(await people.client(kind).channel(open).httpSend('x', { n: 1 }), { success: true });
    const writer = await people.signedIn(kind, level(2));
    assert.deepEqual(await writer.channel(closed, { config: { private: true } }).httpSend('x', { n: 2 }), { success: true });
    assert.deepEqual((await listeners[0].broadcast('x')).payload, { n: 1 });
    assert.deepEqual((await listeners[1].broadcast('x')).payload, { n: 2 });
    if (!kind.modern) return;
    const reader = await people.signedIn(kind, level(1));
    const refused = await reader.channel(closed, { config: { private: true } }).httpSend('y', {}).catch((error) => error);
    assert.equal(refused?.status ?? (refused instanceof Error ? 403 : refused?.success), 403, String(refused));
  }],

  'the REST endpoint reaches it, several messages at once': [[], async (kind) => {
    const topic = room();
    const listener = await people.join(kind, topic);
    const messages = [1, 2, 3].map((n) => ({ topic, event: `m${n}`, payload: { n }, private: false }));
    const reply = await call(server, '/realtime/v1/api/broadcast', { apikey: server.env.SUPABASE_ANON_KEY, body: { messages } });
    assert.deepEqual([reply.status, reply.text], [202, '']);
    await listener.broadcast('m3');
    assert.deepEqual(listener.broadcasts.map(({ payload }) => payload.n), [1, 2, 3]);
  }],

  'the private and the public room of one name are two': [['rooms'], async (kind) => {
    const topic = room('level');
    const inside = await people.join(kind, topic, { token: level(2), config: { private: true, broadcast: { ack: true } } });
    const outside = await people.join(kind, topic, { config: { broadcast: { ack: true } } });
    assert.equal(await inside.send('inside'), 'ok');
    assert.equal(await outside.send('outside'), 'ok');
    const [late, open] = [await people.join(kind, topic, { token: level(2), config: { private: true } }), await people.join(kind, topic)];
    assert.equal(await inside.send('end'), 'ok');
    assert.equal(await outside.send('end'), 'ok');
    await Promise.all([late.broadcast('end'), open.broadcast('end')]);
    assert.ok(![...inside.broadcasts, ...late.broadcasts].some(({ event }) => event === 'outside'));
    assert.ok(![...outside.broadcasts, ...open.broadcasts].some(({ event }) => event === 'inside'));
  }],

  'a private room without the right says why, and lets in who brings it later': [['rooms'], async (kind) => {
    const topic = room('level');
    const refused = await people.join(kind, topic, { token: level(0), config: { private: true }, wanted: 'CHANNEL_ERROR' });
    const stranger = await people.join(kind, topic, { config: { private: true }, wanted: 'CHANNEL_ERROR' });
    for (const heard of [refused, stranger]) {
      assert.match(heard.reasons[0], new RegExp(`Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`));
    }
    // As after a subscribe() that was made before the session was there: a later join brings the token.
    await refused.client.renew(level(1));
    await refused.says('SUBSCRIBED');
  }],

  'who may only read hears, and is told that it may not write': [['rooms'], async (kind) => {
    const topic = room('level');
    const config = { private: true, broadcast: { ack: true, self: true } };
    const writer = await people.join(kind, topic, { token: level(2), config });
    const reader = await people.join(kind, topic, { token: level(1), config });
    assert.equal(await reader.send('forbidden', {}, { timeout: 2000 }), kind.refusals ? 'error' : 'timed out');
    assert.equal(await writer.send('allowed'), 'ok');
    await Promise.all([reader.broadcast('allowed'), writer.broadcast('allowed')]);
    assert.ok(![...reader.broadcasts, ...writer.broadcasts].some(({ event }) => event === 'forbidden'));
  }],

  'that wants a broadcast stored is told that it cannot be': [['modern', 'bytes'], async (kind) => {
    const heard = await people.join(kind, room('level'), { token: level(2), config: { private: true, broadcast: { ack: true, self: true } } });
    assert.equal(await heard.send('x', {}), 'ok');
    const answer = await heard.channel.send({ type: 'broadcast', event: 'stored', payload: {}, persist: true });
    assert.equal(answer, 'Broadcasts cannot be stored; leave persist out');
    await heard.send('end');
    await heard.broadcast('end');
    assert.ok(!heard.broadcasts.some(({ event }) => event === 'stored'));
  }],

  'joined twice from one client is heard once, on the newer channel': [[], async (kind) => {
    const topic = room();
    const first = await people.join(kind, topic);
    const same = first.client.channel(topic) === first.channel; // newer clients have one channel a topic
    const second = same ? first : await people.join(kind, topic, { client: first.client });
    const sender = await people.join(kind, topic, { config: { broadcast: { ack: true } } });
    await sender.send('x', { n: 1 });
    await second.broadcast('x');
    await sender.send('end');
    await second.broadcast('end');
    assert.equal(second.broadcasts.filter(({ event }) => event === 'x').length, 1);
  }],

  'removeAllChannels() ends all of them': [[], async (kind) => {
    const client = people.client(kind);
    const all = [await people.join(kind, room(), { client }), await people.join(kind, room(), { client }), await people.join(kind, room(), { client })];
    const results = await client.removeAllChannels();
    assert.ok(results.every((result) => result === 'ok'), String(results));
    for (const heard of all) await heard.says('CLOSED');
    assert.equal(client.getChannels().length, 0);
  }],

  'comes back by itself after a lost connection, on the same channel': [[], async (kind) => {
    const proxy = await flakyProxy();
    const topic = room();
    const heard = await people.join(kind, topic, { url: proxy.url });
    const stays = await people.join(kind, topic, { config: { broadcast: { ack: true } } });
    for (let round = 1; round <= 2; round += 1) {
      proxy.cut();
      await heard.says('CHANNEL_ERROR');
      await eventually(`back, round ${round}: ${heard.statuses}`, () => heard.count('SUBSCRIBED') === round + 1, 30_000);
      await stays.send(`round ${round}`);
      await heard.broadcast(`round ${round}`);
    }
    assert.equal(heard.broadcasts.length, 2);
    assert.ok(!heard.statuses.includes('CLOSED'), String(heard.statuses));
    await heard.client.realtime.disconnect();
    proxy.close();
  }],

  'disconnect() and connect() bring its channels back': [['modern'], async (kind) => {
    const topic = room();
    const heard = await people.join(kind, topic);
    await heard.client.realtime.disconnect();
    heard.client.realtime.connect();
    await eventually(`back: ${heard.statuses}`, () => heard.count('SUBSCRIBED') === 2, 30_000);
    const sender = await people.join(kind, topic, { config: { broadcast: { ack: true } } });
    await sender.send('again');
    await heard.broadcast('again');
  }],

  'whose token ran out while it was away comes back with the next one': [[], async (kind) => {
    const proxy = await flakyProxy();
    const topic = room();
    const exp = inSeconds(5);
    const heard = await people.join(kind, topic, { url: proxy.url, token: level(1, { exp }) });
    proxy.pause();
    await heard.says('CHANNEL_ERROR');
    await eventually('the token is over', () => Date.now() / 1000 > exp + 1);
    proxy.resume();
    await eventually(`refused: ${heard.reasons}`, () => heard.reasons.some((reason) => /Token has expired/.test(reason)));
    await heard.client.renew(level(1, { iat: 5 }));
    await eventually(`back: ${heard.statuses}`, () => heard.statuses.at(-1) === 'SUBSCRIBED', 30_000);
    assert.ok(!heard.statuses.includes('CLOSED'), String(heard.statuses));
    await heard.client.realtime.disconnect();
    proxy.close();
  }],

  'keeps the connection with heartbeats': [[], async (kind) => {
    const beats = [];
    const heard = await people.join(kind, room(), {
      realtime: { heartbeatIntervalMs: 1000, heartbeatCallback: (status) => beats.push(status) }, config: { broadcast: { self: true } },
    });
    if (kind.modern) await eventually(`beats: ${beats}`, () => beats.filter((status) => status === 'ok').length >= 2);
    else await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.ok(!beats.some((status) => ['timeout', 'error', 'disconnected'].includes(status)), String(beats));
    await heard.send('still here');
    await heard.broadcast('still here');
    assert.deepEqual(heard.statuses, ['SUBSCRIBED']);
  }],

  'renews its token without a break': [['rooms'], async (kind) => {
    const topic = room('level');
    const heard = await people.join(kind, topic, { token: level(1), config: { private: true, broadcast: { ack: true, self: true } } });
    await heard.client.renew(level(2, { iat: 1 }));
    await eventually('the right to write', async () => (await heard.send('x', {}, { timeout: 1000 })) === 'ok');
    await heard.broadcast('x');
    assert.deepEqual(heard.statuses, ['SUBSCRIBED']);
    assert.deepEqual(heard.system, []);
  }],

  'that loses its right is told why and comes back with a better token': [['rooms'], async (kind) => {
    const topic = room('level');
    const heard = await people.join(kind, topic, { token: level(1), config: { private: true } });
    await heard.client.renew(level(0));
    await heard.says('CHANNEL_ERROR');
    const sentence = `You no longer have permission to read from this Channel topic: ${topic}`;
    assert.equal((await heard.told(/permission/)).message, sentence);
    assert.equal(heard.reasons[0], sentence, 'the error itself says why');
    await heard.client.renew(level(1, { iat: 2 }));
    await eventually(`back: ${heard.statuses}`, () => heard.statuses.at(-1) === 'SUBSCRIBED', 30_000);
    assert.ok(!heard.statuses.includes('CLOSED'), String(heard.statuses));
  }],

  'whose token runs out is told and comes back with the next one': [[], async (kind) => {
    const heard = await people.join(kind, room(), { token: level(1, { exp: inSeconds(4) }) });
    await heard.says('CHANNEL_ERROR');
    await heard.told(/^InvalidJWTToken: Token has expired/);
    assert.match(heard.reasons[0], /^InvalidJWTToken: Token has expired/);
    await heard.client.renew(level(1, { iat: 3 }));
    await eventually(`back: ${heard.statuses}`, () => heard.statuses.at(-1) === 'SUBSCRIBED', 30_000);
    assert.ok(!heard.statuses.includes('CLOSED'), String(heard.statuses));
  }],
});

describe('a server under any name', () => {
  it('answers whatever the host is called', async () => {
    for (const host of ['localhost', 'realtime-dev.example.test', '[::1]:4000']) {
      const socket = new Socket(server, { headers: { host } });
      await socket.opened;
      assert.equal((await socket.join('realtime:named')).status, 'ok');
      await socket.close();
    }
  });
});
