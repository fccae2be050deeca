// The loader as a guest on somebody else's page: its commands, what it fetches when, focus, storage,
// several tabs, themes.
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, it } from 'node:test';
import { agent, conversationOf, focused, gone, html, launchBrowser, SIZES, snippet, soon, startShop, visible, widgetOn } from '../lib/browser.mjs';
import { fn, signIn } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

const STUB = `window.ChatPad = window.ChatPad || function () { (ChatPad.q = ChatPad.q || []).push(arguments); };
window.seen = [];
ChatPad('on', 'message', (detail) => seen.push('message'));
ChatPad('on', 'conversation_started', (detail) => seen.push('conversation_started'));
ChatPad('open');`;
let server;
let browser;
let shop;
let visitor;
let agentId;

before(async () => {
  [server, browser, shop] = await Promise.all([startServer(), launchBrowser(), startShop({ pages: {} })]);
  agentId = await agent(server, { name: 'Shop agent', origins: [shop.origin] });
  const line = (attributes) => snippet(server, agentId, attributes);
  Object.assign(shop.pages, {
    '/': html(line()),
    '/other': html(line(), '<p>Another page of the same shop.</p>'),
    '/queue': html(`<script src="/stub.js"></script>${line()}`),
    '/stub.js': { type: 'text/javascript', body: STUB },
    '/twice': html(line() + line(), line()),
    '/open': html(line('data-open="true"')),
    '/left': html(line('data-position="left" data-label="Ask us"')),
    '/dark': html(line('data-theme="dark"')),
    '/light': html(line('data-theme="light"')),
    '/long': html(line(), '<p>Text.</p>'.repeat(200)),
  });
});
after(async () => {
  await browser?.close();
  await shop?.stop();
  await server?.stop();
});
const arrive = async (path = '/', options = {}) => {
  visitor = await browser.open(server, { origins: [shop.origin], ...options });
  await visitor.page.goto(shop.origin + path);
  return widgetOn(visitor.page);
};
beforeEach(() => (visitor = undefined));
afterEach(async () => {
  visitor?.assertClean();
  await visitor?.close();
});
const command = (...words) => visitor.page.evaluate((list) => globalThis.ChatPad(...list), words);

it('what is called before the script has come happens afterwards', async () => {
  const chat = await arrive('/queue');
  await chat.ready();
  await chat.ask('Hello there');
  await soon('the events', async () => {
    const seen = await visitor.page.evaluate(() => globalThis.seen);
    return seen.includes('message') && seen.includes('conversation_started');
  });
});

it('open, close, toggle and destroy', async () => {
  const chat = await arrive();
  await visible(chat.openBubble);
  assert.equal(await chat.bubble.getAttribute('aria-expanded'), 'false');
  await command('open');
  await chat.ready();
  assert.equal(await chat.bubble.first().getAttribute('aria-expanded'), 'true');
  await command('close');
  await gone(chat.iframe);
  await command('toggle');
  await visible(chat.iframe);
  await command('toggle');
  await gone(chat.iframe);
  await command('destroy');
  await soon('nothing is left', async () => (await visitor.page.locator('chatpad-widget, iframe').count()) === 0);
  assert.equal(visitor.page.frames().length, 1);
});

it('the script twice and three times is one chat', async () => {
  const chat = await arrive('/twice');
  await visible(chat.openBubble);
  await visitor.page.waitForLoadState('networkidle');
  assert.equal(await chat.host.count(), 1);
  await chat.open();
  assert.equal(await chat.iframe.count(), 1);
});

it('nothing of the chat is loaded before somebody shows interest; hovering is interest', async () => {
  const chat = await arrive();
  await visible(chat.openBubble);
  await visitor.page.waitForLoadState('networkidle');
  assert.equal(await chat.iframe.count(), 0);
  assert.ok(!visitor.requests.some((url) => /\/(widget|assets)\//.test(url)), visitor.requests.join('\n'));
  await chat.openBubble.hover();
  await chat.iframe.waitFor({ state: 'attached' });
  assert.ok(!(await chat.iframe.isVisible()), 'loaded, not shown');
  await chat.open();
  assert.equal(await chat.iframe.count(), 1);
});

it('the focus goes into the chat and comes back; Escape closes', async () => {
  const chat = await arrive();
  await chat.open();
  await soon('the focus is in the composer', () => focused(chat.composer));
  await visitor.page.keyboard.press('Escape');
  await gone(chat.iframe);
  await soon('the focus is on the button', () => focused(chat.openBubble));
  await visitor.page.keyboard.press('Enter');
  await chat.ready();
  await chat.close();
  await gone(chat.iframe);
  await soon('the focus is on the button again', () => focused(chat.openBubble));
});

it('a reload, another page and another tab of the shop show the same conversation', async () => {
  const chat = await arrive();
  await chat.open();
  await chat.ask('Do you remember me?');
  for (const go of [() => visitor.page.reload(), () => visitor.page.goto(`${shop.origin}/other`)]) {
    await go();
    await chat.reopen();
    await visible(chat.mine.filter({ hasText: 'Do you remember me?' }));
  }

  // Two tabs: what is said in one is shown in the other, once.
  const tab = await visitor.context.newPage();
  await tab.goto(`${shop.origin}/`);
  const second = widgetOn(tab);
  await second.reopen();
  await visible(second.mine.filter({ hasText: 'Do you remember me?' }));
  await second.ask('Hello from the second tab');
  await visible(chat.mine.filter({ hasText: 'Hello from the second tab' }));
  await chat.say('And back from the first');
  await visible(second.mine.filter({ hasText: 'And back from the first' }));
  for (const side of [chat, second]) {
    assert.equal(await side.mine.filter({ hasText: 'Hello from the second tab' }).count(), 1);
  }
  const [{ n }] = await server.sql`
    select count(distinct conversation_id)::int as n from public.messages
    where content in ('Do you remember me?', 'Hello from the second tab', 'And back from the first')`;
  assert.equal(n, 1, 'one conversation');

  // Somebody else sees nothing of it.
  const stranger = await browser.open(server, { origins: [shop.origin] });
  await stranger.page.goto(`${shop.origin}/`);
  const theirs = await widgetOn(stranger.page).open();
  assert.equal(await theirs.mine.count(), 0);
  await stranger.close();
});

it('what was begun and not sent is there on the next page, in this tab only', async () => {
  // On a site of ours: this browser keeps nothing for frames of other sites.
  visitor = await browser.open(server);
  const chat = widgetOn(visitor.page);
  await visitor.page.goto(`${server.url}/demo`);
  await chat.open();
  await chat.composer.fill('Do you also have');
  await visitor.page.goto(`${server.url}/demo?page=2`);
  await chat.reopen();
  assert.equal(await chat.composer.inputValue(), 'Do you also have');
  const tab = await visitor.context.newPage();
  await tab.goto(`${server.url}/demo`);
  const other = widgetOn(tab);
  await other.reopen();
  assert.equal(await other.composer.inputValue(), '');
  await chat.composer.press('Enter');
  await visible(chat.mine.filter({ hasText: 'Do you also have' }));
  await visitor.page.reload();
  await chat.reopen();
  assert.equal(await chat.composer.inputValue(), '');
});

it('what a person writes while the chat is closed is counted on the button', async () => {
  const chat = await arrive();
  await chat.open();
  await chat.ask('Please write to me later');
  const conversationId = await conversationOf(server, 'Please write to me later');
  await chat.close();
  await gone(chat.iframe);
  const { token } = await signIn(server);
  await fn(server, 'start-takeover', { conversationId }, { token });
  await fn(server, 'send-human-message', { conversationId, content: 'Later is now.' }, { token });
  await visible(chat.host.getByRole('button', { name: 'Open chat, 1 unread message' }));
  await fn(server, 'send-human-message', { conversationId, content: 'And one more.' }, { token });
  await visible(chat.host.getByRole('button', { name: 'Open chat, 2 unread messages' }));
  await chat.open();
  await visible(chat.people.filter({ hasText: 'And one more.' }));
  await chat.close();
  await visible(chat.host.getByRole('button', { name: 'Open chat', exact: true }));
});

it('attributes: opened from the start, on the left, with a label', async () => {
  let chat = await arrive('/open');
  await chat.ready();
  await visitor.close();
  chat = await arrive('/left');
  const button = chat.host.getByRole('button').first();
  await visible(button);
  const box = await button.boundingBox();
  assert.ok(box.x < SIZES.desktop.width / 2, `at ${box.x}`);
  assert.match(`${await button.getAttribute('aria-label')} ${await button.innerText()}`, /Ask us/);
});

it('a shop in the dark gets a dark chat, and the attribute wins', async () => {
  const lightness = async (chat) => {
    const frame = await chat.frame();
    return frame.evaluate(() => {
      for (let element = document.querySelector('[role=log]'); element; element = element.parentElement) {
        const [r, g, b, a = 1] = getComputedStyle(element).backgroundColor.match(/[\d.]+/g).map(Number);
        if (a > 0) return (r + g + b) / 765;
      }
      return 1;
    });
  };
  for (const [path, dark, check] of [['/', true, (v) => v < 0.3], ['/', false, (v) => v > 0.8], ['/dark', false, (v) => v < 0.3], ['/light', true, (v) => v > 0.8]]) {
    const chat = await arrive(path, { dark });
    await chat.open();
    const value = await lightness(chat);
    assert.ok(check(value), `${path} on a ${dark ? 'dark' : 'light'} system: ${value}`);
    visitor.assertClean();
    await visitor.close();
  }
});

it('nothing moves for those who asked for stillness', async () => {
  const chat = await arrive('/', { still: true });
  await chat.openBubble.hover();
  await chat.open();
  await chat.say('Does anything move?');
  for (const frame of visitor.page.frames()) {
    const moving = await frame.evaluate(() => {
      const roots = [document, ...[...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean)];
      const spin = (animation) => animation.effect?.getComputedTiming().duration > 1 && animation.playState === 'running';
      return roots.flatMap((root) => root.getAnimations().filter(spin)).map((animation) => `${animation.animationName ?? animation.transitionProperty} on ${animation.effect.target.className}`);
    });
    assert.deepEqual(moving, []);
  }
});

it('the phone gets the whole screen, and nothing scrolls sideways', async () => {
  const chat = await arrive('/long', { size: SIZES.phone });
  await chat.open();
  const box = await chat.iframe.boundingBox();
  assert.deepEqual([box.x, box.y, box.width, box.height].map(Math.round), [0, 0, SIZES.phone.width, SIZES.phone.height]);
  assert.ok((await chat.composer.evaluate((element) => parseFloat(getComputedStyle(element).fontSize))) >= 16, 'iOS zooms into smaller fields');
  await chat.close();
  await visible(chat.openBubble);
});

it('no cookie is set, and a browser without storage has a chat all the same', async () => {
  const chat = await arrive();
  await chat.open();
  await chat.ask('Do you set cookies?');
  assert.deepEqual(await visitor.context.cookies(), []);
  visitor.assertClean();
  await visitor.close();

  visitor = await browser.open(server, { origins: [shop.origin] });
  await visitor.context.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
      Object.defineProperty(globalThis, name, { get() { throw new DOMException('The operation is insecure.', 'SecurityError'); } });
    }
  });
  await visitor.page.goto(`${shop.origin}/`);
  const bare = widgetOn(visitor.page);
  await bare.open();
  await bare.ask('Can you hear me without storage?');
});
