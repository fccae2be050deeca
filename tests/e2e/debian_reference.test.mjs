// Real input: the PDF of Debian's reference (package debian-reference-en), uploaded to a fresh agent.
// Questions whose answers stand on known pages are answered with the title and the page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { account, call, say } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';

const FILE = '/usr/share/debian-reference/debian-reference.en.pdf';

let server;
let shop;
let ready;
before(async () => {
  server = await startServer();
  shop = await account(server);
  const data = new FormData();
  data.set('agent_id', shop.agentId);
  data.set('file', new Blob([readFileSync(FILE)]), 'debian-reference.en.pdf');
  const reply = await fetch(`${server.url}/v1/knowledge/upload`, { method: 'POST', body: data, headers: { authorization: `Bearer ${shop.token}` } });
  assert.equal(reply.status, 202);
  const { id } = await reply.json();
  ready = await eventually('the manual is read', async () => {
    const { body } = await call(server, `/v1/knowledge/sources/${id}`, { method: 'GET', token: shop.token });
    assert.notEqual(body.status, 'failed', JSON.stringify(body.error));
    return body.status === 'ready' && body;
  }, 120_000);
});
after(() => server?.stop());

it('is known by its title, pages and headings', async () => {
  assert.equal(ready.name, 'Debian Reference');
  assert.ok(ready.pages > 200 && ready.chunks > 300, JSON.stringify(ready));
  const [{ headed, paged }] = await server.sql`
    select avg((heading is not null)::int)::float as headed, avg((page between 1 and ${ready.pages})::int)::float as paged
    from public.knowledge_chunks where source_id = ${ready.id}`;
  assert.ok(headed > 0.98 && paged === 1, `${headed} ${paged}`);
});

it('answers with the title and the page on which the answer stands', async () => {
  const questions = [
    ['What does the file /etc/nsswitch.conf dictate?', /nsswitch\.conf/],
    ['How can dpkg be used to rescue a broken system?', /dpkg/],
    ['What is the purpose of the alternatives system?', /alternative/i],
  ];
  let right = 0;
  for (const [question, pattern] of questions) {
    const { body } = await say(server, shop.guest, question);
    const citation = body.reply.citations?.[0];
    if (!citation) continue;
    assert.equal(citation.title, 'Debian Reference');
    const rows = await server.sql`select content from public.knowledge_chunks where source_id = ${ready.id} and page = ${citation.page}`;
    if (rows.some((row) => pattern.test(row.content))) right += 1;
  }
  assert.ok(right >= 2, `${right} of ${questions.length}`);
});
