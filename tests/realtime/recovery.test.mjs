// Coming back: what happened while a client was away is sent in order and before anything live, or the
// client is told that it cannot be had.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { account, fn, say, supabase } from '../lib/callers.mjs';
import { parseKind4, Socket } from '../lib/realtime.mjs';
import { connectDatabase, eventually, sleep, startServer } from '../lib/server.mjs';

const BEHIND_MAX = 4000; // rows; a gap is told at 10,000
const JOINS_MIN = 6; // of each client that is cut off: it is written until all have come back that often,
const PARTS_MAX = 20; // at most so many times ROWS
const WRITERS = 32;
const ROWS = Number(process.env.CHATPAD_RECOVERY_ROWS ?? 10_000); // tests/chaos asks for more

let server;
let shop;
let stranger;
const wandering = new Set();
before(async () => {
  server = await startServer({ env: { CHATPAD_POOL: '4' } });
  shop = await account(server);
  stranger = await account(server);
});
after(async () => {
  for (const wanderer of wandering) await wanderer.stop();
  shop?.client.realtime.disconnect();
  stranger?.client.realtime.disconnect();
  await server?.stop();
});

const as = (who, name, body) => fn(server, name, body, { token: who.token });
const events = (socket) => socket.received.filter((frame) => frame.event === 'broadcast').map((frame) => frame.payload);
const names = (socket) => events(socket).map((seen) => seen.event);
const caughtUp = (socket) => socket.next('the end of the history', (frame) => frame.event === 'system' && frame.payload.extension === 'recover').then((frame) => frame.payload);

// A bare socket that joined `topic` with `recover` as `who`.
async function back(who, topic, recover, { vsn = '2.0.0', more = {} } = {}) {
  const socket = new Socket(server, { vsn });
  await socket.opened;
  const reply = await socket.join(`realtime:${topic}`, { private: true, broadcast: { ack: false, self: false, recover, ...more } }, who.token);
  return { socket, reply };
}
const send = (topic, event, payload = {}, sql = server.sql) => sql`
  insert into realtime.messages (topic, extension, event, private, payload)
  values (${topic}, 'broadcast', ${event}, true, ${sql.json(payload)})`;

describe('a conversation, by seq', () => {
  for (const vsn of ['1.0.0', '2.0.0']) {
    it(`gives every event since the message, in order, before live ones (${vsn})`, async () => {
      const { conversationId, reply: answer } = (await say(server, shop.guest, 'One.')).body;
      await as(shop, 'start-takeover', { conversationId });
      await as(shop, 'send-human-message', { conversationId, content: 'Two.' });
      await say(server, shop.guest, 'Three.', { conversationId });
      await as(shop, 'end-takeover', { conversationId });
      const { socket, reply } = await back(shop.guest, `conversation:${conversationId}`, { seq: answer.seq }, { vsn });
      assert.equal(reply.status, 'ok');
      const end = await caughtUp(socket);
      const since = names(socket).slice(names(socket).indexOf('takeover.started'));
      assert.deepEqual(since.filter((name) => name !== 'conversation.updated'), ['takeover.started', 'message.created', 'message.created', 'takeover.ended']);
      assert.deepEqual(events(socket).filter((seen) => seen.meta.seq > answer.seq).map((seen) => seen.meta.seq), [answer.seq + 1, answer.seq + 2]);
      assert.ok(events(socket).every((seen) => seen.meta.replayed === true && seen.meta.horizon), 'each says that it is old, and where to go on');
      assert.equal(reply.response.recover.count, end.count);
      assert.equal(end.count, events(socket).length);
      await say(server, shop.guest, 'Four.', { conversationId });
      const live = await socket.next('a live one', (frame) => frame.payload.payload?.message?.content === 'Four.');
      assert.equal(live.payload.meta.replayed, undefined);
      const ids = events(socket).filter((seen) => seen.meta).map((seen) => seen.meta.id);
      assert.equal(new Set(ids).size, ids.length, 'nothing twice');
      await socket.close();
    });
  }

  it('gives a visitor the short row of a lead and people the same', async () => {
    const { conversationId } = (await say(server, shop.guest, 'My address follows.')).body;
    await as(shop.guest, 'create-widget-lead', { agentId: shop.agentId, conversationId, email: 'me@example.test' });
    for (const who of [shop.guest, shop]) {
      const { socket } = await back(who, `conversation:${conversationId}`, { seq: 1 });
      await caughtUp(socket);
      const lead = events(socket).find((seen) => seen.event === 'lead.created').payload.lead;
      assert.equal(lead.email, 'me@example.test');
      assert.equal(lead.score, undefined);
      await socket.close();
    }
    const { socket } = await back(shop, `account:${shop.id}`, { horizon: await horizonBefore(conversationId) });
    await caughtUp(socket);
    assert.equal(typeof events(socket).find((seen) => seen.event === 'lead.created').payload.lead.score, 'number');
    await socket.close();
  });

  it('is told of a gap when part of the history was dropped, and lives on', async () => {
    const { conversationId } = (await say(server, shop.guest, 'Long ago.')).body;
    await server.sql`update realtime.purged set until = (now() at time zone 'utc')`;
    const { socket, reply } = await back(shop.guest, `conversation:${conversationId}`, { seq: 1 });
    assert.equal(reply.status, 'ok');
    assert.deepEqual(reply.response.recover.gap, { from: 1, to: 2 });
    assert.equal(reply.response.recover.reason, 'purged');
    const told = await caughtUp(socket);
    assert.equal(told.status, 'error');
    assert.deepEqual(told.gap, { from: 1, to: 2 });
    await server.sql`update realtime.purged set until = '-infinity'`;
    await say(server, shop.guest, 'And now?', { conversationId });
    await socket.next('a live one', (frame) => frame.payload.payload?.message?.content === 'And now?');
    assert.ok(events(socket).every((seen) => !seen.meta?.replayed));
    await socket.close();
  });
});

async function horizonBefore(conversationId) {
  const [{ horizon }] = await server.sql`select min(horizon::text::bigint) as horizon from realtime.messages where topic = ${`conversation:${conversationId}`}`;
  return `${await cluster()}.${horizon}`;
}
async function cluster() {
  const [{ id, timeline }] = await server.sql`select (select system_identifier from pg_control_system()) as id, (select timeline_id from pg_control_checkpoint()) as timeline`;
  return `${id}.${timeline}`;
}

describe('an account, by horizon', () => {
  it('gives a first cursor to who has none, and with it what came after', async () => {
    const first = await back(shop, `account:${shop.id}`, {});
    const { horizon } = await caughtUp(first.socket);
    assert.ok(horizon.startsWith(`${await cluster()}.`));
    assert.deepEqual(events(first.socket).filter((seen) => seen.meta.replayed), []);
    await first.socket.close();
    const { conversationId } = (await say(server, shop.guest, 'While nobody looks.')).body;
    const second = await back(shop, `account:${shop.id}`, { horizon });
    await caughtUp(second.socket);
    assert.deepEqual(events(second.socket).filter((seen) => JSON.stringify(seen.payload).includes(conversationId)).map((seen) => seen.event),
      ['conversation.created', 'message.created', 'message.created']);
    await second.socket.close();
  });

  it('answers with a gap: another database, the future, what was dropped, too much', async () => {
    const ours = await cluster();
    const gapOf = async (horizon) => {
      const { socket, reply } = await back(shop, `account:${shop.id}`, { horizon });
      await caughtUp(socket);
      assert.ok(events(socket).every((seen) => !seen.meta.replayed));
      await socket.close();
      assert.equal(reply.response.recover.gap.from, horizon);
      assert.equal(reply.response.recover.gap.to, reply.response.recover.horizon);
      return reply.response.recover.reason;
    };
    assert.equal(await gapOf('1.1.5'), 'another_database');
    assert.equal(await gapOf(`${ours}.999999999999`), 'ahead');
    await server.sql`update realtime.purged set xid = '700'`;
    assert.equal(await gapOf(`${ours}.700`), 'purged');
    await server.sql`update realtime.purged set xid = '0'`;
    const { socket } = await back(shop, `account:${shop.id}`, {});
    const { horizon } = await caughtUp(socket);
    await server.sql`insert into realtime.messages (topic, extension, event, private, payload)
      select ${`account:${shop.id}`}, 'broadcast', 'many', true, '{}' from generate_series(1, 10001)`;
    await eventually('all of it came live', () => socket.received.length > 10_001);
    await socket.close();
    assert.equal(await gapOf(horizon), 'too_long');
  });

  it('gives strangers nothing, and refuses what is no cursor', async () => {
    for (const [who, topic] of [[stranger, `account:${shop.id}`], [stranger, `conversation:${shop.conversationId}`], [shop.guest, `account:${shop.id}`], [stranger.guest, `conversation:${shop.conversationId}`]]) {
      const { socket, reply } = await back(who, topic, {});
      assert.equal(reply.status, 'error');
      assert.match(reply.response.reason, /^Unauthorized: /);
      assert.deepEqual(events(socket), []);
      await socket.close();
    }
    for (const recover of [{ seq: 1 }, { seq: -1 }, { horizon: 7 }, 'now', []]) {
      const { socket, reply } = await back(shop, `account:${shop.id}`, recover);
      assert.equal(reply.response.reason, 'UnableToRecover: Recover params are not valid');
      await socket.close();
    }
  });
});

describe('broadcast.replay', () => {
  it('gives the newest events since a time, oldest first, marked, and their live copies not again', async () => {
    await server.sql.unsafe(`drop policy if exists replay_room on realtime.messages;
      create policy replay_room on realtime.messages for select to authenticated using (realtime.topic() = 'replay-room')`);
    const since = Date.now();
    await server.sql.begin(async (sql) => {
      for (let n = 0; n < 5; n += 1) await send('replay-room', `e${n}`, { n }, sql);
    });
    for (const vsn of ['1.0.0', '2.0.0']) {
      const { socket, reply } = await back(shop, 'replay-room', undefined, { vsn, more: { replay: { since: since - 60_000, limit: 3 } } });
      assert.deepEqual(reply.response, { postgres_changes: [] });
      await socket.next('the newest', (frame) => frame.payload.event === 'e4');
      assert.deepEqual(names(socket), ['e2', 'e3', 'e4'], 'rows of one transaction keep their order');
      assert.ok(events(socket).every((seen) => seen.meta.replayed === true && seen.meta.id));
      await socket.close();
    }
    const { socket } = await back(shop, 'replay-room', undefined, { more: { replay: { since: Date.now() + 60_000 } } });
    await send('replay-room', 'live');
    await socket.next('a live one', (frame) => frame.payload.event === 'live');
    assert.deepEqual(names(socket), ['live']);
    await socket.close();
  });

  it('is for private channels and sane parameters, in the words clients know', async () => {
    const socket = new Socket(server);
    await socket.opened;
    const open = await socket.join('realtime:lobby', { broadcast: { replay: { since: 1 } } });
    assert.equal(open.response.reason, 'UnableToReplayMessages: Replay is not allowed for public channels');
    const wrong = await socket.join('realtime:lobby', { private: true, broadcast: { replay: { since: 1, limit: 26 } } });
    assert.equal(wrong.response.reason, 'UnableToReplayMessages: Replay params are not valid');
    await socket.close();
  });

  it('works with supabase-js', async () => {
    const heard = [];
    const channel = shop.client.channel('replay-room', { config: { private: true, broadcast: { replay: { since: Date.now() - 3_600_000, limit: 2 } } } });
    channel.on('broadcast', { event: '*' }, (message) => heard.push(message));
    channel.subscribe();
    await eventually('two events', () => heard.length >= 2);
    assert.deepEqual(heard.map((message) => [message.event, message.meta.replayed]), [['e4', true], ['live', true]]);
    await shop.client.removeChannel(channel);
  });
});

// A client that is cut off at random moments, keeps the newest cursor and drops what it knows.
class Wanderer {
  constructor(topic, token, vsn) {
    Object.assign(this, { topic, token, vsn, known: new Set(), order: [], cursor: {}, joins: 0, gaps: 0, stopped: false });
    this.done = this.wander();
    wandering.add(this);
  }
  async wander() {
    while (!this.stopped) {
      const ended = this.session();
      await Promise.race([ended, sleep(40 + Math.random() * 500)]);
      if (this.stopped) break;
      this.ws.terminate();
      await ended;
      if (Math.random() < 0.3) await sleep(Math.random() * 300);
    }
  }
  session() {
    const socket = new Socket(server, { vsn: this.vsn });
    const { ws } = socket;
    this.ws = ws;
    ws.removeAllListeners('message');
    ws.on('open', () => socket.push(`realtime:${this.topic}`, 'phx_join', {
      config: { private: true, broadcast: { recover: { ...this.cursor } }, presence: {}, postgres_changes: [] }, access_token: this.token }));
    ws.on('message', (data, binary) => {
      if (ws !== this.ws || ws.readyState !== ws.OPEN) return;
      const { event, payload } = binary ? parseKind4(data) : socket.parse(String(data));
      if (event === 'broadcast') this.hear(payload);
      else if (event === 'system' && payload.extension === 'recover') {
        this.joins += 1;
        if (payload.gap) this.gaps += 1;
        this.cursor.horizon = payload.horizon;
      } else if (event === 'phx_error' || (event === 'phx_reply' && payload.status === 'error')) ws.terminate();
    });
    return new Promise((resolve) => ws.on('close', resolve));
  }
  hear({ meta, payload }) {
    if (!this.known.has(meta.id)) {
      this.known.add(meta.id);
      this.order.push(payload);
    }
    this.cursor.horizon = meta.horizon;
  }
  async stop() {
    this.stopped = true;
    this.ws?.terminate();
    await this.done;
  }
}

async function helper() {
  const { outputFiles } = await build({ entryPoints: [path.resolve(import.meta.dirname, '../../widget-assets/shared/recover.ts')], bundle: true, format: 'esm', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

describe('under load', () => {
  it('misses nothing: 32 writers whose transactions commit out of order, clients cut off at random', async (context) => {
    const topic = `account:${shop.id}`;
    const { recoverable } = await helper();
    const wanderers = Array.from({ length: 6 }, (_, i) => new Wanderer(topic, shop.token, i % 2 ? '1.0.0' : '2.0.0'));
    const heard = [];
    const room = recoverable(shop.client, topic, { onGap: () => assert.fail('a gap') });
    room.on('stress', ({ payload, meta }) => heard.push({ ...payload, id: meta.id }));
    room.channel.subscribe();
    await eventually('everybody has a cursor', () => room.cursor.horizon && wanderers.every((one) => one.cursor.horizon));
    const jolt = setInterval(() => shop.client.realtime.conn?.close(), 1500);

    const writers = connectDatabase(server.env.DATABASE_URL, { max: WRITERS });
    context.after(() => {
      clearInterval(jolt);
      return writers.end({ timeout: 1 });
    });
    const perWriter = Math.ceil(ROWS / WRITERS);
    // A history has its limit: whoever is too far behind would rightly be told of a gap.
    const lists = [...wanderers.map((one) => one.order), heard];
    let committed = 0;
    const slowestIsNear = () => committed - Math.min(...lists.map((list) => list.length)) < BEHIND_MAX;
    const allCameBack = () => wanderers.every((one) => one.joins >= JOINS_MIN);
    await Promise.all(Array.from({ length: WRITERS }, async (_, w) => {
      for (let n = 0; n < perWriter || (!allCameBack() && n < PARTS_MAX * perWriter);) {
        if (!slowestIsNear()) await eventually('the slowest client is near', slowestIsNear, 120_000);
        const first = 1 + Math.floor(Math.random() * 4);
        const second = Math.floor(Math.random() * 4);
        const rollback = Math.random() < 0.1;
        const insert = (sql, from, count) => sql`
          insert into realtime.messages (topic, also_topics, extension, event, private, payload)
          select ${`conversation:${randomUUID()}`}, ${sql.array([topic])}, 'broadcast', 'stress', true,
            jsonb_build_object('w', ${w}::int, 'n', g) from generate_series(${from}::int, ${from + count - 1}::int) g`;
        const done = await writers.begin(async (sql) => {
          await insert(sql, n, first);
          if (Math.random() < 0.4) await sql`select pg_sleep(${Math.random() * 0.04})`;
          if (second) await insert(sql, n + first, second);
          if (rollback) throw new Error('roll back');
        }).then(() => true, (error) => {
          if (error.message !== 'roll back') throw error;
        });
        if (!done) continue;
        n += first + second;
        committed += first + second;
      }
    }));
    clearInterval(jolt);
    const rows = await writers`select id, (payload->>'w')::int as w, (payload->>'n')::int as n, xid::text::bigint as xid
      from realtime.messages where also_topics[1] = ${topic} and event = 'stress' order by ordinal`;
    assert.ok(rows.length >= ROWS, `${rows.length} rows`);
    const inversions = rows.filter((row, i) => i > 0 && Number(row.xid) < Number(rows[i - 1].xid)).length;
    assert.ok(inversions > ROWS / 300, `${inversions} transactions ended in another order than they began`);

    await eventually(() => '', () => lists.every((list) => list.length >= rows.length), 60_000).catch(() => {});
    await Promise.all(wanderers.map((one) => one.stop()));
    await shop.client.removeChannel(room.channel);
    lists.forEach((list, i) => {
      assert.equal(list.length, rows.length, `client ${i} has ${list.length} of ${rows.length}, ${wanderers[i]?.gaps ?? 0} gaps told`);
      const next = Array(WRITERS).fill(0);
      for (const { w, n } of list) {
        assert.equal(n, next[w], `client ${i}: the rows of writer ${w} are in order`);
        next[w] += 1;
      }
    });
    assert.equal(new Set(heard.map((one) => one.id)).size, rows.length);
    assert.equal(wanderers.reduce((sum, one) => sum + one.gaps, 0), 0);
    assert.ok(allCameBack(), `joins: ${wanderers.map((one) => one.joins)}`);
  });

  it('tells everybody who was acknowledged while the stream of events was broken', async (context) => {
    const wanderer = new Wanderer(`conversation:${shop.conversationId}`, shop.token, '2.0.0');
    await eventually('a cursor', () => wanderer.cursor.horizon);
    let killing = true;
    context.after(() => (killing = false));
    const killer = (async () => {
      while (killing) {
        await server.sql`select pg_terminate_backend(pid) from pg_stat_replication`;
        await sleep(150 + Math.random() * 400);
      }
    })();
    const socket = new Socket(server);
    await socket.opened;
    const written = [];
    for (let n = 0; n < 120; n += 1) {
      const topic = n % 2 ? `conversation:${shop.conversationId}` : `account:${shop.id}`;
      const joined = await socket.join(`realtime:${topic}`, { private: true }, shop.token);
      if (joined.status !== 'ok') continue;
      const mark = randomUUID();
      await send(topic, 'mark', { mark });
      if (n % 2) written.push(mark);
      await socket.next(`the write after join ${n}, or word of a gap`, (frame) => frame.payload.payload?.mark === mark
        || (frame.event === 'phx_error' && frame.join_ref === joined.ref));
      await sleep(Math.random() * 30);
    }
    killing = false;
    await killer;
    const heard = () => new Set(wanderer.order.map((payload) => payload.mark));
    await eventually('the client with a cursor has all of it', () => written.every((mark) => heard().has(mark)), 20_000);
    await wanderer.stop();
    await socket.close();
  });
});
