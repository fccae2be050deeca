// Nobody misses anything: a subscriber whose claims make a policy raise costs only itself, and
// whoever is told SUBSCRIBED gets what is written from then on.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimsOf, jwt } from '../lib/callers.mjs';
import { clientStage, KINDS } from '../lib/clients.mjs';
import { oneRaises, prepareRaising } from '../lib/raising.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually } from '../lib/server.mjs';

const { server, people, shop } = await clientStage(async ({ server }) => {
  await prepareRaising(server);
  await server.sql.unsafe(`
    create policy live_read on realtime.messages for select to authenticated using (realtime.topic() like 'live-%');
    create table public.live_rows (id int primary key, topic text);
    alter publication supabase_realtime add table public.live_rows;
    create table public.live_told (id int primary key, topic text);
    create function public.tell_live() returns trigger language plpgsql security definer as $$
      begin
        perform realtime.broadcast_changes(new.topic, tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
    create trigger tell after insert on public.live_told for each row execute function public.tell_live()`);
});

describe('one of a hundred and one subscribers', () => {
  it('whose claims make the policy raise is told so; the other hundred miss nothing', async (context) => {
    const { behind } = await oneRaises(server, shop, { many: 100, writes: 100 });
    context.diagnostic(`nobody was ever more than ${behind} rows behind`);
  });

  it('whose policy takes too long is told so; the others do not wait for it', async () => {
    await server.sql.unsafe(`
      create table public.slow_log (id int primary key);
      alter table public.slow_log enable row level security;
      create function public.lazy(x text) returns boolean language plpgsql volatile as
        $$ begin if x = 'slow' then perform pg_sleep(60); end if; return true; end $$;
      create policy lazy on public.slow_log for select to authenticated using (public.lazy(auth.jwt() -> 'user_metadata' ->> 'x'));
      alter publication supabase_realtime add table public.slow_log`);
    const changes = [{ event: '*', schema: 'public', table: 'slow_log' }];
    const token = (x) => jwt({ ...claimsOf(shop.token), user_metadata: { x } }, server.env.SUPABASE_JWT_SECRET);
    const quick = await Promise.all(KINDS.map((kind) => people.join(kind, 'slow', { token: token('quick'), changes })));
    const slow = await people.join(KINDS[0], 'slow', { token: token('slow'), changes });
    for (let id = 1; id <= 20; id += 1) await server.sql`insert into public.slow_log values (${id})`;
    for (const heard of quick) await heard.change((event) => event.new.id === 20);
    for (const heard of quick) assert.deepEqual(heard.changes.map((event) => event.new.id), Array.from({ length: 20 }, (_, i) => i + 1));
    await slow.told(/^RlsPolicyError: /);
    assert.deepEqual(slow.changes, []);
  });
});

describe('whoever is told SUBSCRIBED is live', () => {
  const ROUNDS = 300;
  const AT_ONCE = 6;
  // What is written on another connection as soon as the ok is there, and what then comes.
  const ways = {
    'for rows': {
      config: () => ({ postgres_changes: [{ event: 'INSERT', schema: 'public', table: 'live_rows' }] }),
      write: (topic, id) => server.sql`insert into public.live_rows values (${id}, ${topic})`,
      comes: (frame, topic, id) => frame.event === 'postgres_changes' && frame.payload.data.record.id === id,
    },
    'for realtime.send()': {
      config: () => ({ private: true }),
      write: (topic, id) => server.sql`select realtime.send(${server.sql.json({ n: id })}, 'sent', ${topic}, true)`,
      comes: (frame, topic, id) => frame.event === 'broadcast' && frame.payload.payload.n === id,
    },
    'for broadcast_changes()': {
      config: () => ({ private: true }),
      write: (topic, id) => server.sql`insert into public.live_told values (${id}, ${topic})`,
      comes: (frame, topic, id) => frame.event === 'broadcast' && frame.payload.payload.record?.id === id,
    },
  };
  for (const [name, way] of Object.entries(ways)) {
    it(`${name}: ${ROUNDS} fresh joins, each followed by one write`, async () => {
      let next = 0;
      const missed = [];
      const worker = async () => {
        while (next < ROUNDS) {
          const id = (next += 1);
          const topic = `live-${name.length}-${id}`;
          const socket = new Socket(server, { vsn: id % 2 ? '1.0.0' : '2.0.0', key: shop.token });
          await socket.opened;
          const reply = await socket.join(`realtime:${topic}`, way.config(), shop.token);
          assert.equal(reply.status, 'ok', JSON.stringify(reply));
          await way.write(topic, id);
          await eventually(`${id}`, () => socket.received.some((frame) => way.comes(frame, topic, id))).catch(() => missed.push(id));
          socket.ws.terminate();
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      assert.deepEqual(missed, []);
    });
  }

  for (const kind of KINDS) {
    it(`${kind.name}: writes on receipt of the status`, async () => {
      await Promise.all(Array.from({ length: 8 }, async (_, index) => {
        const id = 10_000 + KINDS.indexOf(kind) * 100 + index;
        const client = people.client(kind);
        const seen = [];
        const channel = client.channel(`status-${id}`);
        channel.on('postgres_changes', { event: 'INSERT', schema: 'public', table: 'live_rows', filter: `id=eq.${id}` }, (event) => seen.push(event));
        channel.subscribe((status) => {
          if (status === 'SUBSCRIBED') server.sql`insert into public.live_rows values (${id}, 'x')`.catch(() => {});
        });
        await eventually(`row ${id}`, () => seen.length === 1);
        await client.removeChannel(channel);
      }));
    });
  }
});
