// Searching by meaning: passages and questions get vectors of a service that speaks OpenAI's
// /embeddings; here a stand-in whose vectors know what animal a text is about. It is busy, broken and
// away in turn; words are searched then.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, say, visitor } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';

const ANIMALS = [/\b(cat|kitten|whiskers)/i, /\b(dog|puppy|bark)/i, /\b(horse|foal|saddle)/i];
const vector = (text) => [...ANIMALS.map((animal) => (animal.test(text) ? 1 : 0)), 0.1, 0];

let service;
const asked = []; // {texts, auth}
let answerWith = [];  // of the next requests: a function of the response, else vectors
let slowFor = '';  // the key whose requests wait
let waiting = [];  // of each its response, and what lets it go on
before(async () => {
  service = http.createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      const { input, model } = JSON.parse(body);
      asked.push({ path: request.url, model, texts: input, auth: request.headers.authorization });
      const instead = answerWith.shift();
      if (instead) return instead(response);
      if (input.some((text) => text.includes('indigestible'))) return response.writeHead(400).end('{"error":{"message":"no"}}');
      response.setHeader('content-type', 'application/json');
      const data = input.map((text, index) => ({ object: 'embedding', index, embedding: vector(text) }));
      const answer = () => response.end(JSON.stringify({ object: 'list', model, data: data.reverse() }));
      if (request.headers.authorization === slowFor) waiting.push({ response, answer });
      else answer();
    });
  });
});

let server;
let shop;
before(async () => {
  await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
  const refuse = (status, headers = {}) => (response) => { response.writeHead(status, headers); response.end('{"error":{"message":"busy"}}'); };
  answerWith = [refuse(429, { 'retry-after': '0' }), refuse(500)];
  server = await startServer({ env: {
    CHATPAD_AI_EMBEDDING_MODEL: 'animals-1', CHATPAD_AI_EMBEDDING_URL: `http://127.0.0.1:${service.address().port}/v1/`,
    CHATPAD_AI_EMBEDDING_KEY: 'sk-embedding-secret', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_LOG: 'debug', CHATPAD_LOOPS: '1',
  } });
  shop = await account(server);
  shop.sources = {};
  for (const [title, content] of [['Purring', 'Whiskers sleeps on the sofa.'], ['Fetching', 'A puppy runs after sticks.'], ['Riding', 'Put the saddle on first.']]) {
    const reply = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title, content }, { token: shop.token });
    shop.sources[title] = reply.body.source.id;
  }
});
after(async () => {
  await server?.stop();
  service?.close();
});

const search = (query, more = {}) => call(server, '/v1/knowledge/search', { token: shop.key, body: { agent_id: shop.agentId, query, ...more } });
async function titles(query, more) {
  const reply = await search(query, more);
  assert.equal(reply.status, 200, reply.text);
  return reply.body.results.map((result) => result.title);
}
const stored = async () => (await server.sql`select count(*)::int as n from private.chunk_embeddings where agent_id = ${shop.agentId}`)[0].n;
const asking = (text) => asked.filter(({ texts }) => texts.includes(text)).length;

describe('passages', () => {
  it('get their vectors although the service is busy and broken at first', async () => {
    await eventually('three vectors', async () => (await stored()) === 3);
    assert.ok(asked.length >= 3);
    for (const { path, model, auth, texts } of asked) {
      assert.deepEqual([path, model, auth], ['/v1/embeddings', 'animals-1', 'Bearer sk-embedding-secret']);
      assert.ok(texts.length <= 64);
    }
  });
  it('get them again when they change, and only those that have none', async () => {
    await eventually('the version that has them', async () =>
      (await server.sql`select version = knowledge_version as done from private.embedding_progress p join public.agents a on a.id = p.agent_id where a.id = ${shop.agentId}`)[0]?.done);
    const seen = asked.length;
    const reply = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: 'Barking', content: 'They bark at night.' }, { token: shop.token });
    shop.sources.Barking = reply.body.source.id;
    await eventually('a fourth', async () => (await stored()) === 4);
    assert.deepEqual(asked.slice(seen).flatMap(({ texts }) => texts).filter((text) => text.includes('Whiskers')), []);
  });
  it('that are restricted are sent to nobody', async () => {
    const secret = 'The kitten under the stairs is worth millions.';
    const [source] = await server.sql`insert into public.knowledge_sources (user_id, agent_id, title, status, content, sensitivity, acl_groups)
      values (${shop.id}, ${shop.agentId}, 'Stairs', 'ready', ${secret}, 'restricted', '{board}') returning id`;
    await server.sql`insert into public.knowledge_chunks (user_id, agent_id, source_id, ordinal, content) values (${shop.id}, ${shop.agentId}, ${source.id}, 0, ${secret})`;
    await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: 'Last', content: 'A foal is a young one.' }, { token: shop.token });
    await eventually('a fifth', async () => (await stored()) === 5);
    assert.ok(!asked.some(({ texts }) => texts.some((text) => text.includes('millions'))));
    assert.equal((await titles('kitten under the stairs', { user_groups: ['board'] }))[0], 'Stairs');
    assert.ok(!(await titles('kitten under the stairs')).includes('Stairs'));
  });
});

describe('a passage that the service does not take', () => {
  it('goes without, and keeps nobody else from theirs', async () => {
    const other = await account(server, 'others');
    const add = (who, title, content) => fn(server, 'add-knowledge-text', { agentId: who.agentId, title, content }, { token: who.token });
    for (const [title, content] of [['P1', 'A dog as such.'], ['P2', 'Something indigestible.'], ['P3', 'Another puppy.']]) await add(shop, title, content);
    await add(other, 'Other', 'A cat of somebody else.');
    const complete = async (who) => (await server.sql`select p.version = a.knowledge_version as done from private.embedding_progress p join public.agents a on a.id = p.agent_id where a.id = ${who.agentId}`)[0]?.done;
    await eventually('both are complete', async () => (await complete(shop)) && complete(other));
    const without = await server.sql`select s.title from public.knowledge_chunks k join public.knowledge_sources s on s.id = k.source_id
      where s.sensitivity <> 'restricted' and not exists (select from private.chunk_embeddings e where e.chunk_id = k.id) and k.agent_id in ${server.sql([shop.agentId, other.agentId])}`;
    assert.deepEqual(without.map((row) => row.title), ['P2']);
    assert.equal((await titles('What is indigestible?'))[0], 'P2', 'it is found by its words');
    for (const title of ['P1', 'P2', 'P3']) {
      const [{ id }] = await server.sql`select id from public.knowledge_sources where title = ${title} and agent_id = ${shop.agentId}`;
      await call(server, `/v1/knowledge/sources/${id}`, { method: 'DELETE', token: shop.token });
    }
  });
  it('is no passage when it takes none at all', async () => {
    const no = (response) => response.writeHead(400).end('{}');
    answerWith = [no, no];  // the passage and the word beside it
    const reply = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: 'Unlucky', content: 'A horse at a bad hour.' }, { token: shop.token });
    await eventually('it waits', async () => (await server.sql`select failures from private.embedding_progress where agent_id = ${shop.agentId}`)[0].failures === 1);
    assert.equal((await server.sql`select count(*)::int as n from private.chunks_refused where agent_id = ${shop.agentId}`)[0].n, 0);
    await server.sql`update private.embedding_progress set retry_at = now() where agent_id = ${shop.agentId}`;
    await call(server, `/v1/knowledge/sources/${reply.body.source.id}`, { method: 'DELETE', token: shop.token });
    await eventually('all is complete', async () => (await server.sql`select failures from private.embedding_progress where agent_id = ${shop.agentId}`)[0].failures === 0);
  });
});

describe('a question', () => {
  it('finds what means the same and shares no word', async () => {
    await eventually('found by meaning', async () => (await titles('Tell me about your kittens?'))[0] === 'Purring');
    const { body } = await search('Tell me about your kittens?');
    assert.ok(body.results[0].score > 0.9, JSON.stringify(body));
    assert.deepEqual(new Set((await titles('puppy')).slice(0, 2)), new Set(['Fetching', 'Barking']));
  });
  it('is asked for once', async () => {
    await titles('Any horses here?');
    await titles('Any horses here?');
    assert.equal(asking('Any horses here?'), 1);
    const { text } = await call(server, '/metrics', { method: 'GET' });
    assert.match(text, /^chatpad_embedding_questions_kept_total [1-9]/m);
  });
  it('finds by meaning nothing that is hidden from who asks', async () => {
    const access = (body) => fn(server, 'set-knowledge-access', { sourceId: shop.sources.Purring, ...body }, { token: shop.token });
    await access({ aclMode: 'rbac', aclGroups: ['cats'] });
    await eventually('vectors for the new version', async () => (await titles('Do kittens live here?', { user_groups: ['cats'] }))[0] === 'Purring');
    assert.ok(!(await titles('Do kittens live here?')).includes('Purring'));
    await access({ aclMode: 'public', aclGroups: [] });
  });
  it('goes by its words when the service is away, slow or talks nonsense', async () => {
    // A kept connection that breaks is tried once more, and then there is an answer: no failure.
    const nonsense = [(r) => r.destroy(), (r) => r.end('<html>'), (r) => r.end('{"data":[]}'), (r) => r.end('{"data":[{"embedding":["a"]}]}'),
      (r) => { r.writeHead(401); r.end('{}'); }, (r) => r.end(''), (r) => r.end(JSON.stringify({ data: [{ embedding: [1, 2] }] }))];
    for (const [i, instead] of nonsense.entries()) {
      answerWith = [instead];
      assert.equal((await titles(`sofa question ${i}`))[0], 'Purring', String(instead));
    }
    answerWith = [];
    assert.deepEqual([5, 6].map((i) => asking(`sofa question ${i}`)), [1, 0], 'after five failures in a row it is left in peace');
  });
  it('tells no log what was asked or what the key is', () => {
    for (const word of ['sk-embedding-secret', 'kittens', 'sofa question', 'Whiskers']) assert.ok(!server.stderr.includes(word), word);
  });
});

describe('an account with a key of its own', () => {
  const authOf = (word) => asked.filter(({ texts }) => texts.some((text) => text.includes(word))).map(({ auth }) => auth);
  let payer;
  before(async () => {
    payer = await account(server, 'payer');
    const kept = await fn(server, 'set-secret', { accountId: payer.id, name: 'embedding.api_key', value: 'sk-of-the-payer' }, { token: payer.token });
    assert.equal(kept.status, 200, kept.text);
    const added = await fn(server, 'add-knowledge-text', { agentId: payer.agentId, title: 'Basket', content: 'Whiskers of the payer lives here.' }, { token: payer.token });
    assert.equal(added.status, 201, added.text);
  });
  it('has its passages sent with it', async () => {
    await eventually('its vector', async () => (await server.sql`select 1 from private.chunk_embeddings where agent_id = ${payer.agentId}`).length === 1);
    assert.deepEqual(authOf('Whiskers of the payer'), ['Bearer sk-of-the-payer']);
  });
  it('has its questions asked with it, also while the server\'s key is left in peace', async () => {
    const found = async (query) => (await call(server, '/v1/knowledge/search', { token: payer.key, body: { agent_id: payer.agentId, query } })).body.results[0]?.title;
    await eventually('found by meaning', async () => (await found('Have you got kittens of yours?')) === 'Basket');
    const guest = await visitor(server, payer.agentId);
    assert.equal((await say(server, guest, 'Where would a kitten sleep?')).status, 200);
    for (const word of ['kittens of yours', 'kitten sleep']) assert.deepEqual(authOf(word), ['Bearer sk-of-the-payer'], word);
  });
  it('is waited for by itself when the service is slow for its key', async () => {
    slowFor = 'Bearer sk-of-the-payer';
    const add = (who, content) => fn(server, 'add-knowledge-text', { agentId: who.agentId, title: 'More', content }, { token: who.token });
    const vectors = async (who) => (await server.sql`select count(*)::int as n from private.chunk_embeddings where agent_id = ${who.agentId}`)[0].n;
    const [mine, theirs] = [await vectors(payer), await vectors(shop)];
    assert.equal((await add(payer, 'A puppy of the payer barks.')).status, 201);
    await eventually('asked', () => waiting.length === 1);
    assert.equal((await add(shop, 'Foals stand up early.')).status, 201);
    await eventually('the vector of the other account', async () => (await vectors(shop)) === theirs + 1);
    assert.deepEqual([await vectors(payer), waiting.length, waiting[0].response.destroyed], [mine, 1, false], 'its first request is still under way');
    slowFor = '';
    for (const { answer } of waiting) answer();
    await eventually('its own', async () => (await vectors(payer)) === mine + 1);
  });
  it('does not pay for others, and its key is in no log', () => {
    const others = asked.filter(({ texts }) => !texts.some((text) => /of the payer|of yours|kitten sleep/.test(text)));
    assert.deepEqual(new Set(others.map(({ auth }) => auth)), new Set(['Bearer sk-embedding-secret']));
    assert.doesNotMatch(server.stderr, /sk-of-the-payer/);
  });
});

describe('search_knowledge_sources', () => {
  it('finds sources by a vector', async () => {
    const rows = await server.sql.begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${JSON.stringify({ role: 'authenticated', sub: shop.id })}, true)`;
      await sql`set local role authenticated`;
      return sql`select source, type, similarity from public.search_knowledge_sources(${shop.agentId}, ${vector('cat')}, 0.9)`;
    });
    assert.deepEqual(rows.map(({ source, type }) => [source, type]), [['Purring', 'text']]);
  });
});
