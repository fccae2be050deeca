// Limits of accounts: one account that does too much loses its own, and nobody else's.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account } from '../lib/callers.mjs';
import { join, Socket } from '../lib/realtime.mjs';
import { eventually, startServer } from '../lib/server.mjs';

let server;
let loud;
let quiet;
before(async () => {
  server = await startServer({ rateScale: 1 });
  loud = await account(server);
  quiet = await account(server);
});
after(async () => {
  [loud, quiet].forEach((shop) => shop?.client.realtime.disconnect());
  await server?.stop();
});

const room = (shop) => `realtime:conversation:${shop.conversationId}`;
const typing = { type: 'broadcast', event: 'typing', payload: { active: true } };
const heard = (socket) => socket.received.filter((frame) => frame.event === 'broadcast').length;
async function member(shop, config = {}) {
  const socket = new Socket(server);
  await socket.opened;
  const joined = await socket.join(room(shop), { private: true, ...config }, shop.token);
  return { socket, joined };
}
// Sets the account's limits and waits until the program has heard of them. The owner's channel stays
// joined all the time: one socket, one channel.
const ears = new Map();
async function limit(shop, limits) {
  if (!ears.has(shop)) ears.set(shop, await join(shop.client, `account:${shop.id}`));
  const ear = ears.get(shop);
  await server.sql`delete from public.realtime_limits where user_id = ${shop.id}`;
  ear.events.length = 0;
  await server.sql`insert into public.realtime_limits ${server.sql({ user_id: shop.id, ...limits })}`;
  await ear.next('limits.updated', ({ limits: told }) => Object.entries(limits).every(([name, value]) => told[name] === value));
}
async function metric(name) {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (\\S+)`, 'm'))[1]);
}

describe('an account with limits of its own', () => {
  it('loses its surplus, is told once, and disturbs no other account', async () => {
    await limit(loud, { events_per_s: 10 });
    const [talker, listener] = [await member(loud, { broadcast: { ack: true, self: false } }), await member(loud)];
    const [other, otherListener] = [await member(quiet), await member(quiet)];
    const refs = Array.from({ length: 60 }, () => talker.socket.push(room(loud), 'broadcast', typing, talker.joined.ref));
    for (let n = 0; n < 60; n += 1) other.socket.push(room(quiet), 'broadcast', typing, other.joined.ref);
    await eventually('everything of the quiet one', () => heard(otherListener.socket) === 60);
    const last = await talker.socket.reply(refs.at(-1));
    assert.equal(last.payload.response.reason, 'MessagePerSecondRateLimitReached: Too many messages per second in this account');
    const told = talker.socket.received.filter((frame) => frame.event === 'system');
    assert.ok(told.length >= 1 && told.length <= 3, `${told.length} words`);
    assert.ok(heard(listener.socket) >= 20 && heard(listener.socket) <= 40, `${heard(listener.socket)} of 60 passed`);
    assert.ok(await metric('chatpad_realtime_account_events_dropped_total') >= 20);
    await eventually('it may speak again', async () => {
      const { payload } = await talker.socket.reply(talker.socket.push(room(loud), 'broadcast', typing, talker.joined.ref));
      return payload.status === 'ok';
    });
    [talker, listener, other, otherListener].forEach(({ socket }) => socket.close());
  });

  it('has only so many sockets and channels, and gets places back', async () => {
    await limit(loud, { clients_max: 3 });
    const open = [await member(loud), await member(loud)];
    const third = await member(loud);
    assert.equal(third.joined.response.reason, 'ConnectionRateLimitReached: Too many connected users');
    assert.equal((await member(quiet)).joined.status, 'ok');
    await open[0].socket.close();
    await eventually('a place', async () => (await third.socket.join(room(loud), { private: true }, loud.token)).status === 'ok');
    [open[1], third].forEach(({ socket }) => socket.close());
    await limit(loud, { channels_max: 0 });
    assert.equal((await member(loud)).joined.response.reason, 'ChannelRateLimitReached: Too many channels in this account');
  });

  it('can be switched off and on again', async () => {
    await limit(loud, { enabled: false });
    assert.equal((await member(loud)).joined.response.reason, 'RealtimeDisabledForTenant: Realtime is disabled for this account');
    await limit(loud, {});
    const back = await member(loud);
    assert.equal(back.joined.status, 'ok');
    back.socket.close();
  });

  it('joins only so fast, whoever of it joins', async () => {
    await limit(loud, { joins_per_s: 5 });
    const sockets = await Promise.all(Array.from({ length: 4 }, () => member(loud)));
    const replies = [];
    for (const { socket } of sockets) {
      for (let n = 0; n < 8; n += 1) replies.push(await socket.join(room(loud), { private: true }, loud.guest.token));
    }
    const refused = replies.filter((reply) => reply.status === 'error');
    assert.ok(refused.length > 0 && refused.length < replies.length, `${refused.length} of ${replies.length} refused`);
    for (const reply of refused) {
      assert.equal(reply.response.reason, 'ClientJoinRateLimitReached: Too many joins per second in this account');
    }
    const { joined, socket } = await member(quiet);
    assert.equal(joined.status, 'ok');
    [...sockets, { socket }].forEach((one) => one.socket.close());
    await limit(loud, {});
  });

  it('cannot raise them itself', async () => {
    await limit(loud, { events_per_s: 10 });
    const { joined, socket } = await member(loud);
    assert.equal(joined.status, 'ok');
    const forged = { type: 'broadcast', event: 'limits.updated', payload: { limits: { events_per_s: 1_000_000 } } };
    const acked = await socket.join(`realtime:account:${loud.id}`, { private: true, broadcast: { ack: true, self: true } }, loud.token);
    const { payload } = await socket.reply(socket.push(`realtime:account:${loud.id}`, 'broadcast', forged, acked.ref));
    assert.equal(payload.status, 'error');
    socket.close();
  });
});

describe('presence', () => {
  it('refuses what is over the count of a key or a topic, and closes nothing', async () => {
    const topic = `realtime:room-${randomUUID().slice(0, 8)}`;
    const sockets = await Promise.all(Array.from({ length: 52 }, async () => {
      const socket = new Socket(server);
      await socket.opened;
      return socket;
    }));
    const refs = new Map();
    for (const socket of sockets) refs.set(socket, (await socket.join(topic, { presence: { enabled: true, key: 'one' } })).ref);
    const track = async (socket) => {
      const { payload } = await socket.reply(socket.push(topic, 'presence', { type: 'presence', event: 'track', payload: {} }, refs.get(socket)));
      return payload.status === 'error' ? payload.response.reason : payload.status;
    };
    const [late, fits] = [sockets.slice(0, 2), sockets.slice(2)];
    for (const socket of fits) assert.equal(await track(socket), 'ok');
    // Loops count together, as soon as they have heard of each other's.
    const known = (socket) => socket.received.filter((frame) => frame.event === 'presence_diff')
      .reduce((sum, { payload }) => sum + (payload.joins.one?.metas.length ?? 0), 0);
    await eventually('everybody knows of all', () => sockets.every((socket) => known(socket) === fits.length));
    for (const socket of late) assert.equal(await track(socket), 'PresenceLimitReached: Too many presences in this topic');
    for (const socket of sockets) {
      assert.equal((await socket.reply(socket.push('phoenix', 'heartbeat'))).payload.status, 'ok');
    }
    // A burst of one client ends in its last state.
    const [first] = fits;
    for (let n = 1; n <= 300; n += 1) first.push(topic, 'presence', { type: 'presence', event: 'track', payload: { n } }, refs.get(first));
    await eventually('the last state', () => late[0].received.some((frame) => frame.event === 'presence_diff'
      && frame.payload.joins.one?.metas.some((meta) => meta.n === 300)));
    assert.ok(late[0].received.filter((frame) => frame.event === 'presence_diff').length < 300);
    sockets.forEach((socket) => socket.close());
  });
});
