// The connection breaks while an answer is being written: the widget goes on behind what it has shown, by
// itself, and the visitor reads every word once.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { conversationOf, messagesOf, NETWORK_NOISE, soon, stage, visible, widgetOn, words } from '../lib/browser.mjs';
import { startWire } from '../lib/wire.mjs';

const CHAT = '/functions/v1/widget-chat';
const BREAKS = 2;
const wire = await startWire();
after(() => wire.stop());
const { server, browser } = await stage({ provider: { tokenMs: 60, tokens: 150 }, env: { CHATPAD_PUBLIC_URL: wire.url } });
wire.to(server.port);
const outside = Object.create(server, { url: { value: wire.url } });

it(`an answer whose stream breaks ${BREAKS} times is whole`, async () => {
  const visitor = await browser.open(outside);
  const asked = [];
  visitor.page.on('request', (request) => {
    if (new URL(request.url()).pathname === CHAT) asked.push({ headers: request.headers(), body: request.postDataJSON() });
  });
  const chat = widgetOn(visitor.page);
  await visitor.page.goto(`${wire.url}/demo`);
  await chat.open();
  const question = 'Tell me a long story';
  await chat.say(question);
  const shown = async () => (await chat.log.innerText()).match(/\bword\d+/g)?.length ?? 0;
  for (let i = 1, last = 0; i <= BREAKS; i += 1) {
    await soon(`more is shown before break ${i}`, async () => (await shown()) > last + 5);
    last = await shown();
    assert.equal(wire.snap(CHAT), 1);
    await soon(`the widget asks again after break ${i}`, () => asked.length > i);
  }
  await visible(chat.root.locator('[role=log][aria-busy=false]'));
  const conversation = await conversationOf(server, question);
  const stored = await soon('the answer is stored', async () => {
    const rows = await messagesOf(server, conversation);
    return rows.length === 2 && rows[1].content && rows;
  });
  assert.equal(stored[1].cut_off, false);
  const whole = words(stored[1].content);
  await soon('the whole answer is shown, and no word twice', async () => {
    const text = words(await chat.answers.last().innerText());
    return text.includes(whole) && text.length < whole.length + 100;
  });
  assert.equal(await chat.mine.count(), 1);
  assert.equal(asked.length, BREAKS + 1);
  assert.equal(new Set(asked.map(({ body }) => body.clientMessageId)).size, 1, 'the same message each time');
  assert.deepEqual(asked.map(({ headers }) => Boolean(headers['last-event-id'])), [false, true, true]);
  visitor.assertClean(NETWORK_NOISE);
  await visitor.close();
});

// Chromium itself may send it again then, before the widget knows.
it('an answer whose stream breaks before a word of it is whole', async () => {
  const visitor = await browser.open(outside);
  const chat = widgetOn(visitor.page);
  await visitor.page.goto(`${wire.url}/demo`);
  await chat.open();
  await chat.say('Tell me another story');
  await soon('the question is on its way', () => wire.snap(CHAT) === 1);
  const conversation = await conversationOf(server, 'Tell me another story');
  await soon('the answer is stored and shown', async () => {
    const [, answer] = await messagesOf(server, conversation);
    return answer?.content.includes('word150') && words(await chat.answers.last().innerText()).includes(words(answer.content));
  });
  assert.equal(await chat.mine.count(), 1);
  assert.equal((await messagesOf(server, conversation)).length, 2);
  visitor.assertClean(NETWORK_NOISE);
  await visitor.close();
});
