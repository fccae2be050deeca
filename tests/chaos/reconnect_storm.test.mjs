// 500 clients with cursors, 1,000 random reconnects, kill -9 ten times meanwhile: every client's list equals
// the table, no duplicate, a gap only when told. CHATPAD_STORM_CLIENTS asks for another number.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startServer, sleep } from '../lib/server.mjs';
import { random, Storm } from '../lib/storm.mjs';

const CLIENTS = Number(process.env.CHATPAD_STORM_CLIENTS ?? 500);
const KILLS = 10;
const CUTS_MIN = CLIENTS * 2;
const CROWD = { seq: CLIENTS * 0.4, horizon: CLIENTS * 0.16, account: CLIENTS * 0.32, pages: CLIENTS * 0.12 };
const quiet = { CHATPAD_LOOPS: '2', CHATPAD_LOG: 'warn' };

async function weather(context, servers, break_) {
  const storm = new Storm(servers[0]);
  context.after(async () => {
    await storm.close();
    for (const server of servers) await server.stop();
  });
  await storm.open(CROWD);
  storm.write(40);
  storm.shake(40);
  const ready = [];
  for (let i = 0; i < KILLS; i += 1) {
    await sleep(random(1500, 4000));
    ready.push(await break_(storm, i));
  }
  while (storm.cuts < CUTS_MIN) await sleep(100);
  const words = await storm.settle();
  context.diagnostic(words);
  console.log(`${context.name}: ${KILLS} times; ${words}`);
  if (ready[0] !== undefined) context.diagnostic(`ready again after ms: ${ready.map(Math.round).join(' ')}`);
  assert.deepEqual(storm.short, []);
  assert.equal(storm.counts.twice, 0);
  assert.ok(storm.counts.cuts >= CUTS_MIN);
  return storm;
}
const kill = async (server, storm) => {
  storm.away = true;
  await server.kill();
  await sleep(random(0, 500));
  const ms = await server.start();
  storm.away = false;
  return ms;
};

describe('every list equals the table', () => {
  it('when the program and its private PostgreSQL are killed', { timeout: 900_000 }, async (context) => {
    const server = await startServer({ rateScale: 1_000_000, env: quiet });
    const storm = await weather(context, [server], (now) => kill(server, now));
    assert.equal(storm.counts.gaps, 0);
  });

  it('when the program is killed and PostgreSQL lives on', { timeout: 900_000 }, async (context) => {
    const base = await startServer({ rateScale: 1_000_000, env: { ...quiet, CHATPAD_LOOPS: '1' } });
    const database = { CHATPAD_DATABASE_URL: base.env.DATABASE_URL, CHATPAD_JWT_SECRET: base.env.SUPABASE_JWT_SECRET };
    const server = await startServer({ rateScale: 1_000_000, env: { ...quiet, ...database } });
    const storm = await weather(context, [server, base], (now) => kill(server, now));
    assert.equal(storm.counts.gaps, 0);
  });

  it('when the walsenders die, or PostgreSQL crashes, and sockets stay', { timeout: 900_000 }, async (context) => {
    const server = await startServer({ rateScale: 1_000_000, env: quiet });
    const storm = await weather(context, [server], (now, i) => now.persist(async () => {
      if (i % 5 < 4) return void await now.sql`select pg_terminate_backend(pid) from pg_stat_replication`;
      // A server process that is killed makes PostgreSQL end all of them and recover from its log.
      const [{ pid }] = await now.sql`select pid from pg_stat_activity where usename = 'authenticator' limit 1`;
      process.kill(pid, 'SIGKILL');
    }));
    assert.equal(storm.counts.gaps, 0);
    assert.deepEqual(storm.lost, [], 'the program closed no socket');
  });

  it('when readers are slow and the events are many', { timeout: 900_000 }, async (context) => {
    const server = await startServer({ rateScale: 1_000_000, env: quiet });
    const storm = new Storm(server);
    context.after(async () => {
      await storm.close();
      await server.stop();
    });
    await storm.open({ accounts: 1, talks: 2, seq: 0, horizon: 0, account: 10, pages: 2 });
    storm.write(10);
    storm.shake(4, 0.5);
    const burst = (rows, bytes) => storm.sql`
      insert into realtime.messages (topic, extension, event, private, payload)
      select ${`account:${storm.shops[0].id}`}, 'broadcast', 'mark', true, jsonb_build_object('n', n, 'text', repeat('x', ${bytes}::int))
      from generate_series(1, ${rows}::int) n`;
    for (let i = 0; i < 16; i += 1) {
      // More at once than a reading may hold back, or than a socket may have waiting.
      await (i % 8 === 7 ? burst(12_000, 10) : burst(600, 6000));
      await sleep(random(200, 800));
    }
    const words = await storm.settle();
    context.diagnostic(words);
    console.log(`${context.name}: ${words}`);
    assert.deepEqual(storm.short, []);
    assert.equal(storm.counts.twice, 0);
    assert.ok(storm.lost.includes(1013), `nobody was too slow: ${storm.lost}`);
  });
});
