// A real Chromium for tests of the pages, and everybody who sits in front of it.
//
//   const browser = await launchBrowser();
//   const visitor = await browser.open(server);          // one person: own context, one watched page
//   const chat = widgetOn(visitor.page);                 // or hostedOn(page), adminOn(page)
//   ...
//   visitor.assertClean();                               // nothing in the console, nobody else asked
//
// Everything is found by role and accessible name, as a screen reader finds it. A page is never
// trusted to be silent: console errors, uncaught errors, dialogs, violations of a content security
// policy and requests to hosts that are not named in advance are written down by `open`.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { eventually, PATIENCE, startServer } from './server.mjs';

const CHROMIUM = process.env.CHATPAD_CHROMIUM ?? '/usr/bin/chromium';
const WAIT_MS = Number(process.env.CHATPAD_TEST_WAIT_MS ?? 30_000); // for anything a page shows: a sanitizer build on a busy two-core machine
const FLAGS = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.test 127.0.0.1',
];
export const SIZES = {
  phone: { width: 375, height: 740 },
  tablet: { width: 768, height: 1024 },
  desktop: { width: 1440, height: 900 },
};

export async function launchBrowser() {
  if (!existsSync(CHROMIUM)) throw new Error(`no ${CHROMIUM}; apt-get install chromium`);
  const chromiumSandbox = process.getuid() !== 0; // Chromium refuses its sandbox to root
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, chromiumSandbox });
  return {
    close: () => browser.close(),
    open: (server, options) => openPerson(browser, server, options),
    raw: browser,
  };
}

// What a test file plays on: a server and a browser, both gone behind its last test.
//
//   const { server, browser } = await stage();
export async function stage(options) {
  const made = {};
  after(async () => {
    await made.browser?.close();
    await made.server?.stop();
  });
  await Promise.all([
    startServer(options).then((server) => (made.server = server)),
    launchBrowser().then((browser) => (made.browser = browser)),
  ]);
  return made;
}

// One person with a browser of their own: {context, page, problems, warnings, requests, assertClean}.
// `origins`: whom the pages may ask beside the server; `size`, `dark`, `still` (reduced motion).
async function openPerson(browser, server, { origins = [], size = SIZES.desktop, dark, still = true, ...more } = {}) {
  const context = await browser.newContext({
    viewport: size,
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: still ? 'reduce' : 'no-preference',
    ...more,
  });
  context.setDefaultTimeout(WAIT_MS * PATIENCE);
  const person = { context, problems: [], warnings: [], requests: [], close: () => context.close() };
  const hosts = new Set([server.url, server.env.SUPABASE_URL, ...origins].map((url) => new URL(url).host));
  const note = (kind, text) => {
    person.problems.push(`${kind}: ${text}`);
    if (process.env.CHATPAD_TEST_DEBUG) console.error(`${kind}: ${text}`);
  };

  // `pwned` is what hostile text calls when it runs.
  await context.exposeBinding('pwned', (source, what) => note('executed', what));
  await context.exposeBinding('chatpadTestViolation', (source, what) => note('policy', `${what} on ${source.frame.url()}`));
  await context.addInitScript(() => {
    const report = globalThis.chatpadTestViolation;
    addEventListener('securitypolicyviolation', (event) => report(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  const see = (url) => {
    person.requests.push(url);
    if (/^(data|blob|about|chrome-error|file):/.test(url)) return;
    if (!hosts.has(new URL(url).host)) note('foreign request', url);
  };
  context.on('request', (request) => see(request.url()));
  context.on('weberror', (error) => note('uncaught', error.error().stack ?? String(error.error())));
  context.on('console', (message) => {
    const where = message.location().url;
    if (message.type() === 'error' || message.type() === 'assert') note('console', `${message.text()} (${where})`);
    if (message.type() === 'warning') person.warnings.push(message.text());
  });
  context.on('dialog', (dialog) => {
    note('dialog', dialog.message());
    dialog.dismiss().catch(() => {});
  });
  const watchPage = (page) => page.on('websocket', (socket) => see(socket.url()));
  context.on('page', watchPage);
  person.page = await context.newPage();

  // Problems that match one of `except` were meant to happen.
  person.assertClean = (except = []) => {
    const left = person.problems.filter((problem) => !except.some((pattern) => pattern.test(problem)));
    assert.deepEqual(left, [], 'what the browser complained about');
  };
  return person;
}

// What Chromium itself writes into the console when the network or a status says no.
export const NETWORK_NOISE = [
  /Failed to load resource: (net::ERR_|the server responded with a status of 5)/,
  /WebSocket connection to .* failed/,
];

export const visible = (locator, timeout = WAIT_MS) => locator.first().waitFor({ state: 'visible', timeout: timeout * PATIENCE });
export const gone = (locator, timeout = WAIT_MS) => locator.first().waitFor({ state: 'hidden', timeout: timeout * PATIENCE });
export const soon = (what, probe, limitMs = WAIT_MS) => eventually(what, probe, limitMs);

// Words only, in lower case: what is left of a text when Markdown, citations and layout are taken away.
export const words = (text) => (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');

// --- the chat, in its frame or as a page --------------------------------------------------------

// `root` is a FrameLocator or a Page; all names are those of docs/embedding.md's visible parts.
function chatIn(root, page) {
  const chat = {
    root,
    page,
    log: root.getByRole('log', { name: 'Messages' }),
    composer: root.getByRole('textbox', { name: 'Message' }).last(),
    send: root.getByRole('button', { name: 'Send message' }),
    banner: (text) => root.getByRole('status').filter({ hasText: text }),
    status: (text) => root.getByRole('status').filter({ hasText: text }),
    mine: root.getByRole('article', { name: /^You said/ }),
    answers: root.getByRole('article', { name: /answered/ }),
    people: root.getByRole('article', { name: /wrote/ }),
    articles: root.getByRole('article'),
    article: (text) => root.getByRole('article').filter({ hasText: text }),
    sources: root.getByRole('list', { name: 'Sources' }),
    ready: async () => {
      await visible(chat.composer);
      return chat;
    },
    say: async (text) => {
      await chat.composer.fill(text);
      await chat.composer.press('Enter');
    },
    // Says it and waits for one more answer, complete and with these words in it.
    ask: async (text, answer = /\w/) => {
      const before = await chat.answers.count();
      await chat.say(text);
      await visible(chat.answers.nth(before).filter({ hasText: answer }));
      await visible(root.locator('[role=log][aria-busy=false]'));
    },
    openForm: () => root.getByRole('button', { name: 'Leave contact details' }).click(),
    field: (name) => root.getByRole('textbox', { name: new RegExp(`^${name}`) }),
    // The form is above the composer, so its own "Message" comes first.
    leaveDetails: async (details) => {
      await chat.openForm();
      for (const [name, value] of Object.entries(details)) await chat.field(name).first().fill(value);
      await root.getByRole('button', { name: 'Send details' }).click();
    },
    frame: async () => {
      const handle = await chat.log.elementHandle();
      return handle.ownerFrame();
    },
  };
  return chat;
}

export function widgetOn(page) {
  const host = page.locator('chatpad-widget');
  const iframe = host.locator('iframe');
  const widget = chatIn(iframe.contentFrame(), page);
  return Object.assign(widget, {
    host,
    iframe,
    bubble: host.getByRole('button', { name: /^(Open|Close) chat/ }),
    openBubble: host.getByRole('button', { name: /^Open chat/ }),
    open: async () => {
      await widget.openBubble.click();
      return widget.ready();
    },
    // On the next page: there, whether or not it opened by itself.
    reopen: async () => {
      await visible(widget.bubble);
      if (await widget.openBubble.isVisible()) await widget.openBubble.click();
      return widget.ready();
    },
    // The bubble, or the chat's own button where it covers the screen.
    close: () => widget.root.getByRole('button', { name: 'Close chat' }).click(),
  });
}

export const hostedOn = (page) => chatIn(page, page);

// --- the admin ----------------------------------------------------------------------------------

export function adminOn(page) {
  const main = page;
  const admin = {
    page,
    email: page.getByRole('textbox', { name: 'E-mail' }),
    password: page.getByLabel('Password', { exact: true }),
    signInButton: page.getByRole('button', { name: 'Sign in' }),
    live: page.getByRole('status').filter({ hasText: 'Live' }),
    reconnecting: page.getByRole('status').filter({ hasText: 'Reconnecting' }),
    tab: (name) => page.getByRole('navigation').getByRole('link', { name }).or(page.getByRole('tab', { name })).filter({ visible: true }),
    list: page.getByLabel('Conversations', { exact: true }),
    rows: page.getByLabel('Conversations', { exact: true }).getByRole('row').or(page.getByLabel('Conversations', { exact: true }).getByRole('option')).or(page.getByLabel('Conversations', { exact: true }).getByRole('listitem')),
    row: (text) => admin.rows.filter({ hasText: text }).first(),
    transcript: main.getByRole('log', { name: 'Transcript' }),
    entries: main.getByRole('log', { name: 'Transcript' }).getByRole('article'),
    entry: (text) => admin.entries.filter({ hasText: text }),
    takeOver: page.getByRole('button', { name: 'Take over' }),
    handBack: page.getByRole('button', { name: 'Hand back' }),
    composer: page.getByRole('textbox', { name: 'Reply' }),
    sendReply: page.getByRole('button', { name: 'Send reply' }),
    status: (text) => page.getByRole('status').filter({ hasText: text }),
    leads: page.getByLabel('Leads', { exact: true }).and(page.getByRole('table').or(page.getByRole('grid'))),
    lead: (text) => admin.leads.getByRole('row').filter({ hasText: text }),
    signIn: async (server, { email = server.env.CHATPAD_DEMO_EMAIL, password = server.env.CHATPAD_DEMO_PASSWORD, path = '/admin/' } = {}) => {
      await page.goto(server.url + path);
      await admin.email.fill(email);
      await admin.password.fill(password);
      await admin.signInButton.click();
      await visible(admin.tab('Inbox')); // on a phone the connection is only named when it is lost
      return admin;
    },
    open: async (text) => {
      await admin.row(text).click();
      await visible(admin.transcript);
    },
    // The row of this conversation: its preview changes with every message, its label does not.
    openConversation: async (server, id) => admin.open(await labelOf(server, id)),
    // On a phone the conversation covers the list; a step back shows the navigation again.
    back: async () => {
      const button = page.getByRole('button', { name: /^Back/ }).or(page.getByRole('link', { name: /^Back/ }));
      if (await button.first().isVisible()) await button.first().click();
    },
    // Of the accounts a person belongs to, the one with this name.
    use: async (name) => {
      await page.getByRole('button', { name: /account and settings/ }).click();
      await page.getByRole('menuitemradio', { name }).click();
    },
    // On a phone the pages about the account stand behind Settings.
    go: async (name) => {
      if (!(await admin.tab(name).first().isVisible())) await admin.back();
      await visible(admin.tab(name).or(admin.tab('Settings')));
      if (!(await admin.tab(name).first().isVisible())) await admin.tab('Settings').first().click();
      await admin.tab(name).first().click();
    },
    reply: async (text) => {
      await admin.composer.fill(text);
      await admin.sendReply.click();
    },
  };
  return admin;
}

// --- keyboard, layout, accessibility ------------------------------------------------------------

export const focused = (locator) => locator.first().evaluate((element) => element.matches(':focus')).catch(() => false);

// Presses Tab until `locator` has the focus.
export async function tabTo(page, locator, { key = 'Tab', limit = 60 } = {}) {
  for (let i = 0; i <= limit; ++i) {
    if ((await locator.count()) > 0 && (await focused(locator))) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${limit} times ${key} did not reach ${locator}`);
}

// No sideways scrolling in the document of this frame.
export async function assertFits(frame, what) {
  const { wide, seen } = await frame.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    seen: document.documentElement.clientWidth,
  }));
  assert.ok(wide <= seen, `${what}: ${wide} px of content in ${seen} px`);
}

// Runs axe in the page and in every frame of it; a policy would stop it, so its context has none:
// open(server, {bypassCSP: true}). Resolves with readable violations.
let axeSource;
export async function axe(page) {
  axeSource ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const found = [];
  for (const frame of page.frames()) {
    await frame.evaluate(axeSource);
    const { violations } = await frame.evaluate(() => globalThis.axe.run(document, { iframes: false, resultTypes: ['violations'] }));
    for (const violation of violations) {
      for (const node of violation.nodes) {
        found.push(`${violation.id} (${violation.impact}): ${node.target.flat().join(' ')} ${node.failureSummary.replace(/\s+/g, ' ')}`);
      }
    }
  }
  return found;
}

// --- a shop on another origin -------------------------------------------------------------------

export const snippet = (server, agentId, attributes = '') =>
  `<script src="${server.url}/functions/v1/serve-widget" data-agent-id="${agentId}" ${attributes} async></script>`;

// A static site of somebody else. `pages`: path -> HTML or {type, body, headers}; `csp`: its policy.
// `host` decides its origin: localhost is another site than the server's 127.0.0.1, and
// anything.test is one without a secure context.
export async function startShop({ pages, csp, host = 'localhost' }) {
  const site = http.createServer((request, response) => {
    const page = pages[new URL(request.url, 'http://x').pathname];
    if (page === undefined) {
      if (request.url === '/favicon.ico') response.writeHead(204).end();
      else response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html><title>Not here</title>');
      return;
    }
    const { type = 'text/html; charset=utf-8', body, headers = {} } = typeof page === 'string' ? { body: page } : page;
    response.writeHead(200, { 'content-type': type, ...(csp ? { 'content-security-policy': csp } : {}), ...headers }).end(body);
  });
  await new Promise((resolve) => site.listen(0, resolve));
  const origin = `http://${host}:${site.address().port}`;
  return {
    origin,
    pages,
    stop: () => new Promise((resolve) => {
      site.close(resolve);
      site.closeAllConnections();
    }),
  };
}

export const html = (head, body = '') =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A shop</title>${head}</head>` +
  `<body><main><h1>A shop of somebody else</h1><p><a href="/other">Elsewhere</a></p>${body}</main></body></html>`;

// An agent of its own for a test, with the origins that may use it.
export async function agent(server, { name = 'Test agent', origins = [], greeting = 'Hello, what can I do for you?' } = {}) {
  const [row] = await server.sql`
    insert into public.agents (user_id, name, greeting, fallback_message, allowed_origins)
    select user_id, ${name}, ${greeting}, 'I do not know that. Shall I ask a person?', ${origins}
    from public.agents where id = ${server.env.CHATPAD_DEMO_AGENT_ID} returning id`;
  return row.id;
}

// --- what the database holds --------------------------------------------------------------------

export const messagesOf = (server, conversationId) => server.sql`
  select seq::int, role, content, cut_off from public.messages where conversation_id = ${conversationId} order by seq`;

// The conversation in which this was said.
export async function conversationOf(server, content) {
  const row = await soon(`a conversation with "${content}"`, async () =>
    (await server.sql`select conversation_id from public.messages where content = ${content} limit 1`)[0]);
  return row.conversation_id;
}

// How the list of the admin names the visitor of this conversation.
export async function labelOf(server, conversationId) {
  const [row] = await server.sql`
    select private.conversation_json(c) ->> 'visitorLabel' as label from public.conversations c where id = ${conversationId}`;
  return row.label;
}

// Both sides show every message of the database once and in order (a greeting may precede them).
export async function assertSameTranscript(server, conversationId, chat, admin) {
  const rows = await messagesOf(server, conversationId);
  const wanted = rows.map((row) => words(row.content).slice(0, 60));
  for (const [side, articles] of [['visitor', chat.articles], ['person', admin.entries]]) {
    await soon(`the ${side} sees ${wanted.length} messages in order`, async () => {
      const texts = (await articles.allInnerTexts()).map(words);
      const shown = side === 'visitor' ? texts.slice(-wanted.length) : texts;
      const extra = texts.length - wanted.length;
      assert.ok(side === 'visitor' ? extra === 0 || extra === 1 : extra === 0, `${texts.length} shown, ${wanted.length} stored`);
      wanted.forEach((text, i) => assert.ok(shown[i].includes(text), `no. ${i + 1}: "${text}" is not in "${shown[i]}"`));
      return true;
    });
  }
}
