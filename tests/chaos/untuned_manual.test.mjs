// A manual that the search was not tuned on, as a site: the pages of FontForge's (package fontforge-doc)
// are crawled by their sitemap, and the first fifteen of the sealed questions asked
// (tests/knowledge/retrieval_untuned.json). The passage that answers is among the first five for twelve;
// what is answered cites the page it is from; what the manual says nothing about gets the fallback.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { account, call, say } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { startSite } from '../lib/site.mjs';

const ROOT = '/usr/share/doc/fontforge';
const FALLBACK = 'I do not know that. Shall I ask a person?';
const { sets: [{ questions }], unanswerable } = JSON.parse(readFileSync(new URL('../knowledge/retrieval_untuned.json', import.meta.url)));
const comparable = (text) => text.replaceAll(/[‘’]/g, "'").replaceAll(/[“”]/g, '"').replace(/\s+/g, ' ').toLowerCase();

let server;
let shop;
let site;
before(async () => {
  assert.ok(existsSync(ROOT), 'package fontforge-doc is not installed');
  site = await startSite({});
  const files = globSync(`${ROOT}/**/*.html`).sort();
  for (const file of files) site.pages[`/${path.relative(ROOT, file)}`] = { body: readFileSync(file) };
  const urls = files.map((file) => `<url><loc>${site.url}/${path.relative(ROOT, file)}</loc></url>`);
  site.pages['/sitemap.xml'] = { body: `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.join('')}</urlset>`, type: 'text/xml' };
  site.pages['/robots.txt'] = { body: `Sitemap: ${site.url}/sitemap.xml\n`, type: 'text/plain' };
  server = await startServer({ env: { CHATPAD_FETCH_ALLOW: '127.0.0.9' } });
  shop = await account(server);
  const body = { agent_id: shop.agentId, source_type: 'web_crawl', url: `${site.url}/`, settings: { pages_max: files.length } };
  const reply = await call(server, '/v1/knowledge/sources', { token: shop.token, body });
  assert.equal(reply.status, 202, reply.text);
  await eventually('the site is read', async () => {
    const { body: now } = await call(server, `/v1/knowledge/sources/${reply.body.id}`, { method: 'GET', token: shop.token });
    assert.notEqual(now.status, 'failed', JSON.stringify(now));
    return now.status === 'ready' && now.job.status === 'done';
  }, 600_000);
});
after(async () => {
  await server?.stop();
  await site?.stop();
});

const search = async (query) => (await call(server, '/v1/knowledge/search', { token: shop.key, body: { agent_id: shop.agentId, query, top_k: 5 } })).body.results;

describe('the FontForge manual, crawled', () => {
  it('answers at least 12 of 15 questions among its first five passages', async (t) => {
    let found = 0;
    for (const { question, phrase } of questions.slice(0, 15)) {
      const rank = (await search(question)).findIndex(({ content }) => comparable(content).includes(comparable(phrase))) + 1;
      t.diagnostic(`${rank || '-'} ${question}`);
      if (rank > 0) found += 1;
    }
    t.diagnostic(`${found} of 15`);
    assert.ok(found >= 12, `${found} of 15`);
  });
  it('is cited by the title and address of the page', async (t) => {
    let answered = 0;
    for (const { question } of questions.slice(0, 15)) {
      const { reply } = (await say(server, shop.guest, question)).body;
      if (reply.content === FALLBACK) continue;
      answered += 1;
      for (const citation of reply.citations) {
        assert.ok(site.pages[citation.url.slice(site.url.length)], JSON.stringify(citation));
        assert.ok(citation.title.length > 0);
      }
      assert.ok(reply.citations.length > 0, reply.content);
    }
    t.diagnostic(`${answered} of 15 answered`);
    assert.ok(answered > 0);
  });
  it('says nothing about what it does not cover', async (t) => {
    const answered = [];
    for (const question of unanswerable) {
      const { reply } = (await say(server, shop.guest, question)).body;
      if (reply.content !== FALLBACK || reply.citations.length > 0) answered.push([question, reply.content]);
    }
    t.diagnostic(JSON.stringify(answered));
    assert.deepEqual(answered, []);
  });
});
