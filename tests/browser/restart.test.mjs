// The server goes away under two open browsers and comes back on the same port: what was typed
// meanwhile arrives once, both sides return without a click, and hold the same transcript.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adminOn, assertSameTranscript, conversationOf, NETWORK_NOISE, soon, stage, visible, widgetOn } from '../lib/browser.mjs';

const BACK_MS = 60_000; // a start, and the longest pause between two tries to connect
const { server, browser } = await stage();

async function times(content, wanted) {
  const [row] = await soon(`"${content}" is stored`, async () => {
    const rows = await server.sql`select count(*)::int as n from public.messages where content = ${content}`;
    return rows[0].n > 0 && rows;
  }, BACK_MS);
  assert.equal(row.n, wanted, `"${content}" is stored ${row.n} times`);
}

for (const [name, down] of [['a restart', () => server.halt()], ['a crash', () => server.kill()]]) {
  it(`messages typed during ${name} arrive once, and both sides come back by themselves`, async () => {
    const visitor = await browser.open(server);
    const owner = await browser.open(server);
    const chat = widgetOn(visitor.page);
    const admin = adminOn(owner.page);
    await admin.signIn(server);
    await visitor.page.goto(`${server.url}/demo`);
    await chat.open();
    const first = `Do you sell green tea? (${name})`;
    await chat.say(first);
    const conversation = await conversationOf(server, first);
    await admin.openConversation(server, conversation);
    await admin.takeOver.click();
    await visible(chat.banner('has joined the conversation'));

    // One message is on its way while the server ends, one is typed while it is down.
    const flying = `Sent while it went down (${name})`;
    const during = `Typed while it was away (${name})`;
    await chat.composer.fill(flying);
    await Promise.all([chat.composer.press('Enter'), down()]);
    await visible(chat.status('Reconnecting'), BACK_MS);
    await visible(admin.reconnecting, BACK_MS);
    await chat.say(during);
    await visible(chat.mine.filter({ hasText: during }));
    await admin.composer.fill(`A reply from before (${name})`);

    await server.start();
    await times(flying, 1);
    await times(during, 1);
    await visible(admin.live, BACK_MS);
    await visible(admin.entry(during), BACK_MS);
    assert.equal(await admin.composer.inputValue(), `A reply from before (${name})`, 'the draft is still there');
    await admin.sendReply.click();
    await visible(chat.people.filter({ hasText: `A reply from before (${name})` }), BACK_MS);
    await times(flying, 1);
    await times(during, 1);
    await assertSameTranscript(server, conversation, chat, admin);

    // Live again in both directions.
    await chat.composer.pressSequentially('Still here');
    await visible(admin.status('is typing'));
    await admin.handBack.click();
    await visible(chat.banner('is back'));
    await chat.ask('How much is shipping within Germany?', '4.90');
    await visible(admin.entry('4.90'));
    visitor.assertClean(NETWORK_NOISE);
    owner.assertClean(NETWORK_NOISE);
    await Promise.all([visitor.close(), owner.close()]);
  });
}
