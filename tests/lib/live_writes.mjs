// The three ways of a write to a fresh channel, `total` writes each: durable events, broadcasts of clients,
// row changes. tests/realtime runs a short form, tests/chaos the long one.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, call, member, say } from './callers.mjs';
import { freshJoins, openLine } from './fresh_joins.mjs';
import { connectDatabase, startServer } from './server.mjs';

const WORKERS = 96;
const TABLES = 12; // those of a worker are nobody else's, so that interest in them comes and goes
const CONVERSATIONS = 20;

export function liveWrites(kinds, total) {
  let server;
  let shop;
  let people;
  let writers;
  const talks = [];
  before(async () => {
    server = await startServer({ rateScale: 1_000_000, env: { CHATPAD_LOOPS: '2', CHATPAD_LOG: 'warn' } });
    shop = await account(server);
    people = [shop, await member(server, shop.id, 'member'), await member(server, shop.id, 'admin')];
    writers = connectDatabase(server.env.DATABASE_URL, { max: 16 });
    await writers.unsafe(`
      create policy live_read on realtime.messages for select to authenticated using ((select realtime.topic()) like 'live-%');
      create policy live_write on realtime.messages for insert to authenticated with check ((select realtime.topic()) like 'live-%')`);
  });
  after(async () => {
    for (const one of people ?? []) one.client.realtime.disconnect();
    await writers?.end({ timeout: 5 });
    await server?.stop();
  });

  const report = (context, result, more) => {
    const words = `${result.delivered} of ${total} delivered, each after its own join, on ${result.sockets} sockets, ${more}; ` +
      `${result.seconds.toFixed(1)} s, ${Math.round(total / result.seconds)} joins and writes/s`;
    context.diagnostic(words);
    console.log(`${context.name}: ${words}`);
    assert.deepEqual(result.failures, []);
    assert.equal(result.delivered, total);
  };

  const ways = {
    'durable events, from SQL': async (context) => {
      while (talks.length < CONVERSATIONS) talks.push((await say(server, shop.guest, `Talk ${talks.length}.`)).body.conversationId);
      const topics = new Set();
      const row = (topic, n, open) => writers`
        insert into realtime.messages (topic, extension, event, private, payload)
        values (${topic}, 'broadcast', 'mark', ${!open}, jsonb_build_object('mark', ${n}::int))`;
      const send = (topic, n, open) => writers`
        select realtime.send(jsonb_build_object('mark', ${n}::int), 'mark', ${topic}, ${!open})`;
      const result = await freshJoins(server, { total, workers: WORKERS, plan: (n, line) => {
        const person = people[n % people.length];
        const way = n % 4;
        const name = way === 3 ? `conversation:${talks[line.index % CONVERSATIONS]}` : `live-${n >> 2 & 1 ? n : line.index}`;
        topics.add(name);
        const write = n % 8 < 4 ? send : row;
        if (way === 0) return { topic: `realtime:${name}`, write: () => write(name, n, true) };
        const recover = way === 2 ? { broadcast: { recover: {} } } : {};
        return { topic: `realtime:${name}`, config: { private: true, ...recover }, token: person.token, write: () => write(name, n, false) };
      } });
      report(context, result, `${topics.size} topics`);
    },

    'broadcasts of clients, over sockets and HTTP': async (context) => {
      const topics = new Set();
      const sent = { socket: 0, http: 0 };
      // One socket after the other lands on the other loop; a worker sends on both.
      const senders = [];
      for (let i = 0; i < WORKERS; i += 1) senders.push([await openLine(server, '2.0.0'), await openLine(server, '1.0.0')]);
      const at = Array(WORKERS).fill(undefined);
      const result = await freshJoins(server, { total, workers: WORKERS, plan: async (n, line) => {
        const person = people[n % people.length];
        const mine = senders[line.index];
        const way = n % 8;
        if (way === 7) {
          sent.http += 1;
          const name = `live-http-${n}`;
          topics.add(name);
          const closed = n % 16 === 15;
          return { topic: `realtime:${name}`, config: { private: closed }, token: closed ? person.token : undefined, write: async () => {
            const messages = [{ topic: name, event: 'mark', payload: { mark: n }, private: closed }];
            const reply = await call(server, '/realtime/v1/api/broadcast', { apikey: server.env.SUPABASE_ANON_KEY, token: closed ? person.token : undefined, body: { messages } });
            assert.equal(reply.status, 202, reply.text);
          } };
        }
        sent.socket += 1;
        // A topic serves a few joins, then both senders go on to a new one.
        let room = at[line.index];
        if (!room || (room.left -= 1) < 0) {
          if (room) mine[room.by].exit(room.topic);
          const config = { private: n % 4 === 0 };
          room = at[line.index] = { topic: `realtime:live-${n}`, config, by: n >> 3 & 1, left: 5 };
          topics.add(room.topic);
          await mine[room.by].enter(room.topic, config, person.token);
        }
        return { topic: room.topic, config: room.config, token: person.token, write: async () => mine[room.by].send(room.topic, 'mark', { mark: n }) };
      } });
      for (const pair of senders) for (const one of pair) one.ws.close();
      report(context, result, `${topics.size} topics, ${sent.socket} writes over sockets, ${sent.http} over HTTP`);
    },

    'row changes': async (context) => {
      const names = Array.from({ length: TABLES }, (_, i) => `live_${i}`);
      for (const [i, name] of names.entries()) {
        await writers.unsafe(`create table public.${name} (mark int primary key, worker int, body text);
          ${i % 3 === 1 ? `alter table public.${name} enable row level security;
            create policy all_read on public.${name} for select to authenticated using ((select auth.uid()) is not null)` : ''};
          alter publication supabase_realtime add table public.${name}`);
      }
      const result = await freshJoins(server, { total, workers: WORKERS, plan: (n, line) => {
        const table = names[line.index % TABLES];
        const closed = line.index % TABLES % 3 === 1;
        const filter = [`mark=eq.${n}`, `worker=eq.${line.index}`, undefined][n % 3];
        return {
          topic: `realtime:changes-${n % 2 ? n : line.index}`,
          config: { postgres_changes: [{ event: n % 2 ? 'INSERT' : '*', schema: 'public', table, ...(filter ? { filter } : {}) }] },
          token: closed || n % 2 ? people[n % people.length].token : undefined,
          write: () => writers`insert into public.${writers(table)} (mark, worker, body) values (${n}, ${line.index}, 'written after the ok')`,
        };
      } });
      report(context, result, `${names.length} tables`);
    },
  };
  describe('a write made on receipt of the ok arrives', () => {
    for (const kind of kinds) it(kind, { timeout: 900_000 }, ways[kind]);
  });
}

export const LIVE_WAYS = ['durable events, from SQL', 'broadcasts of clients, over sockets and HTTP', 'row changes'];
