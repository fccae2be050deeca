// widget-chat and get-messages: answers with citations, streams, retries, pages.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, say, supabase, visitor } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';
import { all, events } from '../lib/sse.mjs';

let server;
let shop;
let demo;
before(async () => {
  server = await startServer();
  shop = await account(server);
  demo = await visitor(server);
});
after(() => server?.stop());

const HOURS = 'What are your opening hours?';
const UNANSWERABLE = 'Zyx qwv plugh xyzzy?';
const history = async (who, conversationId, more = {}) =>
  (await fn(server, 'get-messages', { conversationId, ...more }, { token: who.token })).body;

function stream(who, body, options = {}) {
  return fetch(`${server.url}/functions/v1/widget-chat`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json', accept: 'text/event-stream',
      apikey: server.env.SUPABASE_ANON_KEY, authorization: `Bearer ${who.token}`,
    },
    body: JSON.stringify({ agentId: who.agentId, stream: true, ...body }),
    ...options,
  });
}

describe('an answer as JSON', () => {
  it('comes from the knowledge and cites it', async () => {
    const reply = await say(server, demo, HOURS);
    assert.equal(reply.status, 200, reply.text);
    const { conversationId, userMessage, reply: answer, status } = reply.body;
    assert.match(conversationId, /^[0-9a-f-]{36}$/);
    assert.equal(userMessage.seq, 1);
    assert.equal(answer.seq, 2);
    assert.equal(status, 'active');
    assert.ok(answer.content.length > 10);
    assert.ok(answer.citations.length >= 1);
    for (const citation of answer.citations) {
      assert.match(citation.sourceId, /^[0-9a-f-]{36}$/);
      assert.equal(typeof citation.title, 'string');
      assert.ok('url' in citation && 'page' in citation);
      assert.ok(citation.snippet.length > 0);
    }
    const { messages, lastSeq, hasMore } = await history(demo, conversationId);
    assert.deepEqual(messages.map((m) => [m.seq, m.role]), [[1, 'visitor'], [2, 'assistant']]);
    assert.equal(messages[1].content, answer.content);
    assert.equal(messages[1].cutOff, false);
    assert.equal(lastSeq, 2);
    assert.equal(hasMore, false);
    assert.match(messages[0].createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('is the fallback without citations when the knowledge has nothing', async () => {
    const reply = await say(server, shop.guest, UNANSWERABLE);
    assert.equal(reply.status, 200);
    assert.equal(reply.body.reply.content, 'I do not know that. Shall I ask a person?');
    assert.deepEqual(reply.body.reply.citations, []);
  });

  it('comes through supabase-js for a visitor and for an API key', async () => {
    const asVisitor = await supabase(server, { token: demo.token }).functions.invoke('widget-chat', {
      body: { agentId: demo.agentId, message: HOURS },
    });
    assert.equal(asVisitor.error, null);
    assert.ok(asVisitor.data.reply.content);
    for (const how of [{ token: server.env.CHATPAD_DEMO_API_KEY }, { apikey: server.env.CHATPAD_DEMO_API_KEY }]) {
      const reply = await call(server, '/functions/v1/widget-chat', { ...how, body: { agentId: demo.agentId, message: HOURS } });
      assert.equal(reply.status, 200, reply.text);
      assert.ok(reply.body.reply.citations.length >= 1);
    }
  });

  it('numbers concurrent messages of one conversation without a hole', async () => {
    const first = await say(server, shop.guest, 'The first of many.');
    const { conversationId } = first.body;
    const replies = await Promise.all(Array.from({ length: 12 }, (_, i) => say(server, shop.guest, `Message ${i}`, { conversationId })));
    for (const reply of replies) assert.equal(reply.status, 200, reply.text);
    const { messages } = await history(shop.guest, conversationId);
    assert.deepEqual(messages.map((m) => m.seq), messages.map((_, i) => i + 1));
    assert.equal(messages.filter((m) => m.role === 'visitor').length, 13);
    assert.equal(messages.filter((m) => m.role === 'assistant').length, 13);
  });

  it('keeps of the visitor\'s page no query and no fragment, in which secrets of theirs may be', async () => {
    const metadata = { pageUrl: 'https://shop.example/pay?code=canary#access_token=canary', referrer: 'https://mail.example/#canary', note: 'a?b#c', nested: { pageUrl: 'x' } };
    const { body, status } = await say(server, demo, 'Hello', { metadata });
    assert.equal(status, 200);
    const kept = { pageUrl: 'https://shop.example/pay', referrer: 'https://mail.example/', note: 'a?b#c', nested: { pageUrl: 'x' } };
    const [row] = await server.sql`select c.metadata as conversation, m.metadata as message from public.conversations c
      join public.messages m on m.conversation_id = c.id and m.seq = 1 where c.id = ${body.conversationId}`;
    assert.deepEqual(row, { conversation: kept, message: kept });
    for (const odd of [{ pageUrl: 7 }, { pageUrl: null, referrer: {} }, {}]) assert.equal((await say(server, demo, 'Hello', { metadata: odd })).status, 200);
  });

  it('keeps text as it was written', async () => {
    const text = '  Grüße 👩‍👩‍👧 \u202e "quotes" \\ </script> \t tab\nline  ';
    const reply = await say(server, shop.guest, text);
    assert.equal(reply.status, 200, reply.text);
    const { messages } = await history(shop.guest, reply.body.conversationId);
    assert.equal(messages[0].content, text);
  });
});

describe('an answer as a stream', () => {
  it('has tokens, citations and a done, each typed twice and numbered', async () => {
    const response = await stream(demo, { message: HOURS });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    const list = await all(response);
    for (const event of list) {
      assert.equal(event.json.type, event.event);
      assert.ok(event.id, 'every event has an id');
    }
    assert.equal(new Set(list.map((event) => event.id)).size, list.length, 'ids do not repeat');
    const known = ['token', 'citation', 'safety', 'done', 'error'];
    assert.ok(list.every((event) => known.includes(event.event)), list.map((event) => event.event).join());
    const tokens = list.filter((event) => event.event === 'token');
    assert.ok(tokens.length >= 2);
    assert.ok(list.some((event) => event.event === 'citation'));
    const done = list.at(-1);
    assert.equal(done.event, 'done');
    assert.equal(typeof done.json.usage.input_tokens, 'number');
    assert.equal(typeof done.json.usage.output_tokens, 'number');
    assert.equal(response.headers.get('x-conversation-id'), done.json.conversationId);
    const { messages } = await history(demo, done.json.conversationId);
    assert.equal(messages[1].content, tokens.map((event) => event.json.content).join(''));
  });

  it('is a Response for supabase-js', async () => {
    const { data, error } = await supabase(server, { token: demo.token }).functions.invoke('widget-chat', {
      body: { agentId: demo.agentId, message: HOURS, stream: true },
    });
    assert.equal(error, null);
    assert.equal((await all(data)).at(-1).event, 'done');
  });

  it('streams the fallback too', async () => {
    const list = await all(await stream(shop.guest, { message: UNANSWERABLE }));
    assert.equal(list.at(-1).event, 'done');
    assert.ok(!list.some((event) => event.event === 'citation'));
  });

  it('refuses before the stream starts as JSON', async () => {
    const response = await stream(demo, { message: '' });
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type'), /json/);
    await response.body.cancel();
  });

  it('leaves a readable conversation when the visitor goes away in the middle', async () => {
    const stop = new AbortController();
    const first = await say(server, demo, HOURS);
    const { conversationId } = first.body;
    const response = await stream(demo, { message: HOURS, conversationId }, { signal: stop.signal });
    for await (const event of events(response)) {
      if (event.event === 'token') break;
    }
    stop.abort();
    const next = await say(server, demo, HOURS, { conversationId });
    assert.equal(next.status, 200, next.text);
    const { messages } = await history(demo, conversationId);
    assert.deepEqual(messages.map((m) => m.seq), messages.map((_, i) => i + 1));
  });
});

describe('a retry with the same clientMessageId', () => {
  it('is one message, with and without the conversation id', async () => {
    const clientMessageId = randomUUID();
    const first = await say(server, demo, HOURS, { clientMessageId });
    const { conversationId, userMessage, reply } = first.body;
    const again = await say(server, demo, HOURS, { clientMessageId });
    const named = await say(server, demo, HOURS, { clientMessageId, conversationId });
    for (const retry of [again, named]) {
      assert.equal(retry.status, 200, retry.text);
      assert.equal(retry.body.conversationId, conversationId);
      assert.equal(retry.body.userMessage.id, userMessage.id);
      assert.equal(retry.body.reply.id, reply.id);
    }
    const { messages } = await history(demo, conversationId);
    assert.equal(messages.length, 2);
  });

  it('is one message when twenty arrive at once', async () => {
    const clientMessageId = randomUUID();
    const replies = await Promise.all(Array.from({ length: 20 }, () => say(server, demo, HOURS, { clientMessageId })));
    for (const reply of replies) assert.equal(reply.status, 200, reply.text);
    assert.equal(new Set(replies.map((reply) => reply.body.conversationId)).size, 1);
    assert.equal(new Set(replies.map((reply) => reply.body.userMessage.id)).size, 1);
    const [count] = await server.sql`select count(*)::int as n from public.messages where client_message_id = ${clientMessageId}`;
    assert.equal(count.n, 1);
    const { messages } = await history(demo, replies[0].body.conversationId);
    assert.equal(messages.filter((m) => m.role === 'visitor').length, 1);
    assert.equal(messages.filter((m) => m.role === 'assistant').length, 1);
  });

  it('is one message as a stream, too', async () => {
    const clientMessageId = randomUUID();
    const first = (await all(await stream(demo, { message: HOURS, clientMessageId }))).at(-1).json;
    const again = (await all(await stream(demo, { message: HOURS, clientMessageId }))).at(-1).json;
    assert.equal(again.conversationId, first.conversationId);
    const { messages } = await history(demo, first.conversationId);
    assert.equal(messages.length, 2);
  });

  it('takes Idempotency-Key for the same thing', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const send = () => fn(server, 'widget-chat', { agentId: demo.agentId, message: HOURS }, { token: demo.token, headers });
    const first = await send();
    const again = await send();
    assert.equal(again.status, 200, again.text);
    assert.equal(again.body.userMessage.id, first.body.userMessage.id);
  });

  it('does not meet the ids of another visitor', async () => {
    const clientMessageId = randomUUID();
    const other = await visitor(server);
    const mine = await say(server, demo, HOURS, { clientMessageId });
    const theirs = await say(server, other, HOURS, { clientMessageId });
    assert.notEqual(mine.body.conversationId, theirs.body.conversationId);
  });
});

describe('get-messages', () => {
  it('gives what came after a sequence number', async () => {
    const first = await say(server, demo, HOURS);
    const { conversationId } = first.body;
    await say(server, demo, 'How do I return something?', { conversationId });
    const late = await history(demo, conversationId, { afterSeq: 2 });
    assert.deepEqual(late.messages.map((m) => m.seq), [3, 4]);
    const none = await history(demo, conversationId, { afterSeq: 4 });
    assert.deepEqual([none.messages.length, none.lastSeq, none.hasMore], [0, 4, false]);
  });

  it('gives pages of 1,000', async () => {
    const { conversationId } = (await say(server, shop.guest, 'A long talk.')).body;
    await server.sql.begin(async (sql) => {
      await sql`insert into public.messages (user_id, conversation_id, seq, role, content)
        select user_id, id, last_seq + n, 'visitor', 'line ' || n from public.conversations, generate_series(1, 2100) n
        where id = ${conversationId}`;
      await sql`update public.conversations set last_seq = last_seq + 2100 where id = ${conversationId}`;
    });
    let afterSeq = 0;
    const seqs = [];
    const pages = [];
    for (let more = true; more; ) {
      const page = await history(shop.guest, conversationId, { afterSeq });
      pages.push(page.messages.length);
      seqs.push(...page.messages.map((m) => m.seq));
      afterSeq = page.lastSeq;
      more = page.hasMore;
    }
    assert.deepEqual(pages, [1000, 1000, 102]);
    assert.deepEqual(seqs, seqs.map((_, i) => i + 1));
  });

  it('shows the same to visitor, owner and API key, but for what only people may see', async () => {
    const seen = await Promise.all([shop.guest.token, shop.token, shop.key].map((token) =>
      fn(server, 'get-messages', { conversationId: shop.conversationId }, { token })));
    assert.deepEqual(seen.map((reply) => reply.status), [200, 200, 200]);
    for (const message of seen[1].body.messages) {
      assert.equal('debugInfo' in message, message.role === 'assistant');
      delete message.debugInfo;
    }
    assert.deepEqual(seen[0].body, seen[1].body);
    assert.equal(seen[0].text, seen[2].text);
  });
});
