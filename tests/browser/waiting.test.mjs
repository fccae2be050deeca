// A visitor for whom a person was called sees it above the composer, said once, until somebody comes or
// nobody waits any more; also behind a reload, on a desktop and a phone, light and dark.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { assertFits, axe, conversationOf, gone, SIZES, soon, stage, visible, widgetOn } from '../lib/browser.mjs';
import { call, fn, signIn } from '../lib/callers.mjs';

const { server, browser } = await stage();
const owner = await signIn(server);
const WORDS = 'We are getting a person for you. You can keep writing.';

const as = async (name, body) => {
  const reply = await fn(server, name, body, { token: owner.token });
  assert.ok(reply.status < 300, reply.text);
};
const escalate = async (id, body = {}) => {
  const reply = await call(server, `/v1/conversations/${id}/escalate`, { token: server.env.CHATPAD_DEMO_API_KEY, body });
  assert.equal(reply.status, 200, reply.text);
};

for (const [look, options] of [
  ['desktop, light', { size: SIZES.desktop }],
  ['desktop, dark', { size: SIZES.desktop, dark: true }],
  ['phone, light', { size: SIZES.phone }],
  ['phone, dark', { size: SIZES.phone, dark: true }],
]) {
  it(`the visitor who asks for a person sees that one is on the way (${look})`, async () => {
    const visitor = await browser.open(server, { ...options, bypassCSP: true });
    const chat = widgetOn(visitor.page);
    const notice = chat.status(WORDS);
    await visitor.page.goto(`${server.url}/demo`);
    await chat.open();
    await chat.ask(`When are you open on Friday? (${look})`, '10:00 to 20:00');
    assert.equal(await notice.count(), 0);
    await chat.ask('Can I talk to a human?', 'connect you with a person');
    await visible(notice);
    assert.equal(await notice.count(), 1, 'in one place');
    const frame = await chat.frame();
    await assertFits(frame, look);
    assert.deepEqual(await axe(visitor.page), [], look);
    const [said, written] = [await notice.boundingBox(), await chat.composer.boundingBox()];
    assert.ok(said.y + said.height <= written.y, 'above the composer');
    const id = await conversationOf(server, `When are you open on Friday? (${look})`);

    // Whoever reads the screen hears it once, whatever else is said meanwhile.
    await frame.evaluate(() => {
      globalThis.changes = 0;
      const element = [...document.querySelectorAll('[role=status]')].find((one) => one.textContent.startsWith('We are getting'));
      new MutationObserver(() => (globalThis.changes += 1)).observe(element, { childList: true, characterData: true, subtree: true, attributes: true });
    });
    await escalate(id, { priority: 'urgent' });
    await chat.ask(`How much is shipping? (${look})`);
    await visible(notice);
    assert.equal(await frame.evaluate(() => globalThis.changes), 0);

    await visitor.page.reload();
    await chat.reopen();
    await visible(notice);

    await as('start-takeover', { conversationId: id });
    await visible(chat.banner('has joined the conversation'));
    await soon('the notice is gone', async () => (await notice.count()) === 0);
    await as('end-takeover', { conversationId: id });
    await visible(chat.banner('is back'));
    assert.equal(await notice.count(), 0);

    await escalate(id);
    await visible(notice);
    await as('update-conversation', { conversationId: id, status: 'closed' });
    await visible(chat.status('This conversation has ended.'));
    await gone(notice);
    visitor.assertClean();
    await visitor.close();
  });
}

it('a visitor whose conversation is archived begins another with the next message', async () => {
  const visitor = await browser.open(server);
  const chat = widgetOn(visitor.page);
  await visitor.page.goto(`${server.url}/demo`);
  await chat.open();
  await chat.ask('I want to talk to a person. This is to be archived.');
  await visible(chat.status(WORDS));
  const id = await conversationOf(server, 'I want to talk to a person. This is to be archived.');
  const reply = await call(server, `/v1/conversations/${id}`, { method: 'DELETE', token: server.env.CHATPAD_DEMO_API_KEY });
  assert.equal(reply.status, 200, reply.text);
  await visible(chat.status('This conversation has ended.'));
  await gone(chat.status(WORDS));
  await chat.root.getByRole('button', { name: 'Start a new conversation' }).click();
  await gone(chat.article('This is to be archived.')); // before answers are counted
  await chat.ask('When are you open on Friday?', '10:00 to 20:00');
  assert.notEqual(await conversationOf(server, 'When are you open on Friday?'), id);
  visitor.assertClean();
  await visitor.close();
});
