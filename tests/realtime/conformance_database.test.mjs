// What the database sends, as every client gets it: realtime.send() and its kin, policies that read
// realtime.topic(), history on joining.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { clientStage, everyClient, KINDS } from '../lib/clients.mjs';
import { connectDatabase, eventually } from '../lib/server.mjs';

const { server, people, shop } = await clientStage(async ({ server }) => {
  await server.sql.unsafe(`
    create policy hall_read on realtime.messages for select to authenticated
      using (realtime.topic() like 'hall-%' and extension = 'broadcast');
    create policy own_read on realtime.messages for select to authenticated using (realtime.topic() = 'user:' || auth.uid());
    create table public.items (id uuid primary key, value text, topic text);
    create function public.tell_items() returns trigger language plpgsql security definer as $$
      begin
        perform realtime.broadcast_changes(coalesce(new.topic, old.topic), tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
    create trigger tell after insert or update or delete on public.items for each row execute function public.tell_items()`);
});

const room = (prefix = 'hall') => `${prefix}-${randomUUID().slice(0, 8)}`;
const send = (topic, event, payload, isPrivate = true, sql = server.sql) =>
  sql`select realtime.send(${sql.json(payload)}, ${event}, ${topic}, ${isPrivate})`;
const hall = (kind, topic, config = {}) =>
  people.join(kind, topic, { token: shop.token, config: { private: true, ...config, broadcast: { ack: true, ...config.broadcast } } });
const names = (heard) => heard.broadcasts.map((message) => message.event);

everyClient({ describe, it }, () => people, {
  'hears realtime.send() in a private room, with an id, after the commit, in order': [['rooms'], async (kind) => {
    const topic = room();
    const heard = await hall(kind, topic);
    await assert.rejects(server.sql.begin(async (sql) => {
      await send(topic, 'never', { n: 0 }, true, sql);
      throw new Error('rolled back');
    }));
    await server.sql.begin(async (sql) => {
      for (let n = 0; n < 20; n += 1) await send(topic, `e${n}`, { n }, true, sql);
    });
    await send(topic, 'own id', { id: 'mine' });
    await heard.broadcast('own id');
    assert.deepEqual(names(heard), [...Array.from({ length: 20 }, (_, n) => `e${n}`), 'own id']);
    const [first] = heard.broadcasts;
    assert.equal(first.type, 'broadcast');
    assert.match(first.meta.id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(first.payload, { n: 0, id: first.meta.id });
    assert.equal(heard.broadcasts.at(-1).payload.id, 'mine');
    assert.ok(!first.meta.replayed);
  }],

  'hears realtime.send() in a public room when that is asked for, and only there': [[], async (kind) => {
    const topic = room();
    const open = await people.join(kind, topic);
    await send(topic, 'hidden', {}, true);
    await send(topic, 'shown', { n: 1 }, false);
    assert.equal((await open.broadcast('shown')).payload.n, 1);
    assert.deepEqual(names(open), ['shown']);
    if (!kind.rooms) return;
    const closed = await hall(kind, topic);
    await send(topic, 'open', {}, false);
    await send(topic, 'closed', {}, true);
    await closed.broadcast('closed');
    assert.deepEqual(names(closed), ['closed']);
  }],

  'hears the bytes of realtime.send_binary(), if its version can': [['rooms'], async (kind) => {
    const topic = room();
    const heard = await hall(kind, topic);
    const bytes = Buffer.from([0xde, 0xad, 0xbe, 0xef, 0, 255]);
    await server.sql`select realtime.send_binary(${bytes}, 'bytes', ${topic}, true)`;
    await send(topic, 'after', {});
    await heard.broadcast('after');
    const raw = heard.broadcasts.filter((message) => message.event === 'bytes');
    assert.deepEqual(raw.map(({ payload }) => [...new Uint8Array(payload)]), kind.bytes ? [[...bytes]] : []);
  }],

  'hears a trigger with realtime.broadcast_changes()': [['rooms'], async (kind) => {
    const topic = room();
    const heard = await hall(kind, topic);
    const id = randomUUID();
    await server.sql`insert into public.items values (${id}, 'a "1"', ${topic})`;
    await server.sql`update public.items set value = 'b' where id = ${id}`;
    await server.sql`delete from public.items where id = ${id}`;
    await heard.broadcast('DELETE');
    const row = (value) => ({ id, value, topic });
    const all = { schema: 'public', table: 'items' };
    assert.deepEqual(heard.broadcasts.map(({ payload: { id: message, ...payload } }) => payload), [
      { ...all, operation: 'INSERT', record: row('a "1"'), old_record: null },
      { ...all, operation: 'UPDATE', record: row('b'), old_record: row('a "1"') },
      { ...all, operation: 'DELETE', record: null, old_record: row('b') },
    ]);
  }],

  'is let in by a policy that reads realtime.topic(), into its own room only': [['rooms'], async (kind) => {
    const own = await hall(kind, `user:${shop.id}`);
    await send(`user:${shop.id}`, 'hello', { n: 1 });
    await own.broadcast('hello');
    const other = await people.join(kind, `user:${randomUUID()}`, { token: shop.token, config: { private: true }, wanted: 'CHANNEL_ERROR' });
    assert.match(other.reasons[0], /^"?Unauthorized: /);
  }],

  'is told when the stream of the database is there, if it asks': [['rooms'], async (kind) => {
    const topic = room();
    const heard = await hall(kind, topic, { broadcast: { replication_ready: true } });
    assert.deepEqual(await heard.told(/^Replication connection established$/),
      { extension: 'system', status: 'ok', message: 'Replication connection established', channel: topic });
  }],

  'gets the newest of a history first, oldest first, marked, then what is live': [['rooms'], async (kind) => {
    const topic = room();
    const since = Date.now() - 60_000;
    await server.sql.begin(async (sql) => {
      for (let n = 0; n < 5; n += 1) await send(topic, `e${n}`, { n }, true, sql);
    });
    const heard = await hall(kind, topic, { broadcast: { replay: { since, limit: 3 } } });
    await send(topic, 'live', {});
    await heard.broadcast('live');
    assert.deepEqual(names(heard), ['e2', 'e3', 'e4', 'live']);
    assert.deepEqual(heard.broadcasts.map(({ meta }) => meta.replayed === true), [true, true, true, false]);
    const later = await hall(kind, topic, { broadcast: { replay: { since: Date.now() + 60_000 } } });
    await send(topic, 'end', {});
    await later.broadcast('end');
    assert.deepEqual(names(later), ['end']);
  }],

  'comes back with its cursor and gets what it missed, once and in order': [['rooms'], async (kind) => {
    const topic = room();
    const first = await hall(kind, topic, { broadcast: { recover: {} } });
    const start = await eventually('a cursor', () => first.system.find((message) => message.extension === 'recover'));
    assert.equal(start.status, 'ok');
    await send(topic, 'seen', { n: 0 });
    const { horizon } = (await first.broadcast('seen')).meta;
    await first.leave();
    for (let n = 1; n <= 30; n += 1) await send(topic, `m${n}`, { n });
    const again = await hall(kind, topic, { broadcast: { recover: { horizon } } });
    await send(topic, 'live', {});
    await again.broadcast('live');
    const fresh = again.broadcasts.filter(({ meta }) => meta.id !== first.broadcasts[0].meta.id);
    assert.deepEqual(fresh.map(({ event }) => event), [...Array.from({ length: 30 }, (_, n) => `m${n + 1}`), 'live']);
    assert.equal(new Set(again.broadcasts.map(({ meta }) => meta.id)).size, again.broadcasts.length);
    assert.ok(again.system.some((message) => message.extension === 'recover' && message.status === 'ok'));
  }],
});

describe('SQL that may not send', () => {
  it('goes on, with a warning, and nobody hears it', async () => {
    const topic = room();
    const heard = await hall(KINDS[0], topic);
    const notices = [];
    const sql = connectDatabase(server.env.DATABASE_URL, { max: 1, onnotice: (notice) => notices.push(notice.message) });
    try {
      await sql.begin(async (tx) => {
        await tx`select set_config('request.jwt.claims', ${JSON.stringify({ role: 'authenticated', sub: shop.id })}, true)`;
        await tx`set local role authenticated`;
        await tx`select realtime.send('{"n": 1}'::jsonb, 'forbidden', ${topic}, true)`;
      });
      await sql`select realtime.send('[1]'::jsonb, 'no object', ${topic}, true)`;
      await send(topic, 'allowed', {});
      await heard.broadcast('allowed');
      assert.deepEqual(names(heard), ['allowed']);
      assert.equal(notices.filter((text) => text.startsWith('WarnSendingBroadcastMessage: ')).length, 2, String(notices));
      for (const [operation, level] of [['TRUNCATE', 'ROW'], ['INSERT', 'STATEMENT']]) {
        await assert.rejects(sql`select realtime.broadcast_changes(${topic}, 'x', ${operation}, 't', 's', null::public.items, null::public.items, ${level})`);
      }
    } finally {
      await sql.end();
    }
  });
});
