// kill -9 ten times under 200 messages a second: every acknowledged message is there once, sequence
// numbers have no hole, the server is ready again in 3 seconds.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { account, fn, say, visitor } from '../lib/callers.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

const ROUNDS = 10;
const CONVERSATIONS = 40;
const PER_SECOND = 200;
const READY_MS = 3000;

let server;
let shop;
before(async () => {
  server = await startServer({ fresh: true }); // with everything that is made to last
  shop = await account(server);
});
after(() => server?.stop());

async function transcript(talk) {
  const messages = [];
  for (let afterSeq = 0, more = true; more; ) {
    const reply = await fn(server, 'get-messages', { conversationId: talk.id, afterSeq }, { token: talk.token });
    assert.equal(reply.status, 200, reply.text);
    messages.push(...reply.body.messages);
    afterSeq = reply.body.lastSeq;
    more = reply.body.hasMore;
  }
  return messages;
}

it('loses nothing and repeats nothing', { timeout: 900_000 }, async (t) => {
  const talks = [];
  for (let i = 0; i < CONVERSATIONS; i += 1) {
    const guest = await visitor(server, shop.agentId);
    const first = await say(server, guest, 'start');
    talks.push({ ...guest, id: first.body.conversationId });
  }
  const acknowledged = new Map(); // clientMessageId -> conversation
  const unknown = new Map(); // sent, but the answer did not come
  const ready = [];
  const busy = [];

  const send = async (talk, clientMessageId) => {
    try {
      const reply = await say(server, talk, clientMessageId, { conversationId: talk.id, clientMessageId });
      if (reply.status === 200) {
        acknowledged.set(clientMessageId, talk);
        unknown.delete(clientMessageId);
      }
      return reply.status;
    } catch {
      return 0; // the connection broke: the client does not know, and will retry
    }
  };

  for (let round = 0; round < ROUNDS; round += 1) {
    let going = true;
    let sent = 0;
    const before_ = acknowledged.size;
    const began = performance.now();
    const killAt = 1500 + Math.random() * 1000;
    const pending = new Set();
    const killer = sleep(killAt).then(async () => {
      await server.kill();
      going = false;
    });
    while (going) {
      const due = Math.floor(((performance.now() - began) / 1000) * PER_SECOND);
      for (; sent < due && going; sent += 1) {
        const id = randomUUID();
        const talk = talks[sent % talks.length];
        unknown.set(id, talk);
        const one = send(talk, id).finally(() => pending.delete(one));
        pending.add(one);
      }
      await sleep(2);
    }
    await killer;
    await Promise.all(pending);
    busy.push(Math.round((acknowledged.size - before_) / (killAt / 1000)));
    ready.push(Math.round(await server.start()));
    // What a client does: the same message, the same id, until it is acknowledged.
    for (const [id, talk] of [...unknown]) {
      for (let attempt = 0; unknown.has(id); attempt += 1) {
        assert.ok(attempt < 20, 'a retry is not accepted');
        const status = await send(talk, id);
        if (status !== 200) await sleep(100);
      }
    }
  }

  t.diagnostic(`ready again after ms: ${ready.join(' ')}`);
  t.diagnostic(`acknowledged a second: ${busy.join(' ')}; ${acknowledged.size} in all`);
  // An answer that lost its writer hides what follows it until its lease runs out.
  await eventually('no answer is left running', async () =>
    (await server.sql`select from public.messages where state = 'running'`).length === 0, 90_000);
  const where = new Map();
  for (const talk of talks) {
    const messages = await transcript(talk);
    assert.deepEqual(messages.map((m) => m.seq), messages.map((_, i) => i + 1), 'a hole in seq');
    for (const { role, content } of messages) {
      if (role !== 'visitor' || content === 'start') continue;
      assert.ok(!where.has(content), `${content} twice`);
      where.set(content, talk.id);
    }
  }
  for (const [id, talk] of acknowledged) assert.equal(where.get(id), talk.id, `${id} was acknowledged and is gone`);
  assert.equal(where.size, acknowledged.size);
  assert.ok(Math.max(...ready) <= READY_MS, `ready after ${Math.max(...ready)} ms`);
});
