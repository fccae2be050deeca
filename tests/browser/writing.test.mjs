// A socket that breaks while the AI writes. The pieces of an answer are sent once and kept nowhere: the
// inbox asks for the text so far and goes on from there, and the visitor, whose answer comes another way,
// notices nothing.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { adminOn, assertSameTranscript, conversationOf, NETWORK_NOISE, soon, stage, visible, widgetOn } from '../lib/browser.mjs';
import { startWire } from '../lib/wire.mjs';

const WORDS = 150; // one every 100 ms: the answer takes 15 s
const wire = await startWire();
after(() => wire.stop());
const { server, browser } = await stage({ provider: { tokenMs: 100, tokens: WORDS }, env: { CHATPAD_PUBLIC_URL: wire.url } });
wire.to(server.port);
const outside = Object.create(server, { url: { value: wire.url } });

// How many words are shown; none may be missing in between.
async function shown(article) {
  const words = (await article.first().innerText()).match(/word\d+/g) ?? [];
  words.forEach((word, index) => assert.equal(word, `word${index + 1}`));
  return words.length;
}

it('the inbox goes on reading an answer behind an interruption', async () => {
  const visitor = await browser.open(outside);
  const owner = await browser.open(outside);
  const chat = widgetOn(visitor.page);
  const admin = adminOn(owner.page);
  await admin.signIn(outside);
  await visitor.page.goto(`${wire.url}/demo`);
  await chat.open();
  await chat.say('Tell me a long story, please.');
  const conversation = await conversationOf(server, 'Tell me a long story, please.');
  await admin.openConversation(server, conversation);
  const written = admin.entry('word1');
  await visible(written);
  // The transcript is asked for when it is opened and once more behind the first join.
  const transcripts = () => owner.requests.filter((url) => /get-messages/.test(url)).length;
  await soon('the inbox has joined', async () => transcripts() === 2);

  wire.cut();
  await visible(admin.reconnecting);
  const before = await shown(written);
  const loads = () => owner.requests.filter((url) => /get-messages|list-/.test(url)).length;
  const asked = loads();
  await soon('the visitor reads on', async () => (await shown(chat.answers.filter({ hasText: 'word1' }))) >= before + 10);
  wire.mend();
  await soon('the inbox reads on', async () => (await shown(written)) >= before + 10);
  await soon('all of it is there', async () => (await shown(written)) === WORDS, 60_000);
  await assertSameTranscript(server, conversation, chat, admin);
  assert.equal(loads(), asked);
  for (const person of [visitor, owner]) {
    person.assertClean(NETWORK_NOISE);
    await person.close();
  }
});
