// What becomes of the two streams out of the write-ahead log when the server takes them away: the
// sockets stay, everybody is told of the gap, and what is written afterwards arrives.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { call } from '../lib/callers.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

const MIB = 1024 * 1024;
const CHANGES = { postgres_changes: [{ event: '*', schema: 'public', table: 'walked' }] };
let server;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  await server.sql.unsafe(`create table public.walked (id bigint generated always as identity primary key, body text);
    alter publication supabase_realtime add table public.walked`);
});
after(() => server?.stop());

const slots = () => server.sql`select slot_name, active_pid from pg_replication_slots order by 1`;
// Log without rows: nothing of it is sent to anybody, all of it is kept.
const writeLog = (mib) => server.sql`
  select count(pg_logical_emit_message(false, 'test', repeat('x', ${MIB}))) from generate_series(1, ${mib}::int)`;
const limitLog = async (text) => {
  await server.sql.unsafe(`alter system set max_slot_wal_keep_size = '${text}'`);
  await server.sql`select pg_reload_conf()`;
  await eventually('the new limit', async () => (await server.sql`show max_slot_wal_keep_size`)[0].max_slot_wal_keep_size === text);
};
async function metric(name) {
  const { text } = await call(server, '/metrics', { method: 'GET' });
  const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text);
  return found ? Number(found[1]) : undefined;
}

// One client of each kind on each loop, joined, with what it has heard.
async function join(socket, topic, config) {
  const answer = await socket.join(topic, config);
  assert.equal(answer.status, 'ok', JSON.stringify(answer));
  if (!config.postgres_changes) return answer.ref;
  await socket.next('its subscription', (frame) =>
    frame.event === 'system' && frame.topic === topic && frame.payload.status === 'ok' && frame.payload.extension === 'postgres_changes' &&
    socket.received.indexOf(frame) > socket.received.findIndex((one) => one.ref === answer.ref));
  return answer.ref;
}
async function clients() {
  const made = [];
  for (let i = 0; i < 4; ++i) {
    const socket = new Socket(server);
    await socket.opened;
    const client = { socket, topic: `realtime:walk-${i}`, config: i % 2 ? CHANGES : {} };
    client.ref = await join(socket, client.topic, client.config);
    made.push(client);
  }
  return made;
}
// A row and an event, written after everybody was joined, reach whoever they are for.
async function assertDelivered(made, mark) {
  await server.sql`insert into public.walked (body) values (${mark})`;
  for (const { topic } of made) await server.sql`select realtime.send(${{ mark }}, 'told', ${topic.slice(9)}, false)`;
  for (const { socket, topic, config } of made) {
    await socket.next(`${mark} on ${topic}`, (frame) => frame.event === 'broadcast' && frame.payload.payload.mark === mark, 20_000);
    if (!config.postgres_changes) continue;
    await socket.next(`the row ${mark}`, (frame) => frame.event === 'postgres_changes' && frame.payload.data.record.body === mark, 20_000);
  }
}
// Every channel is told and made to join again, and no socket was lost.
async function assertGapTold(made) {
  for (const client of made) {
    const { socket, topic, ref } = client;
    await socket.next(`the gap on ${topic}`, (frame) =>
      frame.event === 'system' && frame.topic === topic && frame.payload.status === 'error' && /may have been missed/.test(frame.payload.message), 60_000);
    await socket.next(`phx_error on ${topic}`, (frame) => frame.event === 'phx_error' && frame.topic === topic && frame.ref === ref, 20_000);
    assert.equal(socket.ws.readyState, 1, 'the socket is open');
    socket.received.length = 0;
    client.ref = await join(socket, topic, client.config);
  }
}
const leave = (made) => Promise.all(made.map(({ socket }) => socket.close()));

describe('the server takes a stream away', () => {
  it('its process is ended: the streams are made anew and the gap is told', async () => {
    const made = await clients();
    await assertDelivered(made, 'before');
    const gaps = await metric('chatpad_realtime_feed_gaps_total');
    const old = await slots();
    assert.equal(old.length, 2);
    await server.sql`select pg_terminate_backend(active_pid) from pg_replication_slots`;
    await assertGapTold(made);
    await assertDelivered(made, 'after an end');
    const now = await slots();
    assert.equal(now.length, 2);
    assert.deepEqual(now.filter(({ slot_name }) => old.some((one) => one.slot_name === slot_name)), [], 'both slots are new');
    assert.equal(await metric('chatpad_realtime_feed_gaps_total'), gaps + 1);
    assert.ok((await metric('chatpad_realtime_feed_reconnects_total')) >= 1);
    await leave(made);
  });

  it('a slot cannot be dropped from under its stream, and is gone with it', async () => {
    const made = await clients();
    for (const { slot_name, active_pid } of await slots()) {
      await assert.rejects(server.sql`select pg_drop_replication_slot(${slot_name})`, { code: '55006' });
      await server.sql`select pg_terminate_backend(${active_pid})`;
      await eventually('the slot is gone', async () => {
        await server.sql`select pg_drop_replication_slot(${slot_name})`.catch((error) => assert.match(error.code, /^(42704|55006)$/));
        return !(await slots()).some((one) => one.slot_name === slot_name);
      });
    }
    await assertGapTold(made);
    await assertDelivered(made, 'after a drop');
    await leave(made);
  });

  it('it gives up slots of a program that does not read: the gap is told when the program goes on', async () => {
    const made = await clients();
    await limitLog('16MB');
    const old = await slots();
    server.child.kill('SIGSTOP');
    try {
      await server.sql`select realtime.send('{"mark": "lost"}'::jsonb, 'told', 'walk-0', false)`;
      await eventually('the slots are given up', async () => {
        await writeLog(32);
        await server.sql`checkpoint`;
        return (await slots()).length === 0;
      }, 60_000);
    } finally {
      server.child.kill('SIGCONT');
    }
    await assertGapTold(made);
    await assertDelivered(made, 'after the stop');
    const now = await slots();
    assert.equal(now.length, 2);
    assert.ok(now.every(({ slot_name }) => !old.some((one) => one.slot_name === slot_name)));
    await limitLog('1GB');
    await leave(made);
  });
});

describe('the alarm', () => {
  it('is raised when half of what may be kept is kept, once, and ends when it is fine again', async () => {
    await limitLog('64MB');
    const lines = (event) => server.stderr.split('\n').filter((line) => line.includes(`"${event}"`)).length;
    assert.equal(await metric('chatpad_realtime_wal_alarm'), 0);
    // A transaction that has written and stays open: where it began is where a slot starts again.
    const open = await server.sql.reserve();
    try {
      await open`begin`;
      await open`insert into public.walked (body) values ('open')`;
      await server.sql`checkpoint`;
      await writeLog(40);
      await eventually('the alarm', async () => (await metric('chatpad_realtime_wal_alarm')) === 1, 30_000);
      assert.equal(lines('wal_kept_high'), 1);
      assert.equal(lines('wal_kept_normal'), 0);
      assert.ok((await metric('chatpad_realtime_wal_kept_bytes')) >= 32 * MIB);
      assert.equal(await metric('chatpad_realtime_wal_keep_limit_bytes'), 64 * MIB);
      assert.ok((await metric('chatpad_realtime_feed_lag_bytes')) >= 0);
    } finally {
      await open`rollback`;
      open.release();
    }
    await eventually('the end of the alarm', async () => {
      await server.sql`checkpoint`;
      await sleep(500);
      return (await metric('chatpad_realtime_wal_alarm')) === 0;
    }, 60_000);
    await eventually('its line', () => lines('wal_kept_normal') === 1);
    assert.equal(lines('wal_kept_high'), 1);
  });
});
