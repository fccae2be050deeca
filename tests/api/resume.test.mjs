// A stream that breaks goes on with Last-Event-ID: the joined text is the whole one, whatever event was
// the last and wherever the rest comes from (the run, the database, another loop), and the model is
// asked once.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account } from '../lib/callers.mjs';
import { openai, startModels } from '../lib/models.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { all, events } from '../lib/sse.mjs';

const WORDS = Array.from({ length: 200 }, (_, i) => (i % 17 === 0 ? `Größe${i} 👋 ` : `w${i} `));
const TEXT = WORDS.join('');

let models;
let server;
let shop;
before(async () => {
  models = await startModels();
  models.script = () => ({ parts: openai(WORDS) });
  server = await startServer({
    env: {
      CHATPAD_AI_BASE_URL: models.url, CHATPAD_AI_MODEL: 'stand-in', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_LOOPS: '2',
    },
  });
  shop = await account(server);
});
after(async () => {
  await models?.stop();
  await server?.stop();
});

function ask(clientMessageId, { lastEventId, message = 'Tell me.', signal } = {}) {
  return fetch(`${server.url}/functions/v1/widget-chat`, {
    method: 'POST',
    signal,
    headers: {
      'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY, authorization: `Bearer ${shop.guest.token}`,
      connection: 'close', // the next request may land on the other loop
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    body: JSON.stringify({ agentId: shop.agentId, stream: true, message, clientMessageId }),
  });
}

const text = (list) => list.filter((event) => event.event === 'token').map((event) => event.json.content).join('');

// The events up to the `count`-th, then the connection is broken off.
async function first(count, clientMessageId) {
  const stop = new AbortController();
  const list = [];
  try {
    for await (const event of events(await ask(clientMessageId, { signal: stop.signal }))) {
      list.push(event);
      if (list.length === count) stop.abort();
      if (list.length >= count) break;
    }
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
  }
  return list;
}

describe('a stream that broke', () => {
  it('goes on behind every one of its events', { timeout: 600_000 }, async () => {
    const id = randomUUID();
    const whole = await all(await ask(id));
    assert.equal(text(whole), TEXT);
    assert.equal(whole.length, WORDS.length + 1);
    assert.equal(new Set(whole.map((event) => event.id)).size, whole.length);
    const calls = models.calls.length;
    for (let cut = 0; cut < whole.length; cut += 1) {
      const rest = await all(await ask(id, { lastEventId: whole[cut].id }));
      assert.equal(text(whole.slice(0, cut + 1)) + text(rest), TEXT, `cut after ${whole[cut].id}`);
      if (cut < whole.length - 1) {
        assert.equal(rest.at(-1).event, 'done');
        assert.equal(rest.at(-1).json.reply.content, TEXT);
        assert.equal(rest.at(-1).id, whole.at(-1).id, 'an event has one id, wherever it comes from');
      }
    }
    assert.equal(models.calls.length, calls, 'nobody asked the model again');
  });

  it('goes on while the answer is being written, on whatever loop', { timeout: 600_000 }, async () => {
    models.script = () => ({ parts: openai(WORDS), pauseMs: 5 });
    const calls = models.calls.length;
    const rounds = 8;
    await Promise.all(Array.from({ length: rounds }, async (_, i) => {
      const id = randomUUID();
      let list = await first(1 + 23 * i, id);
      // Several breaks in one answer.
      for (let again = 0; again < 3; again += 1) {
        const stop = new AbortController();
        const more = [];
        try {
          for await (const event of events(await ask(id, { lastEventId: list.at(-1).id, signal: stop.signal }))) {
            more.push(event);
            if (more.length >= 5) break;
          }
          stop.abort();
        } catch (error) {
          if (error.name !== 'AbortError') throw error;
        }
        list = [...list, ...more];
        if (list.at(-1).event === 'done') break;
      }
      if (list.at(-1).event !== 'done') list = [...list, ...(await all(await ask(id, { lastEventId: list.at(-1).id })))];
      assert.equal(text(list), TEXT, `round ${i}`);
      assert.equal(list.at(-1).event, 'done');
      assert.equal(list.at(-1).json.cutOff, false);
    }));
    assert.equal(models.calls.length, calls + rounds);
    models.script = () => ({ parts: openai(WORDS) });
  });

  it('goes on after a restart, from what is stored', async () => {
    const id = randomUUID();
    const whole = await all(await ask(id));
    const calls = models.calls.length;
    await server.halt();
    await server.start();
    for (const cut of [0, 40, 199]) {
      const rest = await all(await ask(id, { lastEventId: whole[cut].id }));
      assert.equal(text(whole.slice(0, cut + 1)) + text(rest), TEXT);
      assert.equal(rest.at(-1).json.reply.content, TEXT);
    }
    assert.equal(models.calls.length, calls);
  });

  it('without a Last-Event-ID gets the whole answer again, and the model is not asked either', async () => {
    const id = randomUUID();
    await all(await ask(id));
    const calls = models.calls.length;
    const again = await all(await ask(id));
    assert.equal(again.at(-1).json.reply.content, TEXT);
    assert.equal(models.calls.length, calls);
  });

  it('needs its clientMessageId, and an id that is one of ours', async () => {
    const id = randomUUID();
    await all(await ask(id));
    for (const lastEventId of ['x', '1-', '-1', '1.5', '99999999999999999999999']) {
      const reply = await ask(id, { lastEventId });
      assert.equal(reply.status, 400, lastEventId);
      assert.equal((await reply.json()).details, 'Last-Event-ID');
    }
    const reply = await ask(undefined, { lastEventId: '12', message: 'Never stored' });
    assert.equal(reply.status, 400);
    assert.equal((await server.sql`select from public.messages where content = 'Never stored'`).length, 0);
    assert.equal((await reply.json()).details, 'clientMessageId');
    const beyond = await all(await ask(id, { lastEventId: '999999999' }));
    assert.ok(beyond.every((event) => event.event !== 'token'));
  });

  it('that was cut off at the service goes on to the end that there is', async () => {
    models.script = () => ({ parts: openai(WORDS).slice(0, 50), pauseMs: 1, then: 'cut' });
    const id = randomUUID();
    const whole = await all(await ask(id));
    assert.equal(whole.at(-1).json.cutOff, true);
    assert.equal(whole.at(-1).json.status, 'active');
    const calls = models.calls.length;
    const rest = await all(await ask(id, { lastEventId: whole[9].id }));
    assert.equal(text(whole.slice(0, 10)) + text(rest), whole.at(-1).json.reply.content);
    assert.equal(models.calls.length, calls);
    models.script = () => ({ parts: openai(WORDS) });
    // Whoever asks anew, without saying where to go on, gets a new answer.
    const anew = await eventually('a whole answer', async () => {
      const list = await all(await ask(id));
      return list.at(-1).json.cutOff ? undefined : list;
    });
    assert.equal(anew.at(-1).json.reply.content, TEXT);
  });

  it('of an answer whose program was gone before it said a word gets another one', async () => {
    const claims = Buffer.from(shop.guest.token.split('.')[1], 'base64url').toString();
    const post = (id) => server.sql.begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'visitor', true)`;
      const [{ posted }] = await sql`
        select api.post_visitor_message(${shop.agentId}, null, 'Tell me.', ${id}, null, 0, null, null, 2) as posted`;
      return posted;
    });
    const streamed = randomUUID();
    const begun = await post(streamed);
    assert.ok(begun.answerId);
    const calls = models.calls.length;
    const list = await all(await ask(streamed));
    assert.equal(text(list), TEXT);
    assert.equal(list.at(-1).json.userMessage.id, begun.userMessage.id);
    assert.notEqual(list.at(-1).json.reply.id, begun.answerId);

    const whole = randomUUID();
    await post(whole);
    const reply = await fetch(`${server.url}/functions/v1/widget-chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY, authorization: `Bearer ${shop.guest.token}` },
      body: JSON.stringify({ agentId: shop.agentId, message: 'Tell me.', clientMessageId: whole }),
    });
    assert.equal((await reply.json()).reply.content, TEXT);
    assert.equal(models.calls.length, calls + 2);
  });
});
