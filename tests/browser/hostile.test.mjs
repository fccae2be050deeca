// A hundred hostile texts from every mouth that a text can come from, in the widget and in the admin:
// nothing runs, nobody else is asked, nothing breaks the layout, and the chat goes on.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import {
  adminOn, assertFits, conversationOf, hostedOn, launchBrowser, SIZES, soon, visible, widgetOn,
} from '../lib/browser.mjs';
import { fn, signIn } from '../lib/callers.mjs';
import { PAYLOADS, REFUSED, strangers } from '../lib/hostile.mjs';
import { startServer } from '../lib/server.mjs';

const ALL_MS = 90_000; // a hundred messages shown by a sanitizer build
let server;
let browser;
let visitor;
let owner;
let chat;
let admin;
let token;
let conversation;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  token = (await signIn(server)).token;
  visitor = await browser.open(server, { size: SIZES.phone });
  owner = await browser.open(server);
  chat = widgetOn(visitor.page);
  admin = adminOn(owner.page);
  await admin.signIn(server);
  await visitor.page.goto(`${server.url}/demo`);
  await chat.open();
  await chat.say('Good morning, here comes trouble.');
  conversation = await conversationOf(server, 'Good morning, here comes trouble.');
  await admin.openConversation(server, conversation);
  await admin.takeOver.click();
  await visible(chat.banner('has joined the conversation'));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function assertHarmless() {
  for (const [who, page] of [['widget', visitor.page], ['admin', owner.page]]) {
    for (const frame of page.frames()) {
      assert.deepEqual(await strangers(frame), [], who);
      await assertFits(frame, who);
    }
  }
  visitor.assertClean();
  owner.assertClean();
}

let greetings = 0;
// A plain message still goes from one side to the other, and everything before it is on the screen.
async function assertAlive() {
  const text = `Still in good health, no. ${(greetings += 1)}`;
  await chat.say(text);
  await visible(chat.mine.filter({ hasText: text }), ALL_MS);
  await visible(admin.entry(text), ALL_MS);
  await admin.reply(`Glad to hear: ${greetings}`);
  await visible(chat.people.filter({ hasText: `Glad to hear: ${greetings}` }), ALL_MS);
}

const rowsOf = async (role) =>
  (await server.sql`select count(*)::int as n from public.messages where conversation_id = ${conversation} and role = ${role}`)[0].n;

// Ten at a time: the order does not matter.
async function forAll(list, act) {
  for (let at = 0; at < list.length; at += 10) await Promise.all(list.slice(at, at + 10).map(act));
}

it('typed by the visitor', async () => {
  const before = await rowsOf('visitor');
  for (const payload of PAYLOADS) {
    await chat.composer.fill(payload);
    await chat.composer.press('Enter');
    await soon(`${payload.slice(0, 40)} is sent`, async () => (await chat.composer.inputValue()) === '');
  }
  await soon('all are stored', async () => (await rowsOf('visitor')) === before + PAYLOADS.length, ALL_MS);
  const stored = await server.sql`select content from public.messages where conversation_id = ${conversation} and role = 'visitor' order by seq`;
  PAYLOADS.forEach((payload, i) => assert.equal(stored[before + i].content.trim(), payload.trim()));
  await assertAlive();
  await assertHarmless();
  for (const payload of PAYLOADS.filter((text) => /^<[\w ="':;/.(){}-]+>$/.test(text))) {
    assert.ok(await chat.mine.filter({ hasText: payload }).first().isVisible(), `${payload} is shown as it was typed`);
  }
});

it('written by a person', async () => {
  await forAll(PAYLOADS, async (content) => {
    const reply = await fn(server, 'send-human-message', { conversationId: conversation, content }, { token });
    assert.equal(reply.status, 201, content.slice(0, 40));
  });
  await assertAlive();
  await assertHarmless();
});

it('answered by the AI, with citations made of the same stuff, live and after a reload', async () => {
  const citations = PAYLOADS.map((text, i) => [{
    sourceId: crypto.randomUUID(), title: text.slice(0, 300), snippet: text.slice(0, 300), page: null,
    url: ["javascript:pwned('citation')", 'http://evil.test/source', `"><img src=x onerror=pwned('url')>`, 'data:text/html,<script>pwned(1)</script>', '/demo#hours'][i % 5],
  }]);
  await server.sql`
    with c as (
      update public.conversations set last_seq = last_seq + ${PAYLOADS.length}, message_count = message_count + ${PAYLOADS.length}
      where id = ${conversation} returning id, user_id, last_seq - ${PAYLOADS.length} as seq)
    insert into public.messages (user_id, conversation_id, seq, role, content, citations)
    select c.user_id, c.id, c.seq + t.n, 'assistant', t.item ->> 'content', t.item -> 'citations'
    from c, jsonb_array_elements(${server.sql.json(PAYLOADS.map((content, i) => ({ content, citations: citations[i] })))}) with ordinality t (item, n)`;
  await assertAlive();
  await assertHarmless();
  await visitor.page.reload();
  await chat.reopen();
  await owner.page.reload();
  await visible(admin.entry('Glad to hear'), ALL_MS);
  await visible(chat.people.filter({ hasText: 'Glad to hear' }), ALL_MS);
  await assertAlive();
  await assertHarmless();
});

it('streamed by the AI out of a poisoned source', async () => {
  await admin.handBack.click();
  await visible(chat.banner('is back'));
  const subjects = ['walrus', 'giraffe', 'hedgehog', 'pelican', 'octopus', 'kangaroo', 'flamingo', 'tortoise'];
  const poison = [0, 7, 20, 48, 51, 58, 66, 79].map((i) => PAYLOADS[i]);
  for (const [i, subject] of subjects.entries()) {
    const added = await fn(server, 'add-knowledge-text', {
      agentId: server.env.CHATPAD_DEMO_AGENT_ID, title: `${subject} ${poison[i]}`.slice(0, 400), url: "javascript:pwned('source')",
      content: `The ${subject} costs ${i + 3} euros ${poison[i]} and the ${subject} is sold on Mondays.`,
    }, { token });
    assert.equal(added.status, 201);
    await chat.say(`How much does the ${subject} cost?`);
    await visible(chat.answers.filter({ hasText: `${i + 3} euros` }).filter({ hasText: subject }));
  }
  await visible(admin.entry(`How much does the ${subjects.at(-1)} cost?`));
  await admin.takeOver.click();
  await visible(chat.banner('has joined the conversation'));
  await assertAlive();
  await assertHarmless();
});

it('left in the contact form', async () => {
  const guest = await fn(server, 'get-widget-config', { agentId: server.env.CHATPAD_DEMO_AGENT_ID });
  await forAll(PAYLOADS, async (payload) => {
    const text = [...payload].slice(0, 190).join('').trim();
    const reply = await fn(server, 'create-widget-lead', {
      agentId: server.env.CHATPAD_DEMO_AGENT_ID, name: text, company: text, jobTitle: text, phone: text.slice(0, 20), message: payload.slice(0, 3900),
    }, { token: guest.body.visitor.token });
    assert.ok([201, 400].includes(reply.status), `${reply.status} for ${text}`);
  });
  const mine = `<img src=x onerror="pwned('form')">`;
  await chat.leaveDetails({ Name: mine, 'E-mail': 'mallory@example.test', Phone: '+49 40 1', Message: `[x](javascript:pwned('form'))` });
  await visible(chat.status('Thank you'));
  await admin.go('Leads');
  await visible(admin.lead(mine));
  await assertHarmless();
  await owner.page.setViewportSize(SIZES.phone);
  await soon('the leads fit a phone', async () => { await assertFits(owner.page.mainFrame(), 'leads'); return true; });
  await owner.page.setViewportSize(SIZES.desktop);
  await admin.go('Inbox');
  await admin.openConversation(server, conversation);
  await assertAlive();
  await assertHarmless();
});

it('over-long and unprintable texts are refused kindly', async () => {
  await chat.composer.fill('x'.repeat(10_000));
  await chat.composer.press('Enter');
  await visible(chat.root.getByText(/2,?000 characters too/));
  for (const [i, text] of REFUSED.entries()) {
    await chat.composer.fill(text);
    await chat.composer.press('Enter');
    await visible(chat.root.getByText('Not sent').nth(i));
  }
  const [{ longest }] = await server.sql`select max(length(content))::int as longest from public.messages where conversation_id = ${conversation} and role = 'visitor'`;
  assert.ok(longest <= 8000);
  await assertAlive();
  visitor.assertClean([/status of 400/]);
  visitor.problems.length = 0;
});

it('as the name of the agent and of the person', async () => {
  const name = `<img src=x onerror="pwned('name')">'"{{7*7}}\u202Eevil`;
  await server.sql`update public.agents set name = ${name}, greeting = ${`[hi](javascript:pwned('greeting')) ${name}`} where id = ${server.env.CHATPAD_DEMO_AGENT_ID}`;
  await server.sql`update auth.users set raw_user_meta_data = ${server.sql.json({ display_name: name, name, full_name: name })} where email = ${server.env.CHATPAD_DEMO_EMAIL}`;
  await server.sql`update public.accounts set display_name = ${name} where id = (select user_id from public.agents where id = ${server.env.CHATPAD_DEMO_AGENT_ID})`;
  const agent = await browser.open(server, { size: SIZES.phone });
  const hosted = hostedOn(agent.page);
  await agent.page.goto(`${server.url}/chat/${server.env.CHATPAD_DEMO_AGENT_ID}`);
  await hosted.ready();
  assert.match(await agent.page.title(), /<img src=x/);
  await hosted.say('Who am I talking to?');
  await owner.page.reload();
  await visible(admin.live);
  await admin.go('Inbox');
  await admin.openConversation(server, await conversationOf(server, 'Who am I talking to?'));
  await admin.takeOver.click();
  await visible(hosted.banner('has joined the conversation'));
  await admin.reply('A person with a strange name.');
  await visible(hosted.people.filter({ hasText: 'strange name' }));
  await hosted.composer.pressSequentially('ok');
  assert.deepEqual(await strangers(agent.page.mainFrame()), []);
  await assertFits(agent.page.mainFrame(), 'hosted');
  agent.assertClean();
  await visitor.page.reload();
  await visible(chat.bubble);
  await assertHarmless();
});
