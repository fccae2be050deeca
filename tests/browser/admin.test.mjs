// The admin beyond the story: wrong passwords, emptiness, lost connections, ended sessions, colleagues,
// people who may only read, links into a conversation, a phone.
import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import { adminOn, assertFits, gone, labelOf, NETWORK_NOISE, SIZES, soon, stage, visible } from '../lib/browser.mjs';
import { fn, member, say, signIn, supabase, visitor as newVisitor } from '../lib/callers.mjs';

const { server, browser } = await stage();
let owner = await signIn(server);
let expected = [];
const opened = [];
afterEach(async () => {
  for (const person of opened.splice(0)) {
    person.assertClean(expected);
    await person.close();
  }
  expected = [];
});
const sit = async (options) => {
  const person = await browser.open(server, options);
  opened.push(person);
  return { ...person, admin: adminOn(person.page) };
};
// A visitor says something over HTTP: a conversation to find in the list.
const conversation = async (message) => {
  const guest = await newVisitor(server);
  const reply = await say(server, guest, message);
  assert.equal(reply.status, 200, reply.text);
  return { guest, id: reply.body.conversationId };
};
const more = ({ guest, id }, message) => say(server, guest, message, { conversationId: id });

it('a wrong password is said, in one sentence, and the next try works', async () => {
  const { admin, page } = await sit();
  await page.goto(`${server.url}/admin/`);
  await admin.email.fill(server.env.CHATPAD_DEMO_EMAIL);
  await admin.password.fill('not the password');
  await admin.signInButton.click();
  await visible(page.getByRole('alert').filter({ hasText: /\w/ }));
  await admin.password.fill(server.env.CHATPAD_DEMO_PASSWORD);
  await admin.signInButton.click();
  await visible(admin.live);
  expected = [/status of 400/];
});

it('an account without anything says so', async () => {
  const email = 'empty@example.test';
  const { error } = await supabase(server).auth.signUp({ email, password: 'nothing here', options: { data: { name: 'Empty' } } });
  assert.equal(error, null);
  const { admin, page } = await sit();
  await admin.signIn(server, { email, password: 'nothing here' });
  await visible(page.getByText(/no conversations/i));
  await admin.go('Leads');
  await visible(page.getByText(/no leads/i));
});

it('a link into a conversation opens it, after signing in too, and going back works', async () => {
  const first = await conversation('Which link leads to me?');
  const other = await conversation('I am another conversation.');
  const { admin, page } = await sit();
  await admin.signIn(server);
  await admin.openConversation(server, first.id);
  await visible(admin.entry('Which link leads to me?'));
  const address = page.url();
  assert.ok(address.includes(first.id), address);
  await page.goBack();
  await gone(admin.transcript);
  await page.goForward();
  await visible(admin.entry('Which link leads to me?'));
  await page.reload();
  await visible(admin.entry('Which link leads to me?'));

  const guest = await sit();
  await guest.page.goto(address);
  await guest.admin.email.fill(server.env.CHATPAD_DEMO_EMAIL);
  await guest.admin.password.fill(server.env.CHATPAD_DEMO_PASSWORD);
  await guest.admin.signInButton.click();
  await visible(guest.admin.entry('Which link leads to me?'));

  // A link to nowhere is no dead end.
  await page.goto(address.replace(first.id, crypto.randomUUID()));
  await visible(page.getByText(/not found|does not exist|no longer|cannot be found|could not/i));
  await visible(admin.row(await labelOf(server, other.id)));
  expected = [/status of 404/];
});

it('the list follows: a new message moves its conversation to the top', async () => {
  const older = await conversation('The older one of two.');
  const newer = await labelOf(server, (await conversation('The newer one of two.')).id);
  const { admin } = await sit();
  await admin.signIn(server);
  await soon('the newer is first', async () => (await admin.rows.first().innerText()).includes(newer));
  await admin.openConversation(server, older.id);
  await more(older, 'The older one speaks again.');
  await visible(admin.entry('The older one speaks again.'));
  const label = await labelOf(server, older.id);
  await soon('it is first in the list', async () => (await admin.rows.first().innerText()).includes(label));
});

it('what comes while the list is asked for stays in it', async () => {
  const before = await labelOf(server, (await conversation('I was there before.')).id);
  const { admin, page } = await sit();
  await admin.signIn(server);
  await visible(admin.live);
  await visible(admin.row(before));
  await page.getByRole('radio', { name: 'Closed' }).click();
  await gone(admin.row(before));
  const { promise: held, resolve: letGo } = Promise.withResolvers();
  const { promise: read, resolve: wasRead } = Promise.withResolvers();
  await page.route('**/functions/v1/list-conversations', async (route) => {
    const response = await route.fetch();
    wasRead();
    await held;
    await route.fulfill({ response });
  });
  await page.getByRole('radio', { name: 'Open' }).click();
  await read;
  const late = await labelOf(server, (await conversation('I came meanwhile.')).id);
  await visible(admin.row(late));
  letGo();
  await visible(admin.row(before));
  await visible(admin.row(late));
});

it('offline it says so, back it catches up without a reload', async () => {
  const talk = await conversation('Before the tunnel.');
  const { admin, context } = await sit();
  await admin.signIn(server);
  await admin.openConversation(server, talk.id);
  await visible(admin.entry('Before the tunnel.'));
  await context.setOffline(true);
  await visible(admin.status(/Offline|Reconnecting/));
  await more(talk, 'Inside the tunnel.');
  const fresh = await conversation('Somebody new during the tunnel.');
  await context.setOffline(false);
  await visible(admin.live, 60_000);
  await visible(admin.entry('Inside the tunnel.'));
  await visible(admin.row(await labelOf(server, fresh.id)));
  await more(fresh, 'And live again.');
  await admin.openConversation(server, fresh.id);
  await visible(admin.entry('And live again.'));
  expected = NETWORK_NOISE;
});

it('an expired access token is renewed, an ended session asks for the password', async () => {
  const talk = await conversation('Who is still signed in?');
  const { admin, page } = await sit();
  await admin.signIn(server);
  const expire = () => page.evaluate(() => {
    const keys = Object.keys(localStorage).filter((key) => localStorage.getItem(key).includes('"expires_at"'));
    for (const key of keys) localStorage.setItem(key, localStorage.getItem(key).replace(/"expires_at":\d+/, '"expires_at":1'));
    return keys.length;
  });
  assert.equal(await expire(), 1, 'the session is kept');
  await page.reload();
  await visible(admin.live);
  await visible(admin.row(await labelOf(server, talk.id)));

  // Every session of this person is ended on the server: nothing can be renewed.
  await server.sql`delete from auth.sessions where user_id = ${owner.id}`;
  await expire();
  await page.reload();
  await visible(admin.signInButton, 60_000);
  assert.equal(await admin.rows.count(), 0);
  owner = await signIn(server);
  expected = [/status of 40[013]/];
});

it('signing out leaves nothing behind', async () => {
  const { admin, page } = await sit();
  await admin.signIn(server);
  const out = page.getByRole('button', { name: 'Sign out' }).or(page.getByRole('menuitem', { name: 'Sign out' }));
  const menu = page.getByRole('button', { name: /account|menu|Demo Owner/i });
  await visible(out.or(menu)); // they come together; a menu that is open would lie over the button
  if (!(await out.first().isVisible())) await menu.first().click();
  await out.first().click();
  await visible(admin.signInButton);
  const left = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!/access_token|refresh_token|eyJ/.test(left), left);
  await page.goto(`${server.url}/admin/`);
  await visible(admin.signInButton);
  owner = await signIn(server);
});

it('two colleagues: each sees who is in charge, and one takes over from the other', async () => {
  const talk = await conversation('Two people want to help me.');
  const colleague = await member(server, owner.id, 'member');
  await server.sql`update auth.users set raw_user_meta_data = '{"display_name": "Colleague Kim"}' where id = ${colleague.id}`;
  const one = await sit();
  const two = await sit();
  await one.admin.signIn(server);
  await two.admin.signIn(server, colleague);
  await choose(two.page, 'Harbour Teas');
  for (const { admin } of [one, two]) await admin.openConversation(server, talk.id);
  await one.admin.takeOver.click();
  await visible(one.admin.handBack);
  await visible(two.page.getByText(/Demo Owner/));
  await two.admin.takeOver.click();
  await visible(two.admin.handBack);
  await visible(one.page.getByText(/Colleague Kim/));
  await two.admin.reply('Kim has it now.');
  await visible(one.admin.entry('Kim has it now.'));
  await more(talk, 'Thank you, Kim.');
  for (const { admin } of [one, two]) await visible(admin.entry('Thank you, Kim.'));
});

it('who opens a conversation later sees between which messages somebody took over', async () => {
  const talk = await conversation('Was a person here before?');
  const act = (name, body = {}) => fn(server, name, { conversationId: talk.id, ...body }, { token: owner.token });
  await act('start-takeover');
  await act('send-human-message', { content: 'Yes, for a moment.' });
  await act('end-takeover');
  await more(talk, 'And who is there now?');
  const { admin, page } = await sit();
  await admin.signIn(server);
  await admin.openConversation(server, talk.id);
  await visible(admin.entry('And who is there now?'));
  const told = /before\?[\s\S]+Demo Owner took over[\s\S]+for a moment[\s\S]+Handed back[\s\S]+there now\?/;
  await soon('the lines stand where they belong', async () => told.test(await admin.transcript.innerText()));
  assert.equal(await page.getByText('took over').count(), 1);
});

it('who may only read, reads', async () => {
  const talk = await conversation('Look, but do not touch.');
  const reader = await member(server, owner.id, 'client');
  const { admin, page } = await sit();
  await admin.signIn(server, reader);
  await choose(page, 'Harbour Teas');
  await admin.openConversation(server, talk.id);
  await visible(admin.entry('Look, but do not touch.'));
  assert.ok(!(await admin.takeOver.first().isVisible()) || (await admin.takeOver.first().isDisabled()), 'no take over');
  assert.ok(!(await admin.composer.isVisible()) || (await admin.composer.isDisabled()), 'no composer');
  await admin.go('Leads');
  await visible(admin.lead('Mara Lindqvist'));
});

it('on a phone: list, conversation, back, leads', async () => {
  const talk = await conversation('I am read on a phone.');
  const { admin, page } = await sit({ size: SIZES.phone });
  await admin.signIn(server);
  await visible(admin.rows);
  await assertFits(page.mainFrame(), 'list');
  await admin.openConversation(server, talk.id);
  await visible(admin.entry('I am read on a phone.'));
  await assertFits(page.mainFrame(), 'conversation');
  await admin.takeOver.click();
  await visible(admin.composer);
  assert.ok((await admin.composer.evaluate((element) => parseFloat(getComputedStyle(element).fontSize))) >= 16, 'iOS zooms into smaller fields');
  await admin.reply('Written with a thumb.');
  await visible(admin.entry('Written with a thumb.'));
  await admin.back();
  await visible(admin.rows);
  await gone(admin.transcript);
  await admin.go('Leads');
  await visible(admin.lead('Mara Lindqvist'));
  await assertFits(page.mainFrame(), 'leads');
});

it('leads come with what was given and a score, the newest first', async () => {
  const { guest, id } = await conversation('We would like an offer.');
  const { admin } = await sit();
  await admin.signIn(server);
  await admin.go('Leads');
  await visible(admin.lead('Mara Lindqvist').getByText('82'));
  const reply = await fn(server, 'create-widget-lead', {
    agentId: guest.agentId, conversationId: id, name: 'Grace', email: 'grace@navy.example', company: 'Compilers', message: 'Our budget is 5,000 euros; we decide this week.',
  }, { token: guest.token });
  assert.equal(reply.status, 201);
  await visible(admin.lead('Grace').getByText(String(reply.body.lead.score), { exact: true }));
  await visible(admin.lead('Grace').getByText('grace@navy.example'));
  const body = admin.leads.getByRole('row').filter({ hasText: '@' });
  assert.ok((await body.first().innerText()).includes('Grace'));
});

// Somebody in two accounts looks at the right one.
async function choose(page, account) {
  const picker = page.getByLabel(/^(Account|Workspace)/).or(page.getByRole('button', { name: /account|workspace/i }));
  await soon('the accounts', async () => (await page.getByText(account).count()) > 0 || (await picker.count()) > 0);
  if (await page.getByText(account).first().isVisible() && !(await picker.first().isVisible())) return;
  const box = picker.first();
  if ((await box.evaluate((element) => element.tagName)) === 'SELECT') await box.selectOption({ label: account });
  else {
    await box.click();
    await page.getByRole('option', { name: account }).or(page.getByRole('menuitem', { name: account })).or(page.getByRole('menuitemradio', { name: account })).first().click();
  }
}
