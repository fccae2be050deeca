// The stream of events begins anew again and again, each time in the middle of commits that take long
// (commit_delay): what committed before its first position and is visible only after it is not lost.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { connectDatabase, sleep, startServer } from '../lib/server.mjs';
import { Storm } from '../lib/storm.mjs';

const BREAKS = 40;
const WRITERS = 12;

let server;
let storm;
let writers;
before(async () => {
  server = await startServer({ rateScale: 1_000_000, env: { CHATPAD_LOOPS: '2', CHATPAD_LOG: 'warn' } });
  storm = new Storm(server);
});
after(async () => {
  await storm?.close();
  await writers?.end({ timeout: 1 });
  await server?.stop();
});

it('misses nothing that was committed around the beginning of the stream', { timeout: 300_000 }, async (context) => {
  await storm.open({ accounts: 1, talks: 2, seq: 4, horizon: 4, account: 12, pages: 0 });
  await server.sql.unsafe('alter system set commit_delay = 100000');
  await server.sql.unsafe('alter system set commit_siblings = 0');
  await server.sql`select pg_reload_conf()`;
  storm.write(1);
  storm.shake(0.01);
  writers = connectDatabase(server.env.DATABASE_URL, { max: WRITERS });
  let going = true;
  const done = Promise.all(Array.from({ length: WRITERS }, async (_, w) => {
    for (let n = 0; going; n += 1) {
      await writers`
        insert into realtime.messages (topic, extension, event, private, payload)
        values (${`account:${storm.shops[0].id}`}, 'broadcast', 'mark', true, jsonb_build_object('w', ${w}::int, 'n', ${n}::int))`;
    }
  }));
  for (let i = 0; i < BREAKS; i += 1) {
    await sleep(500 + Math.random() * 500);
    await server.sql`select pg_terminate_backend(pid) from pg_stat_replication`;
  }
  await sleep(1000);
  going = false;
  await done;
  await server.sql.unsafe('alter system reset commit_delay');
  await server.sql`select pg_reload_conf()`;
  const words = await storm.settle();
  context.diagnostic(words);
  console.log(words);
  assert.deepEqual(storm.short, []);
});
