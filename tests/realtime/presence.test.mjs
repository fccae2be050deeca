// Presence as supabase-js and older clients use it, over two loops, private rooms included.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, member, supabase } from '../lib/callers.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

let server;
let shop;
let watcher; // a person whom the policies let look but not be present
const clients = [];
before(async () => {
  server = await startServer({ rateScale: 1, env: { CHATPAD_LOOPS: '2' } });
  shop = await account(server);
  watcher = await member(server, shop.id, 'member');
  await server.sql.unsafe(`
    create policy presence_read on realtime.messages for select to authenticated
      using (extension = 'presence' and (select realtime.topic()) like 'team-%');
    create policy presence_write on realtime.messages for insert to authenticated
      with check (extension = 'presence' and (select realtime.topic()) like 'team-%'
        and (select auth.uid()) = '${shop.id}')`);
});
after(async () => {
  for (const client of clients) client.realtime.disconnect();
  for (const owner of [shop, watcher]) owner?.client.realtime.disconnect();
  await server?.stop();
});

const room = (prefix = 'room') => `${prefix}-${randomUUID().slice(0, 8)}`;
function fresh() {
  const client = supabase(server);
  clients.push(client);
  return client;
}
// A subscribed channel with its sync, join and leave events.
function enter(client, topic, config = {}, listens = true) {
  const events = [];
  const channel = client.channel(topic, { config });
  if (listens) for (const event of ['sync', 'join', 'leave']) channel.on('presence', { event }, (seen) => events.push({ event, ...seen }));
  return new Promise((resolve, reject) => {
    channel.subscribe((status, error) => {
      if (status === 'SUBSCRIBED') resolve({ channel, events, client });
      if (status === 'CHANNEL_ERROR') reject(error);
    });
  });
}
const moods = (entered) => Object.fromEntries(
  Object.entries(entered.channel.presenceState()).map(([key, metas]) => [key, metas.map((meta) => meta.mood).sort()]));
const becomes = (entered, wanted) => eventually(`${JSON.stringify(wanted)}, is ${JSON.stringify(moods(entered))}`,
  () => { assert.deepEqual(moods(entered), wanted); return true; }, 15_000);

describe('with supabase-js', () => {
  it('everybody on every loop sees who comes, changes and goes', async () => {
    const topic = room();
    const people = [];
    for (const key of ['ann', 'bob', 'cat', 'dan']) people.push(await enter(fresh(), topic, { presence: { key } }));
    for (const person of people) assert.equal(await person.channel.track({ mood: 'new' }), 'ok');
    const all = { ann: ['new'], bob: ['new'], cat: ['new'], dan: ['new'] };
    for (const person of people) await becomes(person, all);
    const [ann, bob, cat, dan] = people;
    assert.ok(bob.events.some((seen) => seen.event === 'join' && seen.key === 'dan' && seen.newPresences[0].presence_ref));

    assert.equal(await ann.channel.track({ mood: 'tired' }), 'ok');
    for (const person of people) await becomes(person, { ...all, ann: ['tired'] });
    assert.equal(await bob.channel.untrack(), 'ok');
    await dan.client.removeChannel(dan.channel);
    cat.client.realtime.disconnect();
    await becomes(ann, { ann: ['tired'] });
    assert.ok(ann.events.some((seen) => seen.event === 'leave' && seen.key === 'cat'));
    await becomes(await enter(fresh(), topic), { ann: ['tired'] });
  });

  it('a key that is present twice has two metas; without a key the server makes one', async () => {
    const topic = room();
    const [a, b, c] = [await enter(fresh(), topic, { presence: { key: 'same' } }), await enter(fresh(), topic, { presence: { key: 'same' } }), await enter(fresh(), topic)];
    await a.channel.track({ mood: 'a' });
    await b.channel.track({ mood: 'b' });
    await c.channel.track({ mood: 'c' });
    const made = await eventually('a key', () => Object.keys(a.channel.presenceState()).find((key) => key !== 'same'));
    assert.match(made, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    for (const person of [a, b, c]) await becomes(person, { same: ['a', 'b'], [made]: ['c'] });
    await a.client.removeChannel(a.channel);
    await becomes(c, { same: ['b'], [made]: ['c'] });
  });

  it('who does not listen is seen all the same', async () => {
    const topic = room();
    const seen = await enter(fresh(), topic, { presence: { key: 'silent', enabled: false } }, false);
    const looking = await enter(fresh(), topic);
    assert.equal(await seen.channel.track({ mood: 'shy' }), 'ok');
    await becomes(looking, { silent: ['shy'] });
    assert.deepEqual(seen.channel.presenceState(), {});
  });

  it('a burst of 300 tracks ends in the last one and costs nobody the channel', async () => {
    const topic = room();
    const busy = await enter(fresh(), topic, { presence: { key: 'busy' } });
    const other = await enter(fresh(), topic);
    const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => busy.channel.track({ mood: n })));
    assert.deepEqual([...new Set(answers)], ['ok']);
    await becomes(other, { busy: [299] });
    assert.equal(busy.channel.state, 'joined');
    const diffs = other.events.filter((seen) => seen.event === 'join').length;
    assert.ok(diffs < 100, `${diffs} diffs`);
  });

  it('rights on private topics are the policies with extension presence', async () => {
    const topic = room('team');
    const config = { private: true, presence: { key: 'owner' } };
    const owner = await enter(shop.client, topic, config);
    const looking = await enter(watcher.client, topic, { private: true, presence: { key: 'watcher' } });
    assert.equal(await owner.channel.track({ mood: 'in' }), 'ok');
    await becomes(looking, { owner: ['in'] });
    assert.equal(await looking.channel.track({ mood: 'denied' }), 'error');
    const outside = await enter(fresh(), topic, { presence: { key: 'public' } });
    await outside.channel.track({ mood: 'elsewhere' });
    await becomes(outside, { public: ['elsewhere'] });
    await sleep(300);
    assert.deepEqual(moods(looking), { owner: ['in'] });
    await assert.rejects(enter(fresh(), topic, config), /Unauthorized/);
  });

  it('nobody can be present on a topic of the chat', async () => {
    const topic = `conversation:${shop.conversationId}`;
    const owner = await enter(shop.client, topic, { private: true });
    assert.equal(await owner.channel.track({ mood: 'here' }), 'error');
  });
});

const track = (payload) => ({ type: 'presence', event: 'track', payload });
for (const vsn of ['1.0.0', '2.0.0']) {
  describe(`bare frames of ${vsn}`, () => {
    it('come as Phoenix words them, also without presence.enabled', async () => {
      const topic = `realtime:${room()}`;
      const [a, b] = [new Socket(server, { vsn }), new Socket(server, { vsn })];
      await Promise.all([a.opened, b.opened]);
      const joined = await a.join(topic, { presence: { key: 'a' } });
      await b.join(topic, { presence: { key: 'b' } });
      const state = await a.next('the state', (frame) => frame.event === 'presence_state');
      assert.deepEqual(state.payload, {});
      assert.equal(state.ref, null);
      const first = a.push(topic, 'presence', track({ n: 1, phx_ref: 'forged' }), joined.ref);
      assert.deepEqual((await a.reply(first)).payload, { status: 'ok', response: {} });
      const came = await b.next('the join', (frame) => frame.event === 'presence_diff');
      assert.equal(came.ref, null);
      assert.deepEqual(came.payload.leaves, {});
      const [meta] = came.payload.joins.a.metas;
      assert.deepEqual({ ...meta, phx_ref: '' }, { phx_ref: '', n: 1 });
      assert.notEqual(meta.phx_ref, 'forged');
      a.push(topic, 'presence', track({ n: 2 }), joined.ref);
      const changed = await b.next('the update', (frame) => frame.event === 'presence_diff' && frame.payload.joins.a?.metas[0].n === 2);
      assert.equal(changed.payload.joins.a.metas[0].phx_ref_prev, meta.phx_ref);
      assert.equal(changed.payload.leaves.a.metas[0].phx_ref, meta.phx_ref);
      a.ws.terminate();
      const left = await b.next('the leave', (frame) => frame.event === 'presence_diff' && frame.payload.leaves.a?.metas[0].n === 2);
      assert.deepEqual(left.payload.joins, {});
      b.close();
    });
  });
}

describe('what is refused', () => {
  it('says why and keeps the socket', async () => {
    const topic = `realtime:${room()}`;
    const socket = new Socket(server);
    await socket.opened;
    const joined = await socket.join(topic, { presence: { key: 'x', enabled: true } });
    const cases = [
      [track([1]), /must be a map/], [track('x'), /must be a map/], [{ type: 'presence', event: 'shout' }, /UnknownPresenceEvent/],
      [track({ pad: 'x'.repeat(20_000) }), /InvalidPresencePayload/],
    ];
    for (const [payload, reason] of cases) {
      const reply = await socket.reply(socket.push(topic, 'presence', payload, joined.ref));
      assert.equal(reply.payload.status, 'error');
      assert.match(reply.payload.response.reason, reason);
    }
    for (let n = 0; n < 3000; n += 1) socket.push(topic, 'presence', track({ n }), joined.ref);
    await socket.next('a refusal', (frame) => /ClientPresenceRateLimitReached/.test(frame.payload?.response?.reason ?? ''));
    await sleep(2500);
    assert.equal(socket.ws.readyState, socket.ws.OPEN);
    assert.equal((await socket.reply(socket.push(topic, 'presence', track({ last: true }), joined.ref))).payload.status, 'ok');
    socket.close();
  });
});

describe('after many have come and vanished', () => {
  it('nobody is left behind', async () => {
    const topic = `realtime:${room()}`;
    const looking = await enter(fresh(), topic.slice('realtime:'.length));
    for (let round = 0; round < 3; round += 1) {
      const sockets = Array.from({ length: 20 }, () => new Socket(server));
      await Promise.all(sockets.map((socket) => socket.opened));
      await Promise.all(sockets.map(async (socket, n) => {
        const joined = await socket.join(topic, { presence: { key: `k${n}` } });
        await socket.reply(socket.push(topic, 'presence', track({ mood: round }), joined.ref));
      }));
      await eventually('twenty', () => Object.keys(looking.channel.presenceState()).length === 20);
      sockets.forEach((socket) => socket.ws.terminate());
      await becomes(looking, {});
    }
    await becomes(await enter(fresh(), topic.slice('realtime:'.length)), {});
  });
});
