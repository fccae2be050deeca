// The small pure parts of the widget: pauses, streams, links, colours, opening hours, form checks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as smd from 'streaming-markdown';
import { check } from '../../widget-assets/app/contact_form.ts';
import { hoursLine } from '../../widget-assets/app/hours.ts';
import { contrast, palette, parseHex } from '../../widget-assets/app/theme.ts';
import { ApiError, events, retryable, sseField, tokenRefused } from '../../widget-assets/shared/api.ts';
import { backoffMs } from '../../widget-assets/shared/backoff.ts';
import { destination, pagePart, safeUrl, samePage } from '../../widget-assets/shared/links.ts';
import { shorterGaps } from '../../widget-assets/shared/text.ts';

const SHOP = 'https://shop.example/demo';

test('pauses double, are jittered and end at fifteen seconds', () => {
  assert.deepEqual([0, 1, 2, 3].map((attempt) => backoffMs(attempt, 1)), [500, 1000, 2000, 4000]);
  assert.equal(backoffMs(2, 0), 1000);
  assert.equal(backoffMs(1_000_000, 1), 15_000);
});

test('a run of blank lines becomes one, whatever the lines hold that nobody sees', () => {
  assert.equal(shorterGaps('a\n\nb\nc'), 'a\n\nb\nc');
  assert.equal(shorterGaps('a\n\n\n\nb'), 'a\n\nb');
  assert.equal(shorterGaps(`a${'\n \t\r\u00a0\u200b\ufeff'.repeat(2_000)}\nb`), 'a\n\nb');
  assert.equal(shorterGaps('a\n\n\n  b'), 'a\n\n  b', 'the indentation of the next line stays');
  assert.equal(shorterGaps(`a${' '.repeat(8_000)}b`).length, 8_002);
});

test('events of a stream survive every cut between bytes', async () => {
  const text = 'id: 1\nevent: token\ndata: {"type":"token","content":"é…🙂"}\n\n: ping\n\nid: 2\ndata: {"type":"done"}\n\n';
  const bytes = new TextEncoder().encode(text);
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.slice(0, cut));
        controller.enqueue(bytes.slice(cut));
        controller.close();
      },
    });
    const all = [];
    for await (const event of events(new Response(body), () => {})) all.push(event);
    assert.deepEqual(all, [{ type: 'token', content: 'é…🙂' }, { type: 'done' }]);
  }
});

test('a stream that is no stream of ours ends as a lost connection', async () => {
  const read = async () => {
    for await (const event of events(new Response('data: {broken\n\n'), () => {})) assert.fail(event);
  };
  await assert.rejects(read, (error) => error instanceof ApiError && error.code === 'network');
});

test('data of several lines is one text', () => {
  assert.equal(sseField('id: 1\ndata: a\ndata:b\nevent: x', 'data'), 'a\nb');
  assert.equal(sseField('id: 1\ndata: a\ndata:b\nevent: x', 'id'), '1');
});

test('only what may succeed later is repeated', () => {
  const error = (status, code = 'x') => new ApiError(code, '', '', status);
  assert.deepEqual([0, 408, 429, 500, 503, 504].map((status) => retryable(error(status))), Array(6).fill(true));
  assert.deepEqual([400, 401, 403, 404, 409, 413].map((status) => retryable(error(status))), Array(6).fill(false));
  assert.equal(retryable(new TypeError()), false);
  assert.equal(tokenRefused(error(403, 'bad_jwt')), true);
  assert.equal(tokenRefused(error(404, 'not_found')), false);
});

test('what is said of a page leaves out its query and fragment', () => {
  assert.equal(pagePart('https://shop.example/a/b?code=x#access_token=y'), 'https://shop.example/a/b');
  assert.equal(pagePart('https://shop.example/#access_token=y?x'), 'https://shop.example/');
  assert.equal(pagePart(`https://shop.example/${'x'.repeat(9_000)}`).length, 2_000);
  assert.equal(pagePart(''), '');
});

test('only addresses of four schemes become links', () => {
  const good = ['https://a.example/x', 'http://a.example', 'mailto:a@b.example', 'tel:+49405550142', '/demo#hours', '#top', '//b.example/'];
  for (const address of good) assert.ok(safeUrl(address, SHOP), address);
  const bad = [
    '', ' ', 'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', '\u0001javascript:alert(1)',
    'data:text/html,<script>', 'vbscript:x', 'blob:https://a.example/1', 'file:///etc/passwd', 'https://user:pw@a.example', 'https://user@a.example',
    'intent://x', 'https://', `https://a.example/${'x'.repeat(3000)}`,
  ];
  for (const address of bad) assert.equal(safeUrl(address, SHOP), null, address);
});

test('a part of the page is told from another page', () => {
  assert.equal(samePage(safeUrl('/demo#hours', SHOP), `${SHOP}#top`), true);
  assert.equal(samePage(safeUrl('/demo', SHOP), SHOP), false);
  assert.equal(samePage(safeUrl('/other#hours', SHOP), SHOP), false);
});

test('the destination is shown without decoration', () => {
  assert.equal(destination(new URL('https://b.example:8443/path?q')), 'b.example:8443');
  assert.equal(destination(new URL('mailto:a@b.example')), 'a@b.example');
});

test('every accent colour gets text that can be read', () => {
  const rgb = (text) => text.match(/\d+/g).map(Number);
  const surfaces = { light: [240, 243, 241], dark: [31, 42, 39] };
  for (let value = 0; value < 0x1000000; value += 4099) {
    const accent = `#${value.toString(16).padStart(6, '0')}`;
    for (const look of ['light', 'dark']) {
      const colours = palette(accent, '#777777', look);
      assert.ok(contrast(rgb(colours['--on-accent']), rgb(colours['--accent'])) >= 4.5, accent);
      assert.ok(contrast(rgb(colours['--accent-ink']), surfaces[look]) >= 4.5, `${accent} ${look}`);
    }
  }
});

test('a colour that is none is replaced', () => {
  assert.deepEqual(parseHex('#0f0'), [0, 255, 0]);
  for (const text of ['red', '#12', 'url(x)', '#12345g', '']) assert.equal(parseHex(text), null);
  assert.equal(palette('red;}', undefined, 'light')['--accent'], 'rgb(15 110 93)');
});

test('opening hours are told in the time of the shop', () => {
  const now = Date.parse('2026-11-20T19:00:00Z');
  const hours = (nextOpenTime, timezone = 'Europe/Berlin') => hoursLine({ isOpen: false, nextOpenTime, timezone }, now);
  assert.equal(hoursLine({ isOpen: true, nextOpenTime: null, timezone: 'UTC' }, now), '');
  assert.equal(hours('2026-11-21T08:00:00Z'), 'Closed until Saturday, 09:00.');
  assert.equal(hours('2026-12-24T08:00:00Z'), 'Closed until 24 December, 09:00.');
  for (const next of [null, 'nonsense']) assert.equal(hours(next), 'Closed right now.');
  assert.equal(hours('2026-11-21T08:00:00Z', 'Mars/Base'), 'Closed right now.');
});

test('contact details need one way to be reached, and a plausible one', () => {
  const form = (fields) => Object.keys(check({ name: '', email: '', phone: '', message: '', ...fields }));
  assert.deepEqual(form({ name: 'Ada' }), ['email']);
  assert.deepEqual(form({ email: 'ada' }), ['email']);
  assert.deepEqual(form({ email: 'ada@example.com' }), []);
  assert.deepEqual(form({ phone: '+49 40 555 0142' }), []);
  assert.deepEqual(form({ phone: 'soon' }), ['phone']);
});

test('the parser numbers its tokens as the renderer expects', () => {
  const names = 'PARAGRAPH HEADING_1 HEADING_2 HEADING_3 HEADING_4 HEADING_5 HEADING_6 CODE_BLOCK CODE_FENCE CODE_INLINE ITALIC_AST ITALIC_UND STRONG_AST STRONG_UND STRIKE LINK RAW_URL IMAGE BLOCKQUOTE LINE_BREAK RULE LIST_UNORDERED LIST_ORDERED LIST_ITEM CHECKBOX TABLE TABLE_ROW TABLE_CELL EQUATION_BLOCK EQUATION_INLINE';
  names.split(' ').forEach((name, index) => assert.equal(smd[name], smd.PARAGRAPH + index, name));
});
