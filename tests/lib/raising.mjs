// One subscriber whose claims make a policy raise, among many who share its table: for
// tests/realtime (a hundred) and tests/chaos (a thousand).
import assert from 'node:assert/strict';
import { claimsOf, jwt } from './callers.mjs';
import { KINDS, People } from './clients.mjs';
import { Socket } from './realtime.mjs';
import { eventually } from './server.mjs';

// Many sockets at a time are opened, not all at once: a burst would be refused.
const OPEN_AT_ONCE = 20;

export async function prepareRaising(server) {
  await server.sql.unsafe(`
    create table public.rooms_log (id int primary key, body text);
    alter table public.rooms_log enable row level security;
    create policy by_level on public.rooms_log for select to authenticated using ((auth.jwt() ->> 'x')::int >= 0);
    alter publication supabase_realtime add table public.rooms_log`);
}

// `many` subscribers of five personas and one whose claim x is no number; `writes` inserts. Returns
// when everybody but that one has every row, in order and once, and that one its coded error.
export async function oneRaises(server, shop, { many, writes, first = 1 }) {
  const token = (x) => jwt({ ...claimsOf(shop.token), x }, server.env.SUPABASE_JWT_SECRET);
  const people = new People(server);
  const sockets = [];
  const binding = { event: 'INSERT', schema: 'public', table: 'rooms_log' };
  try {
    const ids = [];
    const open = async (index) => {
      const socket = new Socket(server, { vsn: index % 2 ? '1.0.0' : '2.0.0' });
      sockets[index] = socket;
      await socket.opened;
      const reply = await socket.join('realtime:log', { postgres_changes: [binding] }, token(String(index % 5)));
      assert.equal(reply.status, 'ok');
      ids[index] = [];
      socket.received.length = 0;
      socket.ws.removeAllListeners('message');
      socket.ws.on('message', (data) => {
        const text = String(data);
        const row = /"record":\{[^}]*?"id":(\d+)/.exec(text);
        ids[index].push(row ? Number(row[1]) : text);
      });
    };
    for (let at = 0; at < many; at += OPEN_AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(OPEN_AT_ONCE, many - at) }, (_, i) => open(at + i)));
    }
    const room = await people.join(KINDS[0], 'chat', { token: token('1') });
    const raising = await people.join(KINDS[0], 'log', { token: token('many'), changes: [binding] });
    const beside = await people.join(KINDS[0], 'chat', { client: raising.client });

    const wanted = Array.from({ length: writes }, (_, i) => first + i);
    let written = 0;
    let behind = 0; // the most rows that anybody was waiting for while they were written
    for (const id of wanted) {
      await server.sql`insert into public.rooms_log values (${id}, ${'row ' + id})`;
      written += 1;
      behind = Math.max(behind, written - Math.min(...ids.map((got) => got.length)));
    }
    await eventually(`all ${writes} at all ${many}; fewest ${Math.min(...ids.map((got) => got.length))}`,
      () => ids.every((got) => got.filter((row) => typeof row === 'number').length >= writes), 120_000);
    for (const [index, got] of ids.entries()) {
      const rows = got.filter((row) => typeof row === 'number');
      assert.deepEqual(rows, wanted, `subscriber ${index}`);
      const others = got.filter((row) => typeof row === 'string' && !/"status":"ok"/.test(row));
      assert.deepEqual(others, [], `subscriber ${index} was told something`);
    }

    const told = await raising.told(/^RlsPolicyError: /);
    assert.deepEqual([told.status, told.channel], ['error', 'log']);
    await raising.says('CHANNEL_ERROR');
    assert.match(raising.reasons[0], /^RlsPolicyError: /);
    assert.ok(!raising.statuses.includes('CLOSED'), 'it may come back');
    assert.deepEqual(raising.changes, []);
    // Its other channel never noticed.
    await room.send('still here');
    await beside.broadcast('still here');
    assert.deepEqual(beside.statuses, ['SUBSCRIBED']);
    // With a better claim it is a subscriber like the others, from when the claim has arrived.
    await raising.client.renew(token('3'));
    let last = first + writes;
    await eventually(`a row for the one: ${raising.statuses}`, async () => {
      await server.sql`insert into public.rooms_log values (${(last += 1)}, 'after')`;
      return raising.changes.length > 0;
    }, 30_000);
    return { behind };
  } finally {
    for (const socket of sockets) socket?.ws.terminate();
    await people.leave();
  }
}
