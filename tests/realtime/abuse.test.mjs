// Sockets that want too much, against the limits a server really has (rate scale 1).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { account, claimsOf, fn, jwt } from '../lib/callers.mjs';
import { kind3, Socket } from '../lib/realtime.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer({ rateScale: 1 });
  shop = await account(server);
});
after(async () => {
  shop?.client.realtime.disconnect();
  await server?.stop();
});

async function open(options) {
  const socket = new Socket(server, options);
  await socket.opened;
  return socket;
}
const room = () => `realtime:room-${randomUUID().slice(0, 8)}`;
const broadcast = (event, payload) => ({ type: 'broadcast', event, payload });
const beats = async (socket) => (await socket.reply(socket.push('phoenix', 'heartbeat'))).payload.status === 'ok';

describe('a socket', () => {
  it('that joins too fast is refused the surplus and may go on later', async () => {
    const socket = await open();
    const replies = await Promise.all(Array.from({ length: 90 }, (_, n) => socket.join(`realtime:j${n}`)));
    const refused = replies.filter((reply) => reply.status === 'error');
    assert.ok(refused.length >= 20 && refused.length <= 30, `${refused.length} refused`);
    for (const reply of refused) assert.equal(reply.response.reason, 'ClientJoinRateLimitReached: Too many joins per second');
    await sleep(1000);
    assert.equal((await socket.join(room())).status, 'ok');
    socket.close();
  });

  it('that speaks too fast is told, loses the surplus, and is closed when it does not stop', async () => {
    const [socket, listener] = [await open(), await open()];
    const topic = room();
    const { ref } = await socket.join(topic);
    await listener.join(topic);
    for (let n = 0; n < 400; n += 1) socket.push(topic, 'broadcast', broadcast('n', { n }), ref);
    const told = await socket.next('a word', (frame) => frame.event === 'system');
    assert.equal(told.payload.message, 'Too many messages per second');
    await sleep(1500);
    assert.ok(await beats(socket));
    const passed = listener.received.filter((frame) => frame.event === 'broadcast').length;
    assert.ok(passed >= 150 && passed <= 350, `${passed} of 400 passed`);
    for (let n = 0; n < 3000; n += 1) socket.push(topic, 'broadcast', broadcast('n', { n }), ref);
    assert.deepEqual(await socket.closed, { code: 1008, reason: 'message_rate' });
    assert.ok(await beats(listener));
    listener.close();
  });

  it('that sends too many bytes is closed', async () => {
    const socket = await open();
    const topic = room();
    const { ref } = await socket.join(topic);
    const big = kind3({ joinRef: ref, ref: '', topic, event: 'b', payload: { pad: 'x'.repeat(250_000) } });
    let why;
    socket.closed.then((close) => (why = close));
    // Until it is: a busy machine reads so slowly that the first few are not too many.
    await eventually('it is closed', () => {
      if (!why && socket.ws.bufferedAmount < 4 * big.length) for (let n = 0; n < 8; n += 1) socket.ws.send(big);
      return why;
    });
    assert.deepEqual(why, { code: 1008, reason: 'byte_rate' });
  });

  it('that floods with pings hurts neither memory nor others', async () => {
    const [flood, quiet] = [await open(), await open()];
    const before = server.residentKiB();
    const bytes = Buffer.concat(Array.from({ length: 1000 }, () => Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)])));
    for (let n = 0; n < 50; n += 1) flood.ws._socket.write(bytes);
    for (let n = 0; n < 5; n += 1) assert.ok(await beats(quiet));
    assert.ok(server.residentKiB() - before < 32 * 1024);
    flood.ws.terminate();
    quiet.close();
  });

  it('that sends a message in too many pieces is closed', async () => {
    const socket = await open();
    for (let n = 0; n < 1100; n += 1) socket.ws.send('x', { fin: false });
    const { code } = await socket.closed;
    assert.equal(code, 1009);
  });

  it('that does not read is closed and keeps nobody waiting', async () => {
    const topic = room();
    const reader = await open();
    await reader.join(topic);
    const lazy = await open();
    await lazy.join(topic);
    lazy.ws._socket.pause();
    const senders = await Promise.all(Array.from({ length: 3 }, () => open()));
    const heard = () => reader.received.filter((frame) => frame.event === 'broadcast').length;
    const slow = async () => /chatpad_realtime_slow_readers_total 1\b/.test(await (await fetch(`${server.url}/metrics`)).text());
    let sent = 0;
    for (const sender of senders) {
      const { ref } = await sender.join(topic);
      for (let n = 0; n < 30 && !(await slow()); n += 1) {
        sender.ws.send(kind3({ joinRef: ref, ref: '', topic, event: 'big', payload: { pad: 'x'.repeat(240_000) } }));
        sent += 1;
        await eventually(`message ${sent}`, () => heard() === sent, 10_000);
      }
    }
    assert.ok(await slow(), `${sent} messages`);
    lazy.ws._socket.resume(); // at once: the close frame is waited for only so long
    assert.equal((await lazy.closed).code, 1013);
    [reader, ...senders].forEach((socket) => socket.close());
  });
});

describe('a page of another site', () => {
  it('may not use a visitor\'s token, nor a chat without any', async () => {
    const origin = 'https://shop.example';
    const reply = await fn(server, 'get-widget-config', { agentId: shop.agentId }, { headers: { origin } });
    const { token } = reply.body.visitor;
    const agent = `realtime:agent:${shop.agentId}`;
    const outcomes = {};
    for (const from of [origin, 'https://evil.example', 'null']) {
      const socket = await open({ headers: { origin: from } });
      outcomes[from] = (await socket.join(agent, { private: true }, token)).status;
      assert.equal((await socket.join(`${agent}`, { private: true })).status, 'error');
      socket.close();
    }
    assert.deepEqual(outcomes, { [origin]: 'ok', 'https://evil.example': 'error', null: 'error' });
    const carrier = new Socket(server, { key: token, headers: { origin: 'https://evil.example' } });
    const late = await carrier.opened.then(() => carrier.join(agent, { private: true }), () => ({ status: 'error' }));
    assert.equal(late.status, 'error');
    carrier.close();
  });
});

describe('the log', () => {
  it('holds no token and no key, whatever was done with them', async () => {
    const claims = claimsOf(shop.token);
    const secret = server.env.SUPABASE_JWT_SECRET;
    const tokens = [shop.token, shop.guest.token, shop.key, server.env.SUPABASE_ANON_KEY, jwt({ ...claims, exp: 1000 }, secret),
      jwt(claims, 'z'.repeat(40)), `garbage-${randomUUID()}`];
    for (const token of tokens) {
      const refused = new Socket(server, { key: token });
      await refused.opened.then(() => refused.close(), () => {});
      const socket = await open();
      const topic = `realtime:conversation:${shop.conversationId}`;
      const joined = await socket.join(topic, { private: true }, token);
      socket.push(topic, 'access_token', { access_token: token }, joined.ref);
      socket.ws.send(`["1","1","${topic}","phx_join",{"access_token":"${token}"`);
      socket.push('phoenix', 'heartbeat');
      await sleep(50);
      socket.close();
      await fetch(`${server.url}/realtime/v1/api/broadcast?apikey=${token}`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    }
    await sleep(500);
    for (const token of tokens) {
      for (const part of [token, token.split('.')[2]]) {
        assert.ok(!part || !server.stderr.includes(part), `${token.slice(0, 12)}... stands in the log`);
      }
    }
    assert.ok(!server.stderr.includes('apikey='));
  });
});

describe('an address', () => {
  it('that opens sockets too fast is refused until it waits', async () => {
    const handshake = (socket) => socket.write(`GET /realtime/v1/websocket?apikey=${server.env.SUPABASE_ANON_KEY}&vsn=2.0.0 HTTP/1.1\r\n`
      + 'Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    const status = () => new Promise((resolve) => {
      const socket = net.connect(server.port, '127.0.0.1', () => handshake(socket));
      socket.once('data', (data) => (resolve(Number(String(data).slice(9, 12))), socket.destroy()));
      socket.once('error', () => resolve(0));
    });
    const statuses = [];
    for (let round = 0; round < 9; round += 1) statuses.push(...(await Promise.all(Array.from({ length: 100 }, status))));
    assert.ok(statuses.includes(101));
    assert.ok(statuses.includes(429), JSON.stringify([...new Set(statuses)]));
    await eventually('let in again', async () => (await status()) === 101);
  });
});
