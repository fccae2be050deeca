// The pages about an account: team, invitation, API keys, plan, customers, outbox, audit log. By keyboard,
// live between two people, for who may only look, on a phone; axe finds nothing.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, afterEach, it } from 'node:test';
import { adminOn, assertFits, axe, focused, gone, SIZES, soon, stage, tabTo, visible } from '../lib/browser.mjs';
import { account, call, fn, member } from '../lib/callers.mjs';
import { startStripe } from '../lib/stripe.mjs';
import { totp } from '../lib/totp.mjs';

const stripe = await startStripe();
after(() => stripe.stop());
const { server, browser } = await stage({ env: stripe.env });
const shop = await account(server, 'shop');
let expected = [];
const opened = [];
afterEach(async () => {
  for (const person of opened.splice(0)) {
    person.assertClean(expected);
    await person.close();
  }
  expected = [];
});
const sit = async (who = shop, options) => {
  const person = await browser.open(server, options);
  opened.push(person);
  const admin = adminOn(person.page);
  if (who) await admin.signIn(server, who);
  return { ...person, admin };
};
const clean = async (page, what) => assert.deepEqual(await axe(page), [], what);

it('a person is invited, signs up through the link, and appears live; the inviter changes the role and removes them', async () => {
  const { page, admin } = await sit();
  await admin.go('Team');
  await page.getByLabel('E-mail of a colleague').fill('Bo@Example.test');
  await page.getByLabel('Role', { exact: true }).selectOption('manager');
  await page.getByLabel('Role', { exact: true }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await visible(page.getByRole('heading', { name: 'bo@example.test is invited' }));
  const link = await page.getByLabel('Invitation link').inputValue();
  assert.ok(link.startsWith(`${server.url}/admin/#/invitation/`), link);
  await page.getByRole('button', { name: 'Done' }).click();
  await visible(page.getByRole('region', { name: 'Invitations' }).getByText('bo@example.test'));

  const guest = await sit(null);
  await guest.page.goto(link);
  await visible(guest.page.getByRole('heading', { name: 'Join shop' }));
  assert.equal(await guest.page.getByLabel('E-mail').inputValue(), 'bo@example.test');
  await guest.page.getByLabel('Choose a password').fill('correct horse');
  await guest.page.keyboard.press('Enter');
  await visible(guest.admin.tab('Inbox'));
  await visible(guest.page.getByText('shop', { exact: true }));
  const row = page.getByRole('region', { name: 'Members' }).getByRole('listitem').filter({ hasText: 'bo@example.test' });
  await visible(row);
  await gone(page.getByRole('region', { name: 'Invitations' }));

  // A manager sees the team and changes nothing; an admin does. The page follows the role.
  await guest.admin.go('Team');
  await visible(guest.page.getByText('2 members'));
  assert.equal(await guest.page.getByLabel('E-mail of a colleague').count(), 0);
  assert.equal(await guest.admin.tab('API keys').count(), 0);
  await row.getByLabel('Role of bo@example.test').selectOption('admin');
  await visible(guest.admin.tab('API keys'));
  await visible(guest.page.getByLabel('E-mail of a colleague'));

  await row.getByRole('button', { name: 'Remove bo@example.test' }).click();
  await soon('taking it back has the focus', () => focused(row.getByRole('button', { name: 'Keep' })));
  await page.keyboard.press('Escape');
  await visible(row.getByRole('button', { name: 'Remove bo@example.test' }));
  await page.keyboard.press('Enter');
  await row.getByRole('button', { name: 'Remove', exact: true }).click();
  await gone(row);
  await visible(guest.page.getByText('You are no longer a member of shop.'));
  await gone(guest.page.getByText('shop', { exact: true }));

  const late = await sit(null);
  await late.page.goto(link);
  await visible(late.page.getByText('This invitation does not work any more.'));
  expected = [/status of 404/];
});

it('a page comes when it is opened; one that does not come says so, leaves the rest as it is, and shows when tried again', async () => {
  const { page, admin } = await sit();
  const main = page.getByRole('main');
  const me = page.getByRole('button', { name: /account and settings/ });
  await visible(me);
  const early = await page.locator('link[rel=modulepreload]').evaluateAll((links) => links.map((link) => link.href));
  assert.ok(early.length > 0);
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await page.route('**/assets/chunk-*.js', async (route) => {
    if (early.includes(route.request().url())) return route.continue();
    await held;
    await route.abort();
  });
  await admin.go('Team');
  await visible(main.getByRole('status').filter({ hasText: 'Loading' }));
  letGo();
  const failed = main.getByRole('alert').filter({ hasText: 'could not be loaded' });
  await visible(failed);
  // The page is asked for once more as a whole: without the scripts it is as far as before.
  await main.getByRole('button', { name: 'Try again' }).click();
  await gone(me);
  await visible(failed);
  await admin.go('Inbox');
  await visible(page.getByRole('searchbox'));
  await admin.go('Team');
  await visible(failed);
  await page.unroute('**/assets/chunk-*.js');
  await tabTo(page, main.getByRole('button', { name: 'Try again' }));
  await page.keyboard.press('Enter');
  await visible(page.getByRole('heading', { name: 'Team', level: 1 }));
  await page.getByRole('button', { name: 'Try again' }).click(); // of the menu
  await visible(me);
  expected = [/net::ERR_FAILED/];
});

it('the last owner is told why leaving does not work', async () => {
  const { page, admin } = await sit();
  await admin.go('Team');
  await page.getByRole('button', { name: 'Leave the account' }).click();
  await page.getByRole('button', { name: 'Leave', exact: true }).click();
  await visible(page.getByText(/needs an owner/));
  expected = [/status of 409/];
});

it('a key is made by keyboard, shown once, replaced and revoked, in both windows', async () => {
  const { page, admin } = await sit();
  const other = await sit();
  await other.admin.go('API keys');
  await admin.go('API keys');
  await tabTo(page, page.getByLabel('Name of a new key'));
  await page.keyboard.type('Website');
  await tabTo(page, page.getByRole('button', { name: 'Make key' }));
  await page.keyboard.press('Enter');
  await visible(page.getByRole('heading', { name: 'The key Website' }));
  const secretOf = () => page.getByLabel('API key', { exact: true }).inputValue();
  const first = await secretOf();
  const ask = async (key) => (await call(server, '/functions/v1/validate-api-key', { apikey: key, body: {} })).status;
  assert.equal(await ask(first), 200);
  const rows = (of) => of.getByRole('region', { name: 'Keys' }).getByRole('listitem').filter({ hasText: 'Website' });
  await visible(rows(other.page));
  assert.ok(!(await other.page.content()).includes(first), 'nobody else sees it');

  await rows(page).getByRole('button', { name: 'Replace the secret of Website' }).click();
  await page.getByRole('button', { name: 'Make a new one' }).click();
  await soon('another secret', async () => (await secretOf()) !== first);
  const second = await secretOf();
  assert.deepEqual([await ask(first), await ask(second)], [200, 200], 'both work for an hour');
  await visible(rows(other.page).getByText(/the former secret works until/));
  await page.getByRole('button', { name: 'Done' }).click();
  await gone(page.getByLabel('API key', { exact: true }));
  assert.ok(!(await page.content()).includes(second), 'it is gone from the page');

  await rows(other.page).getByRole('button', { name: 'Revoke Website' }).click();
  await rows(other.page).getByRole('button', { name: 'Revoke', exact: true }).click();
  await visible(rows(page).getByText('Revoked'));
  await soon('it is refused', async () => (await ask(second)) === 401);
});

it('the audit log shows what happens as it happens, filters, and comes as a file', async () => {
  const { page, admin } = await sit();
  await admin.go('Audit log');
  const entries = page.getByRole('region', { name: 'Entries' }).getByRole('listitem');
  await visible(entries);
  const made = await fn(server, 'create-api-key', { accountId: shop.id, name: 'Live', scopes: ['chat:write'] }, { token: shop.token });
  assert.equal(made.status, 201);
  await visible(entries.first().filter({ hasText: 'shop made an API key' }));
  await page.getByLabel('Show').selectOption('takeover.*');
  await visible(page.getByText('No entry fits these filters.'));
  await page.getByLabel('Show').selectOption('api_key.*');
  await visible(entries);
  await page.getByLabel('Format of the export').selectOption('jsonl');
  await page.getByRole('button', { name: 'Export' }).click();
  const link = page.getByRole('link', { name: 'Download' });
  await visible(link);
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.equal(download.suggestedFilename(), 'audit-log.jsonl');
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.length > 0 && lines.every((line) => line.action.startsWith('api_key.')));
});

it('a second factor is added by keyboard, asked for at the next sign-in, and removed', async () => {
  const guarded = await account(server, 'guarded');
  const { page } = await sit(guarded, { bypassCSP: true });
  await page.getByRole('button', { name: /account and settings/ }).click();
  await page.getByRole('menuitem', { name: 'Security' }).focus();
  await page.keyboard.press('Enter');
  await visible(page.getByRole('heading', { name: 'Security', level: 1 }));
  await visible(page.getByText('Your password alone signs you in'));
  await tabTo(page, page.getByLabel('Name of the authenticator app'));
  await page.keyboard.type('Phone <b>');
  await page.keyboard.press('Enter');
  await visible(page.getByRole('heading', { name: 'Scan this with your app' }));
  const picture = page.getByRole('img', { name: /picture of the key/ });
  await soon('the picture shows', () => picture.evaluate((image) => image.complete && image.naturalWidth > 0));
  await clean(page, 'adding an app');
  await assertFits(page, 'adding an app');
  const secret = await page.getByLabel('Key', { exact: true }).inputValue();
  await tabTo(page, page.getByLabel('Code', { exact: true }));
  await page.keyboard.type('000');
  await page.keyboard.press('Enter');
  await visible(page.getByRole('alert').getByText('That code is not right.'));
  await page.getByLabel('Code', { exact: true }).fill(totp(secret));
  await page.keyboard.press('Enter');
  const row = page.getByRole('region', { name: 'Authenticator apps' }).getByRole('listitem').filter({ hasText: 'Phone <b>' });
  await visible(row);
  await clean(page, 'Security');
  await server.sql`update auth.mfa_factors set last_step = 0, failures = 0 where user_id = ${guarded.id}`;

  const next = await sit(null, { bypassCSP: true, size: SIZES.phone });
  await next.page.goto(`${server.url}/admin/`);
  await next.admin.email.fill(guarded.email);
  await next.admin.password.fill(guarded.password);
  await next.page.keyboard.press('Enter');
  await visible(next.page.getByRole('heading', { name: 'One more step' }));
  assert.equal(await next.admin.tab('Inbox').count(), 0);
  await clean(next.page, 'the second step');
  await assertFits(next.page, 'the second step');
  await soon('the code is to be typed', () => focused(next.page.getByLabel('Code', { exact: true })));
  await next.page.keyboard.type('12');
  await next.page.keyboard.press('Enter');
  await visible(next.page.getByRole('alert').getByText('That code is not right.'));
  await next.page.reload();
  await visible(next.page.getByRole('heading', { name: 'One more step' }));
  const given = totp(secret);
  await next.page.getByLabel('Code', { exact: true }).fill(`${given.slice(0, 3)} ${given.slice(3)}`);
  await next.page.keyboard.press('Enter');
  await visible(next.admin.tab('Inbox'));

  await row.getByRole('button', { name: 'Remove Phone <b>' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await visible(page.getByText('Your password alone signs you in'));
  expected = [/status of 4(22|03)/];
});

it('an owner sees how far the plan goes, and gets to the pages on which it is bought and changed', async () => {
  await server.sql`update public.plans set stripe_price_ids = '{price_pro}' where id = 'pro'`;
  const other = await account(server, 'tea');
  await server.sql`update public.accounts set plan = 'basic' where id = ${other.id}`;
  await server.sql`insert into public.plan_overrides (user_id, limits) values (${other.id}, '{"agents": 5, "sources": null, "conversations_per_month": 1}')`;
  const { page, admin } = await sit(other);
  await admin.go('Plan and usage');
  const limits = page.getByRole('region', { name: 'Limits' });
  await visible(limits.getByRole('listitem').filter({ hasText: 'Agents' }).getByText('1 of 5'));
  await visible(limits.getByRole('listitem').filter({ hasText: 'Knowledge sources' }).getByText('without a limit'));
  await visible(limits.getByRole('listitem').filter({ hasText: 'Conversations' }).getByText('Used up'));
  const plans = page.getByRole('region', { name: 'Plans', exact: true });
  await visible(plans.getByRole('listitem').filter({ hasText: 'Basic' }).getByText('Your plan'));
  await plans.getByRole('button', { name: 'Buy Advanced' }).click();
  await visible(plans.getByText('This plan cannot be bought here.'));
  stripe.answer = () => [200, { url: 'javascript:pwned(1)' }];
  await tabTo(page, plans.getByRole('button', { name: 'Buy Pro' }));
  await page.keyboard.press('Enter');
  await visible(page.getByText('The payment service gave no address to go to.'));
  stripe.answer = () => [200, { url: `${server.url}/demo?bought` }];
  await plans.getByRole('button', { name: 'Buy Pro' }).click();
  await page.waitForURL(`${server.url}/demo?bought`);
  assert.equal(stripe.asked.at(-1).form.client_reference_id, other.id);

  await server.sql`insert into private.stripe_customers (id, user_id) values ('cus_tea', ${other.id})`;
  await server.sql`insert into private.stripe_subscriptions (id, user_id, customer, status, plan, period_end, told_at)
    values ('sub_tea', ${other.id}, 'cus_tea', 'active', 'basic', '2030-05-01T00:00:00Z', now())`;
  await page.goto(`${server.url}/admin/#/plan`);
  await visible(page.getByText('Renews on 1 May 2030.'));
  assert.equal(await plans.getByRole('button', { name: /^Buy/ }).count(), 0, 'a second one is not bought');
  stripe.answer = () => [200, { url: `${server.url}/demo?portal` }];
  await page.getByRole('button', { name: 'Manage payment' }).click();
  await page.waitForURL(`${server.url}/demo?portal`);
  expected = [/status of 400/];
});

it('the secret that vouches for customers is shown when asked for, replaced, and signs as the lines say', async () => {
  const { page, admin, context } = await sit();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await admin.go('Customers');
  const field = page.getByLabel('Identity secret');
  await visible(field);
  const truth = async () => (await fn(server, 'get-identity-secret', { agentId: shop.agentId }, { token: shop.token })).body;
  const first = (await truth()).secret;
  assert.notEqual(await field.inputValue(), first);
  assert.ok(!(await page.content()).includes(first), 'it is not in the page before');
  await tabTo(page, page.getByRole('button', { name: 'Show' }));
  await page.keyboard.press('Enter');
  await soon('it is shown', async () => (await field.inputValue()) === first);
  await page.getByRole('button', { name: 'Copy the secret' }).click();
  await soon('it is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())) === first);

  await page.getByLabel('The old secret').selectOption('0');
  await page.getByRole('button', { name: 'Replace the secret' }).click();
  await page.getByRole('button', { name: 'Replace', exact: true }).click();
  await soon('another secret', async () => (await field.inputValue()) !== first);
  const second = await field.inputValue();
  assert.deepEqual(await truth(), { secret: second, previousValidUntil: null, required: false });

  await page.getByLabel(/^Customers only/).check();
  await soon('only customers', async () => (await truth()).required);
  await page.getByRole('button', { name: 'Copy the lines for the server' }).click();
  const lines = await page.evaluate(() => navigator.clipboard.readText());
  const sign = new Function('createHmac', 'process', 'user', `${lines.replace(/^import .*$/m, '')}\nreturn identifierHash;`);
  const identifierHash = sign(createHmac, { env: { CHATPAD_IDENTITY_SECRET: second } }, { id: 42 });
  const config = (more) => fn(server, 'get-widget-config', { agentId: shop.agentId, ...more });
  assert.equal((await config({ identifier: '42', identifierHash })).status, 200);
  assert.equal((await config({ identifier: '43', identifierHash })).status, 403);
  assert.equal((await config({})).status, 401);
  await page.getByLabel(/^Customers only/).uncheck();
  await soon('everybody', async () => !(await truth()).required);
});

it('the outbox shows a super admin what waits, and an account what was written for it', async () => {
  const chief = await account(server, 'chief');
  await server.sql`update auth.users set is_super_admin = true where id = ${chief.id}`;
  const reply = await call(server, '/auth/v1/recover', { body: { email: shop.email } });
  assert.equal(reply.status, 200);
  const { page, admin, context } = await sit(chief);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await admin.go('Outbox');
  const row = page.getByRole('region', { name: 'Mails' }).getByRole('listitem').filter({ hasText: shop.email });
  await visible(row.getByText('Waiting'));
  await row.getByRole('button', { name: `Copy the link for ${shop.email}` }).click();
  await soon('the link is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())).startsWith(`${server.url}/auth/v1/verify?token=`));
  await row.getByText('Choose a new password', { exact: true }).click();
  await visible(row.getByText('Follow this link to sign in'));

  assert.equal((await fn(server, 'invite-team-member', { accountId: shop.id, email: 'outboxed@example.test', role: 'client' }, { token: shop.token })).status, 201);
  const owner = await sit();
  await owner.admin.go('Outbox');
  const invited = owner.page.getByRole('region', { name: 'Mails' }).getByRole('listitem').filter({ hasText: 'outboxed@example.test' });
  await visible(invited.getByText('Waiting'));
  await visible(invited.getByText('What it says is for who gets it.'));
  assert.equal(await invited.getByRole('button').count(), 0);
  assert.equal(await owner.page.getByText(shop.email).and(owner.page.getByRole('listitem')).count(), 0);
});

it('an owner asks everybody for a second step; who has none is shown out at once, adds one, and goes on', async () => {
  const firm = await account(server, 'firm');
  const person = await member(server, firm.id, 'member');
  const colleague = await sit(person, { bypassCSP: true });
  await colleague.admin.use('firm');
  await visible(colleague.page.getByRole('searchbox'));

  const { page, admin } = await sit(firm);
  const step = page.getByRole('region', { name: 'Second step' });
  await admin.go('Team');
  await visible(step.getByText('2 of 2 have none'));
  await step.getByRole('button', { name: 'Ask everybody for a second step' }).click();
  await step.getByRole('button', { name: 'Ask everybody', exact: true }).click();
  await visible(page.getByText('you would shut yourself out'));
  const { data } = await firm.client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' });
  assert.equal((await firm.client.auth.mfa.challengeAndVerify({ factorId: data.id, code: totp(data.totp.secret) })).error, null);
  const turnedOn = await fn(server, 'require-second-factor', { accountId: firm.id }, { token: (await firm.client.auth.getSession()).data.session.access_token });
  assert.equal(turnedOn.status, 200, turnedOn.text);

  const wanted = colleague.page.getByRole('heading', { name: 'firm asks for a second step' });
  await visible(wanted);
  await clean(colleague.page, 'a second step is asked for');
  await colleague.admin.go('Leads');
  await visible(wanted);
  await colleague.page.reload();
  await visible(wanted);
  await colleague.page.getByLabel('Name of the authenticator app').fill('Phone');
  await colleague.page.keyboard.press('Enter');
  const secret = await colleague.page.getByLabel('Key', { exact: true }).inputValue();
  await colleague.page.getByLabel('Code', { exact: true }).fill(totp(secret));
  await colleague.page.keyboard.press('Enter');
  await gone(wanted);
  await colleague.admin.go('Team');
  await visible(colleague.page.getByText('2 members'));
  expected = [/status of 40[013]/];
});

it('a client finds neither the pages nor a way around', async () => {
  const client = await member(server, shop.id, 'client');
  const { page, admin } = await sit(client);
  await admin.use('shop');
  await visible(page.getByText('shop', { exact: true }));
  for (const name of ['Team', 'API keys', 'Plan and usage', 'Customers', 'Audit log']) await gone(admin.tab(name));
  for (const hash of ['#/team', '#/keys', '#/plan', '#/identity', '#/audit', '#/outbox']) {
    await page.goto(`${server.url}/admin/${hash}`);
    await visible(page.getByText('Not for your role'));
  }
});

it('what other people named shows as text', async () => {
  const hostile = '<img src=x onerror=pwned(1)>\u202eevil';
  await server.sql`update public.api_keys set name = ${hostile} where user_id = ${shop.id} and name = 'Live'`;
  const { page, admin } = await sit();
  await admin.go('API keys');
  await visible(page.getByText('<img src=x onerror=pwned(1)>'));
  await admin.go('Audit log');
  await visible(page.getByRole('region', { name: 'Entries' }));
});

for (const [look, options] of [
  ['light', { size: SIZES.desktop }],
  ['dark phone', { size: SIZES.phone, dark: true }],
]) {
  it(`axe finds nothing, and nothing is wider than the screen (${look})`, async () => {
    const invited = await fn(server, 'invite-team-member', { accountId: shop.id, email: `${look.split(' ')[0]}@example.test`, role: 'member' }, { token: shop.token });
    const { page, admin } = await sit(shop, { ...options, bypassCSP: true });
    if (options.size === SIZES.phone) {
      await admin.go('Settings');
      await visible(page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Audit log' }));
      await clean(page, 'Settings');
    }
    for (const [name, title, there = page.getByRole('listitem')] of [
      ['Team', 'Team'], ['API keys', 'API keys'], ['Plan and usage', 'Plan and usage'], ['Audit log', 'Audit log'],
      ['Customers', 'Signed-in customers', page.getByLabel('Identity secret')],
    ]) {
      await admin.go(name);
      await visible(page.getByRole('heading', { name: title, level: 1 }));
      await visible(page.getByRole('main').locator(there));
      await clean(page, name);
      await assertFits(page, name);
    }
    await admin.go('Team');
    await page.getByRole('button', { name: 'Leave the account' }).click();
    await clean(page, 'Team, asking');
    const guest = await sit(null, { ...options, bypassCSP: true });
    await guest.page.goto(invited.body.link);
    await visible(guest.page.getByLabel('Choose a password'));
    await clean(guest.page, 'invitation');
    await assertFits(guest.page, 'invitation');
  });
}
