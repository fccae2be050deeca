// axe-core finds nothing on any page: light at the desktop and dark on a phone, and the admin, which
// has a third column at the desktop, dark there as well.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adminOn, axe, conversationOf, hostedOn, SIZES, stage, visible, widgetOn } from '../lib/browser.mjs';

const { server, browser } = await stage();

const clean = async (page, what) => assert.deepEqual(await axe(page), [], what);

for (const [look, options] of [
  ['light', { size: SIZES.desktop }],
  ['dark phone', { size: SIZES.phone, dark: true }],
]) {
  const open = () => browser.open(server, { ...options, bypassCSP: true });

  it(`shop and widget: closed, open, with messages, taken over, with the form (${look})`, async () => {
    const { page, close } = await open();
    const owner = await open();
    const chat = widgetOn(page);
    const admin = adminOn(owner.page);
    await page.goto(`${server.url}/demo`);
    await visible(chat.openBubble);
    await clean(page, 'demo, closed');
    await chat.open();
    await clean(page, 'widget, open');
    const question = `When are you open on Friday? (${look})`;
    await chat.ask(question, '10:00 to 20:00');
    await visible(chat.sources);
    await clean(page, 'widget, with messages');

    await admin.signIn(server);
    await admin.openConversation(server, await conversationOf(server, question));
    await admin.takeOver.click();
    await visible(chat.banner('has joined the conversation'));
    await admin.reply('A person is here.');
    await visible(chat.people);
    await clean(page, 'widget, taken over');
    await clean(owner.page, 'admin, conversation taken over');
    await chat.openForm();
    await visible(chat.field('E-mail'));
    await clean(page, 'widget, with the form');
    await Promise.all([close(), owner.close()]);
  });

  it(`hosted page (${look})`, async () => {
    const { page, close } = await open();
    const chat = hostedOn(page);
    await page.goto(`${server.url}/chat/${server.env.CHATPAD_DEMO_AGENT_ID}`);
    await chat.ready();
    await clean(page, 'hosted, fresh');
    await chat.ask('How much is shipping within Germany?', '4.90');
    await clean(page, 'hosted, with messages');
    await close();
  });

  it(`start page and error pages (${look})`, async () => {
    const { page, close } = await open();
    for (const path of ['/', '/nowhere', `/chat/${crypto.randomUUID()}`]) {
      await page.goto(server.url + path);
      await visible(page.getByRole('heading', { level: 1 }));
      await clean(page, path);
    }
    await close();
  });
}

for (const [look, options] of [
  ['light', { size: SIZES.desktop }],
  ['dark', { size: SIZES.desktop, dark: true }],
  ['dark phone', { size: SIZES.phone, dark: true }],
]) {
  it(`admin: sign-in, inbox, conversation, leads (${look})`, async () => {
    const { page, close } = await browser.open(server, { ...options, bypassCSP: true });
    const admin = adminOn(page);
    await page.goto(`${server.url}/admin/`);
    await visible(admin.email);
    await clean(page, 'sign-in');
    await admin.signIn(server);
    await visible(admin.rows);
    await clean(page, 'inbox');
    await admin.open('price list');
    await visible(admin.entries);
    await clean(page, 'conversation');
    await admin.go('Leads');
    await visible(admin.lead('Mara Lindqvist'));
    await clean(page, 'leads');
    await close();
  });
}
