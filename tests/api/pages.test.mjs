// What a browser gets: pages, assets, errors as pages, and the headers that keep them safe.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { account, RANDOM_UUID } from '../lib/callers.mjs';
import { exchange } from '../lib/raw.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let demo;
let shop;
before(async () => {
  server = await startServer();
  demo = server.env.CHATPAD_DEMO_AGENT_ID;
  shop = await account(server);
});
after(() => server?.stop());

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

// Not fetch(): that decodes bodies and normalises paths. Resolves with {status, headers, bytes, text}.
function get(path, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, path, method, headers }, (reply) => {
      const parts = [];
      reply.on('data', (part) => parts.push(part));
      reply.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({ status: reply.statusCode, headers: reply.headers, bytes, text: bytes.toString() });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

const policy = (frameAncestors, style = "'self'") =>
  `default-src 'none'; script-src 'self'; style-src ${style}; img-src 'self' data:; font-src 'self'; ` +
  `connect-src 'self' ws://127.0.0.1:${server.port} ws://localhost:${server.port}; frame-src 'self'; ` +
  `manifest-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; ` +
  `${frameAncestors && `frame-ancestors ${frameAncestors}; `}require-trusted-types-for 'script'; trusted-types 'none'`;
const csp = (reply) => reply.headers['content-security-policy'];
const setAgent = (values) => server.sql`update public.agents set ${server.sql(values)} where id = ${shop.agentId}`;
// Every address a page loads something from.
const addresses = (html) => [...html.matchAll(/<[a-z][^<>]*\s(?:src|href)="([^"]*)"/g)].map((match) => match[1]);

function assertPage(reply, status = 200) {
  assert.equal(reply.status, status, reply.text.slice(0, 300));
  assert.equal(reply.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(reply.headers['cache-control'], 'no-store');
  assert.equal(reply.headers['x-content-type-options'], 'nosniff');
  assert.match(reply.headers['permissions-policy'], /camera=\(\).*microphone=\(\)/);
  assert.match(reply.text, /^<!doctype html>\n<html lang="en"/);
  assert.doesNotMatch(reply.text, /\{\{|<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i, 'nothing inline, nothing left open');
}

describe('a page', () => {
  it('the start page leads to everything', async () => {
    const reply = await get('/', BROWSER);
    assertPage(reply);
    assert.equal(csp(reply), policy("'none'"));
    for (const path of ['/demo', `/chat/${demo}`, '/admin/']) assert.ok(addresses(reply.text).includes(path), path);
  });

  it('the demo shop has the one script line', async () => {
    const reply = await get('/demo', BROWSER);
    assertPage(reply);
    assert.equal(csp(reply), policy("'none'"));
    assert.equal(reply.headers['x-frame-options'], 'DENY');
    assert.equal(reply.headers['referrer-policy'], 'strict-origin-when-cross-origin');
    const scripts = reply.text.match(/<script\b[^>]*>/g);
    assert.deepEqual(scripts, [`<script src="/functions/v1/serve-widget" data-agent-id="${demo}" async>`]);
  });

  it('there is no demo shop without its agent', async () => {
    await server.sql`update public.agents set is_active = false where id = ${demo}`;
    try {
      assertPage(await get('/demo', BROWSER), 404);
    } finally {
      await server.sql`update public.agents set is_active = true where id = ${demo}`;
    }
    assertPage(await get('/demo', BROWSER));
  });

  it('the hosted chat is for one agent', async () => {
    const reply = await get(`/chat/${demo}`, BROWSER);
    assertPage(reply);
    assert.equal(csp(reply), policy(''));
    assert.equal(reply.headers['x-frame-options'], undefined);
    assert.equal(reply.headers['referrer-policy'], 'no-referrer');
    assert.ok(reply.text.includes(`<html lang="en" data-agent-id="${demo}" data-mode="page">`));
  });

  it('the frame is the same for the widget', async () => {
    const reply = await get(`/widget/${demo}`, BROWSER);
    assertPage(reply);
    assert.equal(csp(reply), policy(''));
    assert.ok(reply.text.includes(`data-agent-id="${demo}" data-mode="frame"`));
  });

  it('the admin stands alone, and its nonce is new every time', async () => {
    const [one, two] = await Promise.all([get('/admin/', BROWSER), get('/admin/', BROWSER)]);
    const nonces = [one, two].map((reply) => {
      assertPage(reply);
      assert.equal(reply.headers['cross-origin-opener-policy'], 'same-origin');
      const nonce = /style-src 'self' 'nonce-([0-9a-f-]{36})'/.exec(csp(reply))[1];
      assert.equal(csp(reply), policy("'none'", `'self' 'nonce-${nonce}'`));
      assert.ok(reply.text.includes(`nonce="${nonce}"`));
      return nonce;
    });
    assert.notEqual(nonces[0], nonces[1]);
    assert.ok(one.text.includes(server.env.SUPABASE_ANON_KEY));
    assert.ok(!one.text.includes(server.env.SUPABASE_SERVICE_ROLE_KEY));
  });

  it('/admin leads to /admin/', async () => {
    const reply = await get('/admin', BROWSER);
    assert.equal(reply.status, 308);
    assert.equal(reply.headers.location, '/admin/');
  });

  it('loads only what is there, from here', async () => {
    for (const path of ['/', '/demo', `/chat/${demo}`, `/widget/${demo}`, '/admin/', '/nowhere']) {
      const page = await get(path, BROWSER);
      for (const address of addresses(page.text).filter((one) => !one.startsWith('#'))) {
        assert.match(address, /^\/(?!\/)|^mailto:|^tel:/, `${path} names ${address}`);
        if (!address.startsWith('/')) continue;
        const target = await get(address.replace(/#.*/, ''), BROWSER);
        assert.equal(target.status, 200, `${path} names ${address}`);
        if (address.startsWith('/assets/')) assert.match(target.headers['cache-control'], /immutable/, address);
      }
    }
  });

  it('the icon and the word for robots are where everybody looks', async () => {
    assert.equal((await get('/favicon.ico')).headers['content-type'], 'image/x-icon');
    assert.equal((await get('/favicon.svg')).headers['content-type'], 'image/svg+xml');
    const robots = await get('/robots.txt');
    assert.equal(robots.headers['content-type'], 'text/plain; charset=utf-8');
    assert.match(robots.text, /^Disallow: \/$/m);
  });

  it('answers HEAD like GET, without the body', async () => {
    for (const path of ['/', '/demo', `/chat/${demo}`, `/widget/${demo}`, '/favicon.svg', '/robots.txt', '/functions/v1/serve-widget', '/nowhere']) {
      const [head, full] = await Promise.all([get(path, BROWSER, 'HEAD'), get(path, BROWSER)]);
      assert.equal(head.status, full.status, path);
      assert.equal(head.bytes.length, 0, path);
      assert.equal(head.headers['content-length'], full.headers['content-length'], path);
      assert.equal(csp(head), csp(full), path);
    }
  });

  it('refuses other methods in JSON', async () => {
    const reply = await get('/demo', BROWSER, 'POST');
    assert.equal(reply.status, 405);
    assert.equal(reply.headers.allow, 'OPTIONS, GET, HEAD');
    assert.equal(JSON.parse(reply.text).code, 'method_not_allowed');
  });
});

describe('an agent that is not there', () => {
  const SHAPES = {
    'not a uuid': 'demo', 'nothing': '', 'a uuid and more': `${RANDOM_UUID()}x`, 'two segments': `${RANDOM_UUID()}/x`,
    'unknown': RANDOM_UUID(), 'nil': '00000000-0000-0000-0000-000000000000', 'braces': `{${RANDOM_UUID()}}`,
    'a path upwards': '../admin/', 'an encoded path upwards': '..%2f..%2fetc%2fpasswd',
    'half a percent': '%', 'markup': '%3Cscript%3Ealert(1)%3C/script%3E', 'a placeholder': '%7B%7BanonKey%7D%7D',
    'SQL': "'%20or%20true--", 'very long': 'a'.repeat(4000), 'not ASCII': '%ff%fe',
  };
  for (const [what, id] of Object.entries(SHAPES)) {
    it(`${what}: 404, as a page and as JSON`, async () => {
      for (const page of ['chat', 'widget']) {
        const seen = await get(`/${page}/${id}`, BROWSER);
        assertPage(seen, 404);
        assert.equal(csp(seen), policy("'none'"));
        assert.equal(seen.headers['set-cookie'], undefined);
        assert.doesNotMatch(seen.text, /alert|anonKey|passwd/);
        const told = await get(`/${page}/${id}`, { accept: '*/*' });
        assert.equal(told.status, 404);
        assert.match(JSON.parse(told.text).code, /not_found$/);
      }
    });
  }

  it('what is no path is refused before anything looks at it', async () => {
    for (const id of ['%00', `${RANDOM_UUID()}%00`, '%0d%0aSet-Cookie:%20a=b']) {
      const reply = await get(`/chat/${id}`, BROWSER);
      assert.equal(reply.status, 400, id);
      assert.equal(reply.headers['set-cookie'], undefined);
    }
    for (const target of ['/chat/\0', '/chat/a b', '/chat/\x7f']) {
      const { statuses } = await exchange(server, `GET ${target} HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n`);
      assert.match(String(statuses[0]), /^4/);
    }
  });

  it('an agent of any account has a page, in either case of its id; a switched-off one has none', async () => {
    assertPage(await get(`/chat/${shop.agentId}`, BROWSER));
    const shouted = await get(`/chat/${shop.agentId.toUpperCase()}`, BROWSER);
    assertPage(shouted);
    assert.ok(shouted.text.includes(`data-agent-id="${shop.agentId}"`));
    await setAgent({ is_active: false });
    try {
      const off = await get(`/chat/${shop.agentId}`, BROWSER);
      const unknown = await get(`/chat/${RANDOM_UUID()}`, BROWSER);
      assertPage(off, 404);
      const without = (page) => page.text.replace(/<code>[^<]*<\/code>/, '');
      assert.equal(without(off), without(unknown));
      assert.equal((await get(`/widget/${shop.agentId}`, BROWSER)).status, 404);
    } finally {
      await setAgent({ is_active: true });
    }
  });
});

describe('what an account writes', () => {
  it('is text in a page, never markup', async () => {
    const name = `<script>alert(1)</script>"'&{{anonKey}}`;
    await setAgent({ name });
    for (const page of ['chat', 'widget']) {
      const reply = await get(`/${page}/${shop.agentId}`, BROWSER);
      assert.doesNotMatch(reply.text, /<script>/);
      assert.ok(reply.text.includes('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;{{anonKey}}'), page);
    }
    await setAgent({ name: 'Shop' });
  });

  it('decides who may frame the chat', async () => {
    await setAgent({ allowed_origins: ['https://shop.example', 'https://B.example:8443/'] });
    for (const page of ['chat', 'widget']) {
      const reply = await get(`/${page}/${shop.agentId}`, BROWSER);
      assertPage(reply);
      assert.equal(csp(reply), policy("'self' https://b.example:8443 https://shop.example"));
      assert.equal(reply.headers['x-frame-options'], undefined);
    }
  });

  it('puts nothing else into a header', async () => {
    const hostile = [
      '*', "'unsafe-inline'", 'https://a.example; script-src *', 'https://a.example https://b.example',
      'https://a.example\r\nSet-Cookie: a=b', 'https://a.example\nhttps://evil.example', 'https://a.example/path', 'data:',
      'javascript:alert(1)', 'https://*.example', 'https://a.example,https://b.example', 'https://ä.example', 'none', 'x'.repeat(5000),
    ];
    for (const origin of hostile) {
      await setAgent({ allowed_origins: [origin] });
      const reply = await get(`/widget/${shop.agentId}`, BROWSER);
      assert.equal(csp(reply), policy("'self'"), JSON.stringify(origin));
      assert.equal(reply.headers['set-cookie'], undefined);
    }
    await setAgent({ allowed_origins: [...hostile, 'https://good.example'] });
    assert.equal(csp(await get(`/widget/${shop.agentId}`, BROWSER)), policy("'self' https://good.example"));
    await setAgent({ allowed_origins: [] });
    assert.equal(csp(await get(`/widget/${shop.agentId}`, BROWSER)), policy(''));
  });
});

describe('an asset', () => {
  let script;
  before(async () => {
    const page = await get(`/chat/${demo}`, BROWSER);
    script = addresses(page.text).find((address) => /^\/assets\/widget.*\.js$/.test(address));
  });

  it('is kept for ever under a name that changes with it', async () => {
    const reply = await get(script);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(reply.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(reply.headers.etag, /^"[0-9a-f]{24}"$/);
    assert.equal(reply.headers.vary, 'Accept-Encoding');
    assert.ok(reply.bytes.length > 1000);
  });

  it('comes in the coding the browser likes, with a tag of its own', async () => {
    const plain = await get(script);
    const [zip, br, refused] = await Promise.all([
      get(script, { 'accept-encoding': 'gzip' }),
      get(script, { 'accept-encoding': 'gzip, deflate, br, zstd' }),
      get(script, { 'accept-encoding': 'br;q=0, gzip;q=0' }),
    ]);
    assert.equal(zip.headers['content-encoding'], 'gzip');
    assert.equal(br.headers['content-encoding'], 'br');
    assert.equal(refused.headers['content-encoding'], undefined);
    assert.deepEqual(gunzipSync(zip.bytes), plain.bytes);
    assert.deepEqual(brotliDecompressSync(br.bytes), plain.bytes);
    assert.deepEqual(refused.bytes, plain.bytes);
    assert.ok(br.bytes.length < zip.bytes.length && zip.bytes.length < plain.bytes.length);
    assert.equal(new Set([plain, zip, br].map((reply) => reply.headers.etag)).size, 3);
  });

  it('is not sent again to a browser that has it', async () => {
    const { headers } = await get(script, { 'accept-encoding': 'br' });
    for (const list of [headers.etag, `W/${headers.etag}`, `"x", ${headers.etag}`, '*']) {
      const reply = await get(script, { 'accept-encoding': 'br', 'if-none-match': list });
      assert.equal(reply.status, 304, list);
      assert.equal(reply.bytes.length, 0);
      assert.equal(reply.headers.etag, headers.etag);
      assert.equal(reply.headers['content-encoding'], undefined);
    }
    for (const list of ['"x"', headers.etag.slice(1, -1), '']) {
      assert.equal((await get(script, { 'accept-encoding': 'br', 'if-none-match': list })).status, 200, list);
    }
    assert.equal((await get(script, { 'if-none-match': headers.etag })).status, 200, 'another coding');
  });

  it('has a HEAD', async () => {
    const [head, full] = await Promise.all([get(script, {}, 'HEAD'), get(script)]);
    assert.equal(head.status, 200);
    assert.equal(head.bytes.length, 0);
    assert.equal(head.headers['content-length'], String(full.bytes.length));
    assert.equal(head.headers.etag, full.headers.etag);
  });

  it('the loader may be loaded by everybody and is asked for again soon', async () => {
    const reply = await get('/functions/v1/serve-widget', { 'accept-encoding': 'gzip' });
    assert.equal(reply.headers['content-type'], 'text/javascript; charset=utf-8');
    assert.equal(reply.headers['cache-control'], 'public, max-age=300, must-revalidate');
    assert.equal(reply.headers['cross-origin-resource-policy'], 'cross-origin');
    assert.equal(reply.headers['content-encoding'], 'gzip');
    const again = await get('/functions/v1/serve-widget', { 'accept-encoding': 'gzip', 'if-none-match': reply.headers.etag });
    assert.equal(again.status, 304);
  });

  it('names whose work is in it', async () => {
    const reply = await get('/assets/licences.txt');
    assert.equal(reply.status, 200);
    assert.match(reply.headers['cache-control'], /max-age=300/);
    for (const name of ['preact', 'react', 'react-aria-components', '@supabase/supabase-js']) {
      assert.match(reply.text, new RegExp(`^${name} \\d`, 'm'));
    }
  });

  it('nothing else is served', async () => {
    for (const name of [
      'loader.js', 'admin.html', 'demo.html', '..', '../env', '..%2fenv', '%2e%2e/env', 'manifest.json', 'build.mjs', 'widget.js',
      `${script.split('/').pop()}.br`, `${script.split('/').pop()}.map`, '', 'a'.repeat(4000),
    ]) {
      const reply = await get(`/assets/${name}`);
      assert.equal(reply.status, 404, name);
      assert.match(JSON.parse(reply.text).code, /not_found$/);
    }
  });
});

describe('an error', () => {
  it('is a page for a browser and JSON for everything else', async () => {
    const page = await get('/nowhere', BROWSER);
    assertPage(page, 404);
    assert.match(page.text, /<h1>/);
    assert.match(page.text, new RegExp(page.headers['x-request-id']));
    for (const accept of [undefined, '*/*', 'application/json', 'text/html;q=0', 'text/plain']) {
      const reply = await get('/nowhere', accept ? { accept } : {});
      assert.equal(reply.status, 404);
      assert.equal(JSON.parse(reply.text).code, 'route_not_found', accept);
    }
  });

  it('stays JSON below the APIs, whoever asks', async () => {
    for (const path of ['/functions/v1/nothing', '/auth/v1/nothing', '/rest/v1/nothing', '/realtime/v1/nothing', '/storage/v1/nothing', '/auth/v1/user']) {
      const reply = await get(path, BROWSER);
      assert.ok(reply.status >= 400);
      assert.ok(JSON.parse(reply.text).code, path);
    }
  });
});

describe('a crowd', () => {
  let slow;
  after(() => slow?.stop());
  it('that asks for too many pages gets a page that says so', async () => {
    slow = await startServer({ rateScale: 0.01 });
    const ask = () => fetch(`${slow.url}/demo`, { headers: BROWSER });
    const replies = [];
    for (let i = 0; i < 6; ++i) replies.push(await ask());
    const refused = replies.find((reply) => reply.status === 429);
    assert.ok(refused, 'three pages in ten seconds are enough for nobody');
    assert.match(refused.headers.get('content-type'), /^text\/html/);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.match(await refused.text(), /429/);
  });
});
