// /v1/conversations: who may, what is shown, pages, the plan's limit, archiving, calling a person.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, call, fn, member, say, supabase, visitor } from '../lib/callers.mjs';
import { join } from '../lib/realtime.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
let client;
let colleague;
before(async () => {
  server = await startServer();
  shop = await account(server, 'rest-shop');
  [client, colleague] = [await member(server, shop.id, 'client'), await member(server, shop.id, 'member')];
  const text = '# Hours\nThe harbour shop opens at nine on weekdays.';
  const added = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: 'Handbook', content: text }, { token: shop.token });
  assert.equal(added.status, 201, added.text);
});
after(() => server?.stop());

const at = (method) => (token, path = '', body, more = {}) => call(server, `/v1/conversations${path}`, { method, token, body, ...more });
const [get, post, del] = [at('GET'), at('POST'), at('DELETE')];
const escalate = (token, id, body = {}) => post(token, `/${id}/escalate`, body);
const fails = (reply, status, code, details) => {
  assert.deepEqual([reply.status, reply.body?.code], [status, code], reply.text);
  if (details !== undefined) assert.equal(reply.body.details, details, reply.text);
};
const make = async (more = {}, token = shop.key) => {
  const reply = await post(token, '', { agent_id: shop.agentId, ...more });
  assert.equal(reply.status, 201, reply.text);
  return reply.body;
};
const read = async (id, token = shop.key) => (await get(token, `/${id}`)).body;
const as = (who, name, body) => fn(server, name, body, { token: who.token });
const KEYS = ['agent_id', 'agent_name', 'channel', 'closed_at', 'created_at', 'escalation', 'id', 'last_message_at', 'last_seq', 'message_count',
  'metadata', 'preview', 'status', 'subject', 'taken_over_by', 'updated_at', 'visitor_label', 'visitor_verified'];

describe('beginning a conversation', () => {
  it('gives an empty one, to keys and to people who may write', async () => {
    for (const token of [shop.key, shop.token, colleague.token]) {
      const made = await make({ metadata: { plan: 'gold', pageUrl: 'https://x.example/a?secret=1' } }, token);
      assert.deepEqual(Object.keys(made).sort(), [...KEYS, 'has_more', 'messages', 'next_after_seq'].sort());
      assert.deepEqual([made.status, made.channel, made.messages, made.has_more, made.next_after_seq, made.escalation], ['active', 'api', [], false, 0, null]);
      assert.deepEqual(made.metadata, { plan: 'gold', pageUrl: 'https://x.example/a' });
      assert.equal((await read(made.id)).id, made.id);
    }
  });

  it('with a message is answered as widget-chat does, and once', async () => {
    const headers = { 'idempotency-key': 'first-order' };
    const asked = { agent_id: shop.agentId, message: 'When does the harbour shop open?' };
    const [one, two] = await Promise.all([post(shop.key, '', asked, { headers }), post(shop.key, '', asked, { headers })]);
    assert.deepEqual([one.status, two.status], [201, 201], one.text + two.text);
    assert.equal(one.body.id, two.body.id);
    assert.deepEqual(one.body.messages.map(({ seq, role }) => [seq, role]), [[1, 'visitor'], [2, 'assistant']]);
    const [, answer] = one.body.messages;
    assert.match(answer.content, /nine/);
    assert.deepEqual(Object.keys(answer.citations[0]).sort(), ['doc_id', 'page', 'snippet', 'title', 'url']);
    assert.equal(answer.citations[0].title, 'Handbook');
    assert.ok(answer.model_used && answer.token_count_in >= 0 && answer.token_count_out >= 0 && answer.latency_ms >= 0, JSON.stringify(answer));
    const more = await fn(server, 'widget-chat', { agentId: shop.agentId, conversationId: one.body.id, message: 'And on Sunday?' }, { token: shop.key });
    assert.equal(more.status, 200, more.text);
    assert.equal(more.body.userMessage.seq, 3, 'widget-chat goes on with it');
  });

  it('for a visitor makes it theirs; their id is shown to nobody', async () => {
    const guest = await visitor(server, shop.agentId);
    fails(await post(shop.key, '', { agent_id: shop.agentId, visitor_id: guest.id }), 404, 'not_found');
    await say(server, guest, 'I exist.');
    for (const more of [{}, { message: 'I ask through the shop.' }]) {
      const reply = await post(shop.key, '', { agent_id: shop.agentId, visitor_id: guest.id, ...more });
      assert.equal(reply.status, 201, reply.text);
      assert.ok(!reply.text.includes(guest.id));
      const mine = await fn(server, 'get-messages', { conversationId: reply.body.id }, { token: guest.token });
      assert.equal(mine.status, 200, mine.text);
      assert.equal(mine.body.messages.length, more.message ? 2 : 0);
      const other = await fn(server, 'get-messages', { conversationId: reply.body.id }, { token: shop.guest.token });
      assert.equal(other.status, 404);
    }
  });

  it('is told to the account as every other one', async () => {
    const inbox = await join(shop.client, `account:${shop.id}`);
    const { id } = await make();
    await inbox.next('conversation.created', ({ conversation }) => conversation.id === id && conversation.channel === 'api');
    await inbox.leave();
  });

  it('counts against the plan, however it begins and however many at once', async () => {
    const small = await account(server);
    const key = await apiKey(server, small.id, { scopes: ['chat:write'] });
    await server.sql`insert into public.plan_overrides (user_id, limits) values (${small.id}, '{"conversations_per_month": 4}')`;
    const body = { agent_id: small.agentId };
    const replies = await Promise.all(Array.from({ length: 24 }, (_, i) => [
      () => post(key, '', body), () => post(small.token, '', body), () => post(key, '', { ...body, message: 'Hi' }),
      () => fn(server, 'widget-chat', { agentId: small.agentId, message: 'Hi' }, { token: key }),
    ][i % 4]()));
    const good = replies.filter(({ status }) => status < 300);
    assert.equal(good.length, 3, 'one was there already');
    for (const reply of replies.filter(({ status }) => status >= 300)) {
      fails(reply, 403, 'plan_limit_reached');
      assert.deepEqual([reply.body.details.limit, reply.body.details.used, reply.body.details.max], ['conversations_per_month', 4, 4]);
    }
    const [{ n }] = await server.sql`select count(*)::int as n from public.conversations where user_id = ${small.id}`;
    assert.equal(n, 4, 'nothing is left of the refused ones');
  });
});

describe('who may not', () => {
  it('a client reads and writes nothing', async () => {
    const { id } = await make({ message: 'Hello' });
    for (const path of ['', `/${id}`]) assert.equal((await get(client.token, path ? path : `?account_id=${shop.id}`)).status, 200, path);
    for (const reply of [await post(client.token, '', { agent_id: shop.agentId }), await escalate(client.token, id), await del(client.token, `/${id}`)]) {
      fails(reply, 403, 'insufficient_role');
    }
    assert.equal((await read(id)).status, 'active');
  });

  it('a key needs the scope of each', async () => {
    const { id } = await make();
    const allowed = { 'chat:write': 'begin', 'conversations:read': 'read', 'conversations:write': 'write' };
    for (const scope of [...Object.keys(allowed), 'leads:write']) {
      const key = await apiKey(server, shop.id, { scopes: [scope] });
      const replies = {
        begin: [await post(key, '', { agent_id: shop.agentId }), await post(key, '', { agent_id: shop.agentId, message: 'Hi' })],
        read: [await get(key), await get(key, `/${id}`)],
        write: [await escalate(key, id)],
      };
      for (const [act, list] of Object.entries(replies)) {
        for (const reply of list) {
          if (allowed[scope] === act) assert.ok(reply.status < 300, `${scope} ${act}: ${reply.text}`);
          else fails(reply, 403, 'insufficient_scope');
        }
      }
      if (scope !== 'conversations:write') fails(await del(key, `/${id}`), 403, 'insufficient_scope');
    }
  });

  it('visitors, strangers and nobody', async () => {
    const { id } = await make();
    const stranger = await account(server);
    const ask = (token) => [post(token, '', { agent_id: shop.agentId }), get(token, `?account_id=${shop.id}`), get(token, `?agent_id=${shop.agentId}`),
      get(token, `/${id}`), escalate(token, id), del(token, `/${id}`)];
    for (const token of [undefined, shop.guest.token, server.env.SUPABASE_ANON_KEY, server.env.SUPABASE_SERVICE_ROLE_KEY]) {
      for (const reply of await Promise.all(ask(token))) assert.ok([401, 403].includes(reply.status), `${reply.status} ${reply.text}`);
    }
    for (const token of [stranger.token, stranger.key]) {
      for (const reply of await Promise.all(ask(token))) fails(reply, 404, 'not_found');
    }
    const unknown = randomUUID();
    for (const token of [shop.token, shop.key]) {
      const replies = [await get(token, `/${unknown}`), await escalate(token, unknown), await del(token, `/${unknown}`), await get(token, `?agent_id=${unknown}`)];
      const foreign = [await get(token, `/${stranger.conversationId}`), await escalate(token, stranger.conversationId),
        await del(token, `/${stranger.conversationId}`), await get(token, `?agent_id=${stranger.agentId}`)];
      assert.deepEqual(foreign.map(({ status, text }) => [status, text]), replies.map(({ status, text }) => [status, text]));
      assert.ok(replies.every(({ status }) => status === 404));
    }
    assert.deepEqual((await get(stranger.key)).body.conversations.map((one) => one.id), [stranger.conversationId]);
  });

  it('a person does not write as the visitor', async () => {
    fails(await post(shop.token, '', { agent_id: shop.agentId, message: 'Hi' }), 400, 'validation_failed', 'message');
  });
});

describe('bad input is named', () => {
  it('in bodies', async () => {
    for (const [field, values] of Object.entries({
      agent_id: [undefined, null, '', 'x', 7, `${shop.agentId}'`], visitor_id: ['', 'x', 7, {}], message: ['', '  ', 7, {}, 'x'.repeat(8001), 'a\u0000b'],
      metadata: ['x', [], 7, { x: 'y'.repeat(9000) }],
    })) {
      for (const value of values) fails(await post(shop.key, '', { agent_id: shop.agentId, [field]: value }), 400, 'validation_failed', field === 'message' && value === '  ' ? undefined : field);
    }
    const { id } = await make();
    for (const [field, values] of Object.entries({ reason: [7, {}, 'x'.repeat(2001), 'a\u0000b'], priority: ['', 'normal', 'HIGH', 7, []] })) {
      for (const value of values) fails(await escalate(shop.key, id, { [field]: value }), 400, 'validation_failed', field);
    }
    for (const body of ['{', '[]', 'x']) {
      fails(await post(shop.key, '', body), 400, 'bad_json');
      fails(await post(shop.key, `/${id}/escalate`, body), 400, 'bad_json');
    }
    assert.equal((await read(id)).status, 'active');
  });

  it('in queries and paths', async () => {
    for (const [query, field] of [['agent_id=x', 'agent_id'], ['account_id=1', 'account_id'], ['status=open', 'status'], ['status=Active', 'status'],
      [`search=${'x'.repeat(201)}`, 'search'], ['limit=0', 'limit'], ['limit=101', 'limit'], ['limit=ten', 'limit'], ['limit=1e9', 'limit'],
      ['cursor=x', 'cursor'], ["cursor='%20or%201=1", 'cursor']]) {
      fails(await get(shop.key, `?${query}`), 400, 'validation_failed', field);
    }
    const { id } = await make();
    for (const [query, field] of [['after_seq=-1', 'after_seq'], ['after_seq=x', 'after_seq'], ['after_seq=9223372036854775808', 'after_seq'], ['limit=101', 'limit']]) {
      fails(await get(shop.key, `/${id}?${query}`), 400, 'validation_failed', field);
    }
    for (const path of ['/x', `/${id}x`, "/'", '/%00']) {
      for (const reply of [await get(shop.key, path), await del(shop.key, path)]) assert.ok([400, 404].includes(reply.status), `${path} ${reply.text}`);
    }
    assert.equal((await post(shop.key, `/${id}`, {})).status, 405);
  });
});

describe('pages', () => {
  const walk = async (token, query, limit) => {
    const ids = [];
    for (let cursor = ''; cursor !== null;) {
      const reply = await get(token, `?${new URLSearchParams({ ...query, limit, ...(cursor ? { cursor } : {}) })}`);
      assert.equal(reply.status, 200, reply.text);
      assert.ok(reply.body.conversations.length <= limit);
      ids.push(...reply.body.conversations.map(({ id }) => id));
      cursor = reply.body.next_cursor;
    }
    return ids;
  };

  it('of conversations hold each once, newest activity first, while others are written', async () => {
    const busy = await account(server);
    const [second] = await server.sql`insert into public.agents (user_id, name) values (${busy.id}, 'Second') returning id`;
    const rows = await server.sql`
      insert into public.conversations (user_id, agent_id, subject, status, escalated, escalated_at, last_message_at)
      select ${busy.id}, case when i % 2 = 0 then ${busy.agentId}::uuid else ${second.id}::uuid end, 'Row ' || i, (array['active', 'active', 'closed', 'archived'])[1 + i % 4],
        i % 4 = 1, now(), timestamptz '2026-01-01' - i * interval '7 minutes' from generate_series(1, 260) i returning id, agent_id, status, escalated`;
    let writing = true;
    const writer = (async () => {
      while (writing) await say(server, busy.guest, 'While you read.');
    })();
    const old = new Set(rows.map(({ id }) => id));
    try {
      for (const limit of [7, 100]) {
        const seen = (await walk(busy.key, {}, limit)).filter((id) => old.has(id));
        assert.deepEqual(seen, rows.map(({ id }) => id), `in pages of ${limit}`);
      }
      const of = (wanted) => rows.filter(wanted).map(({ id }) => id);
      assert.deepEqual(await walk(busy.token, { agent_id: second.id }, 33), of((row) => row.agent_id === second.id));
      assert.deepEqual(await walk(busy.key, { agent_id: second.id, status: 'escalated' }, 50), of((row) => row.escalated));
      assert.deepEqual(await walk(busy.key, { status: 'archived' }, 50), of((row) => row.status === 'archived'));
      assert.deepEqual((await walk(busy.key, { status: 'active' }, 50)).filter((id) => old.has(id)), of((row) => row.status === 'active' && !row.escalated));
      assert.deepEqual(await walk(busy.key, { search: 'row 26' }, 5), of((_, i) => [26, 260].includes(i + 1)));
    } finally {
      writing = false;
      await writer;
    }
    const [first] = (await get(busy.token, '?limit=1')).body.conversations;
    assert.deepEqual(Object.keys(first).sort(), KEYS);
  });

  it('of messages go on behind a number', async () => {
    const { id } = await make();
    await server.sql`insert into public.messages (user_id, conversation_id, seq, role, content)
      select ${shop.id}, ${id}, i, 'visitor', 'No. ' || i from generate_series(1, 230) i`;
    await server.sql`update public.conversations set last_seq = 230, message_count = 230 where id = ${id}`;
    const seen = [];
    for (let after = 0, more = true; more;) {
      const { messages, has_more, next_after_seq } = (await get(client.token, `/${id}?after_seq=${after}&limit=100`)).body;
      seen.push(...messages.map(({ seq }) => seq));
      assert.ok(messages.length <= 100 && messages.every((one) => Array.isArray(one.safety_flags)));
      [after, more] = [next_after_seq, has_more];
    }
    assert.deepEqual(seen, Array.from({ length: 230 }, (_, i) => i + 1));
    const first = await read(id);
    assert.deepEqual([first.messages.length, first.has_more, first.last_seq], [50, true, 230]);
    assert.ok(!('safety_flags' in first.messages[0]), 'which is for people');
  });
});

describe('archiving', () => {
  it('takes it from its visitor and leaves it to the account, however often', async () => {
    const guest = await visitor(server, shop.agentId);
    const { conversationId } = (await say(server, guest, 'Please forget me.')).body;
    const chat = supabase(server, { token: guest.token });
    await chat.realtime.setAuth(guest.token);
    const [theirs, inbox] = [await join(chat, `conversation:${conversationId}`), await join(shop.client, `account:${shop.id}`)];
    const replies = await Promise.all([shop.key, shop.token, colleague.token].map((token) => del(token, `/${conversationId}`)));
    for (const reply of replies) assert.deepEqual([reply.status, reply.body], [200, { id: conversationId, archived: true }], reply.text);
    for (const live of [theirs, inbox]) await live.next('conversation.updated', ({ conversation }) => conversation.id === conversationId && conversation.status === 'archived');
    assert.equal(inbox.events.filter(({ event, payload }) => event === 'conversation.updated' && payload.conversation.id === conversationId).length, 1);
    assert.equal((await as(guest, 'get-messages', { conversationId })).status, 404);
    assert.equal((await say(server, guest, 'Hello?', { conversationId })).status, 404);
    const shown = await read(conversationId, client.token);
    assert.deepEqual([shown.status, shown.messages.length], ['archived', 2]);
    assert.ok(shown.closed_at);
    for (const name of ['start-takeover', 'update-conversation']) assert.equal((await as(shop, name, { conversationId, status: 'active' })).status, 409, name);
    const [{ n }] = await server.sql`select count(*)::int as n from public.audit_logs where action = 'conversation.archived' and resource_id = ${conversationId}`;
    assert.equal(n, 1);
    await Promise.all([theirs.leave(), inbox.leave()]);
    await chat.realtime.disconnect();
  });

  it('ends a takeover, and nobody waits any more', async () => {
    const { conversationId } = (await say(server, await visitor(server, shop.agentId), 'A human please')).body;
    await as(colleague, 'start-takeover', { conversationId });
    const inbox = await join(shop.client, `account:${shop.id}`);
    assert.equal((await del(shop.key, `/${conversationId}`)).status, 200);
    await inbox.next('takeover.ended', ({ conversation }) => conversation.id === conversationId);
    fails(await as(colleague, 'send-human-message', { conversationId, content: 'Still here?' }), 409, 'takeover_required');
    const [takeover] = await server.sql`select end_note, ended_at from public.conversation_takeovers where conversation_id = ${conversationId}`;
    assert.ok(takeover.ended_at);
    assert.equal((await get(shop.key, '?status=escalated')).body.conversations.some(({ id }) => id === conversationId), false);
    await inbox.leave();
  });
});

describe('calling a person', () => {
  it('is told once to supabase-js on both topics, said once to the visitor, and is higher the second time', async () => {
    await as(shop, 'update-agent', { agentId: shop.agentId, personality: { conversationFlow: { escalationMessage: 'One of the crew comes.' } } });
    const guest = await visitor(server, shop.agentId);
    const { conversationId } = (await say(server, guest, 'My tea is cold.')).body;
    const chat = supabase(server, { token: guest.token });
    await chat.realtime.setAuth(guest.token);
    const [theirs, inbox] = [await join(chat, `conversation:${conversationId}`), await join(shop.client, `account:${shop.id}`)];
    const [first, ...again] = await Promise.all(['medium', 'high', 'low', 'medium'].map((priority) => escalate(shop.key, conversationId, { reason: `Rude about tea`, priority })));
    for (const reply of [first, ...again]) assert.deepEqual([reply.status, reply.body.status], [200, 'escalated'], reply.text);
    const shown = await read(conversationId);
    assert.deepEqual([shown.escalation.reason, shown.escalation.note, shown.escalation.priority], ['api', 'Rude about tea', 'high']);
    for (const live of [theirs, inbox]) {
      const { payload } = await live.next('conversation.escalated', ({ conversation }) => conversation.id === conversationId);
      assert.deepEqual([payload.escalation.reason, payload.conversation.escalated], ['api', true]);
    }
    await say(server, guest, 'Thank you.', { conversationId });
    await inbox.next('message.created', ({ message }) => message.conversationId === conversationId && message.content === 'Thank you.');
    for (const live of [theirs, inbox]) {
      assert.equal(live.events.filter(({ event, payload }) => event === 'conversation.escalated' && payload.conversation.id === conversationId).length, 1);
      assert.ok(!JSON.stringify(live.events).includes('Rude'), 'what is said about them does not travel');
    }
    const mine = (await as(guest, 'get-messages', { conversationId })).body;
    assert.equal(mine.escalated, true);
    assert.equal(mine.messages.filter(({ content }) => content === 'One of the crew comes.').length, 1);
    assert.deepEqual([mine.messages[2].seq, mine.messages[2].role, mine.messages[2].content], [3, 'assistant', 'One of the crew comes.']);
    await as(shop, 'update-agent', { agentId: shop.agentId, personality: {} });
    await Promise.all([theirs.leave(), inbox.leave()]);
    await chat.realtime.disconnect();
  });

  it('by a person, without a body, in our words; it stands in the inbox', async () => {
    const { id } = await make({ message: 'Hello' });
    const reply = await post(colleague.token, `/${id}/escalate`);
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual([reply.body.escalation.reason, reply.body.escalation.priority, reply.body.escalation.note], ['person', 'medium', null]);
    assert.match((await read(id)).messages[2].content, /connect you with a person/);
    const { conversations } = (await as(shop, 'list-conversations', { accountId: shop.id, status: 'waiting' })).body;
    assert.ok(conversations.some((one) => one.id === id && one.escalationReason === 'person'));
  });

  it('is refused where one is, and where it is over', async () => {
    const { id } = await make({ message: 'Hello' });
    await as(shop, 'start-takeover', { conversationId: id });
    fails(await escalate(shop.key, id), 409, 'already_taken_over');
    await as(shop, 'update-conversation', { conversationId: id, status: 'closed' });
    fails(await escalate(shop.token, id), 409, 'conversation_closed');
    await del(shop.key, `/${id}`);
    fails(await escalate(shop.key, id), 409, 'conversation_archived');
    assert.equal((await read(id)).messages.length, 2);
  });

  it('against a takeover at the same moment leaves one of the two, and nobody waiting beside a person', async () => {
    for (let i = 0; i < 8; ++i) {
      const { id } = await make();
      const [called, taken] = await Promise.all([escalate(shop.key, id), as(shop, 'start-takeover', { conversationId: id })]);
      assert.equal(taken.status, 200, taken.text);
      if (called.status !== 200) fails(called, 409, 'already_taken_over');
      const shown = await read(id);
      assert.deepEqual([shown.status, shown.escalation], ['human_takeover', null]);
      assert.equal(shown.last_seq, called.status === 200 ? 1 : 0);
    }
  });
});
