// Signing in elsewhere, as people see it: the buttons of the sign-in, the way to a provider and back, and the
// page on which an owner keeps the account's own providers.
import assert from 'node:assert/strict';
import { after, afterEach, it } from 'node:test';
import { adminOn, axe, gone, stage, visible } from '../lib/browser.mjs';
import { account, fn } from '../lib/callers.mjs';
import { CLIENT, startOidc } from '../lib/oidc.mjs';
import { fresh } from '../lib/sign_in.mjs';

const { server, browser } = await stage({ env: { CHATPAD_FETCH_ALLOW: '127.0.0.0/8' } });
const people = { ann: { email: fresh('ann'), email_verified: true, name: 'Ann' } };
const real = await startOidc({ redirectUri: `${server.url}/auth/v1/callback`, people });
after(() => real.stop());
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
const sit = async () => {
  const person = await browser.open(server, { origins: [real.issuer] });
  opened.push(person);
  return { ...person, admin: adminOn(person.page) };
};

it('somebody without an account comes in through a provider, and stays signed in', async () => {
  const made = await fn(server, 'create-sign-in-provider', { identifier: 'acme', name: 'Acme', issuer: real.issuer, clientId: CLIENT.client_id, clientSecret: CLIENT.client_secret },
    { token: server.env.SUPABASE_SERVICE_ROLE_KEY });
  assert.equal(made.status, 201, made.text);
  const { page, admin } = await sit();
  await page.goto(`${server.url}/admin/`);
  const button = page.getByRole('button', { name: 'Continue with Acme' });
  await visible(button);
  assert.deepEqual(await axe(page), []);
  await button.click();
  await visible(admin.tab('Inbox'));
  assert.equal(new URL(page.url()).search, '', 'the code does not stay in the address');
  await page.reload();
  await visible(admin.tab('Inbox'));
});

it('somebody whom the provider does not sign in reads why', async () => {
  const { page } = await sit();
  await page.goto(`${server.url}/admin/?error=access_denied&error_code=forbidden&error_description=Call+%2B1+900+555+to+unlock`);
  await visible(page.getByRole('alert').filter({ hasText: 'The sign-in was refused' }));
  assert.ok(!(await page.content()).includes('900 555'), 'by the code, not by what the address says');
  assert.equal(new URL(page.url()).search, '');
});

it('an owner adds a provider of the account, turns it off, and removes it', async () => {
  const { page, admin } = await sit();
  await admin.signIn(server, shop);
  await admin.go('Sign-in');
  await visible(page.getByText('No providers yet'));
  await page.getByLabel('Name').fill('Okta of ours');
  await page.getByLabel('Issuer').fill('http://idp.example');
  await page.getByLabel('Client ID').fill('0oa1');
  await page.getByLabel('Client secret').fill('canary-secret');
  await page.getByLabel('E-mail domains').fill('acme.test, @acme.example');
  await page.getByRole('button', { name: 'Add provider' }).click();
  await visible(page.getByRole('alert').filter({ hasText: 'issuer must be an https URL' }));
  expected = [/status of 400/];
  await page.getByLabel('Issuer').fill('https://acme.okta.com');
  await page.getByRole('button', { name: 'Add provider' }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'Okta of ours' });
  await visible(row.getByText('acme.test, acme.example'));
  await visible(row.getByText(new RegExp(`^${server.url}/auth/v1/callback/[0-9a-f-]{36}$`)));
  assert.deepEqual(await axe(page), []);
  assert.ok(!(await page.content()).includes('canary-secret'));
  await page.getByRole('button', { name: 'Turn off Okta of ours' }).click();
  await visible(row.getByText('Off', { exact: true }));
  await page.getByRole('button', { name: 'Remove Okta of ours' }).click();
  await row.getByRole('button', { name: 'Remove', exact: true }).click();
  await gone(row);
});
