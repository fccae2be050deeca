// What the inbox reads and does: list-accounts, list-agents, list-conversations, get-conversation,
// list-leads, update-conversation, and our own pages whatever an agent's list of origins says.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, fn, member, say, signIn, supabase, visitor } from '../lib/callers.mjs';
import { join, Socket } from '../lib/realtime.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { events } from '../lib/sse.mjs';

let server;
let shop;
let client;
before(async () => {
  server = await startServer({ provider: { tokenMs: 20, tokens: 50 } });
  shop = await account(server);
  client = await member(server, shop.id, 'client');
});
after(() => server?.stop());

const as = (who, name, body) => fn(server, name, body, { token: who.token });
const list = async (who, body) => {
  const reply = await as(who, 'list-conversations', { accountId: shop.id, ...body });
  assert.equal(reply.status, 200, reply.text);
  return reply.body;
};
async function asGuest() {
  const guest = supabase(server, { token: shop.guest.token });
  await guest.realtime.setAuth(shop.guest.token);
  return guest;
}
// Rows as an import would leave them: quicker than talking.
const conversations = (owner, count, { status = 'active', from = '2026-01-01', every = '1 minute', subject = 'Old' } = {}) => server.sql`
  insert into public.conversations (user_id, agent_id, subject, preview, status, last_message_at, created_at)
  select ${owner.id}, ${owner.agentId}, ${subject}::text || ' ' || i, 'Preview', ${status}, ${from}::timestamptz + i * ${every}::interval, ${from}::timestamptz
  from generate_series(1, ${count}) i returning id`;
async function walk(who, name, key, body) {
  const pages = [];
  for (let cursor; cursor !== null;) {
    const reply = await as(who, name, { ...body, cursor });
    assert.equal(reply.status, 200, reply.text);
    pages.push(reply.body[key]);
    cursor = reply.body.nextCursor;
    assert.ok(pages.length < 200, 'the walk ends');
  }
  return pages;
}

describe('list-accounts', () => {
  it('shows the own account first and those of others with the role there', async () => {
    const { accounts, superAdmin } = (await as(client, 'list-accounts', {})).body;
    assert.equal(superAdmin, false);
    assert.deepEqual(accounts.map(({ id, role, isOwner }) => ({ id, role, isOwner })), [
      { id: client.id, role: 'owner', isOwner: true }, { id: shop.id, role: 'client', isOwner: false },
    ]);
    assert.deepEqual(Object.keys(accounts[0]).sort(), ['id', 'isOwner', 'name', 'plan', 'role', 'secondFactorMissing', 'secondFactorRequired', 'slug']);
    assert.ok(accounts.every(({ name }) => name.length > 0));
  });

  it('is empty for a person without an account', async () => {
    const name = `lost-${randomUUID()}`;
    await supabase(server).auth.signUp({ email: `${name}@example.test`, password: `secret ${name}` });
    const lost = await signIn(server, `${name}@example.test`, `secret ${name}`);
    await server.sql`delete from public.accounts where id = ${lost.id}`;
    const reply = await as(lost, 'list-accounts', {});
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.body, { accounts: [], superAdmin: false });
    assert.equal((await as(lost, 'list-conversations', { accountId: lost.id })).status, 404);
  });

  it('is for people only', async () => {
    for (const name of ['list-accounts', 'list-agents', 'list-conversations', 'list-leads', 'get-conversation', 'update-conversation']) {
      const body = { accountId: shop.id, conversationId: shop.conversationId, status: 'closed' };
      // What is known of a conversation is for keys as well (identity.test.mjs).
      const keys = name === 'get-conversation' ? [] : [shop.key];
      for (const token of [shop.guest.token, ...keys, server.env.SUPABASE_ANON_KEY, server.env.SUPABASE_SERVICE_ROLE_KEY, undefined]) {
        const refused = await fn(server, name, body, { token });
        assert.ok([401, 403].includes(refused.status), `${name}: ${refused.status} ${refused.text}`);
      }
    }
  });
});

describe('list-agents', () => {
  it('shows every agent with its origins', async () => {
    const { agents } = (await as(client, 'list-agents', { accountId: shop.id })).body;
    assert.equal(agents.length, 1);
    const { id, isActive, allowedOrigins, createdAt } = agents[0];
    assert.deepEqual({ id, isActive, allowedOrigins }, { id: shop.agentId, isActive: true, allowedOrigins: [] });
    assert.match(createdAt, /^\d{4}-\d\d-\d\dT.*Z$/);
  });
});

describe('list-conversations', () => {
  it('shows what a list needs, to every role, and the visitor by a label that is no secret', async () => {
    const reply = await as(client, 'list-conversations', { accountId: shop.id });
    const shown = reply.body.conversations.find(({ id }) => id === shop.conversationId);
    assert.equal(shown.agentId, shop.agentId);
    assert.match(shown.visitorLabel, /^Visitor [0-9A-F]{6}$/);
    assert.equal(shown.lastMessageRole, 'assistant');
    assert.equal(shown.status, 'active');
    assert.ok(shown.preview.length > 0 && shown.agentName.length > 0);
    assert.ok(!('visitorId' in shown), 'whoever has the id gets the visitor\'s token');
    assert.ok(!reply.text.includes(shop.guest.id));
  });

  it('never tells a person the visitor\'s id, on any way', async () => {
    const inbox = await join(shop.client, `account:${shop.id}`);
    const guest = await visitor(server, shop.agentId);
    const { conversationId } = (await say(server, guest, 'Who am I?')).body;
    const texts = [];
    for (const [name, body] of [['start-takeover', { conversationId }], ['end-takeover', { conversationId }], ['get-conversation', { conversationId }],
      ['get-messages', { conversationId }], ['list-conversations', { accountId: shop.id }], ['list-leads', { accountId: shop.id }],
      ['update-conversation', { conversationId, status: 'closed' }]]) texts.push((await as(shop, name, body)).text);
    await inbox.next('conversation.updated', (payload) => payload.conversation.status === 'closed' && payload.conversation.id === conversationId);
    texts.push(JSON.stringify(inbox.events));
    for (const text of texts) {
      assert.ok(text.includes(conversationId) || text.includes('leads'), text);
      assert.ok(!text.includes(guest.id), text);
    }
    await inbox.leave();
  });

  it('puts a conversation on top when something is said in it, and takes the lead\'s name', async () => {
    const before = await say(server, shop.guest, 'First.');
    await say(server, shop.guest, 'Second.');
    await say(server, shop.guest, 'Again in the first.', { conversationId: before.body.conversationId });
    assert.equal((await list(shop, { limit: 1 })).conversations[0].id, before.body.conversationId);
    await fn(server, 'create-widget-lead', { agentId: shop.agentId, conversationId: before.body.conversationId, name: 'Ada Byron', email: 'ada@example.test' }, { token: shop.guest.token });
    const [first] = (await list(client, { limit: 1 })).conversations;
    assert.equal(first.visitorLabel, 'Ada Byron');
    const opened = (await as(client, 'get-conversation', { conversationId: first.id })).body;
    assert.equal(opened.lead.id, first.leadId);
    assert.equal(typeof opened.lead.score, 'number');
    assert.deepEqual(opened.conversation, first);
  });

  it('pages without doubles or holes while others are written', async () => {
    const [busy, other] = [await account(server), await account(server)];
    const old = new Set((await conversations(busy, 240)).map(({ id }) => id));
    await conversations(other, 30, { from: '2026-01-01 01:00' });
    let writing = true;
    const writer = Promise.all(Array.from({ length: 20 }, async () => {
      while (writing) await say(server, busy.guest, 'While you read.');
    }));
    const seen = [];
    try {
      for (const page of await walk(busy, 'list-conversations', 'conversations', { accountId: busy.id, limit: 17 })) seen.push(...page);
    } finally {
      writing = false;
      await writer;
    }
    assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length, 'no doubles');
    assert.equal(seen.filter(({ id }) => old.has(id)).length, 240, 'no holes');
    const times = seen.map(({ lastMessageAt }) => lastMessageAt);
    assert.deepEqual(times, [...times].sort().reverse(), 'in order');
    assert.ok(seen.every(({ agentId }) => agentId === busy.agentId), 'nobody else\'s');
  });

  it('keeps those with the same time apart by their ids', async () => {
    const same = await account(server);
    const made = await conversations(same, 25, { every: '0 minutes' });
    const pages = await walk(same, 'list-conversations', 'conversations', { accountId: same.id, limit: 4 });
    const ids = pages.flat().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { id } of made) assert.ok(ids.includes(id));
  });

  it('filters by status; open means active or taken over', async () => {
    const states = await account(server);
    for (const status of ['human_takeover', 'closed', 'archived']) await conversations(states, 2, { status });
    const count = async (status) => (await as(states, 'list-conversations', { accountId: states.id, status })).body.conversations.map((one) => one.status).sort().join(' ');
    assert.equal(await count('open'), 'active human_takeover human_takeover');
    assert.equal(await count('active'), 'active');
    assert.equal(await count('closed'), 'closed closed');
    assert.equal(await count('archived'), 'archived archived');
    assert.equal((await count(undefined)).split(' ').length, 7);
  });

  it('searches names, addresses, subjects and previews, and goes on where it stopped', async () => {
    const big = await account(server);
    await conversations(big, 4100, { every: '1 second', subject: 'Common' });
    const [needle] = await conversations(big, 1, { from: '2025-01-01', subject: 'A needle, 100% "odd" \\ one_' });
    await server.sql`insert into public.leads (user_id, agent_id, conversation_id, name, email)
      values (${big.id}, ${big.agentId}, ${needle.id}, 'Zoë Quill', 'quill@north.example')`;
    for (const search of ['NEEDLE', '100% "odd" \\ one_', 'zoë', 'Quill@North']) {
      const pages = await walk(big, 'list-conversations', 'conversations', { accountId: big.id, search });
      assert.deepEqual(pages.flat().map(({ id }) => id), [needle.id], search);
      assert.equal(pages.length, 3, 'each page looks through 2,000');
    }
    for (const search of ['%', '_', '%needle%', "' or ''='"]) {
      const found = (await walk(big, 'list-conversations', 'conversations', { accountId: big.id, search })).flat();
      assert.deepEqual(found.filter(({ id }) => id !== needle.id), [], search);
    }
    const blank = (await as(big, 'list-conversations', { accountId: big.id, search: '  ', limit: 3 })).body;
    assert.equal(blank.conversations.length, 3, 'blanks search nothing');
    const code = (await as(big, 'get-conversation', { conversationId: big.conversationId })).body.conversation.visitorLabel;
    const byCode = (await as(big, 'list-conversations', { accountId: big.id, search: code })).body;
    assert.deepEqual(byCode.conversations.map(({ id }) => id), [big.conversationId]);
  });
});

describe('a cursor', () => {
  it('that is none of ours is 400 with its name', async () => {
    const { nextCursor } = await list(shop, { limit: 1 });
    assert.match(nextCursor, /^[A-Za-z0-9_-]{32}$/);
    for (const cursor of ['', 'x', nextCursor.slice(1), `${nextCursor}A`, nextCursor.replace(/.$/, '='), '_'.repeat(32), ' '.repeat(32), "' or 1=1 --", 17, [], {}, true]) {
      for (const name of ['list-conversations', 'list-leads']) {
        const reply = await as(shop, name, { accountId: shop.id, cursor });
        assert.equal(reply.status, 400, `${name} ${JSON.stringify(cursor)}: ${reply.text}`);
        assert.equal(reply.body.code, 'validation_failed');
        assert.equal(reply.body.details, 'cursor');
      }
    }
  });

  it('of another account or list shows nothing but the own', async () => {
    const other = await account(server);
    const { nextCursor } = await list(shop, { limit: 1 });
    for (const name of ['list-conversations', 'list-leads']) {
      const reply = await as(other, name, { accountId: other.id, cursor: nextCursor });
      assert.equal(reply.status, 200);
      assert.ok(!reply.text.includes(shop.agentId));
    }
    assert.equal((await as(other, 'list-conversations', { accountId: shop.id, cursor: nextCursor })).status, 404);
  });
});

describe('list-leads', () => {
  it('pages newest first, whole leads', async () => {
    const seller = await account(server);
    await server.sql`insert into public.leads (user_id, agent_id, name, score, created_at)
      select ${seller.id}, ${seller.agentId}, 'Lead ' || i, i, timestamptz '2026-01-01' + (i / 3) * interval '1 minute' from generate_series(1, 23) i`;
    const pages = await walk(seller, 'list-leads', 'leads', { accountId: seller.id, limit: 5 });
    assert.deepEqual(pages.map((page) => page.length), [5, 5, 5, 5, 3]);
    const leads = pages.flat();
    assert.equal(new Set(leads.map(({ id }) => id)).size, 23);
    const times = leads.map(({ createdAt }) => createdAt);
    assert.deepEqual(times, [...times].sort().reverse());
    for (const key of ['score', 'status', 'reasons', 'name', 'email', 'agentId', 'conversationId']) assert.ok(key in leads[0], key);
  });
});

describe('get-conversation', () => {
  it('shows the answer that is being written, and the deltas say where they go', async () => {
    const guest = await visitor(server, shop.agentId);
    const response = await fetch(`${server.url}/functions/v1/widget-chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY, authorization: `Bearer ${guest.token}` },
      body: JSON.stringify({ agentId: shop.agentId, message: 'Tell me slowly.', stream: true }),
    });
    const stream = events(response)[Symbol.asyncIterator]();
    assert.equal((await stream.next()).value.event, 'token');
    const [{ id: conversationId }] = await server.sql`
      select conversation_id as id from public.messages where content = 'Tell me slowly.' order by created_at desc limit 1`;
    const live = await join(shop.client, `conversation:${conversationId}`);
    const { running } = await eventually('some text is there', async () => {
      const { body } = await as(client, 'get-conversation', { conversationId });
      return body.running?.text ? body : undefined;
    });
    assert.equal(running.seq, 2);
    const rest = [];
    for (let step = await stream.next(); !step.done; step = await stream.next()) rest.push(step.value);
    const { reply } = rest.at(-1).json;
    assert.equal(running.messageId, reply.id);
    assert.ok(reply.content.startsWith(running.text) && running.text.length < reply.content.length);
    // The last delta and the end of the stream go over two sockets.
    await eventually('the text and the deltas make the whole answer', () => {
      let text = running.text;
      for (const { event, payload: delta } of live.events) {
        if (event !== 'answer.delta') continue;
        assert.ok(delta.offset <= text.length, 'no hole between the text and the deltas');
        if (delta.offset + delta.text.length > text.length) text = text.slice(0, delta.offset) + delta.text;
      }
      return text === reply.content;
    });
    assert.equal((await as(client, 'get-conversation', { conversationId })).body.running, null);
    await live.leave();
  });
});

describe('get-conversation', () => {
  it('names who took over, oldest first, without a note', async () => {
    const { conversationId } = (await say(server, shop.guest, 'Two people help me.')).body;
    const colleague = await member(server, shop.id, 'member');
    const takeovers = async () => (await as(colleague, 'get-conversation', { conversationId })).body.takeovers;
    assert.deepEqual(await takeovers(), []);
    assert.equal((await as(shop, 'start-takeover', { conversationId, note: 'a secret' })).status, 200);
    assert.equal((await as(colleague, 'start-takeover', { conversationId })).status, 200);
    const [first, second, ...more] = await takeovers();
    assert.deepEqual([first.memberId, second.memberId, more], [shop.id, colleague.id, []]);
    assert.deepEqual([first.endedAt, second.endedAt, first.note], [second.startedAt, null, null]);
  });
});

describe('update-conversation', () => {
  const change = (who, conversationId, status) => as(who, 'update-conversation', { conversationId, status });

  it('closes, which ends a takeover, and opens again; both sides hear it', async () => {
    const { conversationId } = (await say(server, shop.guest, 'Please close me.')).body;
    const colleague = await member(server, shop.id, 'member');
    const heard = await join(await asGuest(), `conversation:${conversationId}`);
    assert.equal((await as(shop, 'start-takeover', { conversationId })).status, 200);
    const refused = await change(colleague, conversationId, 'active');
    assert.equal(refused.status, 409, refused.text);
    assert.equal(refused.body.code, 'takeover_active');
    const closed = await change(colleague, conversationId, 'closed');
    assert.equal(closed.status, 200, closed.text);
    assert.equal(closed.body.conversation.status, 'closed');
    assert.equal(closed.body.conversation.takenOverBy, null);
    assert.ok(closed.body.conversation.closedAt);
    assert.equal((await change(colleague, conversationId, 'closed')).text, closed.text, 'twice is harmless');
    await heard.next('takeover.ended');
    await heard.next('conversation.updated', ({ conversation }) => conversation.status === 'closed');
    assert.equal((await as(shop, 'send-human-message', { conversationId, content: 'x' })).body.code, 'takeover_required');
    assert.equal((await as(shop, 'start-takeover', { conversationId })).body.code, 'conversation_closed');
    const open = await change(shop, conversationId, 'active');
    assert.equal(open.body.conversation.status, 'active');
    assert.equal(open.body.conversation.closedAt, null);
    await heard.leave();
  });

  it('is reopened by the visitor, whom the assistant answers', async () => {
    const { conversationId } = (await say(server, shop.guest, 'Close me, too.')).body;
    await as(shop, 'start-takeover', { conversationId });
    await change(shop, conversationId, 'closed');
    const again = await say(server, shop.guest, 'I am back.', { conversationId });
    assert.equal(again.body.status, 'active');
    assert.ok(again.body.reply.content);
  });

  it('needs a member, and leaves an archived one alone', async () => {
    const { conversationId } = (await say(server, shop.guest, 'Hands off.')).body;
    assert.equal((await change(client, conversationId, 'closed')).body.code, 'insufficient_role');
    await server.sql`update public.conversations set status = 'archived' where id = ${conversationId}`;
    for (const status of ['active', 'closed']) {
      const refused = await change(shop, conversationId, status);
      assert.equal(refused.status, 409);
      assert.equal(refused.body.code, 'conversation_archived');
    }
  });
});

describe('a lead', () => {
  it('reaches people whole and the visitor\'s topic without score, reasons and status', async () => {
    const { conversationId } = (await say(server, shop.guest, 'I want to buy.')).body;
    const inbox = await join(shop.client, `account:${shop.id}`);
    const topic = await join(await asGuest(), `conversation:${conversationId}`);
    const made = (await fn(server, 'create-widget-lead', { agentId: shop.agentId, conversationId, name: 'Grace', email: 'grace@example.test', message: 'Now.' }, { token: shop.guest.token })).body.lead;
    const whole = (await inbox.next('lead.created', ({ lead }) => lead.id === made.id)).payload.lead;
    assert.equal(whole.score, made.score);
    assert.ok(Array.isArray(whole.reasons));
    const { payload: { lead } } = await topic.next('lead.created');
    assert.deepEqual(Object.keys(lead).sort(), ['agentId', 'company', 'conversationId', 'createdAt', 'email', 'id', 'jobTitle', 'name', 'phone']);
    await inbox.leave();
    await topic.leave();
  });
});

describe('our own pages', () => {
  it('may show every agent, under each name of the loopback, and nobody else may say so', async () => {
    const strict = await account(server);
    await server.sql`update public.agents set allowed_origins = ${['https://shop.example']} where id = ${strict.agentId}`;
    const ask = (origin, headers = {}) => fn(server, 'get-widget-config', { agentId: strict.agentId }, { headers: { ...(origin ? { origin } : {}), ...headers } });
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) assert.equal((await ask(`http://${host}:${server.port}`)).status, 200, host);
    for (const origin of [`http://localhost:${server.port + 1}`, `https://localhost:${server.port}`, `http://rebind.example:${server.port}`, 'http://localhost', `http://127.0.0.2:${server.port}`]) {
      const reply = await ask(origin, { 'x-forwarded-host': new URL(origin).host });
      assert.equal(reply.status, 403, origin);
      assert.equal(reply.body.code, 'origin_not_allowed');
    }
  });

  it('may use a token that was made for a shop\'s page: HTTP and socket', async () => {
    const guest = await visitor(server, shop.agentId, { headers: { origin: 'https://shop.example' } });
    const { conversationId } = (await say(server, guest, 'From the shop.')).body;
    const read = (origin) => fn(server, 'get-messages', { conversationId }, { token: guest.token, headers: { origin } });
    const joins = async (origin) => {
      const socket = new Socket(server, { headers: { origin } });
      await socket.opened;
      const { status } = await socket.join(`realtime:conversation:${conversationId}`, { private: true }, guest.token);
      await socket.close();
      return status;
    };
    for (const origin of ['https://shop.example', `http://localhost:${server.port}`, `http://127.0.0.1:${server.port}`, `http://[::1]:${server.port}`]) {
      assert.equal((await read(origin)).status, 200, origin);
      assert.equal(await joins(origin), 'ok', origin);
    }
    for (const origin of ['https://other.example', `http://localhost:${server.port + 1}`]) {
      assert.equal((await read(origin)).status, 403, origin);
      assert.equal(await joins(origin), 'error', origin);
    }
  });
});
