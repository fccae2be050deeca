// The websocket as Phoenix and Supabase frame it: joins, heartbeats, leaves, versions, bad frames.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { account, call, claimsOf, jwt } from '../lib/callers.mjs';
import { exchange } from '../lib/raw.mjs';
import { kind3, Socket } from '../lib/realtime.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer();
  shop = await account(server);
});
after(() => server?.stop());

async function open(options) {
  const socket = new Socket(server, options);
  await socket.opened;
  return socket;
}
const room = () => `realtime:room-${randomUUID().slice(0, 8)}`;
const broadcast = (event, payload) => ({ type: 'broadcast', event, payload });

for (const vsn of ['1.0.0', '2.0.0']) {
  describe(`version ${vsn}`, () => {
    it('joins, beats, leaves and closes as Phoenix does', async () => {
      const socket = await open({ vsn });
      const topic = room();
      const joined = await socket.join(topic);
      assert.equal(joined.status, 'ok');
      assert.deepEqual(joined.response.postgres_changes, []);
      const beat = await socket.reply(socket.push('phoenix', 'heartbeat'));
      assert.deepEqual(beat.payload, { status: 'ok', response: {} });
      assert.equal(beat.topic, 'phoenix');
      const left = socket.push(topic, 'phx_leave', {}, joined.ref);
      assert.equal((await socket.reply(left)).payload.status, 'ok');
      const closed = await socket.next('phx_close', (frame) => frame.event === 'phx_close');
      assert.equal(closed.ref, joined.ref);
      assert.deepEqual(closed.payload, {});
      assert.equal((await socket.reply(socket.push('realtime:unknown', 'phx_leave'))).payload.status, 'ok');
      socket.close();
    });

    it('broadcasts to others, to itself when asked, and acknowledges when asked', async () => {
      const topic = room();
      const [a, b] = [await open({ vsn }), await open({ vsn })];
      const joined = await a.join(topic, { broadcast: { self: true, ack: true } });
      await b.join(topic);
      const ref = a.push(topic, 'broadcast', broadcast('hi', { n: 1 }), joined.ref);
      assert.deepEqual((await a.reply(ref)).payload, { status: 'ok', response: {} });
      for (const socket of [a, b]) {
        const got = await socket.next('the broadcast', (frame) => frame.event === 'broadcast');
        assert.deepEqual([got.payload.event, got.payload.payload], ['hi', { n: 1 }]);
        assert.equal(got.ref, null);
      }
      [a, b].forEach((socket) => socket.close());
    });
  });
}

describe('two versions in one room', () => {
  it('understand each other; raw binary goes to version 2 only', async () => {
    const topic = room();
    const [old, fresh, sender] = [await open({ vsn: '1.0.0' }), await open(), await open()];
    await old.join(topic);
    await fresh.join(topic);
    const { ref: joinRef } = await sender.join(topic, { broadcast: { ack: true } });
    sender.ws.send(kind3({ joinRef, ref: '77', topic, event: 'typed', payload: { a: 'ü' } }));
    assert.equal((await sender.reply('77')).payload.status, 'ok');
    for (const socket of [old, fresh]) {
      const got = await socket.next('the event', (frame) => frame.payload?.event === 'typed');
      assert.deepEqual(got.payload.payload, { a: 'ü' });
    }
    sender.ws.send(kind3({ joinRef, ref: '78', topic, event: 'bytes', payload: Buffer.from([0, 255, 1]), json: false }));
    const got = await fresh.next('the bytes', (frame) => frame.payload?.event === 'bytes');
    assert.deepEqual([...got.payload.payload], [0, 255, 1]);
    sender.ws.send(kind3({ joinRef, ref: '79', topic, event: 'last', payload: {} }));
    await old.next('the last', (frame) => frame.payload?.event === 'last');
    assert.ok(!old.received.some((frame) => frame.payload?.event === 'bytes'));
    [old, fresh, sender].forEach((socket) => socket.close());
  });

  it('keeps the order of many messages for every reader', async () => {
    const topic = room();
    const readers = await Promise.all(Array.from({ length: 8 }, (_, i) => open({ vsn: i % 2 ? '1.0.0' : '2.0.0' })));
    for (const reader of readers) await reader.join(topic);
    const sender = await open();
    const { ref } = await sender.join(topic);
    for (let n = 0; n < 500; n += 1) sender.ws.send(kind3({ joinRef: ref, ref: String(1000 + n), topic, event: 'n', payload: { n, pad: 'x'.repeat(n) } }));
    for (const reader of readers) {
      const mine = () => reader.received.filter((frame) => frame.payload?.event === 'n').map((frame) => frame.payload.payload.n);
      await eventually('all 500', () => mine().length === 500, 30_000);
      assert.deepEqual(mine(), Array.from({ length: 500 }, (_, n) => n));
      reader.close();
    }
    sender.close();
  });
});

describe('a channel', () => {
  it('joined twice closes the old join first', async () => {
    const socket = await open();
    const topic = room();
    const first = await socket.join(topic);
    const second = await socket.join(topic);
    assert.equal(second.status, 'ok');
    const closed = await socket.next('phx_close', (frame) => frame.event === 'phx_close');
    assert.equal(closed.join_ref, first.ref);
    socket.close();
  });

  it('that was never joined answers unmatched topic', async () => {
    const socket = await open();
    const reply = await socket.reply(socket.push('realtime:nowhere', 'broadcast', broadcast('x', {})));
    assert.deepEqual(reply.payload, { status: 'error', response: { reason: 'unmatched topic' } });
    socket.close();
  });

  it('needs a name with the prefix', async () => {
    const socket = await open();
    for (const topic of ['room', 'realtime:', `realtime:${'x'.repeat(10_000)}`]) {
      const joined = await socket.join(topic).catch(() => ({ status: 'error' }));
      assert.equal(joined.status, 'error', topic.slice(0, 40));
    }
    socket.close();
  });

  it('is limited to 100 a socket; the others go on', async () => {
    const socket = await open();
    for (let i = 0; i < 100; i += 1) assert.equal((await socket.join(`realtime:many-${i}`)).status, 'ok', `join ${i}`);
    const refused = await socket.join('realtime:many-100');
    assert.equal(refused.status, 'error');
    assert.match(refused.response.reason, /ChannelRateLimitReached/);
    assert.equal((await socket.reply(socket.push('phoenix', 'heartbeat'))).payload.status, 'ok');
    socket.close();
  });

  it('of the same name, private and public, are two rooms', async () => {
    const topic = `realtime:conversation:${shop.conversationId}`;
    const [insider, outsider] = [await open(), await open()];
    assert.equal((await insider.join(topic, { private: true }, shop.token)).status, 'ok');
    const joined = await outsider.join(topic);
    if (joined.status === 'ok') {
      outsider.push(topic, 'broadcast', broadcast('typing', { active: true, who: 'human' }), joined.ref);
      outsider.push(topic, 'broadcast', broadcast('message.created', { message: {} }), joined.ref);
      await sleep(500);
      assert.ok(!insider.received.some((frame) => frame.event === 'broadcast'));
    }
    [insider, outsider].forEach((socket) => socket.close());
  });
});

describe('connecting', () => {
  it('needs a good key and a known version', async () => {
    const secret = server.env.SUPABASE_JWT_SECRET;
    const expired = jwt({ ...claimsOf(shop.token), exp: 1000 }, secret);
    for (const [key, status] of [['', 401], ['nonsense', [401, 403]], [expired, [401, 403]], [jwt(claimsOf(shop.token), 'x'.repeat(40)), [401, 403]], [jwt({ role: 'anon' }, null, { alg: 'none' }), [401, 403]]]) {
      const socket = new Socket(server, { key });
      await assert.rejects(socket.opened);
      assert.ok([].concat(status).includes(socket.status), `${key.slice(0, 12)}: ${socket.status}`);
    }
    const unknown = new Socket(server, { vsn: '3.0.0' });
    await assert.rejects(unknown.opened);
    assert.ok(unknown.status >= 400 && unknown.status < 500);
  });

  const upgrade = (headers) => `GET /realtime/v1/websocket?apikey=${server.env.SUPABASE_ANON_KEY}&vsn=2.0.0 HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n`;
  const GOOD = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  const lines = (headers) => Object.entries(headers).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`).join('');

  it('needs a correct handshake', async () => {
    const good = await exchange(server, [upgrade(lines(GOOD))], { limitMs: 500 });
    assert.deepEqual(good.statuses, [101]);
    assert.match(good.text, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    assert.doesNotMatch(good.text, /permessage-deflate/i);
    for (const change of [
      { 'Sec-WebSocket-Version': '8' }, { 'Sec-WebSocket-Version': undefined }, { 'Sec-WebSocket-Key': undefined },
      { 'Sec-WebSocket-Key': 'short' }, { Upgrade: 'h2c' }, { Upgrade: 'websocket, h2c' }, { Connection: 'close' },
    ]) {
      const { statuses } = await exchange(server, [upgrade(lines({ ...GOOD, ...change }))], { limitMs: 3000 });
      assert.ok(statuses[0] >= 400 && statuses[0] < 500, `${JSON.stringify(change)}: ${statuses}`);
    }
    const twice = await exchange(server, [upgrade(`${lines(GOOD)}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`)], { limitMs: 3000 });
    assert.notEqual(twice.statuses[0], 101);
    assert.equal((await call(server, '/realtime/v1/websocket', { method: 'GET' })).status, 426);
  });

  // Bytes on an established socket; resolves when the server closes it, with what it had sent.
  function bytesAfterUpgrade(bytes, limitMs = 15_000) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(server.port, '127.0.0.1');
      let received = Buffer.alloc(0);
      let upgraded = false;
      const timer = setTimeout(() => (socket.destroy(), reject(new Error('the socket stayed open'))), limitMs);
      socket.write(upgrade(lines(GOOD)));
      socket.on('data', (data) => {
        received = Buffer.concat([received, data]);
        const end = received.indexOf('\r\n\r\n');
        if (!upgraded && end >= 0) {
          upgraded = true;
          received = received.subarray(end + 4);
          socket.write(bytes);
        }
      });
      socket.on('error', () => {});
      socket.on('close', () => (clearTimeout(timer), resolve(received)));
    });
  }
  const closeCode = (received) => (received[0] === 0x88 && received.length >= 4 ? received.readUInt16BE(2) : undefined);
  const masked = (first, payload, fin = 0x80) => {
    const body = Buffer.from(payload);
    const length = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([fin | first, ...length, 0, 0, 0, 0]), body]);
  };

  for (const [what, frame] of Object.entries({
    'an unmasked frame': Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]),
    'a frame that declares 2^62 bytes': Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65, 66]),
    'a frame that declares 2^31 bytes': Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 65, 66]),
    'a reserved bit': masked(0x41, 'x'),
    'a reserved opcode': masked(0x03, 'x'),
    'a control frame of 126 bytes': masked(0x09, 'x'.repeat(126)),
    'a fragmented ping': masked(0x09, 'x', 0),
    'a continuation of nothing': masked(0x00, 'x'),
    'text that is no UTF-8': masked(0x01, Buffer.from([0xc3, 0x28])),
  })) {
    it(`refuses ${what}`, async () => {
      const before = server.residentKiB();
      const received = await bytesAfterUpgrade(frame);
      const code = closeCode(received);
      if (code !== undefined) assert.ok([1002, 1007, 1009].includes(code), `closed with ${code}`);
      assert.ok(server.residentKiB() - before < 64 * 1024);
      assert.ok(server.alive);
    });
  }

  it('refuses a message without an end: empty continuations and one-byte fragments', async () => {
    const start = masked(0x01, '[', 0);
    const rest = Array.from({ length: 60_000 }, (_, i) => masked(0x00, i % 2 ? 'x' : '', 0));
    const received = await bytesAfterUpgrade(Buffer.concat([start, ...rest]));
    assert.ok(closeCode(received) === undefined || [1008, 1009].includes(closeCode(received)));
  });

  it('answers a close with a close', async () => {
    const received = await bytesAfterUpgrade(masked(0x08, Buffer.from([0x03, 0xe8])));
    assert.equal(closeCode(received), 1000);
  });
});

describe('a frame that says nothing sensible', () => {
  it('is dropped or closes its own socket, and harms nobody else', async () => {
    const control = await open();
    const topic = room();
    await control.join(topic);
    for (const text of ['hello', '{}', '[]', '[1,2,3]', '["1","1","realtime:x"]', 'null', '[null,null,null,null,null]',
      `["1","1","realtime:x","phx_join",${'['.repeat(5000)}${']'.repeat(5000)}]`, '["1","1","realtime:x","phx_join",null]',
      '["1","1","realtime:x","phx_join",{"config":17}]', '["1","1","realtime:x","phx_join",{"config":{"broadcast":[]}}]',
      `["1","${'9'.repeat(5000)}","phoenix","heartbeat",{}]`, '["1","2","realtime:x","no_such_event",{}]']) {
      const socket = await open();
      socket.ws.send(text);
      socket.push('phoenix', 'heartbeat');
      await Promise.race([socket.closed, eventually('an answer', () => socket.received.length > 0, 5000)]);
      socket.ws.terminate();
    }
    for (const bytes of [[], [3], [3, 255, 255, 255, 255, 255, 1], [9, 9, 9], [0, 1, 1, 1, 1], [4, 1, 1, 0, 1, 65, 66]]) {
      const socket = await open();
      socket.ws.send(Buffer.from(bytes));
      socket.push('phoenix', 'heartbeat');
      await Promise.race([socket.closed, eventually('an answer', () => socket.received.length > 0, 5000)]);
      socket.ws.terminate();
    }
    assert.equal((await control.reply(control.push('phoenix', 'heartbeat'))).payload.status, 'ok');
    control.close();
  });

  it('too large for a broadcast is refused', async () => {
    const socket = await open();
    const topic = room();
    const { ref } = await socket.join(topic, { broadcast: { ack: true, self: true } });
    socket.ws.send(kind3({ joinRef: ref, ref: '9', topic, event: 'big', payload: { pad: 'x'.repeat(8_000_000) } }));
    const outcome = await Promise.race([
      socket.closed.then(({ code }) => code),
      socket.reply('9', 10_000).then((frame) => frame.payload.status, () => 'silence'),
    ]);
    assert.ok([1006, 1009, 'error', 'silence'].includes(outcome), String(outcome));
    assert.ok(!socket.received.some((frame) => frame.event === 'broadcast'));
    socket.ws.terminate();
  });
});

describe('churn', () => {
  it('of 300 sockets that join and vanish leaves nothing behind', async () => {
    const topic = room();
    for (let round = 0; round < 6; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => open()));
      await Promise.all(sockets.map((socket) => socket.join(topic)));
      sockets.forEach((socket) => socket.ws.terminate());
    }
    const socket = await open();
    const { ref } = await socket.join(topic, { broadcast: { self: true } });
    socket.push(topic, 'broadcast', broadcast('alone', {}), ref);
    await socket.next('my own', (frame) => frame.payload?.event === 'alone');
    socket.close();
  });
});
