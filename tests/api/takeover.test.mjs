// start-takeover, end-takeover, send-human-message: who may, what it does, what stays.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, member, say, supabase } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { all, events } from '../lib/sse.mjs';

let server;
let shop;
before(async () => {
  server = await startServer({ provider: { tokenMs: 30, tokens: 60 } });
  shop = await account(server);
});
after(() => server?.stop());

const fresh = async () => (await say(server, shop.guest, 'I would like to talk.')).body.conversationId;
const as = (who, name, body) => fn(server, name, body, { token: who.token });

describe('a takeover', () => {
  it('silences the AI, lets the person write, and is handed back', async () => {
    const conversationId = await fresh();
    const started = await as(shop, 'start-takeover', { conversationId, note: 'angry customer' });
    assert.equal(started.status, 200, started.text);
    assert.equal(started.body.conversation.id, conversationId);
    assert.equal(started.body.conversation.status, 'human_takeover');
    assert.equal(started.body.conversation.epoch, 1);
    assert.equal(started.body.conversation.takenOverBy.id, shop.id);

    const during = await say(server, shop.guest, 'Are you a person?', { conversationId });
    assert.equal(during.status, 200);
    assert.equal(during.body.reply, null);
    assert.equal(during.body.status, 'human_takeover');

    const sent = await as(shop, 'send-human-message', { conversationId, content: 'Yes, I am.' });
    assert.equal(sent.status, 201, sent.text);
    assert.equal(sent.body.message.role, 'human');
    assert.equal(sent.body.message.seq, during.body.userMessage.seq + 1);
    assert.equal(typeof sent.body.message.author.name, 'string');
    assert.ok(!sent.text.includes(shop.email), 'a visitor may read this object: no address in it');

    const ended = await as(shop, 'end-takeover', { conversationId });
    assert.equal(ended.status, 200, ended.text);
    assert.equal(ended.body.conversation.status, 'active');
    const afterwards = await say(server, shop.guest, 'And now?', { conversationId });
    assert.ok(afterwards.body.reply.content);
  });

  it('is idempotent for the same person and passes to another', async () => {
    const conversationId = await fresh();
    const colleague = await member(server, shop.id, 'member');
    const first = await as(shop, 'start-takeover', { conversationId });
    const again = await as(shop, 'start-takeover', { conversationId });
    assert.equal(again.body.conversation.epoch, first.body.conversation.epoch);
    const other = await as(colleague, 'start-takeover', { conversationId });
    assert.equal(other.status, 200, other.text);
    assert.equal(other.body.conversation.epoch, first.body.conversation.epoch + 1);
    assert.equal(other.body.conversation.takenOverBy.id, colleague.id);
    const ended = await as(colleague, 'end-takeover', { conversationId });
    assert.equal((await as(colleague, 'end-takeover', { conversationId })).text, ended.text);
  });

  it('needs a role of at least member', async () => {
    const conversationId = await fresh();
    const client = await member(server, shop.id, 'client');
    for (const [name, body] of [['start-takeover', {}], ['end-takeover', {}], ['send-human-message', { content: 'Hi' }]]) {
      const refused = await as(client, name, { conversationId, ...body });
      assert.equal(refused.status, 403, `${name}: ${refused.text}`);
      assert.equal(refused.body.code, 'insufficient_role');
    }
    assert.equal((await as(client, 'get-messages', { conversationId })).status, 200, 'a client reads');
    const colleague = await member(server, shop.id, 'member');
    assert.equal((await as(colleague, 'start-takeover', { conversationId })).status, 200);
  });

  it('is not for visitors, API keys or the bare anon key', async () => {
    const conversationId = await fresh();
    for (const token of [shop.guest.token, shop.key, server.env.SUPABASE_ANON_KEY]) {
      const refused = await fn(server, 'start-takeover', { conversationId }, { token });
      assert.ok([401, 403].includes(refused.status), refused.text);
    }
  });

  it('is needed before a person writes', async () => {
    const conversationId = await fresh();
    const refused = await as(shop, 'send-human-message', { conversationId, content: 'Hello?' });
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, 'takeover_required');
  });

  it('takes one retry of a person as one message', async () => {
    const conversationId = await fresh();
    await as(shop, 'start-takeover', { conversationId });
    const body = { conversationId, content: 'Once.', clientMessageId: `m-${conversationId}` };
    const first = await as(shop, 'send-human-message', body);
    const again = await as(shop, 'send-human-message', body);
    assert.equal(again.body.message.id, first.body.message.id);
  });

  it('works through supabase-js, which sees the error code', async () => {
    const conversationId = await fresh();
    const { error } = await shop.client.functions.invoke('send-human-message', { body: { conversationId, content: 'x' } });
    assert.equal(error.name, 'FunctionsHttpError');
    assert.equal((await error.context.json()).code, 'takeover_required');
    const { data } = await shop.client.functions.invoke('start-takeover', { body: { conversationId } });
    assert.equal(data.conversation.status, 'human_takeover');
    const anonymous = await supabase(server).functions.invoke('start-takeover', { body: { conversationId } });
    assert.equal(anonymous.error.name, 'FunctionsHttpError');
  });
});

describe('a takeover in the middle of an answer', () => {
  it('cuts it off: both sides hold the same text and no more comes', async () => {
    const response = await fetch(`${server.url}/functions/v1/widget-chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY, authorization: `Bearer ${shop.guest.token}` },
      body: JSON.stringify({ agentId: shop.guest.agentId, message: 'Tell me everything.', stream: true }),
    });
    let conversationId;
    let tokens = 0;
    const list = [];
    for await (const event of events(response)) {
      list.push(event);
      if (event.event !== 'token') continue;
      tokens += 1;
      if (tokens === 8) {
        [{ id: conversationId }] = await server.sql`
          select conversation_id as id from public.messages where content = 'Tell me everything.' order by created_at desc limit 1`;
        const started = await as(shop, 'start-takeover', { conversationId });
        assert.equal(started.status, 200, started.text);
      }
    }
    const [{ content, cut_off: cutOff, state }] = await server.sql`
      select content, cut_off, state from public.messages where conversation_id = ${conversationId} and role = 'assistant'`;
    assert.deepEqual([cutOff, state], [true, 'complete']);
    assert.ok(content.length > 0, 'what was said before stays');
    const words = content.trim().split(/\s+/).length;
    assert.ok(words < 60, `${words} words were kept`);
    assert.equal(list.at(-1).event, 'done', 'the stream ends in order');
    assert.equal(list.at(-1).json.reply.content, content, 'the stream ends with the stored text');
    assert.equal(list.at(-1).json.status, 'human_takeover');
    const { body } = await fn(server, 'get-messages', { conversationId }, { token: shop.guest.token });
    assert.equal(body.messages.at(-1).cutOff, true);
    assert.equal(body.messages.at(-1).content, content);
    await as(shop, 'end-takeover', { conversationId });
    await eventually('the AI answers again', async () =>
      (await say(server, shop.guest, 'Go on.', { conversationId })).body.reply?.content);
  });

  it('is not there for a message that waits for JSON either', async () => {
    const pending = say(server, shop.guest, 'A slow question.');
    const conversationId = await eventually('the message is committed', async () => {
      const rows = await server.sql`
        select conversation_id as id from public.messages m where content = 'A slow question.'
        and exists (select from public.messages a where a.reply_to = m.id and a.state = 'running')`;
      return rows[0]?.id;
    });
    await as(shop, 'start-takeover', { conversationId });
    const reply = await pending;
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.body.status, 'human_takeover');
    const { body } = await fn(server, 'get-messages', { conversationId }, { token: shop.guest.token });
    assert.equal(body.messages.filter((m) => m.role === 'assistant' && !m.cutOff).length, 0);
  });
});

describe('an archived conversation', () => {
  it('ends the answer in it at once, for a stream and for a message that waits', async () => {
    for (const stream of [true, false]) {
      const question = `To be archived in the middle, stream ${stream}.`;
      const pending = fetch(`${server.url}/functions/v1/widget-chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${shop.guest.token}` },
        body: JSON.stringify({ agentId: shop.guest.agentId, message: question, stream }),
      });
      const conversationId = await eventually('some of the answer is stored', async () => {
        const rows = await server.sql`
          select q.conversation_id as id from public.messages q join public.messages a on a.reply_to = q.id
          where q.content = ${question} and a.state = 'running' and a.content <> ''`;
        return rows[0]?.id;
      });
      const archived = await call(server, `/v1/conversations/${conversationId}`, { method: 'DELETE', token: shop.key });
      assert.equal(archived.status, 200, archived.text);
      const [stored] = await server.sql`
        select content, cut_off, state from public.messages where conversation_id = ${conversationId} and role = 'assistant'`;
      assert.deepEqual([stored.cut_off, stored.state], [true, 'complete']);
      assert.ok(stored.content.trim().split(/\s+/).length < 60);
      const reply = await pending;
      const last = stream ? (await all(reply)).at(-1).json : await reply.json();
      assert.deepEqual([last.status, last.reply.content, last.reply.cutOff], ['archived', stored.content, true]);
    }
  });
});
