// A service that puts what a search found in order, here a stand-in that likes the letter q: the search
// endpoint and the model get its order; it is told nothing restricted; without it the own order holds.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, it } from 'node:test';
import { account, call, fn, say as tell, visitor } from '../lib/callers.mjs';
import { openai, startModels } from '../lib/models.mjs';
import { startServer } from '../lib/server.mjs';

const likes = (text) => Math.min(1, (text.match(/q/g) ?? []).length / 10);
const asked = [];
let answerWith = null; // a function of the response and the documents, instead of the order
let service;
let models;
let server;
let shop;
before(async () => {
  service = http.createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      const { documents, ...rest } = JSON.parse(body);
      asked.push({ path: request.url, auth: request.headers.authorization, documents, ...rest });
      if (answerWith) return answerWith(response, documents);
      const results = documents.map((text, index) => ({ index, relevance_score: likes(text) })).sort((a, b) => b.relevance_score - a.relevance_score);
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: '1', results }));
    });
  });
  await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
  models = await startModels();
  server = await startServer({ env: {
    CHATPAD_AI_RERANK_MODEL: 'judge-1', CHATPAD_AI_RERANK_URL: `http://127.0.0.1:${service.address().port}/v2/`, CHATPAD_AI_RERANK_KEY: 'sk-rerank-secret',
    CHATPAD_AI_BASE_URL: models.url, CHATPAD_AI_MODEL: 'stand-in', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_LOG: 'debug', CHATPAD_LOOPS: '1',
  } });
  shop = await account(server);
  shop.sources = {};
  for (const [title, content] of [
    ['Lamps', 'The lamp in the lighthouse is a big lamp: lamp, lamp.'],
    ['Queues', 'The lamp is where one queues quietly: qqqqqq.'],
    ['Vault', 'The lamp of the vault opens with the word swordfish: qqqqqqqqqq.'],
  ]) {
    const reply = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title, content }, { token: shop.token });
    shop.sources[title] = reply.body.source.id;
  }
  const closed = await fn(server, 'set-knowledge-access', { sourceId: shop.sources.Vault, aclMode: 'abac', sensitivity: 'restricted', aclGroups: ['keepers'] }, { token: shop.token });
  assert.equal(closed.status, 200, closed.text);
});
after(async () => {
  await server?.stop();
  await models?.stop();
  service?.close();
});
async function search(more = {}) {
  const reply = await call(server, '/v1/knowledge/search', { token: shop.key, body: { agent_id: shop.agentId, query: 'Where is the lamp?', ...more } });
  assert.equal(reply.status, 200, reply.text);
  return reply.body.results;
}
const titles = (results) => results.map((result) => result.title);

it('has the last word about the order, and its score is told', async () => {
  const results = await search();
  assert.deepEqual(titles(results), ['Queues', 'Lamps']);
  assert.ok(Math.abs(results[0].score - likes('Queues The lamp is where one queues quietly: qqqqqq.')) < 0.001, String(results[0].score));
  const { path, auth, model, query, documents, top_n: top } = asked.at(-1);
  assert.deepEqual([path, auth, model, query, top], ['/v2/rerank', 'Bearer sk-rerank-secret', 'judge-1', 'Where is the lamp?', documents.length]);
  assert.ok(documents.some((text) => text.startsWith('Queues\n')), 'with its title');
  assert.deepEqual(titles(await search({ top_k: 1 })), ['Queues']);
});

it('is never sent what is restricted, also for those who may see it', async () => {
  const results = await search({ user_groups: ['keepers'] });
  assert.ok(titles(results).includes('Vault'));
  assert.doesNotMatch(JSON.stringify(asked), /swordfish/);
  assert.doesNotMatch(server.stderr, /sk-rerank-secret/);
});

it('orders what a model is given', async () => {
  models.script = () => ({ parts: openai(['In the queue ', '[1].']) });
  const guest = await visitor(server, shop.agentId);
  const { body } = await tell(server, guest, 'Where is the lamp?');
  assert.equal(body.reply.citations[0].title, 'Queues');
});

it('leaves the own order when it fails in whatever way, and is left in peace then', async () => {
  const own = ['Lamps', 'Queues'];
  const json = (value) => (response) => response.setHeader('content-type', 'application/json').end(typeof value === 'string' ? value : JSON.stringify(value));
  for (const way of [
    (response) => response.writeHead(400).end('{"message":"too long"}'),
    json('[]'), json({ results: [] }), json({ results: [{ index: 99, relevance_score: 1 }] }), json({ results: [{ index: 0, relevance_score: 'much' }] }),
  ]) {
    answerWith = way;
    assert.deepEqual(titles(await search()), own);
  }
  answerWith = (response) => response.writeHead(500).end();
  for (let i = 0; i < 3; i += 1) assert.deepEqual(titles(await search()), own);
  const before = asked.length;
  assert.deepEqual(titles(await search()), own);
  assert.equal(asked.length, before, 'it was not asked');
  assert.match(server.stderr, /rerank_failed/);
});

it('is asked with the account\'s own key where there is one, whatever has become of the server\'s', async () => {
  answerWith = null;
  const payer = await account(server, 'payer');
  const kept = await fn(server, 'set-secret', { accountId: payer.id, name: 'rerank.api_key', value: 'sk-of-the-payer' }, { token: payer.token });
  assert.equal(kept.status, 200, kept.text);
  for (const [title, content] of [['Plain', 'The bell of the tower is a big bell.'], ['Quaint', 'The bell where one queues quietly: qqqqqq.']]) {
    await fn(server, 'add-knowledge-text', { agentId: payer.agentId, title, content }, { token: payer.token });
  }
  const { body } = await call(server, '/v1/knowledge/search', { token: payer.key, body: { agent_id: payer.agentId, query: 'Where is the bell?' } });
  assert.deepEqual(titles(body.results), ['Quaint', 'Plain']);
  assert.equal(asked.at(-1).auth, 'Bearer sk-of-the-payer');
  assert.doesNotMatch(server.stderr, /sk-of-the-payer/);
});
