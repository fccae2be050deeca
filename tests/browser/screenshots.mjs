// Takes pictures of every screen at 375, 768 and 1440 pixels, light and dark, into build/screenshots.
// A tool to look with, not a test:  node tests/browser/screenshots.mjs [only] [scene]
// `only` is a part of a file name, `scene` the one to play. $CHATPAD_PROGRAM as in the tests.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { adminOn, conversationOf, gone, hostedOn, launchBrowser, SIZES, visible, widgetOn } from '../lib/browser.mjs';
import { account, call, fn, member, supabase } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

const folder = path.resolve(import.meta.dirname, '../../build/screenshots');
const only = process.argv[2] ?? '';
mkdirSync(folder, { recursive: true });
const [server, browser] = await Promise.all([startServer(), launchBrowser()]);

const EMPTY = { email: 'empty@example.test', password: 'nothing here' };
await supabase(server).auth.signUp({ ...EMPTY, options: { data: { name: 'Empty' } } });

// An account with something on every page, whose owner is a super admin as well.
const shop = await account(server, 'harbour-tea');
await server.sql`update auth.users set is_super_admin = true where id = ${shop.id}`;
await server.sql`update public.accounts set plan = 'advanced' where id = ${shop.id}`;
await server.sql`insert into public.plan_overrides (user_id, limits) values (${shop.id}, '{"members": 3, "agents": 1, "messages_per_month": null}')`;
for (const role of ['manager', 'member']) await member(server, shop.id, role);
await fn(server, 'invite-team-member', { accountId: shop.id, email: 'new.colleague@example.test', role: 'member' }, { token: shop.token });
await fn(server, 'create-api-key', { accountId: shop.id, name: 'Website', scopes: ['chat:write', 'leads:write'] }, { token: shop.token });
await call(server, '/auth/v1/recover', { body: { email: shop.email } });

const failed = [];
for (const [width, size] of [[375, SIZES.phone], [768, SIZES.tablet], [1440, SIZES.desktop]]) {
  for (const dark of [false, true]) {
    const look = `${width}-${dark ? 'dark' : 'light'}`;
    const people = [];
    const sit = async () => {
      const person = await browser.open(server, { size, dark });
      people.push(person);
      return person;
    };
    const shot = async (page, name) => {
      const file = `${name}-${look}.png`;
      if (!file.includes(only)) return;
      await page.evaluate(() => document.fonts.ready);
      await page.screenshot({ path: path.join(folder, file), animations: 'disabled' });
    };
    const scene = async (name, play) => {
      if (process.argv[3] && name !== process.argv[3]) return;
      try {
        await play();
      } catch (error) {
        failed.push(`${name}-${look}: ${error.message.split('\n')[0]}`);
        for (const { page } of people) await page.screenshot({ path: path.join(folder, `failed-${name}-${look}.png`) });
      }
      for (const person of people.splice(0)) await person.close();
    };

    await scene('demo', async () => {
      const { page } = await sit();
      const owner = await sit();
      const chat = widgetOn(page);
      const admin = adminOn(owner.page);
      await page.goto(`${server.url}/demo`);
      await visible(chat.openBubble);
      await shot(page, 'demo-closed');
      await chat.open();
      await shot(page, 'demo-open');
      const question = `When are you open on Saturday? (${look})`;
      await chat.ask(question, '9:00 to 16:00');
      await visible(chat.sources);
      await shot(page, 'demo-answer');
      await admin.signIn(server);
      await visible(admin.rows);
      await shot(owner.page, 'admin-inbox');
      await admin.openConversation(server, await conversationOf(server, question));
      await visible(admin.entries);
      await shot(owner.page, 'admin-conversation');
      await admin.takeOver.click();
      await visible(chat.banner('has joined the conversation'));
      await admin.reply('Hello, this is the owner. On Saturdays the kettle is on from nine.');
      await visible(chat.people);
      await chat.say('Lovely, see you then!');
      await visible(admin.entry('see you then'));
      await shot(page, 'demo-takeover');
      await admin.composer.pressSequentially('See you');
      await visible(chat.status('is typing'));
      await shot(page, 'demo-typing');
      await shot(owner.page, 'admin-takeover');
      await chat.openForm();
      await visible(chat.field('E-mail'));
      await shot(page, 'demo-form');
      await admin.go('Leads');
      await visible(admin.lead('Mara Lindqvist'));
      await shot(owner.page, 'admin-leads');
    });
    await scene('hosted', async () => {
      const { page } = await sit();
      const chat = hostedOn(page);
      await page.goto(`${server.url}/chat/${server.env.CHATPAD_DEMO_AGENT_ID}`);
      await chat.ready();
      await shot(page, 'hosted-fresh');
      await chat.ask('How can I pay, and can I return something?', /\w{4}/);
      await shot(page, 'hosted-answer');
    });
    await scene('admin', async () => {
      const { page } = await sit();
      const admin = adminOn(page);
      await page.goto(`${server.url}/admin/`);
      await visible(admin.email);
      await shot(page, 'admin-sign-in');
      await admin.signIn(server, EMPTY);
      await visible(page.getByText(/no conversations/i));
      await shot(page, 'admin-empty');
    });
    await scene('settings', async () => {
      const { page } = await sit();
      const admin = adminOn(page);
      await admin.signIn(server, shop);
      for (const name of ['Agents', 'Knowledge', 'Team', 'Sign-in', 'API keys', 'Plan and usage', 'Customers', 'Outbox', 'Audit log']) {
        await admin.go(name);
        await visible(page.getByRole('main').getByRole('heading', { level: 1 }));
        await gone(page.getByRole('main').getByText('Loading', { exact: true }));
        await visible(page.getByRole('main').getByRole('button'));
        await shot(page, `admin-page-${name.toLowerCase().replaceAll(' ', '-')}`);
      }
      await page.goto(`${server.url}/admin/#/security`);
      await visible(page.getByRole('heading', { level: 1, name: 'Security' }));
      await shot(page, 'admin-page-security');
      if (size === SIZES.phone) {
        await page.goto(`${server.url}/admin/#/settings`);
        await visible(page.getByRole('navigation', { name: 'Settings' }));
        await shot(page, 'admin-settings');
      }
    });
    await scene('offline', async () => {
      const { page, context } = await sit();
      const admin = adminOn(page);
      await admin.signIn(server);
      await visible(admin.rows);
      await context.setOffline(true);
      await visible(admin.status(/Offline|Reconnecting/));
      await shot(page, 'admin-offline');
    });
    await scene('pages', async () => {
      const { page } = await sit();
      await page.goto(`${server.url}/`);
      await shot(page, 'start');
      await page.goto(`${server.url}/nowhere`);
      await shot(page, 'error');
    });
    console.log(`${look} done`);
  }
}
await browser.close();
await server.stop();
for (const line of failed) console.log(`FAILED ${line}`);
console.log(`in ${folder}`);
process.exit(failed.length > 0 ? 1 : 0);
