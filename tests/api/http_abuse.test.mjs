// Bytes that no HTTP client sends: smuggling shapes, half-open sockets, slow senders.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { call, fn } from '../lib/callers.mjs';
import { exchange } from '../lib/raw.mjs';
import { sleep, startServer } from '../lib/server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

const HOST = 'Host: 127.0.0.1\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const post = (headers, body = '') => `POST /functions/v1/get-widget-config HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
const get = (target, headers = '', version = 'HTTP/1.1') => `GET ${target} ${version}\r\n${HOST}${headers}\r\n`;

describe('a smuggling shape', () => {
  const shapes = {
    'two lengths': post(`Content-Length: 5\r\nContent-Length: 40\r\n`, `hello${SMUGGLED}`),
    'two equal lengths in one': post(`Content-Length: 5, 5\r\n`, `hello${SMUGGLED}`),
    'length and chunked': post(`Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`),
    'chunked and length': post(`Transfer-Encoding: chunked\r\nContent-Length: 5\r\n`, `0\r\n\r\n${SMUGGLED}`),
    'chunked, identity': post(`Transfer-Encoding: chunked, identity\r\n`, `0\r\n\r\n${SMUGGLED}`),
    'two encodings': post(`Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n`, `0\r\n\r\n${SMUGGLED}`),
    'odd encoding': post(`Transfer-Encoding: xchunked\r\n`, `0\r\n\r\n${SMUGGLED}`),
    'length +5': post(`Content-Length: +5\r\n`, `hello${SMUGGLED}`),
    'length 5abc': post(`Content-Length: 5abc\r\n`, `hello${SMUGGLED}`),
    'length 0x5': post(`Content-Length: 0x5\r\n`, `hello${SMUGGLED}`),
    'length -1': post(`Content-Length: -1\r\n`, SMUGGLED),
    'length of 30 digits': post(`Content-Length: ${'9'.repeat(30)}\r\n`, SMUGGLED),
    'empty length': post(`Content-Length: \r\n`, SMUGGLED),
    'space before the colon': post(`Content-Length : 5\r\n`, `hello${SMUGGLED}`),
    'space before the encoding colon': post(`Transfer-Encoding : chunked\r\n`, `0\r\n\r\n${SMUGGLED}`),
    'no host': `GET /health HTTP/1.1\r\n\r\n${SMUGGLED}`,
    'two hosts': `GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${SMUGGLED}`,
    'host with a path': `GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n${SMUGGLED}`,
    'folded header': `GET /health HTTP/1.1\r\n${HOST}X-A: b\r\n c\r\n\r\n${SMUGGLED}`,
    'bare LF lines': `GET /health HTTP/1.1\nHost: x\n\n${SMUGGLED}`,
    'bare CR in a value': `GET /health HTTP/1.1\r\n${HOST}X-A: b\rc\r\n\r\n${SMUGGLED}`,
    'NUL in a value': `GET /health HTTP/1.1\r\n${HOST}X-A: b\0c\r\n\r\n${SMUGGLED}`,
    'NUL in a name': `GET /health HTTP/1.1\r\n${HOST}X\0A: b\r\n\r\n${SMUGGLED}`,
    'version 0.9': `GET /health\r\n\r\n${SMUGGLED}`,
    'version 9.9': get('/health', '', 'HTTP/9.9') + SMUGGLED,
    'version 2.0': get('/health', '', 'HTTP/2.0') + SMUGGLED,
    'HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    CONNECT: `CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n${SMUGGLED}`,
    'bad chunk size': post(`Transfer-Encoding: chunked\r\n`, `zz\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
    'chunk size overflow': post(`Transfer-Encoding: chunked\r\n`, `${'f'.repeat(17)}\r\nhello\r\n0\r\n\r\n`),
    'bare LF chunk': post(`Transfer-Encoding: chunked\r\n`, `5\nhello\n0\n\n${SMUGGLED}`),
    'raw newline in the target': `GET /health\nX HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`,
    'space in the target': `GET /he alth HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`,
    'TLS hello': Buffer.from('16030100510100004d0303', 'hex'),
    'binary noise': Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 73) % 256)),
  };

  for (const [what, bytes] of Object.entries(shapes)) {
    it(`(${what}) is refused and the connection closed`, async () => {
      const result = await exchange(server, [bytes], { limitMs: 12_000 });
      assert.ok(result.closed, `still open: ${result.text.slice(0, 200)}`);
      assert.ok(result.statuses.length <= 1, `a second answer: ${result.text}`);
      for (const status of result.statuses) assert.ok(status >= 400 && status < 600, result.text.slice(0, 200));
      assert.ok(!result.text.includes('smuggled'));
    });
  }

  it('(upgrade to h2c) is never answered with 101', async () => {
    const bytes = get('/health', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n');
    const { text } = await exchange(server, [bytes], { limitMs: 1000 });
    assert.doesNotMatch(text, /101 Switching/);
  });

  it('(encoded line ends) injects no header', async () => {
    for (const target of ['/health%0d%0aX-Injected:1', '/functions/v1/none?x=%0d%0aX-Injected:1', '/%00', '/functions/v1/%2e%2e/%2e%2e/health']) {
      const { text, statuses } = await exchange(server, [get(target, 'Connection: close\r\n')], { limitMs: 2000 });
      assert.equal(statuses.length, 1, target);
      assert.doesNotMatch(text, /^X-Injected/m, target);
    }
  });

  it('(path tricks) reaches no endpoint by a second name', async () => {
    for (const target of ['//health', '/health/', '/./health', '/x/../health', '/HEALTH', '/health%2f', '/functions/v1/..;/metrics', '/functions//v1/serve-widget']) {
      const { statuses } = await exchange(server, [get(target, 'Connection: close\r\n')], { limitMs: 2000 });
      assert.ok([400, 404].includes(statuses[0]), `${target}: ${statuses}`);
    }
  });
});

describe('limits of a request', () => {
  it('on header bytes, header count and URL', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `X-${i}: y\r\n`).join('');
    for (const [what, bytes, allowed] of [
      ['64 KiB header', get('/health', `X-Big: ${'y'.repeat(65_536)}\r\n`), [431]],
      ['1000 headers', get('/health', many), [431]],
      ['100 KB URL', get(`/${'a'.repeat(100_000)}`), [414, 431]],
    ]) {
      const { statuses, closed } = await exchange(server, [bytes], { limitMs: 5000 });
      assert.ok(closed, what);
      // The close may overtake the answer when the client is still sending.
      if (statuses.length) assert.ok(allowed.includes(statuses[0]), `${what}: ${statuses}`);
    }
  });

  it('on a body: declared, chunked or lied about', async () => {
    const chunk = 'x'.repeat(60_000);
    const chunks = Array.from({ length: 10 }, () => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    for (const bytes of [[post(`Content-Length: 900000000\r\n`)], [post(`Transfer-Encoding: chunked\r\n`), ...chunks]]) {
      const { statuses, closed } = await exchange(server, bytes, { limitMs: 5000 });
      assert.ok(closed);
      if (statuses.length) assert.deepEqual(statuses, [413]);
    }
  });

  it('Expect: 100-continue is answered before the body, and refused when that is too large', async () => {
    const asked = await exchange(server, [post('Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n'), 100, '{}']);
    assert.deepEqual(asked.statuses, [100, 400]);
    const large = await exchange(server, [post('Content-Length: 900000000\r\nExpect: 100-continue\r\n')]);
    assert.deepEqual(large.statuses, [413]);
  });
});

describe('pipelining', () => {
  it('answers in order', async () => {
    const { statuses } = await exchange(server, [get('/health') + get('/nowhere') + get('/health', 'Connection: close\r\n')]);
    assert.deepEqual(statuses, [200, 404, 200]);
  });

  it('of 500 requests is answered whole', async () => {
    const { statuses } = await exchange(server, [get('/nowhere').repeat(499) + get('/nowhere', 'Connection: close\r\n')], { limitMs: 20_000 });
    assert.equal(statuses.length, 500);
  });
});

describe('slow and half-open clients', { concurrency: true }, () => {
  it('get 408 or a close when the header does not come', async () => {
    const { statuses, closed, ms } = await exchange(server, ['GET /health HTTP/1.1\r\nHost:'], { limitMs: 25_000 });
    assert.ok(closed);
    assert.deepEqual(statuses, [408]);
    assert.ok(ms < 20_000, `${ms} ms`);
  });

  it('get 408 or a close when the header drips', async () => {
    const drip = Array.from({ length: 60 }, () => [400, 'X: y\r\n']).flat();
    const { closed } = await exchange(server, [`GET /health HTTP/1.1\r\n${HOST}`, ...drip], { limitMs: 25_000 });
    assert.ok(closed);
  });

  it('get 408 when the body does not come', async () => {
    const { statuses, closed } = await exchange(server, [post('Content-Length: 10\r\n', 'x')], { limitMs: 45_000 });
    assert.ok(closed);
    assert.deepEqual(statuses, [408]);
  });

  it('are closed when they say nothing at all', async () => {
    const { closed, text } = await exchange(server, [], { limitMs: 25_000 });
    assert.ok(closed);
    assert.ok(text === '' || text.includes(' 408 '));
  });

  it('get their answer after they have shut their half', async () => {
    const { statuses } = await exchange(server, [get('/health')], { end: true });
    assert.deepEqual(statuses, [200]);
  });

  it('that reset in the middle harm nobody', async () => {
    for (let i = 0; i < 100; i += 1) {
      const socket = net.connect(server.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(i % 2 ? get('/metrics') : post('Content-Length: 100\r\n', 'half'));
      await sleep(i % 5);
      socket.resetAndDestroy();
    }
    assert.equal((await call(server, '/health', { method: 'GET' })).status, 200);
  });
});

describe('after all of it', () => {
  it('the server lives and answers', async () => {
    assert.ok(server.alive);
    const reply = await fn(server, 'get-widget-config', { agentId: server.env.CHATPAD_DEMO_AGENT_ID });
    assert.equal(reply.status, 200);
  });
});
