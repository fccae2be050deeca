// The widget's channel over a socket made of paper: shared/realtime.ts.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { openChannel } from '../../widget-assets/shared/realtime.ts';
import { joined as joinedOf, opened, paperBrowser, TOPIC } from './paper.mjs';

let sockets;
let heard;
let told;
let channel;

beforeEach(() => {
  sockets = paperBrowser();
  heard = [];
  told = [];
  let seq = 6;
  channel = openChannel({
    url: 'ws://server/realtime/v1', topic: 'conversation:c', token: async () => 'token', lastSeq: () => ++seq, retryMs: () => 0,
    onJoined: () => told.push('joined'), onLost: () => told.push('lost'), onRefused: () => told.push('refused'),
    onCaughtUp: () => told.push('caught up'), onGap: () => told.push('gap'),
    onEvent: (event, payload, replayed) => heard.push([event, payload.n, replayed]),
  });
});
afterEach(() => channel.close());
const joined = (number) => joinedOf(sockets, number);

test('the first join continues from the newest message, the next from the newest event', async () => {
  const first = await joined(1);
  assert.deepEqual(first.cursor, { seq: 7 });
  first.socket.broadcast('message.created', { n: 1 }, { id: 'a', horizon: '1.1.10', replayed: true });
  first.socket.recovered({ horizon: '1.1.12' });
  first.socket.broadcast('typing', { n: 2 });
  first.socket.onclose();
  const second = await joined(2);
  assert.deepEqual(second.cursor, { horizon: '1.1.12' });
  second.socket.broadcast('message.created', { n: 3 }, { id: 'b', horizon: '1.1.20' });
  second.socket.onclose();
  assert.deepEqual((await joined(3)).cursor, { horizon: '1.1.20' });
  assert.deepEqual(heard, [['message.created', 1, true], ['typing', 2, false], ['message.created', 3, false]]);
  assert.deepEqual(told, ['joined', 'caught up', 'lost', 'joined', 'lost', 'joined']);
});

test('a history that breaks off is continued where it ended, and nothing comes twice', async () => {
  const first = await joined(1);
  const history = [1, 2, 3, 4].map((n) => ['message.created', { n }, { id: `id-${n}`, horizon: `1.1.${n}`, replayed: true }]);
  for (const event of history.slice(0, 2)) first.socket.broadcast(...event);
  first.socket.onclose();
  const second = await joined(2);
  assert.deepEqual(second.cursor, { horizon: '1.1.2' });
  for (const event of history) second.socket.broadcast(...event);
  second.socket.recovered({ horizon: '1.1.9' });
  second.socket.broadcast(...history[3]);
  assert.deepEqual(heard.map(([, n]) => n), [1, 2, 3, 4]);
  assert.deepEqual(told, ['joined', 'lost', 'joined', 'caught up']);
});

test('a gap is told, and the channel goes on behind it', async () => {
  const { socket } = await joined(1);
  socket.recovered({ status: 'error', gap: { from: 7, to: 9 }, reason: 'purged', horizon: '1.1.50' });
  socket.broadcast('message.created', { n: 1 }, { id: 'a' });
  socket.onclose();
  assert.deepEqual((await joined(2)).cursor, { horizon: '1.1.50' });
  assert.deepEqual(told, ['joined', 'gap', 'lost', 'joined']);
  assert.deepEqual(heard, [['message.created', 1, false]]);
});

test('a token that is refused is replaced; a server that is busy is only asked again', async () => {
  const { socket } = await joined(1);
  const refuse = (one, response) => one.receive('phx_reply', { status: 'error', response }, one.join[1]);
  socket.onclose();
  for (const response of [{ reason: 'IncreaseConnectionPool: Too many joins' }, { reason: 7 }, undefined]) {
    refuse((await opened(sockets, sockets.length + 1)), response);
  }
  assert.equal(told.includes('refused'), false);
  refuse((await opened(sockets, sockets.length + 1)), { reason: 'InvalidJWTToken: Token has expired' });
  refuse((await opened(sockets, sockets.length + 1)), { reason: 'Unauthorized: You do not have permissions' });
  assert.equal(told.filter((word) => word === 'refused').length, 2);
});

test('other system messages, broadcasts of nothing and frames of an earlier join change nothing', async () => {
  const { socket } = await joined(1);
  socket.receive('system', { extension: 'system', status: 'ok', horizon: '1.1.7' });
  socket.receive('broadcast', { payload: {} });
  socket.onmessage({ data: JSON.stringify(['other', null, TOPIC, 'system', { extension: 'recover', horizon: '1.1.8' }]) });
  socket.recovered({});
  socket.onclose();
  assert.deepEqual((await joined(2)).cursor, { seq: 8 });
  assert.deepEqual(heard, []);
});

test('of a very long life only so many ids are kept', async () => {
  const { socket } = await joined(1);
  for (let n = 0; n <= 1_000; n += 1) socket.broadcast('message.created', { n }, { id: `id-${n}` });
  socket.broadcast('message.created', { n: 1_000 }, { id: 'id-1000' });
  assert.equal(heard.length, 1_001);
  socket.broadcast('message.created', { n: 0 }, { id: 'id-0' });
  assert.equal(heard.length, 1_002);
});
