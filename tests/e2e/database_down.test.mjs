// The database goes away under load: 503 in time, recovery by itself, nothing acknowledged lost.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, say } from '../lib/callers.mjs';
import { join } from '../lib/realtime.mjs';
import { connectDatabase, eventually, sleep, startServer } from '../lib/server.mjs';

const ANSWER_MS = 15_000; // every call is answered within this, database or not

let server;
let shop;
before(async () => {
  server = await startServer();
  shop = await account(server);
});
after(async () => {
  shop?.client.realtime.disconnect();
  await server?.stop();
});

async function timed(promise) {
  const began = performance.now();
  const reply = await promise;
  return { reply, ms: performance.now() - began };
}

async function postmaster() {
  const [{ dir }] = await server.sql`select current_setting('data_directory') as dir`;
  return Number(readFileSync(`${dir}/postmaster.pid`, 'utf8').split('\n')[0]);
}

async function healthyAgain() {
  await eventually('health after the fault', async () => (await call(server, '/health', { method: 'GET' })).status === 200, 60_000);
  await server.sql?.end({ timeout: 1 });
  server.sql = connectDatabase(server.env.DATABASE_URL);
}

// Sends messages while `fault` happens; returns what was acknowledged. Retries keep their id.
async function sendDuring(fault) {
  const acknowledged = [];
  const statuses = new Set();
  let going = true;
  const senders = Array.from({ length: 6 }, async () => {
    while (going) {
      const clientMessageId = randomUUID();
      const { reply, ms } = await timed(say(server, shop.guest, clientMessageId, { conversationId: shop.conversationId, clientMessageId }));
      statuses.add(reply.status);
      assert.ok(ms < ANSWER_MS, `answered after ${ms} ms with ${reply.status}`);
      if (reply.status === 200) acknowledged.push(clientMessageId);
      else {
        assert.ok([500, 502, 503, 504].includes(reply.status), reply.text);
        if (reply.status === 503) assert.ok(reply.headers.get('retry-after'));
        await sleep(50);
      }
    }
  });
  await sleep(300);
  await fault();
  await sleep(300);
  going = false;
  await Promise.all(senders);
  return { acknowledged, statuses };
}

async function assertKept(acknowledged) {
  // An answer that lost its writer hides what follows it until its lease runs out.
  await eventually('no answer is left running', async () =>
    (await server.sql`select from public.messages where state = 'running'`).length === 0, 90_000);
  const messages = [];
  for (let afterSeq = 0, more = true; more; ) {
    const { body } = await fn(server, 'get-messages', { conversationId: shop.conversationId, afterSeq }, { token: shop.guest.token });
    messages.push(...body.messages);
    afterSeq = body.lastSeq;
    more = body.hasMore;
  }
  const seen = new Map();
  for (const { content } of messages) seen.set(content, (seen.get(content) ?? 0) + 1);
  for (const id of acknowledged) assert.equal(seen.get(id), 1, `${id} is there ${seen.get(id) ?? 0} times`);
}

describe('without its database', () => {
  it('every backend killed: at most retryable errors, nothing lost', async () => {
    const { acknowledged } = await sendDuring(async () => {
      for (let i = 0; i < 5; i += 1) {
        await server.sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type in ('client backend', 'walsender')`;
        await sleep(100);
      }
    });
    await healthyAgain();
    assert.ok(acknowledged.length > 0);
    await assertKept(acknowledged);
  });

  it('frozen: 503 in time, and it goes on when the database does', async () => {
    const pid = await postmaster();
    const backends = (await server.sql`select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`).map((row) => row.pid);
    for (const one of [pid, ...backends]) process.kill(one, 'SIGSTOP');
    try {
      for (const [name, body, token] of [
        ['widget-chat', { agentId: shop.agentId, message: 'Hi' }, shop.guest.token],
        ['get-messages', { conversationId: shop.conversationId }, shop.token],
      ]) {
        const { reply, ms } = await timed(fn(server, name, body, { token }));
        assert.ok([503, 504].includes(reply.status), `${name}: ${reply.status} ${reply.text}`);
        assert.ok(ms < ANSWER_MS, `${name}: ${ms} ms`);
      }
      const { reply: health } = await timed(call(server, '/health', { method: 'GET' }));
      assert.equal(health.status, 503);
      assert.equal(health.body.database, 'failing');
      const { reply: refused } = await timed(fn(server, 'widget-chat', {}, { token: 'x.y.z' }));
      assert.equal(refused.status, 403, 'what needs no database is answered without one');
    } finally {
      for (const one of [...backends, pid]) {
        try {
          process.kill(one, 'SIGCONT');
        } catch {
          // a backend may have ended meanwhile
        }
      }
    }
    await healthyAgain();
    assert.equal((await say(server, shop.guest, 'Back again?')).status, 200);
  });

  it('ended: the program brings it back, and events flow again', async () => {
    const room = await join(shop.client, `account:${shop.id}`);
    const { acknowledged } = await sendDuring(async () => process.kill(await postmaster(), 'SIGQUIT'));
    await healthyAgain();
    await assertKept(acknowledged);
    const after_ = await eventually('a message after the crash', async () => {
      const reply = await say(server, shop.guest, 'after the crash');
      return reply.status === 200 ? reply.body : undefined;
    }, 30_000);
    await room.next('message.created', (payload) => payload.message.id === after_.userMessage.id, 30_000)
      .catch(async () => {
        // A channel may have been asked to join anew; the client does that by itself.
        const again = await join(shop.client, `account:${shop.id}`);
        const next = await say(server, shop.guest, 'once more');
        await again.next('message.created', (payload) => payload.message.id === next.body.userMessage.id, 30_000);
      });
    assert.ok(server.alive);
  });
});
