// Presence as every client has it: who hears what, in which order, and what ends it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { claimsOf, jwt } from '../lib/callers.mjs';
import { clientStage, everyClient, KINDS } from '../lib/clients.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually } from '../lib/server.mjs';

const { server, people, shop } = await clientStage(async ({ server }) => {
  // The claim `may` says what its bearer may do in team-* rooms, as far as presence goes.
  await server.sql.unsafe(`
    create policy team_hear on realtime.messages for select to authenticated
      using (realtime.topic() like 'team-%' and extension = 'broadcast');
    create policy team_look on realtime.messages for select to authenticated
      using (realtime.topic() like 'team-%' and extension = 'presence' and auth.jwt() -> 'user_metadata' ->> 'may' like '%look%');
    create policy team_show on realtime.messages for insert to authenticated
      with check (realtime.topic() like 'team-%' and extension = 'presence' and auth.jwt() -> 'user_metadata' ->> 'may' like '%show%')`);
});

const room = (prefix = 'room') => `${prefix}-${randomUUID().slice(0, 8)}`;
const may = (what) => jwt({ ...claimsOf(shop.token), user_metadata: { may: what } }, server.env.SUPABASE_JWT_SECRET);
const enter = (kind, topic, key, more = {}) =>
  people.join(kind, topic, { presence: true, ...more, config: { ...(key ? { presence: { key } } : {}), ...more.config } });
const state = (heard) => Object.fromEntries(
  Object.entries(heard.channel.presenceState()).map(([key, metas]) => [key, metas.map((meta) => meta.mood).sort()]));
const becomes = (heard, wanted) => eventually(`${JSON.stringify(wanted)} for ${heard.kind.name}, is ${JSON.stringify(state(heard))}`,
  () => { assert.deepEqual(state(heard), wanted); return true; });
const saw = (heard, event, key) => heard.presence.filter((seen) => seen.event === event && seen.key === key);

everyClient({ describe, it }, () => people, {
  'gets an empty state first, so that it knows nobody is there': [[], async (kind) => {
    const heard = await enter(kind, room(), 'me');
    await eventually('a sync', () => heard.presence.some((seen) => seen.event === 'sync'));
    assert.deepEqual(heard.channel.presenceState(), {});
    assert.equal(heard.presence.filter((seen) => seen.event !== 'sync').length, 0);
  }],

  'sees join, change and leave, of itself and others, each once and with its sync': [[], async (kind) => {
    const topic = room();
    const [ann, bob] = [await enter(kind, topic, 'ann'), await enter(kind, topic, 'bob')];
    assert.equal(await ann.channel.track({ mood: 'new', n: 1 }), 'ok');
    for (const heard of [ann, bob]) await becomes(heard, { ann: ['new'] });
    const [joined] = await eventually('a join', () => saw(bob, 'join', 'ann'));
    assert.deepEqual(joined.currentPresences, []);
    const { presence_ref, ...meta } = joined.newPresences[0];
    assert.deepEqual(meta, { mood: 'new', n: 1 });
    assert.match(presence_ref, /./);
    const names = bob.presence.map((seen) => seen.event);
    assert.ok(names.lastIndexOf('sync') > names.indexOf('join'), `a sync follows the join: ${names}`);

    assert.equal(await ann.channel.track({ mood: 'tired' }), 'ok');
    for (const heard of [ann, bob]) await becomes(heard, { ann: ['tired'] });
    assert.notEqual(bob.channel.presenceState().ann[0].presence_ref, presence_ref, 'a change has a ref of its own');
    assert.equal(await ann.channel.track({ mood: 'tired' }), 'ok', 'the same again');
    assert.equal(await ann.channel.untrack(), 'ok');
    for (const heard of [ann, bob]) await becomes(heard, {});
    assert.equal(saw(bob, 'join', 'ann').length, 2);
    const left = saw(bob, 'leave', 'ann').at(-1);
    assert.deepEqual(left.leftPresences.map(({ mood }) => mood), ['tired']);
    assert.deepEqual(left.currentPresences, []);
  }],

  'sees who was there before, and everybody sees it': [[], async (kind) => {
    const topic = room();
    const others = await Promise.all(KINDS.map((other, index) => enter(other, topic, `k${index}`)));
    for (const other of others) assert.equal(await other.channel.track({ mood: other.kind.name }), 'ok');
    const everybody = Object.fromEntries(KINDS.map((other, index) => [`k${index}`, [other.name]]));
    const late = await enter(kind, topic, 'late');
    await becomes(late, everybody);
    assert.equal(await late.channel.track({ mood: 'late' }), 'ok');
    for (const heard of [...others, late]) await becomes(heard, { ...everybody, late: ['late'] });
    // However a client goes, it is gone: leaves, closes its socket, vanishes.
    await others[0].leave();
    await others[1].client.realtime.disconnect();
    await others[2].client.removeAllChannels();
    const { k0, k1, k2, ...rest } = everybody;
    for (const heard of [...others.slice(3), late]) await becomes(heard, { ...rest, late: ['late'] });
    await Promise.all([...others.slice(3), late].map((heard) => heard.leave()));
  }],

  'is one of several presences of a key': [[], async (kind) => {
    const topic = room();
    const [a, b, watcher] = [await enter(kind, topic, 'same'), await enter(kind, topic, 'same'), await enter(kind, topic, 'watcher')];
    await a.channel.track({ mood: 'a' });
    await b.channel.track({ mood: 'b' });
    await becomes(watcher, { same: ['a', 'b'] });
    await a.channel.track({ mood: 'A' });
    await becomes(watcher, { same: ['A', 'b'] });
    await b.channel.untrack();
    await becomes(watcher, { same: ['A'] });
    const left = saw(watcher, 'leave', 'same').at(-1);
    assert.deepEqual([left.leftPresences.length, left.currentPresences.length], [1, 1]);
  }],

  'gets a key from the server when it has none': [[], async (kind) => {
    const topic = room();
    const [a, b] = [await enter(kind, topic), await enter(kind, topic)];
    await a.channel.track({ mood: 'a' });
    await b.channel.track({ mood: 'b' });
    await eventually('both', () => Object.keys(a.channel.presenceState()).length === 2);
    for (const key of Object.keys(b.channel.presenceState())) assert.match(key, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  }],

  'is seen though it does not listen': [[], async (kind) => {
    const topic = room();
    const [shy, watcher] = [await people.join(kind, topic, { config: { presence: { key: 'shy' } } }), await enter(kind, topic, 'w')];
    assert.equal(await shy.channel.track({ mood: 'there' }), 'ok');
    await becomes(watcher, { shy: ['there'] });
  }],

  'may track 50 times at once; the last one counts and the channel stays': [[], async (kind) => {
    const topic = room();
    const [busy, watcher] = [await enter(kind, topic, 'busy'), await enter(kind, topic, 'w')];
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => busy.channel.track({ mood: n })));
    assert.ok(answers.every((answer) => answer === 'ok'), String(answers));
    await becomes(watcher, { busy: [49] });
    assert.deepEqual([...busy.statuses, ...watcher.statuses], ['SUBSCRIBED', 'SUBSCRIBED']);
  }],

  'carries any payload and any key': [[], async (kind) => {
    const topic = room();
    const key = 'ü "k" {}/😀';
    const [a, b] = [await enter(kind, topic, key), await enter(kind, topic, 'b')];
    const payload = { list: [1, null, { deep: 'x' }], text: 'ü😀"\\', mood: 'odd', empty: {} };
    await a.channel.track(payload);
    await becomes(b, { [key]: ['odd'] });
    const { presence_ref, ...meta } = b.channel.presenceState()[key][0];
    assert.deepEqual(meta, payload);
  }],

  'in a private room needs one right to look and another to be seen': [['rooms'], async (kind) => {
    const topic = room('team');
    const inside = (what, key) => enter(kind, topic, key, { token: may(what), config: { private: true, presence: { key } } });
    const [both, looks, shows, neither] = [
      await inside('look show', 'both'), await inside('look', 'looks'), await inside('show', 'shows'), await inside('', 'neither')];
    assert.equal(await both.channel.track({ mood: 'b' }), 'ok');
    assert.equal(await shows.channel.track({ mood: 's' }), 'ok');
    if (kind.refusals) assert.equal(await looks.channel.track({ mood: 'l' }), 'error');
    for (const heard of [both, looks]) await becomes(heard, { both: ['b'], shows: ['s'] });
    for (const heard of [shows, neither]) assert.deepEqual(heard.channel.presenceState(), {});
    // The public room of the same name is another one.
    const outside = await enter(kind, topic, 'outside');
    await outside.channel.track({ mood: 'o' });
    await becomes(outside, { outside: ['o'] });
    await becomes(looks, { both: ['b'], shows: ['s'] });
  }],

  'comes back with its presence after a lost connection': [['modern'], async (kind) => {
    const topic = room();
    const [watcher, heard] = [await enter(kind, topic, 'w'), await enter(kind, topic, 'me')];
    await heard.channel.track({ mood: 'here' });
    await becomes(watcher, { me: ['here'] });
    await heard.client.realtime.disconnect();
    await becomes(watcher, {});
    heard.client.realtime.connect();
    await eventually(`back: ${heard.statuses}`, () => heard.count('SUBSCRIBED') === 2, 30_000);
    await heard.channel.track({ mood: 'again' });
    for (const one of [watcher, heard]) await becomes(one, { me: ['again'] });
  }],
});

describe('a key that JavaScript has a meaning for', () => {
  it('is a key like others', async () => {
    const topic = `realtime:${room()}`;
    const config = (key) => ({ presence: { key, enabled: true } });
    const keys = ['__proto__', 'constructor', 'toString', 'phx_ref'];
    const watcher = new Socket(server);
    await watcher.opened;
    await watcher.join(topic, config('watcher'));
    const sockets = [];
    for (const key of keys) {
      const socket = new Socket(server, { vsn: '1.0.0' });
      sockets.push(socket);
      await socket.opened;
      const { ref } = await socket.join(topic, config(key));
      const tracked = socket.push(topic, 'presence', { type: 'presence', event: 'track', payload: { [key]: key, mood: 'odd' } }, ref);
      assert.equal((await socket.reply(tracked)).payload.status, 'ok');
      const diff = await watcher.next(`the join of ${key}`, ({ event, payload }) => event === 'presence_diff' && Object.hasOwn(payload.joins, key));
      assert.equal(diff.payload.joins[key].metas[0].mood, 'odd');
    }
    for (const socket of sockets) await socket.close();
    for (const key of keys) await watcher.next(`the leave of ${key}`, ({ event, payload }) => event === 'presence_diff' && Object.hasOwn(payload.leaves, key));
    await watcher.close();
  });
});
