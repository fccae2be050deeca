// access_token on open channels: what a new token takes away, and how the client comes back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, claimsOf, jwt } from '../lib/callers.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually, sleep, startServer } from '../lib/server.mjs';

let server;
let shop;
let other;
const TOPIC = 'realtime:level-1';
before(async () => {
  server = await startServer();
  [shop, other] = [await account(server), await account(server)];
  // user_metadata.level says what the token's bearer may do.
  await server.sql.unsafe(`
    create policy level_read on realtime.messages for select to authenticated
      using ((select realtime.topic()) like 'level-%' and (auth.jwt() -> 'user_metadata' ->> 'level')::int >= 1);
    create policy level_write on realtime.messages for insert to authenticated
      with check ((select realtime.topic()) like 'level-%' and (auth.jwt() -> 'user_metadata' ->> 'level')::int >= 2)`);
});
after(async () => {
  for (const owner of [shop, other]) owner?.client.realtime.disconnect();
  await server?.stop();
});

const sign = (claims) => jwt(claims, server.env.SUPABASE_JWT_SECRET);
const level = (number, more = {}) => sign({ ...claimsOf(shop.token), user_metadata: { level: number }, ...more });
async function joined(token, config = { private: true, broadcast: { ack: true, self: true }, presence: { key: 'me', enabled: true } }) {
  const socket = new Socket(server);
  await socket.opened;
  const reply = await socket.join(TOPIC, config, token);
  assert.equal(reply.status, 'ok');
  return { socket, ref: reply.ref, send: (event, payload) => socket.push(TOPIC, event, payload, reply.ref) };
}
const say = (channel) => channel.send('broadcast', { type: 'broadcast', event: 'x', payload: {} });

describe('a channel whose new token', () => {
  const cases = {
    'is garbage': [() => 'a.b.c', /InvalidJWTToken: The token is not valid/],
    'is no token at all': [() => 'x'.repeat(20_000), /InvalidJWTToken: The token is not valid/],
    'is forged': [() => jwt({ ...claimsOf(shop.token), user_metadata: { level: 2 } }, 'y'.repeat(40)), /InvalidJWTToken: The token is not valid/],
    'has expired': [() => level(2, { exp: Math.floor(Date.now() / 1000) - 60 }), /InvalidJWTToken: Token has expired/],
    'has no right to read': [() => level(0), /You no longer have permission to read from this Channel topic: level-1/],
    'is another person\'s': [() => other.token, /You no longer have permission to read from this Channel topic/],
    'makes the policy raise': [() => level('many'), /Realtime was unable to connect to the project database/],
  };
  for (const [what, [make, sentence]] of Object.entries(cases)) {
    it(`${what} is told why, sent phx_error, and may join again on the same socket`, async () => {
      const channel = await joined(level(2));
      const { socket } = channel;
      channel.send('access_token', { access_token: make() });
      const end = await socket.next('the end', (frame) => ['phx_error', 'phx_close'].includes(frame.event));
      assert.deepEqual([end.event, end.ref, end.join_ref], ['phx_error', channel.ref, channel.ref]);
      const system = socket.received.filter((frame) => frame.event === 'system');
      assert.equal(system.length, 1);
      assert.equal(system[0].payload.status, 'error');
      assert.match(system[0].payload.message, sentence);
      const count = socket.received.length;
      assert.equal((await socket.reply(say(channel))).payload.response.reason, 'unmatched topic');
      assert.equal(socket.received.length, count + 1);
      assert.equal((await socket.join(TOPIC, { private: true }, level(1))).status, 'ok');
      socket.close();
    });
  }

  it('is the same, empty, null or opaque goes on', async () => {
    const token = level(2);
    const channel = await joined(token);
    for (const access_token of [token, '', null, 'sb_publishable_x', undefined, 7]) channel.send('access_token', { access_token });
    assert.equal((await channel.socket.reply(say(channel))).payload.status, 'ok');
    assert.ok(!channel.socket.received.some((frame) => ['system', 'phx_error'].includes(frame.event)));
    channel.socket.close();
  });

  it('may only read goes on reading, says nothing any more and is no longer present', async () => {
    const channel = await joined(level(2));
    const watcher = await joined(level(1));
    assert.equal((await channel.socket.reply(channel.send('presence', { type: 'presence', event: 'track', payload: { a: 1 } }))).payload.status, 'ok');
    await watcher.socket.next('the join', (frame) => frame.payload?.joins?.me);
    channel.send('access_token', { access_token: level(1) });
    await watcher.socket.next('the leave', (frame) => frame.payload?.leaves?.me);
    const refused = await channel.socket.reply(say(channel));
    assert.match(refused.payload.response.reason, /Unauthorized/);
    channel.send('access_token', { access_token: level(2, { iat: 7 }) });
    await eventually('the right to write is back', async () => (await channel.socket.reply(say(channel))).payload.status === 'ok');
    [channel, watcher].forEach(({ socket }) => socket.close());
  });

  it('runs out in an open room ends there too', async () => {
    const channel = await joined(level(2, { exp: Math.floor(Date.now() / 1000) + 2 }), { private: false });
    const end = await channel.socket.next('the end', (frame) => frame.event === 'phx_error', 20_000);
    assert.equal(end.join_ref, channel.ref);
    assert.match(channel.socket.received.find((frame) => frame.event === 'system').payload.message, /Token has expired/);
    channel.socket.close();
  });
});

describe('supabase-js', () => {
  it('comes back by itself with the next good token', async () => {
    const client = other.client;
    let token = level(2);
    client.realtime.accessToken = async () => token;
    await client.realtime.setAuth();
    const seen = [];
    const channel = client.channel('level-1', { config: { private: true } });
    channel.subscribe((status) => seen.push(status));
    await eventually('subscribed', () => seen.includes('SUBSCRIBED'));
    token = level(0);
    await client.realtime.setAuth();
    await eventually('the error', () => seen.includes('CHANNEL_ERROR'));
    token = level(1);
    await client.realtime.setAuth(); // the client itself asks for a new one every 25 s
    await eventually('subscribed again', () => seen.at(-1) === 'SUBSCRIBED', 30_000);
    assert.ok(!seen.includes('CLOSED'));
    await sleep(100);
    await client.removeChannel(channel);
  });
});
