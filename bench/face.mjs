// What a visitor's browser fetches up to the first answer and what the script line costs a shop's
// page; how long a message takes to the inbox of a person and a click on Take over to the visitor.
// Two real browsers and the server share the machine; times are taken inside the pages, from the
// event of the key or the click to the frame after the change.
//   BENCH_RUNS: of each time (30)
import http from 'node:http';
import {
  adminOn, html, launchBrowser, snippet, startShop, visible, widgetOn,
} from '../tests/lib/browser.mjs';
import { figure, judge, median, percentile, verdict } from './lib/report.mjs';
import { startOurs } from './lib/server.mjs';
import { fail } from './lib/tools.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 30);
const server = await startOurs({ loops: 0 });
const browser = await launchBrowser();
const kib = (bytes) => bytes / 1024;

// --- bytes --------------------------------------------------------------------------------------

// The body as it travels for a client that takes this encoding.
function wireBytes(url, encoding) {
  return new Promise((resolve, reject) => {
    http.get(url, { headers: { 'accept-encoding': encoding, accept: '*/*' } }, (reply) => {
      let bytes = 0;
      reply.on('data', (piece) => (bytes += piece.length));
      reply.on('end', () => resolve({ bytes, status: reply.statusCode }));
    }).on('error', reject);
  });
}

const kindOf = (path) => {
  if (path.endsWith('/serve-widget')) return 'loader';
  if (path.startsWith('/widget/')) return 'widget html';
  if (/^\/admin/.test(path)) return 'admin html';
  if (/\.js$/.test(path)) return path.startsWith('/assets/widget') ? 'widget js' : 'js';
  if (/\.css$/.test(path)) return path.startsWith('/assets/widget') ? 'widget css' : 'css';
  if (path.endsWith('/get-widget-config')) return 'get-widget-config reply';
  return /^\/(functions|auth|realtime)\//.test(path) ? 'calls' : 'other';
};

// Everything that `page` fetched from the server, by kind: as it came, and as gzip and brotli.
async function fetched(responses) {
  const kinds = new Map();
  for (const response of responses) {
    const request = response.request();
    const url = new URL(request.url());
    const kind = kindOf(url.pathname);
    const sum = kinds.get(kind) ?? { requests: 0, came: 0, gzip: 0, brotli: 0 };
    const { responseBodySize } = await request.sizes();
    const get = request.method() === 'GET' && response.status() === 200;
    sum.requests += 1;
    sum.came += responseBodySize;
    sum.gzip += get ? (await wireBytes(url, 'gzip')).bytes : responseBodySize;
    sum.brotli += get ? (await wireBytes(url, 'br')).bytes : responseBodySize;
    kinds.set(kind, sum);
  }
  return kinds;
}

function table(title, kinds) {
  console.log(`  ${title.padEnd(44)} requests      gzip    brotli`);
  for (const [kind, sum] of kinds) {
    console.log(`    ${kind.padEnd(42)} ${String(sum.requests).padStart(8)} ${kib(sum.gzip).toFixed(2).padStart(9)} ${kib(sum.brotli).toFixed(2).padStart(9)} KiB`);
  }
}
const total = (kinds, names) => [...kinds].filter(([kind]) => names.includes(kind)).reduce((sum, [, of]) => sum + of.gzip, 0);

const shop = await startShop({ pages: {} });
shop.pages['/'] = html(snippet(server, server.env.CHATPAD_DEMO_AGENT_ID));
shop.pages['/bare'] = html('');
const ofServer = (list) => (response) => {
  if (response.url().startsWith(server.url) && response.request().method() !== 'OPTIONS') list.push(response);
};

const visitor = await browser.open(server, { origins: [shop.origin] });
const visitorResponses = [];
visitor.context.on('response', ofServer(visitorResponses));
const chat = widgetOn(visitor.page);
await visitor.page.goto(`${shop.origin}/`);
await chat.open();
await chat.ask('When are you open on Saturday?', '9:00 to 16:00');
const widgetKinds = await fetched(visitorResponses);
table('a visitor, up to the first answer', widgetKinds);

const owner = await browser.open(server);
const ownerResponses = [];
owner.context.on('response', ofServer(ownerResponses));
const admin = adminOn(owner.page);
await admin.signIn(server);
await visible(admin.rows);
const adminKinds = await fetched(ownerResponses);
table('a person, up to the inbox', adminKinds);

// --- times --------------------------------------------------------------------------------------

// In the page: resolves with the wall-clock time of the frame after `text` came up inside `selector`.
const watch = (frame, selector, text) => frame.evaluate(([where, what]) => {
  globalThis.shown = new Promise((resolve) => {
    const look = () => {
      const seen = [...document.querySelectorAll(where)].some((element) => element.textContent.includes(what));
      if (!seen) return false;
      requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
      return true;
    };
    if (look()) return;
    const observer = new MutationObserver(() => look() && observer.disconnect());
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}, [selector, text]);
// The wall-clock time of the next event of this kind, before any handler of the page.
const clock = (frame, event) => frame.evaluate((kind) => {
  globalThis.began = new Promise((resolve) => {
    addEventListener(kind, () => resolve(performance.timeOrigin + performance.now()), { capture: true, once: true });
  });
}, event);
const took = async (from, to) => (await to.evaluate(() => globalThis.shown)) - (await from.evaluate(() => globalThis.began));

await admin.open('Saturday');
const inside = await chat.frame();
const inbox = owner.page.mainFrame();
const clicks = [];
for (let i = 0; i < RUNS; ++i) {
  await visible(admin.takeOver);
  await watch(inside, '[role=status]', 'has joined the conversation');
  await clock(inbox, 'click');
  await admin.takeOver.click();
  clicks.push(await took(inbox, inside));
  if (i + 1 === RUNS) break;
  await admin.handBack.click();
  await visible(chat.banner('is back'));
}
const messages = { transcript: [], list: [] };
for (let i = 0; i < RUNS; ++i) {
  for (const [where, selector] of [['transcript', '[role=log]'], ['list', '[aria-label=Conversations]']]) {
    const text = `Message no. ${i} to the ${where}.`;
    await chat.composer.fill(text);
    await watch(inbox, selector, text);
    await clock(inside, 'keydown');
    await chat.composer.press('Enter');
    messages[where].push(await took(inside, inbox));
  }
}

// --- the shop's page ----------------------------------------------------------------------------

async function load(path) {
  const guest = await browser.open(server, { origins: [shop.origin] });
  const session = await guest.context.newCDPSession(guest.page);
  await session.send('Performance.enable');
  await guest.page.goto(shop.origin + path, { waitUntil: 'networkidle' });
  if (path === '/') await visible(widgetOn(guest.page).openBubble);
  const { metrics } = await session.send('Performance.getMetrics');
  const shift = await guest.page.evaluate(() => new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value))).observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
  }));
  await guest.close();
  const of = (name) => metrics.find((metric) => metric.name === name).value * 1000;
  return { script: of('ScriptDuration'), task: of('TaskDuration'), shift };
}
const cost = { script: [], task: [], shift: [] };
for (let i = 0; i < Math.min(RUNS, 20); ++i) {
  const [bare, full] = [await load('/bare'), await load('/')];
  cost.script.push(full.script - bare.script);
  cost.task.push(full.task - bare.task);
  cost.shift.push(full.shift);
}

const clean = [...visitor.problems, ...owner.problems];
await browser.close();
await shop.stop();
await server.halt();
if (clean.length > 0) fail(`the browser complained: ${clean[0]}`);

const line = (what, values) => console.log(`  ${what.padEnd(44)} p50 ${median(values).toFixed(1)}  p95 ${percentile(values, 0.95).toFixed(1)}  max ${Math.max(...values).toFixed(1)} ms`);
line('Enter to the open transcript', messages.transcript);
line('Enter to the list of conversations', messages.list);
line('Take over to the banner', clicks);
figure('script time on the shop page', cost.script, 'ms');
figure('main-thread time on the shop page', cost.task, 'ms');
judge('loader, gzip', kib(total(widgetKinds, ['loader'])), { atMost: 3, unit: ' KiB' });
judge('loader, html, js, css and config up to the first answer, gzip',
  kib(total(widgetKinds, ['loader', 'widget html', 'widget js', 'widget css', 'js', 'css', 'get-widget-config reply'])), { atMost: 25, unit: ' KiB' });
judge('admin html, css and js up to the inbox, gzip', kib(total(adminKinds, ['admin html', 'js', 'css'])), { atMost: 250, unit: ' KiB' });
judge('message to the inbox, p95', percentile([...messages.transcript, ...messages.list], 0.95), { atMost: 200, unit: ' ms' });
judge('Take over to the banner, p95', percentile(clicks, 0.95), { atMost: 200, unit: ' ms' });
judge('layout shift on the shop page', Math.max(...cost.shift), { atMost: 0 });
verdict();
