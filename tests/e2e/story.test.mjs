// The whole story with the unmodified supabase-js client: a visitor, the AI and a person talk; a
// lead comes in; the server restarts and everything is still there.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { fn, signIn, supabase } from '../lib/callers.mjs';
import { join } from '../lib/realtime.mjs';
import { startServer } from '../lib/server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

const invoke = async (client, name, body) => {
  const { data, error } = await client.functions.invoke(name, { body });
  if (error) throw new Error(`${name}: ${error.message} ${await error.context?.text?.()}`);
  return data;
};

it('a visitor, the AI and a person talk', async (t) => {
  const agentId = server.env.CHATPAD_DEMO_AGENT_ID;

  // The widget starts: one call gives the look, the hours and a visitor's token.
  const config = await invoke(supabase(server), 'get-widget-config', { agentId });
  const visitor = supabase(server, { token: config.visitor.token });
  await visitor.realtime.setAuth();
  const owner = await signIn(server);
  const inbox = await join(owner.client, `account:${owner.id}`);

  // The visitor asks; the AI answers from the shop's knowledge and cites it; the owner sees both.
  const first = await invoke(visitor, 'widget-chat', { agentId, message: 'What are your opening hours?', clientMessageId: 'story-1' });
  assert.ok(first.reply.content.length > 10);
  assert.ok(first.reply.citations.length >= 1);
  const { conversationId } = first;
  await inbox.next('conversation.created', (payload) => payload.conversation.id === conversationId);
  await inbox.next('message.created', (payload) => payload.message.id === first.userMessage.id);
  await inbox.next('message.created', (payload) => payload.message.id === first.reply.id);

  // Both join the conversation's private channel and see each other type.
  const atVisitor = await join(visitor, `conversation:${conversationId}`);
  const atOwner = await join(owner.client, `conversation:${conversationId}`);
  const taken = await invoke(owner.client, 'start-takeover', { conversationId });
  assert.equal(taken.conversation.status, 'human_takeover');
  await atVisitor.next('takeover.started');
  await inbox.next('takeover.started');
  await atVisitor.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } });
  assert.equal((await atOwner.next('typing')).payload.who, 'visitor');
  await atOwner.channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } });
  assert.equal((await atVisitor.next('typing')).payload.who, 'human');

  // The person answers; the visitor has it within a blink.
  const silent = await invoke(visitor, 'widget-chat', { agentId, conversationId, message: 'Am I talking to a person?' });
  assert.equal(silent.reply, null);
  const began = performance.now();
  const sent = await invoke(owner.client, 'send-human-message', { conversationId, content: 'You are. How can I help?' });
  const arrived = await atVisitor.next('message.created', (payload) => payload.message.id === sent.message.id);
  assert.equal(arrived.payload.message.content, 'You are. How can I help?');
  assert.equal(arrived.payload.message.role, 'human');
  t.diagnostic(`from the call to the visitor's socket: ${(arrived.at - began).toFixed(1)} ms`);

  // Handed back, the AI answers again.
  await invoke(owner.client, 'end-takeover', { conversationId });
  await atVisitor.next('takeover.ended');
  const again = await invoke(visitor, 'widget-chat', { agentId, conversationId, message: 'How do I return something?' });
  assert.equal(again.status, 'active');
  assert.ok(again.reply.content.length > 10);

  // A lead is created, scored, linked and seen live.
  const { lead, conversationId: linked } = await invoke(visitor, 'create-widget-lead', {
    agentId, conversationId, name: 'Ada', email: 'ada@example.test', company: 'Engines', message: 'Please send me a quote.',
  });
  assert.equal(linked, conversationId);
  assert.ok(lead.score > 0 && lead.reasons.length > 0);
  const seen = await inbox.next('lead.created', (payload) => payload.lead.id === lead.id);
  assert.equal(seen.payload.lead.conversationId, conversationId);

  // Both sides hold the same transcript, without a hole.
  const mine = await invoke(visitor, 'get-messages', { conversationId });
  const theirs = await invoke(owner.client, 'get-messages', { conversationId });
  for (const message of theirs.messages) delete message.debugInfo; // how an answer was made is for people
  assert.deepEqual(mine, theirs);
  assert.deepEqual(mine.messages.map((m) => [m.seq, m.role]), [
    [1, 'visitor'], [2, 'assistant'], [3, 'visitor'], [4, 'human'], [5, 'visitor'], [6, 'assistant'],
  ]);
  visitor.realtime.disconnect();
  owner.client.realtime.disconnect();

  // Ctrl-C and up again: all still there, and the old keys, tokens and retries still count.
  await server.halt('SIGINT');
  await server.start();
  const kept = await fn(server, 'get-messages', { conversationId }, { token: config.visitor.token });
  assert.deepEqual(kept.body, mine);
  assert.equal((await signIn(server)).id, owner.id);
  const retry = await invoke(visitor, 'widget-chat', { agentId, message: 'What are your opening hours?', clientMessageId: 'story-1' });
  assert.equal(retry.userMessage.id, first.userMessage.id);
  const after_ = await join(visitor, `conversation:${conversationId}`);
  await invoke(visitor, 'widget-chat', { agentId, conversationId, message: 'Still there?' });
  await after_.next('message.created', (payload) => payload.message.seq === 7);
  visitor.realtime.disconnect();
});

it('the demo inbox has two conversations and a lead from the start', async () => {
  const [row] = await server.sql`select
    (select count(*)::int from public.conversations where agent_id = ${server.env.CHATPAD_DEMO_AGENT_ID} and metadata ->> 'x' is null) as conversations,
    (select count(*)::int from public.leads where agent_id = ${server.env.CHATPAD_DEMO_AGENT_ID}) as leads`;
  assert.ok(row.conversations >= 3 && row.leads >= 2);
});

it('the demo agent is asked in the words of a customer', async () => {
  const { visitor: guest } = await invoke(supabase(server), 'get-widget-config', { agentId: server.env.CHATPAD_DEMO_AGENT_ID });
  const client = supabase(server, { token: guest.token });
  for (const message of ['When are you open on Saturday?', 'Where is your shop?', 'How much is shipping?', 'Can I send something back?', 'How can I pay?']) {
    const { reply } = await invoke(client, 'widget-chat', { agentId: server.env.CHATPAD_DEMO_AGENT_ID, message });
    assert.ok(reply.citations.length >= 1, `${message} -> ${reply.content}`);
  }
});
