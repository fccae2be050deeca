// Clients with cursors in bad weather: their sockets are cut, readers pause, and whatever `weather` breaks
// is broken, while writers go on through HTTP and SQL. In the end every client's list is compared
// with the table. A client that is told of a gap does what docs/protocol.md says: it loads the state.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { build } from 'esbuild';
import { account, fn, say, supabase } from './callers.mjs';
import { parseKind4, Socket } from './realtime.mjs';
import { connectDatabase, eventually, sleep } from './server.mjs';

const EVENTS = ['conversation.created', 'message.created', 'takeover.started', 'takeover.ended', 'conversation.updated', 'lead.created', 'mark'];

export const random = (from, to) => from + Math.random() * (to - from);
const pick = (list) => list[Math.floor(Math.random() * list.length)];

// What every client keeps: the events by id, in the order they were first heard.
class Keeper {
  constructor(storm, topic, token) {
    Object.assign(this, { storm, topic, token, known: new Map(), joins: 0, cuts: 0, gaps: [], twice: 0, stopped: false });
  }
  hear(event, payload, meta) {
    if (this.known.has(meta.id)) return;
    this.known.set(meta.id, payload);
  }
  gap(told) {
    this.gaps.push(told.reason);
    this.loads = (this.loads ?? Promise.resolve()).then(() => this.load());
  }
  // The state after a gap, from the table.
  async load() {
    const rows = await this.storm.table(this.topic);
    for (const { id, event, payload } of rows) this.hear(event, payload, { id });
  }
}

// Bare frames. Cursor: the horizon of the newest event, or the last seq before which there is no hole.
class Wanderer extends Keeper {
  constructor(storm, topic, token, { by, vsn, stays = false }) {
    super(storm, topic, token);
    Object.assign(this, { by, vsn, stays, cursor: by === 'seq' ? { seq: 0 } : {}, seqs: new Set() });
    this.done = this.wander();
  }
  async wander() {
    while (!this.stopped) {
      const socket = new Socket(this.storm.server, { vsn: this.vsn });
      this.socket = socket;
      this.ws = socket.ws;
      this.ws.removeAllListeners('message');
      this.ws.on('open', () => this.join());
      this.ws.on('message', (data, binary) => {
        if (this.socket === socket && this.ws.readyState === 1) this.frame(binary ? parseKind4(data) : socket.parse(String(data)));
      });
      const { code } = await socket.closed;
      if (!this.stopped && !this.cut) this.storm.lost.push(code);
      this.cut = false;
      if (!this.stopped) await sleep(random(20, this.storm.away ? 500 : 200));
    }
  }
  join() {
    this.current = new Set();
    this.caughtUp = false;
    if (this.ws.readyState !== 1) return;
    this.ref = this.socket.push(`realtime:${this.topic}`, 'phx_join', {
      config: { private: true, broadcast: { recover: { ...this.cursor } }, presence: { enabled: false }, postgres_changes: [] }, access_token: this.token });
  }
  frame({ event, payload, ref, join_ref }) {
    if (event === 'broadcast' && payload.meta) {
      const { meta } = payload;
      if (this.current.has(meta.id)) this.twice += 1;
      this.current.add(meta.id);
      this.hear(payload.event, payload.payload, meta);
      if (this.by === 'horizon') this.cursor.horizon = meta.horizon;
      else if (meta.seq) {
        this.seqs.add(meta.seq);
        while (this.seqs.delete(this.cursor.seq + 1)) this.cursor.seq += 1;
      }
    } else if (event === 'system' && payload.extension === 'recover') {
      this.joins += 1;
      this.caughtUp = true;
      if (this.by === 'horizon') this.cursor.horizon = payload.horizon;
      if (payload.gap) this.gap(payload);
    } else if ((event === 'phx_error' && (join_ref ?? ref) === this.ref) || (event === 'phx_reply' && ref === this.ref && payload.status === 'error')) {
      const reason = payload.response?.reason ?? 'phx_error';
      this.storm.refusals.set(reason, (this.storm.refusals.get(reason) ?? 0) + 1);
      setTimeout(() => this.join(), random(20, 300));
    }
  }
  drop() {
    if (this.ws?.readyState !== 1) return false;
    this.cut = true;
    if (Math.random() < 0.5) this.ws.terminate();
    else this.ws.close();
    return true;
  }
  async pause(ms) {
    const { ws } = this;
    if (ws.readyState !== 1) return;
    ws.pause();
    await sleep(ms);
    ws.resume();
  }
  async stop() {
    this.stopped = true;
    this.ws?.terminate();
    await this.done;
    await this.loads;
  }
}

// supabase-js with widget-assets/shared/recover.ts.
class Page extends Keeper {
  constructor(storm, topic, token) {
    super(storm, topic, token);
    this.by = 'page';
    this.told = new Set();
    this.client = supabase(storm.server, { token, realtime: { reconnectAfterMs: (tries) => Math.min(200 * tries, 1000) + random(0, 200) } });
    this.room = storm.recoverable(this.client, topic, { onGap: (told) => this.gap(told), onCaughtUp: () => { this.joins += 1; this.caughtUp = true; } });
    for (const name of EVENTS) this.room.on(name, ({ event, payload, meta }) => {
      if (this.told.has(meta.id)) this.twice += 1;
      this.told.add(meta.id);
      this.hear(event, payload, meta);
    });
    this.room.channel.subscribe();
  }
  drop() {
    const { conn } = this.client.realtime;
    if (conn?.readyState !== 1) return false;
    conn.close();
    return true;
  }
  async stop() {
    this.stopped = true;
    await Promise.race([this.client.removeAllChannels(), sleep(2000)]);
    await this.client.realtime.disconnect();
    await this.loads;
  }
}

export class Storm {
  constructor(server) {
    Object.assign(this, { server, clients: [], lost: [], refusals: new Map(), written: 0, cuts: 0, going: false, away: false });
  }

  async open({ accounts = 4, talks = 8, seq, horizon, account: of, pages }) {
    const { outputFiles } = await build({ entryPoints: [path.resolve(import.meta.dirname, '../../widget-assets/shared/recover.ts')], bundle: true, format: 'esm', write: false });
    ({ recoverable: this.recoverable } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`));
    this.sql = connectDatabase(this.server.env.DATABASE_URL, { max: 8, connect_timeout: 5, backoff: () => 0.2 });
    this.shops = [];
    for (let i = 0; i < accounts; i += 1) this.shops.push(await account(this.server));
    this.talks = [];
    for (const shop of this.shops) {
      for (let i = 0; i < talks; i += 1) {
        const { conversationId: id } = (await say(this.server, shop.guest, `Talk ${i}.`)).body;
        const taken = i % 2 === 0;
        if (taken) await fn(this.server, 'start-takeover', { conversationId: id }, { token: shop.token });
        this.talks.push({ id, shop, taken });
      }
    }
    this.shops.forEach((shop) => shop.client.realtime.disconnect());
    await eventually('no answer is left running', async () => (await this.sql`select from public.messages where state = 'running'`).length === 0, 60_000);
    const [{ from }] = await this.sql`select max(ordinal) as from from realtime.messages`;
    this.from = from;
    const add = (count, make) => { for (let i = 0; i < count; i += 1) this.clients.push(make(i, this.talks[i % this.talks.length], this.shops[i % this.shops.length])); };
    const vsn = (i) => (i % 2 ? '1.0.0' : '2.0.0');
    const who = (i, talk) => (i % 3 ? talk.shop.token : talk.shop.guest.token);
    add(seq, (i, talk) => new Wanderer(this, `conversation:${talk.id}`, who(i, talk), { by: 'seq', vsn: vsn(i) }));
    add(horizon, (i, talk) => new Wanderer(this, `conversation:${talk.id}`, who(i, talk), { by: 'horizon', vsn: vsn(i) }));
    add(of, (i, talk, shop) => new Wanderer(this, `account:${shop.id}`, shop.token, { by: 'horizon', vsn: vsn(i) }));
    add(pages, (i, talk) => new Page(this, i % 2 ? `account:${talk.shop.id}` : `conversation:${talk.id}`, talk.shop.token));
    await eventually('everybody has joined', () => this.clients.every((one) => one.caughtUp), 120_000);
    this.lost.length = 0;
  }

  // Writers until settle(): people, visitors, answers, and rows of SQL that end in another order than they began.
  write(perSecond) {
    this.going = true;
    const talks = this.talks.map(({ id, shop }) => ({ talk: id, account: shop.id }));
    this.inserter = spawn(process.execPath, [path.join(import.meta.dirname, 'storm_writer.mjs'), this.server.env.DATABASE_URL, JSON.stringify(talks), String(perSecond)], { stdio: 'ignore' });
    this.inserted = new Promise((resolve) => this.inserter.once('close', resolve));
    const each = 8;
    this.writers = Array.from({ length: each }, async (_, w) => {
      for (let n = 0; this.going; n += 1) {
        await sleep(random(0, (2000 * each) / perSecond));
        const talk = pick(this.talks);
        const way = (w + n) % 2;
        if (way === 0 && talk.taken) await this.until(() => fn(this.server, 'send-human-message', { conversationId: talk.id, content: `From a person ${w}/${n}` }, { token: talk.shop.token }), 201);
        else {
          const clientMessageId = randomUUID();
          await this.until(() => say(this.server, talk.shop.guest, `From a visitor ${w}/${n}`, { conversationId: talk.id, clientMessageId }), 200);
        }
        this.written += 1;
      }
    });
  }
  async until(act, status) {
    while (!this.closed) {
      const reply = await act().catch(() => undefined);
      if (reply?.status === status) return;
      if (reply && reply.status < 500 && reply.status !== 429) throw new Error(`${reply.status} ${reply.text}`);
      await sleep(random(50, 200));
    }
  }

  // Cuts so many connections a second until settle(); a part of them is not read from for a while instead.
  shake(perSecond, pausing = 0.1) {
    this.shaker = (async () => {
      const began = performance.now();
      for (let due = 0; this.going; await sleep(20)) {
        due = Math.min(due + 20, ((performance.now() - began) / 1000) * perSecond - this.cuts);
        for (let tries = due; tries > 0; tries -= 1) {
          const one = pick(this.clients);
          if (Math.random() < pausing && one.pause) one.pause(random(1000, 6000));
          else if (one.drop()) this.cuts += 1;
        }
      }
    })();
  }

  async close() {
    this.going = false;
    this.closed = true;
    this.inserter?.kill();
    await Promise.all(this.clients.map((one) => one.stop()));
    await Promise.allSettled([...(this.writers ?? []), this.shaker, this.inserted]);
    await this.sql?.end({ timeout: 5 });
  }

  table(topic) {
    return this.persist(() => this.sql`
      select id, event, payload
      from realtime.messages where ordinal > ${this.from} and private and extension = 'broadcast' and (topic = ${topic} or also_topics[1] = ${topic}) order by ordinal`);
  }
  async persist(act) {
    for (let tries = 0; ; tries += 1) {
      try {
        return await act();
      } catch (error) {
        if (tries > 100 || this.clients.every((one) => one.stopped)) throw error;
        await sleep(200);
      }
    }
  }

  // Ends the writers, lets everybody catch up, compares. Resolves with what to print.
  async settle() {
    this.going = false;
    this.inserter.kill();
    await Promise.all([...this.writers, this.shaker, this.inserted]);
    await eventually('no answer is left running', async () => (await this.sql`select from public.messages where state = 'running'`).length === 0, 90_000);
    const tables = new Map();
    for (const topic of new Set(this.clients.map((one) => one.topic))) tables.set(topic, await this.table(topic));
    const complete = (one) => tables.get(one.topic).every(({ id }) => one.known.has(id));
    await eventually('everybody has everything', () => this.clients.every(complete), 90_000).catch(() => {});
    await Promise.all(this.clients.map((one) => one.stop()));
    this.short = this.clients.filter((one) => !complete(one)).map((one) => `${one.by} ${one.topic}: lacks ${tables.get(one.topic).filter(({ id }) => !one.known.has(id)).length} of ${tables.get(one.topic).length} after ${one.joins} joins, gaps ${one.gaps}`);
    await this.compare(tables);
    const sum = (of) => this.clients.reduce((all, one) => all + of(one), 0);
    this.counts = { clients: this.clients.length, joins: sum((one) => one.joins), cuts: this.cuts, gaps: sum((one) => one.gaps.length), twice: sum((one) => one.twice) };
    const rows = [...tables.values()].reduce((all, list) => all + list.length, 0);
    return `${this.counts.clients} clients, ${this.written} messages written over HTTP, ${rows} events on ${tables.size} topics, ` +
      `${this.counts.cuts} random cuts, ${this.counts.joins} joins with a cursor, ${this.counts.gaps} gaps told ` +
      `(${[...new Set(this.clients.flatMap((one) => one.gaps))]}), ${this.counts.twice} twice on one join, ${this.short.length} lists incomplete; ` +
      `sockets closed by the server or its end: ${this.lost.length}; refusals: ${JSON.stringify([...this.refusals])}`;
  }

  async compare(tables) {
    const messages = await this.sql`select id, conversation_id as talk, seq::int as seq, content, role from public.messages where state = 'complete'`;
    const stored = new Map(messages.map((message) => [message.id, message]));
    for (const list of tables.values()) for (const row of list) row.text = JSON.stringify(row.payload);
    for (const one of this.clients) {
      const rows = new Map(tables.get(one.topic).map((row) => [row.id, row]));
      const heard = [...one.known].filter(([id]) => rows.has(id));
      const seqs = new Map();
      for (const [id, heardOf] of heard) {
        if (JSON.stringify(heardOf) !== rows.get(id).text) assert.deepEqual(heardOf, rows.get(id).payload, 'an event is what the table holds');
        if (rows.get(id).event !== 'message.created') continue;
        const payload = heardOf.message;
        const message = stored.get(payload.id);
        assert.deepEqual([payload.seq, payload.content], [message.seq, message.content], 'and its message what the conversation holds');
        // Answers take their seq when they begin, and are told when they end.
        if (message.role === 'assistant' || one.gaps.length > 0) continue;
        assert.ok(payload.seq > (seqs.get(message.talk) ?? 0), `${one.topic}: messages in order`);
        seqs.set(message.talk, payload.seq);
      }
      const texts = heard.filter(([id]) => rows.get(id).event === 'message.created').map(([, payload]) => payload.message.id);
      assert.equal(new Set(texts).size, texts.length, 'no message twice');
    }
  }
}
