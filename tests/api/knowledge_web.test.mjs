// Pages and sites become knowledge, items are stored one by one, a knowledge base is replaced as a whole;
// and no address that is not public is reached, whatever it is called.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, call, say } from '../lib/callers.mjs';
import { pdf } from '../lib/files.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { startCanary, startSite } from '../lib/site.mjs';

const names = path.join('/tmp', `chatpad-names-${process.pid}`);

let server;
let shop;
let site;
let canary;
before(async () => {
  [site, canary] = [await startSite({}), await startCanary()];
  writeFileSync(names, [
    'site.example 127.0.0.9', 'www.site.example 127.0.0.9', 'inside.example 127.0.0.1', 'metadata.example 169.254.169.254',
    'rebind.example 127.0.0.9 127.0.0.1', 'mixed.example 127.0.0.1,127.0.0.9', 'mapped.example ::ffff:127.0.0.1', 'ten.example 10.0.0.1',
  ].join('\n'));
  server = await startServer({ env: { CHATPAD_FETCH_ALLOW: '127.0.0.9', CHATPAD_TEST_NAMES: names } });
  shop = await account(server, 'web');
});
after(async () => {
  await server?.stop();
  await Promise.all([site?.stop(), canary?.stop()]);
});

const at = (page, host = 'site.example') => `http://${host}:${site.port}${page}`;
const html = (title, text, more = '') => ({ body: `<!doctype html><html><head><title>${title}</title>${more}</head><body><main><h1>${title}</h1><p>${text}</p></main></body></html>` });
const addSource = (type, url, more = {}) => call(server, '/v1/knowledge/sources', { token: shop.token, body: { agent_id: shop.agentId, source_type: type, url, ...more } });
const source = async (id) => (await call(server, `/v1/knowledge/sources/${id}`, { method: 'GET', token: shop.token })).body;
const ended = (id, job) => eventually(`the job of ${id} has ended`, async () => {
  const now = await source(id);
  return ['done', 'failed', 'cancelled'].includes(now.job.status) && now.job.id !== job && now;
}, 60_000);
async function read(type, url, more) {
  const { status, body, text } = await addSource(type, url, more);
  assert.equal(status, 202, text);
  return ended(body.id);
}
const sync = async (id) => {
  const before = await source(id);
  const reply = await call(server, `/v1/knowledge/sources/${id}/sync`, { token: shop.token, body: {} });
  assert.equal(reply.status, 202, reply.text);
  return ended(id, before.job.id);
};
const documents = async (id) => (await server.sql`select title, url from public.knowledge_documents where source_id = ${id} order by ordinal`).map((row) => [row.title, new URL(row.url).pathname]);

describe('a page', () => {
  it('is read, cited by its own title and address, and read again only when it has changed', async () => {
    site.pages['/opening'] = { ...html('Opening hours of the yard', 'The yard opens at half past six in summer.'), etag: '"one"' };
    const ready = await read('url', at('/opening'));
    assert.equal(ready.status, 'ready', JSON.stringify(ready));
    assert.equal(ready.name, 'Opening hours of the yard');
    const reply = await say(server, shop.guest, 'When does the yard open in summer?');
    assert.match(reply.body.reply.content, /half past six/);
    assert.deepEqual([reply.body.reply.citations[0].title, reply.body.reply.citations[0].url], ['Opening hours of the yard', at('/opening')]);
    const agent = site.asked.find((one) => one.path === '/opening').headers['user-agent'];
    assert.match(agent, /^chatpad \(\+http/);

    const [{ created_at: before }] = await server.sql`select created_at from public.knowledge_chunks where source_id = ${ready.id}`;
    assert.equal((await sync(ready.id)).status, 'ready');
    assert.equal(site.asked.at(-1).headers['if-none-match'], '"one"');
    const [{ created_at: same }] = await server.sql`select created_at from public.knowledge_chunks where source_id = ${ready.id}`;
    assert.deepEqual(same, before, 'what has not changed is left alone');

    site.pages['/opening'] = { ...html('Opening hours of the yard', 'The yard opens at seven now.'), etag: '"two"' };
    await sync(ready.id);
    assert.match((await server.sql`select content from public.knowledge_chunks where source_id = ${ready.id}`)[0].content, /at seven now/);
    site.pages['/opening'] = { status: 500 };
    const again = await addSource('url', at('/opening'));
    assert.deepEqual([again.body.id, again.body.duplicate], [ready.id, true]);
  });

  it('may be a PDF', async () => {
    site.pages['/terms.pdf'] = { body: pdf([{ lines: ['Terms of the yard.'] }], { title: 'Terms' }), type: 'application/pdf' };
    const ready = await read('url', at('/terms.pdf'));
    assert.equal(ready.name, 'Terms');
  });

  it('that is not there, refuses, or is no page says so', async () => {
    site.pages['/forbidden'] = { status: 403 };
    site.pages['/picture'] = { body: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]), type: 'text/html' };
    for (const [page, code] of [['/missing', 'page_gone'], ['/forbidden', 'page_refused'], ['/picture', 'unsupported_type']]) {
      const failed = await read('url', at(page));
      assert.equal(failed.status, 'failed');
      assert.equal(failed.error.code, code);
      assert.match(failed.error.message, /^[A-Z].+\.$/);
    }
  });
});

describe('a site', () => {
  it('is read by its sitemap, as robots.txt allows, up to its limit', async () => {
    const url = (name) => `<url><loc>${at(name)}</loc></url>`;
    Object.assign(site.pages, {
      '/robots.txt': { body: `User-agent: *\nDisallow: /private\nAllow: /private/open\nSitemap: ${at('/maps.xml')}\n`, type: 'text/plain' },
      '/maps.xml': { body: `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>${at('/map.xml')}</loc></sitemap><sitemap><loc>http://inside.example:${canary.port}/map.xml</loc></sitemap></sitemapindex>`, type: 'text/xml' },
      '/map.xml': { body: `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${['/a', '/b', '/private/x', '/private/open', '/noindex', '/gone', '/skip/c'].map(url).join('')}${url('/a')}<url><loc>http://inside.example:${canary.port}/</loc></url></urlset>`, type: 'text/xml' },
      '/a': html('Page A', 'Anchors are made of iron.'), '/b': { ...html('Page B', 'Buoys are orange.'), etag: '"b"' },
      '/private/x': html('X', 'Secret.'), '/private/open': html('Open', 'Open to everybody.'),
      '/noindex': html('N', 'Not for machines.', '<meta name="robots" content="noindex">'), '/skip/c': html('C', 'Skipped.'),
    });
    site.asked.length = 0;
    const ready = await read('web_crawl', at('/'), { name: 'The yard', settings: { exclude: ['/skip'], pages_max: 20 } });
    assert.equal(ready.status, 'ready', JSON.stringify(ready));
    assert.equal(ready.name, 'The yard');
    assert.deepEqual(await documents(ready.id), [['Page A', '/a'], ['Page B', '/b'], ['Open', '/private/open']]);
    assert.match(ready.job.progress.note, /^3 pages, 3 read this time, 2 could not be read$/);
    assert.ok(!site.paths().some((one) => ['/private/x', '/skip/c'].includes(one)));
    assert.equal(site.paths().filter((one) => one === '/a').length, 1);

    // The second time: what is the same is left, what is new comes, what is gone goes.
    site.pages['/map.xml'].body = `<urlset>${['/b', '/private/open', '/d'].map(url).join('')}</urlset>`;
    site.pages['/d'] = html('Page D', 'Docks are wet.');
    site.asked.length = 0;
    const second = await sync(ready.id);
    assert.deepEqual(await documents(ready.id), [['Page B', '/b'], ['Open', '/private/open'], ['Page D', '/d']]);
    assert.match(second.job.progress.note, /^3 pages, 1 read this time/);
    assert.equal(site.asked.find((one) => one.path === '/b').headers['if-none-match'], '"b"');

    // The third time it is away: everything stays.
    site.pages['/robots.txt'] = { status: 503 };
    const third = await sync(ready.id).catch(() => null);
    assert.ok(third === null || third.job.status !== 'done');
    assert.equal((await documents(ready.id)).length, 3);
    await call(server, `/v1/knowledge/sources/${ready.id}`, { method: 'DELETE', token: shop.token });
  });

  it('loses no page to what another one says of itself', async () => {
    const long = `/${'l'.repeat(2048 - at('/').length)}`;
    const nearly = long.slice(0, -1);
    assert.equal(at(long).length, 2048);
    site.pages['/robots.txt'] = { body: `Sitemap: ${at('/odd.xml')}\n`, type: 'text/plain' };
    site.pages['/odd.xml'] = { body: `<urlset>${['/cafe', long, nearly].map((name) => `<url><loc>${at(name)}</loc></url>`).join('')}</urlset>`, type: 'text/xml' };
    site.pages['/cafe'] = { ...html('Coffee', 'Coffee is served until four.'), headers: { etag: '"caf\xe9"', 'last-modified': 'Mont\xe1g' } };
    site.pages[long] = html('Long', 'Too long an address.');
    site.pages[nearly] = html('Nearly', 'Just short enough.');
    const ready = await read('web_crawl', at('/odd'));
    assert.equal(ready.status, 'ready', JSON.stringify(ready));
    assert.deepEqual(await documents(ready.id), [['Coffee', '/cafe'], ['Nearly', nearly]]);
    await sync(ready.id);
    const again = site.asked.filter((one) => one.path === '/cafe').at(-1).headers;
    assert.deepEqual([again['if-none-match'], again['if-modified-since']], [undefined, undefined], 'what cannot be said back is forgotten');
  });

  it('that shuts everything is not read', async () => {
    site.pages['/robots.txt'] = { body: 'User-agent: chatpad\nDisallow: /\n', type: 'text/plain' };
    const failed = await read('web_crawl', at('/shut'));
    assert.equal(failed.error.code, 'robots_disallow');
  });

  it('is read again when its schedule says so', async () => {
    site.pages['/robots.txt'] = { status: 404 };
    site.pages['/timed'] = html('Timed', 'Words at four.');
    for (const [wrong, rule] of [['* * * * *', /15 minutes/], ['0 25 * * *', /five fields/], ['daily', /five fields/], ['0 0 30 2 *', /five fields/]]) {
      const refused = await addSource('url', at('/timed'), { sync_schedule: wrong });
      assert.equal(refused.status, 400);
      assert.match(refused.body.message, rule);
    }
    const ready = await read('url', at('/timed'), { sync_schedule: '0 */4 * * *' });
    assert.ok(new Date(ready.next_sync_at) > new Date());
    await server.sql`update public.knowledge_sources set next_sync_at = now() - interval '1 second' where id = ${ready.id}`;
    const again = await ended(ready.id, ready.job.id);
    assert.equal(again.job.status, 'done');
    assert.ok(new Date(again.next_sync_at) > new Date());
    const off = await call(server, `/v1/knowledge/sources/${ready.id}`, { method: 'PUT', token: shop.token, body: { sync_schedule: '' } });
    assert.equal(off.body.next_sync_at, null);
  });
});

describe('a job', () => {
  it('whose row is locked holds up no other one', async () => {
    let answer;
    const asked = new Promise((resolve) => {
      site.pages['/slow'] = () => {
        resolve();
        return new Promise((done) => { answer = done; });
      };
    });
    site.pages['/quick'] = html('Quick', 'Read beside a job that is held.');
    const slow = await addSource('url', at('/slow'));
    await asked;
    await server.sql.begin(async (held) => {
      await held`select from private.jobs where subject_id = ${slow.body.id} for update`;
      const quick = await read('url', at('/quick'));
      assert.equal(quick.status, 'ready', JSON.stringify(quick));
    });
    answer(html('Slow', 'At last.'));
    assert.equal((await ended(slow.body.id)).status, 'ready');
  });

  it('of a long site lets others have their turn, and goes on where it was', async () => {
    const names = ['/t1', '/t2', '/t3'];
    const answers = {};
    const asked = new Promise((resolve) => {
      for (const name of names) site.pages[name] = html(`Turn ${name}`, `Words of ${name}.`);
      site.pages['/t1'] = () => {
        resolve();
        return new Promise((done) => { answers.first = done; });
      };
    });
    site.pages['/robots.txt'] = { body: `User-agent: *\nSitemap: ${at('/turns.xml')}\n`, type: 'text/plain' };
    site.pages['/turns.xml'] = { body: `<urlset>${names.map((name) => `<url><loc>${at(name)}</loc></url>`).join('')}</urlset>`, type: 'text/xml' };
    site.asked.length = 0;
    const long = await addSource('web_crawl', at('/turns'));
    await asked;
    // Somebody else waits, and the turn is long over.
    const other = await account(server, 'turns');
    await server.sql`insert into private.jobs (user_id, kind, subject_id) values (${other.id}, 'nobody does this', gen_random_uuid())`;
    await server.sql`update private.jobs set claimed_at = now() - interval '1 hour' where subject_id = ${long.body.id}`;
    answers.first(html('Turn /t1', 'Words of /t1.'));
    const ready = await ended(long.body.id);
    assert.equal(ready.status, 'ready', JSON.stringify(ready));
    assert.deepEqual(await documents(ready.id), names.map((name) => [`Turn ${name}`, name]));
    for (const name of names) assert.equal(site.paths().filter((one) => one === name).length, 1, name);
    assert.equal(site.paths().filter((one) => one === '/turns.xml').length, 1, 'its pages were known');
    assert.equal(site.paths().filter((one) => one === '/robots.txt').length, 2, 'it was taken twice');
    assert.equal(ready.job.attempts, 1, 'which is no attempt more');
    await server.sql`delete from private.jobs where user_id = ${other.id}`;
    site.pages['/robots.txt'] = { status: 404 };
  });
});

describe('an address that is not public', () => {
  it('is not reached, whatever it is called', async () => {
    const port = canary.port;
    site.pages['/redirect'] = { status: 302, headers: { location: `http://127.0.0.1:${port}/` } };
    site.pages['/redirect-name'] = { status: 301, headers: { location: `http://inside.example:${port}/` } };
    site.pages['/redirect-file'] = { status: 302, headers: { location: 'file:///etc/passwd' } };
    const hosts = ['127.0.0.1', 'localhost', '2130706433', '0x7f000001', '017700000001', '0177.0.0.1', '127.1', '127.0.1', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '0.0.0.0', '0', '127.0.0.1.', 'inside.example', 'mapped.example', 'ten.example'];
    const urls = [
      ...hosts.map((host) => `http://${host}:${port}/`), at('/redirect'), at('/redirect-name'), at('/redirect-file'),
      'http://metadata.example/latest/meta-data/', 'http://169.254.169.254/latest/meta-data/', `http://inside.example:${port}/sitemap.xml`,
      `http://mixed.example:${port}/`,
    ];
    // All of them at once: an account's jobs take turns anyway. Many names say the same address, and are one source.
    const added = await Promise.all(urls.flatMap((url) => ['url', 'web_crawl'].map(async (type) => {
      const reply = await addSource(type, url);
      if (reply.status !== 400) assert.equal(reply.status, 202, `${url}: ${reply.text}`);
      return { url, id: reply.body.id };
    })));
    const urlOf = new Map(added.filter(({ id }) => id).map(({ id, url }) => [id, url]));
    assert.ok(urlOf.size >= 20, `${urlOf.size} sources`);
    for (const [id, url] of urlOf) {
      const tried = await eventually(`${url} was tried`, async () => {
        const now = await source(id);
        return now.job.error && now;
      }, 60_000);
      assert.ok(['address_refused', 'fetch_failed', 'robots_disallow'].includes(tried.job.error.code), `${url}: ${JSON.stringify(tried.job)}`);
      assert.ok(!/\d+\.\d+\.\d+\.\d+/.test(tried.job.error.message), 'the sentence names no address');
    }
    for (const id of urlOf.keys()) await call(server, `/v1/knowledge/sources/${id}`, { method: 'DELETE', token: shop.token });
    assert.equal(canary.connections, 0, 'no byte to a blocked address');
  });

  it('is not reached by a name that changes its mind', async () => {
    site.pages['/robots.txt'] = { body: `Sitemap: http://rebind.example:${canary.port}/map.xml`, type: 'text/plain' };
    const reply = await addSource('web_crawl', `http://rebind.example:${canary.port}/`);
    await eventually('it was tried', async () => (await source(reply.body.id)).job.error);
    await call(server, `/v1/knowledge/sources/${reply.body.id}`, { method: 'DELETE', token: shop.token });
    assert.equal(canary.connections, 0);
  });

  it('and what is no address of the web is refused at once', async () => {
    for (const url of ['file:///etc/passwd', 'gopher://x.example/', 'ftp://x.example/', 'http://user:pass@x.example/', 'http://x.example:22/', 'x.example', 'javascript:alert(1)', `http://${'a'.repeat(3000)}.example/`]) {
      const reply = await addSource('url', url);
      assert.equal(reply.status, 400, url);
      assert.equal(reply.body.details, 'url');
    }
  });
});

describe('items', () => {
  const store = (items, token = shop.token) => call(server, '/v1/knowledge/items', { token, body: { agent_id: shop.agentId, items } });

  it('are stored, found to be there, or refused, each on its own', async () => {
    const items = [
      { title: 'Do you repair sails?', content: 'Yes, every sail up to forty square metres.', type: 'faq', metadata: { tags: ['sails'], priority: 1 } },
      { title: 'Do you repair sails?', content: 'Yes, every sail up to forty square metres.', type: 'faq', metadata: {} },
      { title: 'Winch W40', content: 'A winch for ropes of up to twelve millimetres.', type: 'product' },
      { title: '', content: 'No title.', type: 'faq' }, { title: 'T', content: 'x', type: 'nonsense' }, { title: 'T', content: '   ', type: 'faq' },
    ];
    const { status, body } = await store(items);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.results.map((one) => one.status), ['stored', 'duplicate', 'stored', 'failed', 'failed', 'failed']);
    assert.deepEqual([body.stored, body.duplicates, body.failed], [2, 1, 3]);
    assert.equal(body.results[0].id, body.results[1].id);
    assert.deepEqual(body.results.slice(3).map((one) => one.error.details), ['title', 'type', 'content']);
    const again = await store(items);
    assert.deepEqual([again.body.stored, again.body.duplicates], [0, 3]);
    const reply = await say(server, shop.guest, 'Do you repair sails?');
    assert.match(reply.body.reply.content, /forty square metres/);
    const list = await call(server, `/v1/knowledge/items?agent_id=${shop.agentId}&type=product`, { method: 'GET', token: shop.key });
    assert.deepEqual(list.body.items.map((one) => one.title), ['Winch W40']);
    const gone = await call(server, `/v1/knowledge/items/${list.body.items[0].id}`, { method: 'DELETE', token: shop.token });
    assert.equal(gone.body.deleted, true);
    const other = await account(server, 'other');
    assert.equal((await store(items, other.token)).status, 404);
    assert.equal((await call(server, `/v1/knowledge/items/${body.results[0].id}`, { method: 'DELETE', token: other.token })).status, 404);
  });

  it('of a tenant are replaced as a whole', async () => {
    const replace = (body, id = shop.id, token = shop.token) => call(server, `/api/chatbot/tenants/${id}/knowledge-base`, { token, body });
    const first = await replace({ knowledgeBase: [{ question: 'What are your hours?', answer: 'We open from nine to six.', tags: ['hours'] }, { question: 'How to book a demo?', answer: 'Use the form.' }] });
    assert.equal(first.status, 200, first.text);
    assert.equal(first.body.stored, 2);
    const second = await replace([{ question: 'What are your hours?', answer: 'We open from ten to four.', tags: [] }]);
    assert.equal(second.body.stored, 1);
    const rows = await server.sql`select d.title, d.content from public.knowledge_documents d where d.user_id = ${shop.id} and d.type = 'faq'`;
    assert.deepEqual(rows.map((row) => row.content), ['We open from ten to four.']);
    assert.equal((await replace({ knowledgeBase: 'x' })).status, 400);
    assert.equal((await replace({})).status, 400);
    const other = await account(server, 'tenant');
    assert.equal((await replace([], shop.id, other.token)).status, 404);
    const key = await apiKey(server, shop.id, { scopes: ['conversations:read'] });
    assert.equal((await replace([], shop.id, key)).body.code, 'insufficient_scope');
    await server.sql`insert into public.agents (user_id, name) values (${shop.id}, 'second')`;
    assert.equal((await replace([])).body.details, 'agentId');
    assert.equal((await replace({ knowledgeBase: [], agentId: shop.agentId })).status, 200);
  });

  it('say how good what is known of the company is', async () => {
    const about = () => call(server, `/v1/knowledge/company-info?agent_id=${shop.agentId}`, { method: 'GET', token: shop.token });
    assert.deepEqual((await about()).body.validationStatus, 'error');
    const put = (content) => call(server, '/v1/knowledge/company-info', { method: 'PUT', token: shop.token, body: { agent_id: shop.agentId, content } });
    assert.equal((await put('We build boats.')).body.validationStatus, 'warning');
    const good = await put(`We build boats. ${'They are made of oak and last for many years. '.repeat(6)}`);
    assert.deepEqual([good.body.validationStatus, good.body.suggestions.length, good.body.wordCount > 50], ['valid', 0, true]);
    assert.match((await about()).body.content, /^We build boats/);
    const [{ n }] = await server.sql`select count(*)::int as n from public.knowledge_documents where user_id = ${shop.id} and type = 'company_info'`;
    assert.equal(n, 1);
  });
});
