// The pages about an account: team, invitation, API keys, audit log. By keyboard, live between two people,
// for who may only look, on a phone; axe finds nothing.
import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import { adminOn, assertFits, axe, focused, gone, SIZES, soon, stage, tabTo, visible } from '../lib/browser.mjs';
import { account, call, fn, member } from '../lib/callers.mjs';

const { server, browser } = await stage();
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

it('a client finds neither the pages nor a way around', async () => {
  const client = await member(server, shop.id, 'client');
  const { page, admin } = await sit(client);
  await page.getByRole('button', { name: /account and settings/ }).click();
  await page.getByRole('menuitemradio', { name: 'shop' }).click();
  await visible(page.getByText('shop', { exact: true }));
  for (const name of ['Team', 'API keys', 'Audit log']) await gone(admin.tab(name));
  for (const hash of ['#/team', '#/keys', '#/audit']) {
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
    for (const [name, title] of [['Team', 'Team'], ['API keys', 'API keys'], ['Audit log', 'Audit log']]) {
      await admin.go(name);
      await visible(page.getByRole('heading', { name: title, level: 1 }));
      await visible(page.getByRole('listitem'));
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
