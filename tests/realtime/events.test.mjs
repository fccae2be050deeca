// Durable events: what is committed reaches everybody who may hear it, once, in order.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, fn, say, supabase } from '../lib/callers.mjs';
import { join } from '../lib/realtime.mjs';
import { eventually, startServer } from '../lib/server.mjs';

let server;
let shop;
let guestClient;
before(async () => {
  server = await startServer();
  shop = await account(server);
  guestClient = supabase(server, { token: shop.guest.token });
  await guestClient.realtime.setAuth();
});
after(async () => {
  guestClient?.realtime.disconnect();
  shop?.client.realtime.disconnect();
  await server?.stop();
});

const as = (who, name, body) => fn(server, name, body, { token: who.token });

describe('message.created', () => {
  it('carries the whole message to the conversation and to the account', async () => {
    const account_ = await join(shop.client, `account:${shop.id}`);
    const guest = await join(guestClient, `conversation:${shop.conversationId}`);
    const reply = await say(server, shop.guest, 'Anybody there?', { conversationId: shop.conversationId });
    const { messages } = (await as(shop.guest, 'get-messages', { conversationId: shop.conversationId })).body;
    for (const side of [account_, guest]) {
      for (const seq of [reply.body.userMessage.seq, reply.body.reply.seq]) {
        const event = await side.next('message.created', (payload) => payload.message.seq === seq);
        assert.deepEqual(event.payload.message, messages.find((m) => m.seq === seq));
        assert.equal(event.payload.conversationId, shop.conversationId);
        assert.equal(event.payload.agentId, shop.agentId);
        assert.match(event.meta.id, /^[0-9a-f-]{36}$/);
      }
    }
    assert.ok(guest.events.filter((seen) => seen.event === 'message.created').every((seen) => Number.isInteger(seen.meta.seq)));
    await account_.leave();
    await guest.leave();
  });

  it('comes once each and in order under concurrent writers', async () => {
    const { conversationId } = (await say(server, shop.guest, 'A new one.')).body;
    const guest = await join(guestClient, `conversation:${conversationId}`);
    await as(shop, 'start-takeover', { conversationId });
    await Promise.all(Array.from({ length: 60 }, (_, i) =>
      i % 2 ? as(shop, 'send-human-message', { conversationId, content: `h${i}` }) : say(server, shop.guest, `v${i}`, { conversationId })));
    // The answer to the first one may still be on its way.
    const seqs = () => guest.events.filter((seen) => seen.event === 'message.created').map((seen) => seen.payload.message.seq).filter((seq) => seq > 2);
    await eventually('60 messages', () => seqs().length >= 60);
    assert.deepEqual(seqs(), Array.from({ length: 60 }, (_, i) => i + 3));
    await guest.leave();
  });

  it('is not sent for what was rolled back', async () => {
    const guest = await join(guestClient, `conversation:${shop.conversationId}`);
    await server.sql.begin(async (sql) => {
      await sql`insert into public.messages (user_id, conversation_id, seq, role, content)
        select user_id, id, last_seq + 100, 'visitor', 'never' from public.conversations where id = ${shop.conversationId}`;
      throw new Error('roll back');
    }).catch(() => {});
    await say(server, shop.guest, 'after', { conversationId: shop.conversationId });
    await guest.next('message.created', (payload) => payload.message.content === 'after');
    assert.ok(!JSON.stringify(guest.events).includes('never'));
    await guest.leave();
  });
});

describe('a takeover', () => {
  it('is seen by the visitor and by the account, without the note', async () => {
    const { conversationId } = (await say(server, shop.guest, 'Please help.')).body;
    const account_ = await join(shop.client, `account:${shop.id}`);
    const guest = await join(guestClient, `conversation:${conversationId}`);
    await as(shop, 'start-takeover', { conversationId, note: 'a difficult one' });
    for (const side of [account_, guest]) {
      const started = await side.next('takeover.started', (payload) => payload.conversation.id === conversationId);
      assert.equal(started.payload.conversation.status, 'human_takeover');
      assert.equal(started.payload.takeover.memberId, shop.id);
    }
    assert.ok(!JSON.stringify(guest.events).includes('difficult'));
    assert.ok(!JSON.stringify(guest.events).includes(shop.email));
    await as(shop, 'end-takeover', { conversationId });
    for (const side of [account_, guest]) {
      const ended = await side.next('takeover.ended', (payload) => payload.conversation.id === conversationId);
      assert.equal(ended.payload.conversation.status, 'active');
    }
    await account_.leave();
    await guest.leave();
  });
});

describe('the account', () => {
  it('hears of new conversations and leads, live', async () => {
    const account_ = await join(shop.client, `account:${shop.id}`);
    const { conversationId } = (await say(server, shop.guest, 'Brand new.')).body;
    const created = await account_.next('conversation.created', (payload) => payload.conversation.id === conversationId);
    assert.equal(created.payload.conversation.agentId, shop.agentId);
    const lead = await as(shop.guest, 'create-widget-lead', { agentId: shop.agentId, conversationId, email: 'lead@example.test' });
    const heard = await account_.next('lead.created', (payload) => payload.lead.id === lead.body.lead.id);
    assert.equal(heard.payload.lead.score, lead.body.lead.score);
    await account_.leave();
  });

  it('hears of a changed agent, and so do its visitors', async () => {
    const account_ = await join(shop.client, `account:${shop.id}`);
    const guest = await join(guestClient, `agent:${shop.agentId}`);
    await server.sql`update public.agents set greeting = 'Hello again.' where id = ${shop.agentId}`;
    for (const side of [account_, guest]) {
      const event = await side.next('config.updated');
      assert.equal(event.payload.agent.id, shop.agentId);
    }
    await account_.leave();
    await guest.leave();
  });
});

describe('leaving and coming back', () => {
  it('hears nothing while away and everything after', async () => {
    const first = await join(guestClient, `conversation:${shop.conversationId}`);
    await first.leave();
    await say(server, shop.guest, 'while away', { conversationId: shop.conversationId });
    const again = await join(guestClient, `conversation:${shop.conversationId}`);
    await say(server, shop.guest, 'back now', { conversationId: shop.conversationId });
    await again.next('message.created', (payload) => payload.message.content === 'back now');
    assert.ok(!first.events.some((seen) => seen.payload.message?.content === 'while away'));
    const missed = (await as(shop.guest, 'get-messages', { conversationId: shop.conversationId })).body.messages;
    assert.ok(missed.some((m) => m.content === 'while away'), 'the gap is filled by get-messages');
    await again.leave();
  });
});

describe('SQL of an application', () => {
  it('reaches its own private topic through realtime.send and its own policy', async () => {
    await server.sql.unsafe(`drop policy if exists test_room on realtime.messages;
      create policy test_room on realtime.messages for select to authenticated using (realtime.topic() = 'test-room')`);
    const room = await join(shop.client, 'test-room');
    await server.sql`select realtime.send(${server.sql.json({ n: 1 })}, 'hello', 'test-room', true)`;
    const event = await room.next('hello');
    assert.equal(event.payload.n, 1);
    await room.leave();
  });
});
