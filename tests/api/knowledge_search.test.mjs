// Searching knowledge, and who is shown what: a passage that only some may see is in nothing that anybody else
// gets, not in results, answers, citations, counts or log lines.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, call, fn, member, say, visitor } from '../lib/callers.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

const SECRET = 'The takeover of Meridian Foods closes on 14 March for 92 million euros.';
const QUESTION = 'When does the takeover of Meridian Foods close, and for how many million euros?';

let server;
let shop;
let other;
let secretSource;
let openSource;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOG: 'debug', CHATPAD_KNOWLEDGE_WARMING: 'eager' } });
  [shop, other] = [await account(server), await account(server)];
  openSource = await add('Shipping', '# Delivery\n\nParcels reach you within three days. Meridian Foods is a customer of ours.');
  secretSource = await add('Board minutes', `# Plans\n\n${SECRET}`);
  await add('Returns', '# Returns\n\nYou may return unused goods within thirty days.');
});
after(() => server?.stop());

async function add(title, content, who = shop) {
  const reply = await fn(server, 'add-knowledge-text', { agentId: who.agentId, title, content }, { token: who.token });
  assert.equal(reply.status, 201, reply.text);
  return reply.body.source.id;
}
const search = (body, token = shop.key) => call(server, '/v1/knowledge/search', { token, body: { agent_id: shop.agentId, ...body } });
async function titles(body, token) {
  const reply = await search(body, token);
  assert.equal(reply.status, 200, reply.text);
  return reply.body.results.map((result) => result.title);
}
async function access(body, token = shop.token) {
  const reply = await fn(server, 'set-knowledge-access', { sourceId: secretSource, ...body }, { token });
  assert.equal(reply.status, 200, reply.text);
  return reply.body.source;
}
const refused = (reply, status, code) => assert.deepEqual([reply.status, reply.body?.code], [status, code], reply.text);

describe('a search', () => {
  it('finds passages by what they say, best first, with where they are from', async () => {
    const { body } = await search({ query: 'how long until a parcel gets here?' });
    const [first] = body.results;
    assert.deepEqual(Object.keys(first), ['id', 'source_id', 'title', 'url', 'page', 'heading', 'content', 'score']);
    assert.deepEqual([first.source_id, first.title, first.heading], [openSource, 'Shipping', 'Delivery']);
    assert.ok(first.score > 0 && first.score <= 1);
    assert.deepEqual(body.results.map((r) => r.score).toSorted((a, b) => b - a).length, body.results.length);
    assert.deepEqual((await search({ query: 'zebra' })).body, { results: [] });
  });
  it('narrows to sources and takes as many as were asked for', async () => {
    assert.deepEqual(await titles({ query: 'return parcels goods days', top_k: 1 }), ['Returns']);
    assert.deepEqual(await titles({ query: 'return parcels goods days', filters: { source_ids: [openSource] } }), ['Shipping']);
    assert.deepEqual(await titles({ query: 'days', filters: { url_prefix: 'https://elsewhere.example/' } }), []);
    assert.deepEqual(await titles({ query: 'days', filters: { page_from: 2 } }), []);
    assert.deepEqual(await titles({ query: 'return zebras and lions', threshold: 0.9 }), []);
  });
  it('sees what was added, changed and removed by the time it is asked', async () => {
    const id = await add('Parking', 'Guests leave bicycles in the courtyard.');
    assert.deepEqual(await titles({ query: 'bicycles' }), ['Parking']);
    await server.sql`delete from public.knowledge_sources where id = ${id}`;
    assert.deepEqual(await titles({ query: 'bicycles' }), []);
  });
  it('goes through every agent of a key\'s account when none is named, and through no other account', async () => {
    const [second] = await server.sql`insert into public.agents (user_id, name) values (${shop.id}, 'Second') returning id`;
    await add('Gift cards', 'Gift cards never expire.', { ...shop, agentId: second.id });
    await add('Gift cards elsewhere', 'Gift cards expire after a year.', other);
    assert.deepEqual(await titles({ agent_id: undefined, query: 'do gift cards expire?' }), ['Gift cards']);
    assert.deepEqual(await titles({ query: 'do gift cards expire?' }), []);
    refused(await search({ agent_id: other.agentId, query: 'gift cards' }), 404, 'not_found');
    refused(await search({ agent_id: undefined, query: 'gift cards' }, shop.token), 400, 'validation_failed');
  });
  it('refuses what is no search', async () => {
    for (const body of [{}, { query: '' }, { query: 7 }, { query: 'x'.repeat(2001) }, { query: 'x', top_k: 0 }, { query: 'x', top_k: 51 },
      { query: 'x', user_groups: 'staff' }, { query: 'x', user_groups: ['a,b'] }, { query: 'x', user_groups: [''] }, { query: 'x', user_groups: [null] },
      { query: 'x', user_groups: Array(51).fill('g') }, { query: 'x', user_groups: ['x'.repeat(101)] }, { query: 'x', filters: [] },
      { query: 'x', filters: { source_ids: ['x'] } }, { query: 'x', agent_id: "' or true --" }, { query: 'x', threshold: 2 }]) {
      refused(await search(body), 400, 'validation_failed');
    }
    refused(await search({ query: 'x' }, await apiKey(server, shop.id, { scopes: ['chat:write', 'knowledge:write'] })), 403, 'insufficient_scope');
    refused(await search({ query: 'x' }, shop.guest.token), 403, 'forbidden');
    refused(await call(server, '/v1/knowledge/search', { body: { query: 'x' } }), 401, 'no_authorization');
  });
});

describe('a passage for a group', () => {
  before(() => access({ aclMode: 'rbac', sensitivity: 'confidential', aclGroups: ['board', 'legal "x\\'] }));

  it('is found by whoever is in the group', async () => {
    assert.equal((await titles({ query: QUESTION, user_groups: ['board'] }))[0], 'Board minutes');
    assert.equal((await titles({ query: QUESTION, user_groups: ['x', 'legal "x\\'] }))[0], 'Board minutes');
    assert.equal((await titles({ query: QUESTION, user_groups: ['board'] }, shop.token))[0], 'Board minutes');
  });
  it('is in nothing that anybody else gets, though it is the best match', async () => {
    for (const groups of [undefined, [], ['Board'], ['board '], ['boar'], ['%'], ['*'], ['legal'], ['{board}'], ['"board"'], ["board' or true --"]]) {
      const reply = await search({ query: QUESTION, user_groups: groups, top_k: 50 });
      assert.equal(reply.status, 200, reply.text);
      assert.ok(!reply.text.includes('million') && !reply.text.includes('Board minutes') && !reply.text.includes(secretSource), JSON.stringify(groups));
    }
    assert.deepEqual(await titles({ query: QUESTION, filters: { source_ids: [secretSource] } }), []);
  });
  it('counts for no score of what others are shown', async () => {
    const ask = async () => (await search({ query: 'Meridian Foods takeover euros' })).body.results.map(({ title, score }) => ({ title, score }));
    const hidden = await ask();
    const [row] = await server.sql`delete from public.knowledge_sources where id = ${secretSource} returning *`;
    const without = await ask();
    assert.deepEqual(hidden, without);
    await server.sql`insert into public.knowledge_sources ${server.sql(row)}`;
    await server.sql`insert into public.knowledge_chunks (user_id, agent_id, source_id, ordinal, heading, content)
      values (${shop.id}, ${shop.agentId}, ${secretSource}, 0, 'Plans', ${SECRET})`;
    assert.equal((await titles({ query: QUESTION, user_groups: ['board'] }))[0], 'Board minutes');
  });
  it('lets people below manager name no groups, and hides its rows from them', async () => {
    for (const role of ['member', 'client']) {
      const person = await member(server, shop.id, role);
      refused(await search({ query: QUESTION, user_groups: ['board'] }, person.token), 403, 'insufficient_role');
      assert.ok(!(await titles({ query: QUESTION }, person.token)).includes('Board minutes'));
      refused(await fn(server, 'set-knowledge-access', { sourceId: secretSource, aclMode: 'public' }, { token: person.token }), 403, 'insufficient_role');
    }
    refused(await fn(server, 'set-knowledge-access', { sourceId: secretSource, aclMode: 'public' }, { token: other.token }), 404, 'not_found');
    refused(await fn(server, 'set-knowledge-access', { sourceId: secretSource, aclMode: 'open' }, { token: shop.token }), 400, 'validation_failed');
  });
  it('answers visitors by the groups their site has signed, and nobody else', async () => {
    const { body: { secret } } = await fn(server, 'get-identity-secret', { agentId: shop.agentId }, { token: shop.token });
    const sign = (text) => createHmac('sha256', secret).update(text).digest('hex');
    const identified = (identity) => fn(server, 'get-widget-config', { agentId: shop.agentId, ...identity });
    const customer = async (identity) => {
      const reply = await identified(identity);
      assert.equal(reply.status, 200, reply.text);
      return reply.body.visitor;
    };
    const ask = async (who) => (await say(server, { agentId: shop.agentId, ...who }, QUESTION)).body.reply;
    const board = await customer({ identifier: 'ann', groups: 'staff,board', identifierHash: sign('ann\nstaff,board') });
    const told = await ask(board);
    assert.match(told.content, /92 million/);
    assert.equal(told.citations[0].title, 'Board minutes');
    for (const who of [await visitor(server, shop.agentId), await customer({ identifier: 'bob', identifierHash: sign('bob') }),
      await customer({ identifier: 'eve', groups: 'staff', identifierHash: sign('eve\nstaff') })]) {
      const reply = await ask(who);
      assert.ok(!JSON.stringify(reply).includes('million') && !JSON.stringify(reply).includes('Board minutes'), JSON.stringify(reply));
    }
    for (const forged of [{ identifier: 'eve', groups: 'board', identifierHash: sign('eve') }, { identifier: 'eve', groups: 'board', identifierHash: sign('eve\nstaff') },
      { identifier: 'ann', groups: 'staff,board,x', identifierHash: sign('ann\nstaff,board') }, { identifier: 'ann', identifierHash: sign('ann\nstaff,board') }]) {
      refused(await identified(forged), 403, 'identity_not_valid');
    }
    refused(await identified({ identifier: 'eve\nboard', identifierHash: sign('eve\nboard') }), 400, 'validation_failed');
    const keyed = await say(server, { agentId: shop.agentId, token: shop.key }, QUESTION);
    assert.equal(keyed.body.reply.content, 'I do not know that. Shall I ask a person?');
  });
  it('is shown again when it is opened to everybody', async () => {
    assert.deepEqual((await access({ aclMode: 'public', sensitivity: 'public', aclGroups: [] })).aclGroups, []);
    assert.equal((await titles({ query: QUESTION }))[0], 'Board minutes');
    await access({ sensitivity: 'internal' });
    assert.ok(!(await titles({ query: QUESTION })).includes('Board minutes'));
    assert.equal((await titles({ query: QUESTION, user_groups: ['anything'] }))[0], 'Board minutes');
    assert.equal((await titles({ query: QUESTION }, (await member(server, shop.id, 'client')).token))[0], 'Board minutes');
  });
  it('is in no line of the log', () => {
    assert.ok(server.stderr.includes('/v1/knowledge/search'));
    for (const word of ['Meridian', 'million', 'Board minutes', secretSource]) assert.ok(!server.stderr.includes(word), word);
  });
});

describe('more passages than a loop looks through by itself', () => {
  it('are answered from, and hide what they have to', async () => {
    const large = await account(server);
    const source = await add('Stock list', 'A dibber makes holes for seeds and costs 7 euros.', large);
    await server.sql`insert into public.knowledge_chunks (user_id, agent_id, source_id, ordinal, heading, content)
      select ${large.id}, ${large.agentId}, ${source}, n, 'Shelf ' || n, 'On shelf ' || n || ' there are ' || n * 7 || ' boxes of screws.'
      from generate_series(1, 10100) n`;
    const [visitorOfIt, question] = [await visitor(server, large.agentId), 'What does a dibber cost?'];
    const { reply } = (await say(server, { agentId: large.agentId, ...visitorOfIt }, question)).body;
    assert.match(reply.content, /7 euros/);
    assert.equal(reply.citations[0].title, 'Stock list');
    const found = await search({ agent_id: large.agentId, query: question }, large.token);
    assert.match(found.body.results[0].content, /dibber/);
    assert.equal((await fn(server, 'set-knowledge-access', { sourceId: source, aclMode: 'rbac', sensitivity: 'internal', aclGroups: ['staff'] }, { token: large.token })).status, 200);
    const later = (await say(server, { agentId: large.agentId, ...visitorOfIt }, question)).body.reply;
    assert.ok(!later.content.includes('7 euros'), later.content);
    assert.deepEqual(later.citations, []);
  });
});

describe('the cache of indexes', () => {
  it('says how often it was of use', async () => {
    const read = async () => {
      const { text } = await call(server, '/metrics', { method: 'GET' });
      return Object.fromEntries([...text.matchAll(/^chatpad_knowledge_cache_(\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]));
    };
    const before = await read();
    await search({ query: 'parcel' });
    await search({ query: 'parcel' });
    const now = await read();
    assert.ok(now.hits_total >= before.hits_total + 1, JSON.stringify([before, now]));
    assert.ok(now.bytes > 0 && now.indexes > 0 && now.misses_total > 0);
  });
  it('is made fresh before somebody asks', async () => {
    const misses = async () => Number(/^chatpad_knowledge_cache_misses_total (\S+)$/m.exec((await call(server, '/metrics', { method: 'GET' })).text)[1]);
    await search({ query: 'parcel' });
    const before = await misses();
    await add('Lifts', 'Pianos go up in the goods lift.');
    // Adding changes what is known more than once; the last of it is built as well.
    let built = before;
    await eventually('built', async () => {
      const [last, now] = [built, await misses()];
      built = now;
      await sleep(2200); // it looks every two seconds
      return now > before && now === last;
    });
    assert.deepEqual(await titles({ query: 'pianos' }), ['Lifts']);
    assert.equal(await misses(), built, 'the question found it in memory');
  });
});
