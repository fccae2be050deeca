// 1,000 takeovers against a provider at 50 ms a token, most of them in the middle of a stream: no
// assistant text after the takeover, what was said before stays as cut off.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { account, fn, visitor } from '../lib/callers.mjs';
import { sleep, startServer } from '../lib/server.mjs';
import { events } from '../lib/sse.mjs';

const TAKEOVERS = 1000;
const AT_ONCE = 50;
const MID_STREAM_MIN = 900;
const TOKENS = 40;

let server;
let shop;
before(async () => {
  server = await startServer({ provider: { tokenMs: 50, tokens: TOKENS } });
  shop = await account(server);
});
after(() => server?.stop());

const stored = async (conversationId) => {
  const [row] = await server.sql`
    select content, cut_off as "cutOff", state, seq::int as seq from public.messages
    where conversation_id = ${conversationId} and role = 'assistant' order by seq desc limit 1`;
  return row ? { ...row } : null;
};

// One conversation: stream, take over somewhere in it, look at once and again at the end.
async function one(i, count) {
  const guest = await visitor(server, shop.agentId);
  const first = await fetch(`${server.url}/functions/v1/widget-chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY, authorization: `Bearer ${guest.token}` },
    body: JSON.stringify({ agentId: shop.agentId, message: `question ${i}`, clientMessageId: `q-${i}`, stream: true }),
  });
  assert.equal(first.status, 200);
  const [{ id: conversationId }] = await server.sql`
    select conversation_id as id from public.messages where client_message_id = ${`q-${i}`}`;
  const takeAt = 2 + Math.floor(Math.random() * (TOKENS - 6));
  let tokens = 0;
  let takeover;
  let atOnce;
  let done;
  for await (const event of events(first)) {
    if (event.event === 'token') tokens += 1;
    if (event.event === 'done') done = event.json;
    if (tokens === takeAt && !takeover) {
      takeover = fn(server, 'start-takeover', { conversationId }, { token: shop.token }).then(async (reply) => {
        assert.equal(reply.status, 200, reply.text);
        atOnce = await stored(conversationId);
      });
    }
  }
  await takeover;
  assert.ok(done, 'the stream ended without done');
  assert.equal(atOnce.state, 'complete', 'an answer runs on after the takeover');
  if (atOnce.cutOff) count.midStream += 1;
  else count.finished += 1;
  await sleep(300);
  const later = await stored(conversationId);
  assert.deepEqual(later, atOnce, 'assistant text changed after the takeover');
  const words = later.content.trim() === '' ? 0 : later.content.trim().split(/\s+/).length;
  assert.ok(later.cutOff ? words < TOKENS : words === TOKENS, `${words} words, cutOff ${later.cutOff}`);
  assert.equal(done.reply.content, later.content, 'the visitor holds another text than the inbox');
  assert.equal(done.reply.cutOff, later.cutOff);
  if (later.cutOff && words === 0) count.empty += 1;
  const { body } = await fn(server, 'get-messages', { conversationId }, { token: guest.token });
  assert.deepEqual(body.messages.map((m) => m.seq), [1, 2]);
}

it('1,000 takeovers', { timeout: 900_000 }, async (t) => {
  const count = { midStream: 0, finished: 0, empty: 0 };
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < TAKEOVERS) await one(next++, count);
  }));
  t.diagnostic(`${count.midStream} of ${TAKEOVERS} landed mid-stream, ${count.finished} after the end; ${count.empty} before the first stored word`);
  console.log(`mid-stream: ${count.midStream} of ${TAKEOVERS}`);
  assert.ok(count.midStream >= MID_STREAM_MIN);
  const [{ bad }] = await server.sql`
    select count(*)::int as bad from public.messages m join public.conversations c on c.id = m.conversation_id
    where m.role = 'assistant' and m.state = 'running' and c.status = 'human_takeover'`;
  assert.equal(bad, 0);
});
