// A shop that knows its customers tells the chat who they are: by attributes of the line or when they
// sign in, on any device, until they sign out. And a visitor's token is renewed without a word.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, it } from 'node:test';
import { agent, html, launchBrowser, snippet, soon, startShop, visible, widgetOn } from '../lib/browser.mjs';
import { fn, signIn } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let browser;
let shop;
let agentId;
let secret;
before(async () => {
  [server, browser, shop] = await Promise.all([startServer(), launchBrowser(), startShop({ pages: {} })]);
  agentId = await agent(server, { name: 'Shop agent', origins: [shop.origin] });
  const owner = await signIn(server);
  secret = (await fn(server, 'get-identity-secret', { agentId }, { token: owner.token })).body.secret;
  const signed = (identifier, hash = sign(identifier)) => `data-identifier="${identifier}" data-identifier-hash="${hash}" data-name="${identifier} by name"`;
  Object.assign(shop.pages, {
    '/': html(snippet(server, agentId)),
    '/ann': html(snippet(server, agentId, signed('ann'))),
    '/forged': html(snippet(server, agentId, signed('ann', 'f'.repeat(64)))),
  });
});
after(async () => {
  await browser?.close();
  await shop?.stop();
  await server?.stop();
});

const sign = (identifier) => createHmac('sha256', secret).update(identifier).digest('hex');
const arrive = async (path) => {
  const visitor = await browser.open(server, { origins: [shop.origin] });
  await visitor.page.goto(shop.origin + path);
  return { visitor, chat: widgetOn(visitor.page) };
};
const identify = ({ page }, who) => page.evaluate((said) => globalThis.ChatPad('identify', said), who);
const configs = ({ requests }) => requests.filter((url) => url.endsWith('/get-widget-config')).length;

it('a customer has one conversation on two devices, by the attributes of the line', async () => {
  const phone = await arrive('/ann');
  await phone.chat.open();
  await phone.chat.ask('Asked on my phone');
  const laptop = await arrive('/ann');
  await laptop.chat.open();
  await visible(laptop.chat.mine.filter({ hasText: 'Asked on my phone' }));
  await laptop.chat.ask('Asked on my laptop');
  await visible(phone.chat.mine.filter({ hasText: 'Asked on my laptop' }));
  const [row] = await server.sql`select v.identifier, v.name from public.messages m join public.conversations c on c.id = m.conversation_id
    join public.visitors v on v.id = c.visitor_id where m.content = 'Asked on my laptop'`;
  assert.deepEqual(row, { identifier: 'ann', name: 'ann by name' });
  for (const { visitor } of [phone, laptop]) {
    visitor.assertClean();
    await visitor.close();
  }
});

it('who signs in keeps what they wrote before, who signs out leaves nothing behind', async () => {
  const { visitor, chat } = await arrive('/');
  await chat.open();
  await chat.ask('Before I signed in');
  await identify(visitor, { identifier: 'bob', identifierHash: sign('bob') });
  await soon('the conversation is bob\'s', async () => {
    const rows = await server.sql`select 1 from public.messages m join public.conversations c on c.id = m.conversation_id
      join public.visitors v on v.id = c.visitor_id where m.content = 'Before I signed in' and v.identifier = 'bob'`;
    return rows.length === 1;
  });
  await chat.ask('After I signed in');
  await soon('what was written before', async () => (await chat.mine.filter({ hasText: 'Before I signed in' }).count()) === 1);
  const [{ n }] = await server.sql`select count(distinct conversation_id)::int as n from public.messages where content in ('Before I signed in', 'After I signed in')`;
  assert.equal(n, 1);

  await identify(visitor, { identifier: '', identifierHash: '' });
  await soon('an empty chat', async () => (await chat.mine.count()) === 0);
  await chat.ask('Somebody else at this computer');
  await visitor.page.reload();
  await chat.reopen();
  await visible(chat.mine.filter({ hasText: 'Somebody else at this computer' }));
  assert.equal(await chat.mine.filter({ hasText: 'signed in' }).count(), 0);
  visitor.assertClean();
  await visitor.close();
});

it('what a page says of a customer stands beside their conversation, and is not said of the next', async () => {
  const { visitor, chat } = await arrive('/');
  await identify(visitor, { identifier: 'dora', identifierHash: sign('dora'), name: 'Dora', customAttributes: { customer_tier: 'gold', total_orders: 12 } });
  await chat.open();
  await chat.ask('Where is my order?');
  await identify(visitor, { identifier: 'emil', identifierHash: sign('emil') });
  await soon('emil is known', async () => (await server.sql`select 1 from public.visitors where identifier = 'emil'`).length === 1);
  const rows = await server.sql`select identifier, name, metadata from public.visitors where identifier in ('dora', 'emil') order by 1`;
  assert.deepEqual([...rows], [{ identifier: 'dora', name: 'Dora', metadata: { customer_tier: 'gold', total_orders: 12 } }, { identifier: 'emil', name: null, metadata: {} }]);
  visitor.assertClean();
  await visitor.close();
});

it('a forged signature has no chat, and the console says why', async () => {
  const { visitor, chat } = await arrive('/forged');
  await soon('the hint', () => visitor.warnings.length > 0);
  assert.match(visitor.warnings[0], /^ChatPad: identifierHash is not/);
  assert.equal(await chat.host.locator('button, iframe').count(), 0);
  assert.equal(configs(visitor), 1, 'it does not try again');
  // Until the page says something better.
  await identify(visitor, { identifier: 'cleo', identifierHash: sign('cleo') });
  await chat.open();
  await chat.ask('Now it is me');
  visitor.assertClean([/status of 403/]);
  await visitor.close();
});

it('a token is renewed before its end, and nobody notices', async () => {
  const visitor = await browser.open(server, { origins: [shop.origin] });
  await visitor.page.clock.install();
  const chat = widgetOn(visitor.page);
  await visitor.page.goto(`${shop.origin}/ann`);
  await visitor.page.clock.runFor(1000);
  await chat.open();
  const first = configs(visitor);
  await visitor.page.clock.fastForward('14:30');
  await soon('another configuration', () => configs(visitor) > first);
  await chat.ask('Still here after a quarter of an hour?');
  assert.equal(await chat.banner(/reconnect/i).count(), 0);
  visitor.assertClean();
  await visitor.close();
});
