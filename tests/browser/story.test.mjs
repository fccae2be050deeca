// The story of the face, told twice in two browsers and once by keyboard alone: a visitor of the demo
// shop asks and is answered with a source, the owner watches, takes over, answers, hands back, and a
// lead comes in.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  adminOn, assertFits, assertSameTranscript, conversationOf, focused, gone, SIZES, soon, stage, tabTo,
  visible, widgetOn,
} from '../lib/browser.mjs';

const { server, browser } = await stage();

for (const [name, size] of [['desktop', SIZES.desktop], ['phone', SIZES.phone]]) {
  it(`a visitor, the AI and a person talk; a lead comes in (${name})`, async () => {
    const visitor = await browser.open(server, { size });
    const owner = await browser.open(server, { size });
    const chat = widgetOn(visitor.page);
    const admin = adminOn(owner.page);
    const said = (text) => `${text} (${name})`;

    await admin.signIn(server);
    await visible(admin.rows);
    await visitor.page.goto(`${server.url}/demo`);
    await chat.open();
    await visible(chat.root.getByText('Hello! Ask me about our teas'));

    // Asked, answered with a source; the list of the owner shows it by itself.
    const question = said('When are you open on Saturday?');
    await chat.ask(question, '9:00 to 16:00');
    await visible(chat.mine.filter({ hasText: question }));
    await visible(chat.sources.getByText('Opening hours'));
    await visible(admin.row('Saturday'));
    const conversation = await conversationOf(server, question);
    await admin.openConversation(server, conversation);
    await visible(admin.entry(question));
    await visible(admin.entry('9:00 to 16:00').getByText('Opening hours'));

    // Taken over in one click; both see who types.
    await admin.takeOver.click();
    await visible(chat.banner('has joined the conversation'));
    await chat.composer.pressSequentially(said('Am I talking to a person?'));
    await visible(admin.status('is typing'));
    await chat.composer.press('Enter');
    await visible(admin.entry(said('Am I talking to a person?')));
    await admin.composer.pressSequentially(said('You are. How can I help?'));
    await visible(chat.status('is typing'));
    await admin.sendReply.click();
    await visible(chat.people.filter({ hasText: said('You are. How can I help?') }));
    await gone(chat.status('is typing'));

    // Handed back, the AI answers again.
    await admin.handBack.click();
    await visible(chat.banner('is back'));
    await chat.ask('How much is shipping within Germany?', '4.90');
    await visible(admin.entry('4.90'));
    await assertSameTranscript(server, conversation, chat, admin);
    const roles = (await server.sql`select role from public.messages where conversation_id = ${conversation} order by seq`).map((row) => row.role);
    assert.deepEqual(roles, ['visitor', 'assistant', 'visitor', 'human', 'visitor', 'assistant']);

    // The form becomes a lead, seen live with its score.
    await admin.go('Leads');
    await visible(admin.lead('Mara Lindqvist'));
    await chat.leaveDetails({ Name: `Ada ${name}`, 'E-mail': `ada@${name}.example`, Message: 'We want to order 20 kilograms within two weeks.' });
    await visible(chat.status('Thank you'));
    const [{ score }] = await soon('a lead', () => server.sql`select score from public.leads where name = ${`Ada ${name}`}`.then((rows) => rows.length && rows));
    await visible(admin.lead(`Ada ${name}`).getByText(String(score), { exact: true }));

    for (const frame of visitor.page.frames()) await assertFits(frame, 'visitor');
    await assertFits(owner.page.mainFrame(), 'admin');
    visitor.assertClean();
    owner.assertClean();
    await Promise.all([visitor.close(), owner.close()]);
  });
}

it('the story by keyboard alone: Tab, Enter, Escape and letters', async () => {
  const visitor = await browser.open(server);
  const owner = await browser.open(server);
  const chat = widgetOn(visitor.page);
  const admin = adminOn(owner.page);
  const v = visitor.page.keyboard;
  const o = owner.page.keyboard;

  await visitor.page.goto(`${server.url}/demo`);
  await visible(chat.openBubble);
  await tabTo(visitor.page, chat.openBubble);
  await v.press('Enter');
  await chat.ready();
  await soon('the focus is in the composer', () => focused(chat.composer));
  await v.type('Can I pay with PayPal?');
  await v.press('Enter');
  await visible(chat.answers.filter({ hasText: 'PayPal' }));
  assert.ok(await focused(chat.composer), 'sending keeps the focus in the composer');

  await owner.page.goto(`${server.url}/admin/`);
  await visible(admin.email);
  await tabTo(owner.page, admin.email);
  await o.type(server.env.CHATPAD_DEMO_EMAIL);
  await tabTo(owner.page, admin.password);
  await o.type(server.env.CHATPAD_DEMO_PASSWORD);
  await o.press('Enter');
  await visible(admin.live);
  await visible(admin.row('PayPal'));
  // The newest conversation is the first row, and the first that Tab reaches.
  const first = admin.rows.first().locator('a, button, [tabindex]').or(admin.rows.first()).first();
  await soon('the row or what is in it takes the focus', async () => {
    await o.press('Tab');
    return (await admin.rows.first().evaluate((row) => row.contains(document.activeElement))) || focused(first);
  });
  await o.press('Enter');
  await visible(admin.entry('Can I pay with PayPal?'));
  await tabTo(owner.page, admin.takeOver);
  await o.press('Enter');
  await visible(chat.banner('has joined the conversation'));
  await tabTo(owner.page, admin.composer);
  await o.type('You can, and by invoice too.');
  await tabTo(owner.page, admin.sendReply);
  await o.press('Enter');
  await visible(chat.people.filter({ hasText: 'by invoice too' }));
  await tabTo(owner.page, admin.handBack, { key: 'Shift+Tab' });
  await o.press('Enter');
  await visible(chat.banner('is back'));

  const form = chat.root.getByRole('button', { name: 'Leave contact details' });
  await tabTo(visitor.page, form, { key: 'Shift+Tab' });
  await v.press('Enter');
  await visible(chat.field('E-mail'));
  for (const [name, text] of [['Name', 'Keyboard Kay'], ['E-mail', 'kay@example.test']]) {
    await tabTo(visitor.page, chat.field(name).first());
    await v.type(text);
  }
  await tabTo(visitor.page, chat.root.getByRole('button', { name: 'Send details' }));
  await v.press('Enter');
  await visible(chat.status('Thank you'));

  await tabTo(visitor.page, chat.composer);
  await v.press('Escape');
  await gone(chat.iframe);
  await soon('the focus is back on the button', () => focused(chat.openBubble));
  await v.press('Enter');
  await visible(chat.people.filter({ hasText: 'by invoice too' }));

  await tabTo(owner.page, admin.tab('Leads'), { key: 'Shift+Tab' });
  await o.press('Enter');
  await visible(admin.lead('Keyboard Kay'));
  visitor.assertClean();
  owner.assertClean();
  await Promise.all([visitor.close(), owner.close()]);
});
