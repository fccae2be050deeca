// A real manual, as somebody would do it: the PDF of the Debian Reference is uploaded, fifteen questions are
// asked in other words than its own, and the passage that answers is among the first five for twelve.
// An answer cites page and title; what the manual does not cover gets the fallback and no citation.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { account, call, say } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';

const QUESTIONS = 15;
const FOUND = 12;
const { sets: [{ document, questions }] } = JSON.parse(readFileSync(new URL('../knowledge/retrieval_tuned.json', import.meta.url)));
const comparable = (text) => text.replaceAll('’', "'").replace(/\s+/g, ' ').toLowerCase();

let server;
let shop;
let source;
before(async () => {
  server = await startServer();
  shop = await account(server);
  const form = new FormData();
  form.set('agent_id', shop.agentId);
  form.set('file', new Blob([readFileSync(document.path)]), 'debian-reference.pdf');
  const reply = await fetch(`${server.url}/v1/knowledge/upload`, { method: 'POST', body: form, headers: { authorization: `Bearer ${shop.token}` } });
  source = await reply.json();
  assert.equal(reply.status, 202, JSON.stringify(source));
  await eventually('the manual is read', async () => {
    const { body } = await call(server, `/v1/knowledge/sources/${source.id}`, { method: 'GET', token: shop.token });
    assert.notEqual(body.status, 'failed', JSON.stringify(body));
    return body.status === 'ready' && body.job.status === 'done';
  }, 120_000);
});
after(() => server?.stop());

const search = async (query) => (await call(server, '/v1/knowledge/search', { token: shop.key, body: { agent_id: shop.agentId, query, top_k: 5 } })).body.results;

describe('the Debian Reference, uploaded as PDF', () => {
  it(`answers at least ${FOUND} of ${QUESTIONS} paraphrased questions among its first five passages`, async (t) => {
    let found = 0;
    for (const { question, phrase } of questions.slice(0, QUESTIONS)) {
      const results = await search(question);
      const rank = results.findIndex(({ content }) => comparable(content).includes(comparable(phrase))) + 1;
      t.diagnostic(`${rank || '-'} ${question}`);
      if (rank > 0) found += 1;
      for (const { title, page } of results) assert.ok(title === document.title && page >= 1, `${title}, page ${page}`);
    }
    assert.ok(found >= FOUND, `${found} of ${QUESTIONS}`);
  });
  it('is quoted with page and title', async () => {
    const { body } = await say(server, shop.guest, 'Which command converts tabs to spaces?');
    assert.match(body.reply.content, /expand/);
    const [citation] = body.reply.citations;
    assert.equal(citation.title, document.title);
    assert.ok(citation.page > 200 && citation.page < 262, JSON.stringify(citation));
  });
  it('says nothing about what it does not cover', async () => {
    for (const question of ['How long do I bake a sourdough loaf?', 'Who won the football championship in 1974?', 'Does the tram to the harbour run on Sundays?']) {
      const { body } = await say(server, shop.guest, question);
      assert.equal(body.reply.content, 'I do not know that. Shall I ask a person?');
      assert.deepEqual(body.reply.citations, []);
    }
  });
});
