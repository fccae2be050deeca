// A process of its own that writes rows of realtime.messages until it is ended: pairs in one transaction,
// some slow, some rolled back. It outlives its database, which the client library does not always.
//   node storm_writer.mjs DATABASE_URL '[{"talk": "<uuid>", "account": "<uuid>"}]' PER_SECOND
import { connectDatabase, sleep } from './server.mjs';

const WRITERS = 6;
const [, , url, list, perSecond] = process.argv;
const talks = JSON.parse(list);
process.on('uncaughtException', () => {});
let stop = false;
process.on('SIGTERM', () => (stop = true));
const sql = connectDatabase(url, { max: WRITERS, connect_timeout: 5, backoff: () => 0.2 });

await Promise.all(Array.from({ length: WRITERS }, async (_, w) => {
  for (let n = 0; !stop; n += 1) {
    await sleep((Math.random() * 2000 * WRITERS) / Number(perSecond));
    const { talk, account } = talks[Math.floor(Math.random() * talks.length)];
    const row = (tx) => tx`
      insert into realtime.messages (topic, also_topics, extension, event, private, payload)
      values (${`conversation:${talk}`}, ${tx.array([`account:${account}`])}, 'broadcast', 'mark', true, jsonb_build_object('w', ${w}::int, 'n', ${n}::int))`;
    const done = sql.begin(async (tx) => {
      await row(tx);
      if (Math.random() < 0.3) await tx`select pg_sleep(${Math.random() * 0.05})`;
      await row(tx);
      if (Math.random() < 0.1) throw new Error('roll back');
    });
    await Promise.race([done.catch(() => {}), sleep(5000)]);
  }
}));
process.exit(0);
