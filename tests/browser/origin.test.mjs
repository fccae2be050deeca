// Where the one script line works and where it does not: origins that the agent's list names, others,
// shops with a strict policy of their own, frames, and the hosted page, which is ours.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { agent, hostedOn, html, launchBrowser, snippet, soon, startShop, visible, widgetOn } from '../lib/browser.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let browser;
let allowed; // shops: the agent's list names the first two
let insecure;
let other;
let agentId;

const strict = () => [
  `default-src 'none'`, `script-src 'self' ${server.url}`, `connect-src ${server.url}`, `frame-src ${server.url}`,
  `style-src 'self'`, `img-src 'self'`, `base-uri 'none'`, `form-action 'none'`,
  `require-trusted-types-for 'script'`, `trusted-types 'none'`,
].join('; ');

before(async () => {
  [server, browser, allowed, insecure, other] = await Promise.all([
    startServer(), launchBrowser(), startShop({ pages: {} }), startShop({ pages: {}, host: 'shop.test' }), startShop({ pages: {} }),
  ]);
  agentId = await agent(server, { name: 'Guarded agent', origins: [allowed.origin, insecure.origin] });
  const line = snippet(server, agentId);
  for (const shop of [allowed, insecure, other]) {
    shop.pages['/'] = html(line);
    shop.pages['/strict'] = { body: html(line), headers: { 'content-security-policy': strict() } };
    shop.pages['/frames'] = html('', `<iframe title="widget" src="${server.url}/widget/${agentId}"></iframe><iframe title="chat" src="${server.url}/chat/${agentId}"></iframe>`);
  }
});
after(async () => {
  await browser?.close();
  for (const shop of [allowed, insecure, other]) await shop?.stop();
  await server?.stop();
});

for (const [what, shop, path] of [
  ['an allowed shop', () => allowed, '/'],
  ['an allowed shop with a strict policy of its own', () => allowed, '/strict'],
  ['an allowed shop without a secure context', () => insecure, '/'],
]) {
  it(`${what} has a chat that answers`, async () => {
    const visitor = await browser.open(server, { origins: [shop().origin] });
    const chat = widgetOn(visitor.page);
    await visitor.page.goto(shop().origin + path);
    await chat.open();
    await chat.ask('Are you there?');
    assert.equal(await chat.iframe.getAttribute('title'), 'Chat with Guarded agent');
    // The token goes with the shop's origin, so a reply over the socket needs it as well.
    await visitor.page.reload();
    await chat.reopen();
    await visible(chat.mine.filter({ hasText: 'Are you there?' }));
    visitor.assertClean();
    assert.deepEqual(visitor.warnings, []);
    await visitor.close();
  });
}

it('an agent without a list works on any site, also on a page opened from a file', async () => {
  const open = await agent(server, { name: 'Open agent' });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chatpad-page-'));
  writeFileSync(path.join(folder, 'page.html'), html(snippet(server, open)));
  other.pages['/open'] = html(snippet(server, open));
  for (const address of [`${other.origin}/open`, `file://${folder}/page.html`]) {
    const visitor = await browser.open(server, { origins: [other.origin] });
    const chat = widgetOn(visitor.page);
    await visitor.page.goto(address);
    await chat.open();
    await chat.ask('Are you there?');
    visitor.assertClean();
    await visitor.close();
  }
  rmSync(folder, { recursive: true });
});

it('another shop gets a hint in the console and nothing else', async () => {
  const visitor = await browser.open(server, { origins: [other.origin] });
  await visitor.page.goto(`${other.origin}/`);
  await soon('the hint', () => visitor.warnings.length > 0);
  await visitor.page.mouse.move(300, 300);
  await visitor.page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  assert.equal(visitor.warnings.length, 1, visitor.warnings.join('\n'));
  assert.ok(visitor.warnings[0].includes(other.origin), visitor.warnings[0]);
  assert.match(visitor.warnings[0], /allowed origins/i);
  assert.equal(await visitor.page.locator('chatpad-widget iframe, chatpad-widget button').count(), 0);
  assert.equal(visitor.page.frames().length, 1);
  assert.deepEqual(visitor.requests.filter((url) => url.startsWith(server.url)).map((url) => new URL(url).pathname),
    ['/functions/v1/serve-widget', '/functions/v1/get-widget-config']);
  visitor.assertClean([/status of 403/]);
  assert.equal(visitor.problems.length, 1, 'the one line that Chromium writes about the 403');
  await visitor.close();
});

it('an unknown agent gets a hint that names the attribute', async () => {
  allowed.pages['/unknown'] = html(snippet(server, crypto.randomUUID()));
  allowed.pages['/nonsense'] = html(snippet(server, 'not-an-id'));
  for (const path of ['/unknown', '/nonsense']) {
    const visitor = await browser.open(server, { origins: [allowed.origin] });
    await visitor.page.goto(allowed.origin + path);
    await soon('the hint', () => visitor.warnings.some((text) => text.includes('data-agent-id')));
    assert.equal(visitor.warnings.length, 1, visitor.warnings.join('\n'));
    assert.equal(await visitor.page.locator('chatpad-widget iframe, chatpad-widget button').count(), 0);
    visitor.assertClean([/status of 40[04]/]);
    await visitor.close();
  }
});

it('a copied visitor token is refused from another origin and taken from the shop and from us', async () => {
  const config = await fetch(`${server.url}/functions/v1/get-widget-config`, {
    method: 'POST', headers: { origin: allowed.origin, 'content-type': 'application/json' }, body: JSON.stringify({ agentId }),
  }).then((reply) => reply.json());
  const say = (page) => page.evaluate(async ([url, token, id]) => {
    const reply = await fetch(`${url}/functions/v1/widget-chat`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ agentId: id, message: 'Whose token is this?' }),
    });
    return { status: reply.status, body: await reply.json() };
  }, [server.url, config.visitor.token, agentId]);
  const thief = await browser.open(server, { origins: [other.origin, allowed.origin] });
  await thief.page.goto(`${other.origin}/elsewhere`);
  const refused = await say(thief.page);
  assert.deepEqual([refused.status, refused.body.code], [403, 'origin_not_allowed']);
  await thief.page.goto(`${allowed.origin}/elsewhere`);
  assert.equal((await say(thief.page)).status, 200);
  await thief.page.goto(`${server.url}/robots.txt`);
  assert.equal((await say(thief.page)).status, 200);
  await thief.close();
});

it('another site cannot frame the widget, the hosted page, the demo or the admin', async () => {
  const shown = async (shop) => {
    const visitor = await browser.open(server, { origins: [shop.origin] });
    await visitor.page.goto(`${shop.origin}/frames`);
    return visitor;
  };
  const thief = await shown(other);
  await soon('both frames are blocked', () => thief.problems.filter((problem) => /frame-ancestors/.test(problem)).length >= 2);
  for (const frame of thief.page.frames().slice(1)) assert.equal(await frame.locator('#app').count(), 0);
  thief.assertClean([/frame-ancestors/]);
  await thief.close();

  const friend = await shown(allowed);
  await visible(friend.page.frameLocator('[title=chat]').getByRole('textbox', { name: 'Message' }));
  await visible(friend.page.frameLocator('[title=widget]').locator('#app'), 30_000).catch(() => {});
  assert.equal(await friend.page.frameLocator('[title=widget]').locator('#app').count(), 1);
  friend.assertClean();
  await friend.close();

  other.pages['/ours'] = html('', `<iframe title="demo" src="${server.url}/demo"></iframe><iframe title="admin" src="${server.url}/admin/"></iframe>`);
  allowed.pages['/ours'] = other.pages['/ours'];
  for (const shop of [other, allowed]) {
    const visitor = await browser.open(server, { origins: [shop.origin] });
    await visitor.page.goto(`${shop.origin}/ours`);
    await soon('both frames are blocked', () => visitor.problems.filter((problem) => /frame-ancestors|X-Frame-Options/.test(problem)).length >= 2);
    await visitor.close();
  }
});

it('the hosted page is ours: it works although no list has us on it', async () => {
  const visitor = await browser.open(server);
  const chat = hostedOn(visitor.page);
  await visitor.page.goto(`${server.url}/chat/${agentId}`);
  await chat.ready();
  assert.match(await visitor.page.title(), /Guarded agent/);
  await chat.ask('Are you there?');
  await visitor.page.reload();
  await visible(chat.mine.filter({ hasText: 'Are you there?' }));
  visitor.assertClean();
  await visitor.close();
});

it('pages of ours that are not there say so, and scripts get JSON', async () => {
  const visitor = await browser.open(server);
  for (const path of ['/nowhere', `/chat/${crypto.randomUUID()}`, `/widget/${crypto.randomUUID()}`, '/chat/nonsense', '/assets/none.js']) {
    const reply = await visitor.page.goto(server.url + path);
    assert.equal(reply.status(), 404, path);
    assert.match(reply.headers()['content-type'], /^text\/html/, path);
    await visible(visitor.page.getByRole('heading', { level: 1 }));
  }
  visitor.assertClean([/status of 404/]);
  const json = await fetch(`${server.url}/nowhere`);
  assert.equal((await json.json()).code, 'route_not_found');
  await visitor.close();
});
