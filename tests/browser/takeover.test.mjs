// An answer of many words, watched and cut: the owner sees the AI write, also when the conversation
// is opened in the middle, and a click stops it at the same word for everybody.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adminOn, assertSameTranscript, conversationOf, messagesOf, soon, stage, visible, widgetOn } from '../lib/browser.mjs';

const WORDS = 120; // one every 100 ms: the answer would take 12 s
const { server, browser } = await stage({ provider: { tokenMs: 100, tokens: WORDS } });

const count = (text) => (text.match(/word\d+/g) ?? []).length;

// The words shown grow while nobody does anything.
async function grows(what, article) {
  await visible(article.filter({ hasText: 'word1' }));
  const before = count(await article.first().innerText());
  await soon(`${what} grows`, async () => count(await article.first().innerText()) >= before + 3);
}

it('the owner watches the AI write, takes over in the middle, and both hold the same words', async () => {
  const visitor = await browser.open(server, { still: false });
  const owner = await browser.open(server, { still: false });
  const chat = widgetOn(visitor.page);
  const admin = adminOn(owner.page);
  await admin.signIn(server);
  await visitor.page.goto(`${server.url}/demo`);
  await chat.open();
  await chat.say('Tell me a long story, please.');
  await grows('the answer of the visitor', chat.answers.filter({ hasText: 'word1' }));
  const conversation = await conversationOf(server, 'Tell me a long story, please.');
  await admin.openConversation(server, conversation);
  await grows('the answer in the admin', admin.entry('word1'));

  // A deep link opened in the middle of an answer shows what is written so far.
  const address = owner.page.url();
  await owner.page.goto('about:blank');
  await owner.page.goto(address);
  await grows('the answer after a reload', admin.entry('word1'));

  await admin.takeOver.click();
  await visible(chat.banner('has joined the conversation'));
  const [, answer] = await soon('the answer is cut', async () => {
    const rows = await messagesOf(server, conversation);
    return rows[1]?.cut_off && rows;
  });
  const cut = count(answer.content);
  assert.ok(cut > 0 && cut < WORDS, `${cut} words`);
  for (const article of [chat.answers.filter({ hasText: 'word1' }), admin.entry('word1')]) {
    await soon('the shown answer is the stored one', async () => count(await article.first().innerText()) === cut);
  }

  // The person is in charge: no further word comes, and the visitor is heard by the person only.
  await chat.say('Is somebody there?');
  await visible(admin.entry('Is somebody there?'));
  await admin.reply('I am, and I have just arrived.');
  await visible(chat.people.filter({ hasText: 'just arrived' }));
  await assertSameTranscript(server, conversation, chat, admin);
  const rows = await messagesOf(server, conversation);
  assert.deepEqual(rows.map((row) => row.role), ['visitor', 'assistant', 'visitor', 'human']);
  assert.equal(count(rows[1].content), cut);

  // Handed back, the AI writes again; a visitor who reloads in the middle loses nothing, and the
  // next takeover cuts this answer as well.
  await admin.handBack.click();
  await visible(chat.banner('is back'));
  await chat.say('And now a second one.');
  await grows('the second answer', chat.answers.filter({ hasText: 'word1' }).nth(1));
  await visitor.page.reload();
  await chat.reopen();
  await visible(chat.mine.filter({ hasText: 'And now a second one.' }));
  await admin.takeOver.click();
  await visible(chat.banner('has joined the conversation'));
  await soon('the second answer is cut', async () => (await messagesOf(server, conversation))[5]?.cut_off);
  await assertSameTranscript(server, conversation, chat, admin);
  visitor.assertClean();
  owner.assertClean();
  await Promise.all([visitor.close(), owner.close()]);
});

it('a visitor who goes to another page in the middle of the very first answer finds it there', async () => {
  const visitor = await browser.open(server);
  const chat = widgetOn(visitor.page);
  await visitor.page.goto(`${server.url}/demo`);
  await chat.open();
  await chat.say('The first thing I ever say.');
  await grows('the first answer', chat.answers.filter({ hasText: 'word1' }));
  await visitor.page.reload();
  await chat.reopen();
  await visible(chat.mine.filter({ hasText: 'The first thing I ever say.' }));
  await visible(chat.answers.filter({ hasText: `word${WORDS}` }));
  const [{ n }] = await server.sql`select count(*)::int as n from public.messages where content = 'The first thing I ever say.'`;
  assert.equal(n, 1);
  visitor.assertClean();
});
