// Bytes that no websocket client would send, and clients that stop halfway.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Socket } from '../lib/realtime.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

let server;
before(async () => {
  server = await startServer({ rateScale: 1 });
});
after(() => server?.stop());

// One frame; `first` is the byte with FIN, reserved bits and opcode.
function frame(first, payload = '', { masked = true, length } = {}) {
  const bytes = Buffer.from(payload);
  const said = length ?? (bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 255]);
  const mask = Buffer.from([1, 2, 3, 4]);
  const head = Buffer.from([first, (masked ? 0x80 : 0) | said[0], ...said.slice(1)]);
  return masked ? Buffer.concat([head, mask, bytes.map((byte, at) => byte ^ mask[at % 4])]) : Buffer.concat([head, bytes]);
}
const text = (payload) => frame(0x81, payload);
const heartbeat = text('[null,"1","phoenix","heartbeat",{}]');

// A bare connection behind its handshake. `closed` resolves with the close frame's code and reason,
// or with {code: 0} when the connection ended without one.
function connect() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1');
    const state = { socket, data: Buffer.alloc(0), open: false };
    state.closed = new Promise((done) => {
      state.done = done;
    });
    socket.on('error', () => {});
    socket.on('close', () => state.done({ code: 0 }));
    socket.on('data', (data) => {
      state.data = Buffer.concat([state.data, data]);
      const end = state.data.indexOf('\r\n\r\n');
      if (!state.open && end >= 0) {
        if (!state.data.subarray(0, end).includes(' 101 ')) return reject(new Error(String(state.data.subarray(0, 60))));
        state.open = true;
        state.data = state.data.subarray(end + 4);
        resolve(state);
      }
      for (const [opcode, payload] of frames(state.data)) {
        if (opcode === 8) state.done({ code: payload.length < 2 ? 1005 : payload.readUInt16BE(0), reason: String(payload.subarray(2)) });
      }
    });
    socket.write(`GET /realtime/v1/websocket?apikey=${server.env.SUPABASE_ANON_KEY}&vsn=2.0.0 HTTP/1.1\r\nHost: 127.0.0.1\r\n`
      + 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  });
}
function frames(data) {
  const found = [];
  for (let at = 0; at + 2 <= data.length;) {
    let [size, head] = [data[at + 1], 2];
    if (size === 126) [size, head] = [data.readUInt16BE(at + 2), 4];
    if (at + head + size > data.length) break;
    found.push([data[at] & 15, data.subarray(at + head, at + head + size)]);
    at += head + size;
  }
  return found;
}

describe('the handshake', () => {
  it('is answered as RFC 6455 says', async () => {
    const client = await connect();
    client.socket.write(heartbeat);
    await eventually('an answer', () => frames(client.data).length === 1);
    client.socket.destroy();
  });
});

describe('a socket is closed with 1002', () => {
  const breaches = {
    'for an unmasked first frame': [frame(0x81, '{}', { masked: false })],
    'for an unmasked later frame': [heartbeat, heartbeat, frame(0x81, '{}', { masked: false })],
    'for an unmasked piece of a message': [frame(0x01, '['), frame(0x80, ']', { masked: false })],
    'for an unmasked ping': [heartbeat, frame(0x89, '', { masked: false })],
    'for each reserved bit': [frame(0xc1, '{}')],
    'for the second reserved bit': [frame(0xa1, '{}')],
    'for the third reserved bit': [heartbeat, frame(0x91, '{}')],
    'for a reserved data opcode': [frame(0x83, '{}')],
    'for a reserved control opcode': [heartbeat, frame(0x8b)],
    'for a control frame in pieces': [frame(0x09, 'x')],
    'for a control frame of 126 bytes': [frame(0x89, 'x'.repeat(126))],
    'for a continuation of nothing': [frame(0x80, '{}')],
    'for a message inside a message': [frame(0x01, '['), heartbeat],
    'for a length in more bytes than it needs': [frame(0x81, '{}', { length: [126, 0, 2] })],
    'for a length beyond 2^63': [frame(0x82, '', { length: [127, 255, 255, 255, 255, 255, 255, 255, 255] })],
    'for close code 999': [frame(0x88, Buffer.from([3, 231]))],
    'for close code 1005, which never travels': [frame(0x88, Buffer.from([3, 237]))],
    'for close code 5000': [frame(0x88, Buffer.from([19, 136]))],
    'for a close frame of one byte': [frame(0x88, 'x')],
    'for a close reason that is not UTF-8': [frame(0x88, Buffer.from([3, 232, 255]))],
  };
  for (const [why, pieces] of Object.entries(breaches)) {
    it(why, async () => {
      const client = await connect();
      client.socket.write(Buffer.concat(pieces));
      assert.deepEqual(await client.closed, { code: 1002, reason: 'protocol_error' });
      const slow = await connect();
      for (const byte of Buffer.concat(pieces)) slow.socket.write(Buffer.from([byte]));
      assert.equal((await slow.closed).code, 1002, 'byte by byte');
    });
  }
});

describe('a socket is closed', () => {
  it('with 1007 when text is not UTF-8, also across pieces', async () => {
    for (const bytes of [[0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      const client = await connect();
      client.socket.write(Buffer.concat([frame(0x01, Buffer.from(bytes.slice(0, 1))), frame(0x80, Buffer.from(bytes.slice(1)))]));
      assert.deepEqual(await client.closed, { code: 1007, reason: 'bad_utf8' });
    }
  });

  it('with 1009 when a message never ends, whatever stands between its pieces', async () => {
    const client = await connect();
    client.socket.write(frame(0x01, '['));
    const round = Buffer.concat([frame(0x00, ' '), frame(0x89, 'p'), frame(0x00)]);
    for (let n = 0; n < 600; n += 1) {
      client.socket.write(round);
      if (n % 100 === 0) await sleep(800);
    }
    assert.equal((await client.closed).code, 1009);
  });

  it('with 1009 when a frame announces too much', async () => {
    const client = await connect();
    client.socket.write(frame(0x82, '', { length: [127, 0, 0, 0, 0, 0, 0x10, 0, 1] }));
    assert.deepEqual(await client.closed, { code: 1009, reason: 'too_big' });
  });

  it('with 1008 when it floods with pings or pongs', async () => {
    for (const opcode of [0x89, 0x8a]) {
      const client = await connect();
      client.socket.write(Buffer.concat(Array.from({ length: 2000 }, () => frame(opcode, 'x'))));
      assert.deepEqual(await client.closed, { code: 1008, reason: 'message_rate' });
    }
  });

  it('with the code it sent, when it leaves in order', async () => {
    for (const code of [1000, 1001, 3000, 4999]) {
      const client = await connect();
      client.socket.write(frame(0x88, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from('bye')])));
      assert.equal((await client.closed).code, code);
    }
  });
});

describe('the server', () => {
  it('forgets sockets that vanish, in whatever state', async () => {
    const count = async () => Number((await (await fetch(`${server.url}/metrics`)).text()).match(/^chatpad_realtime_sockets (\d+)/m)[1]);
    await eventually('no socket of the other tests', async () => (await count()) === 0, 20_000);
    const clients = await Promise.all(Array.from({ length: 40 }, connect));
    clients.forEach(({ socket }, n) => {
      if (n % 4 === 1) socket.write(heartbeat.subarray(0, 3));
      if (n % 4 === 2) socket.write(frame(0x01, '['));
      if (n % 4 === 3) socket.write(heartbeat);
    });
    await eventually('all of them', async () => (await count()) === 40);
    clients.forEach(({ socket }, n) => (n % 2 ? socket.resetAndDestroy() : socket.destroy()));
    await eventually('none', async () => (await count()) === 0, 20_000);
  });

  it('logs no token that came in a query, a header, a join or an access_token', async () => {
    const canary = () => `canary-${randomUUID()}`;
    const used = [];
    const mark = () => used[used.push(canary()) - 1];
    for (const headers of [{ authorization: `Bearer ${mark()}` }, { apikey: mark() }, { 'x-api-key': mark() },
      { 'sec-websocket-protocol': mark() }, { cookie: `token=${mark()}` }]) {
      const socket = new Socket(server, { headers });
      await socket.opened.then(() => socket.close(), () => {});
    }
    const refused = new Socket(server, { key: mark() });
    await refused.opened.then(() => refused.close(), () => {});
    const socket = new Socket(server);
    await socket.opened;
    const topic = `realtime:room-${randomUUID().slice(0, 8)}`;
    await socket.join(topic, {}, mark());
    const { ref } = await socket.join(topic);
    socket.push(topic, 'access_token', { access_token: mark() }, ref);
    await socket.join(topic, {});
    socket.push(topic, 'phx_join', { user_token: mark(), config: { private: true } });
    socket.ws.send(`["1","2","${topic}","access_token",{"access_token":"${mark()}"`);
    for (const path of [`realtime/v1/websocket?apikey=${mark()}`, `realtime/v1/api/broadcast?apikey=${mark()}`, `nowhere?access_token=${mark()}`]) {
      await fetch(`${server.url}/${path}`, { headers: { authorization: `Bearer ${mark()}` } });
    }
    await socket.reply(socket.push('phoenix', 'heartbeat'));
    await socket.close();
    await sleep(300);
    for (const one of used) assert.ok(!server.stderr.includes(one), `${one} stands in the log`);
  });
});
