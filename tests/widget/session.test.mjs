// A visitor's chat over sockets of paper: what counts as news, and when the transcript is asked for
// (app/session.ts).
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createSession } from '../../widget-assets/app/session.ts';
import { createStore } from '../../widget-assets/app/store.ts';
import { joined, paperBrowser } from './paper.mjs';

let sockets;
let store;
let session;
let asked; // bodies of get-messages
let answer; // to it
let emitted;
let unread;
let becomes; // somebody else, whose newest conversation this is
let remembered;

const message = (seq, role = 'human') => ({
  id: `id-${seq}`, seq, role, content: `text ${seq}`, citations: [], cutOff: false, createdAt: '2026-01-01T00:00:00.000Z',
  conversationId: 'c', author: role === 'human' ? { name: 'Maria' } : null, running: false,
});
const page = (messages, status = 'active') => ({
  messages, lastSeq: messages.at(-1)?.seq ?? 0, hasMore: false, status, takenOverBy: status === 'active' ? null : { id: 'm', name: 'Maria' },
});
const conversation = (status) => ({ id: 'c', status, takenOverBy: status === 'human_takeover' ? { id: 'm', name: 'Maria' } : null });
const takeover = { id: 't', memberId: 'm', memberName: 'Maria' };
const HISTORY = { 'takeover.started': 'human_takeover', 'takeover.ended': 'active' };
let events = 0;
const tell = (socket, event, replayed = true, payload = { conversation: conversation(HISTORY[event]), takeover }) => {
  events += 1;
  socket.broadcast(event, payload, { id: `event-${events}`, horizon: `1.1.${events}`, ...(replayed ? { replayed } : {}) });
};
const say = (socket, seq, replayed = true) => tell(socket, 'message.created', replayed, { message: message(seq) });
const shown = () => store.get().messages.map(({ seq }) => seq);
const names = () => emitted.map(([name, detail]) => (name === 'takeover' ? `${name} ${detail.active}` : `${name} ${detail.content}`));

beforeEach(async () => {
  sockets = paperBrowser();
  [asked, emitted, unread, remembered] = [[], [], [], []];
  answer = async () => page([message(1, 'visitor'), message(2, 'assistant')]);
  globalThis.fetch = async (url, { body }) => {
    assert.equal(url, '/functions/v1/get-messages');
    asked.push(JSON.parse(body).afterSeq);
    return new Response(JSON.stringify(await answer()));
  };
  store = createStore();
  session = createSession('a', {
    framed: true, pageUrl: () => 'http://shop/', referrer: () => '', remember: (id) => remembered.push(id), close() {}, onToken() {}, onOpen() {},
    onVisitor: (listener) => (becomes = listener),
    start: async () => ({ config: { agent: { name: 'Ada' } }, conversationId: 'c', theme: null }),
    token: async () => 'token',
    unread: (count) => unread.push(count),
    emit: (name, detail) => emitted.push([name, detail]),
  }, store);
});
// Ends the channel and its timers.
afterEach(() => session.startOver());

test('a page loads its transcript once, and joins behind it', async () => {
  await session.start();
  const { socket, cursor } = await joined(sockets, 1);
  assert.deepEqual(cursor, { seq: 2 });
  socket.recovered({ horizon: '1.1.1' });
  assert.deepEqual([asked, shown(), emitted, unread], [[0], [1, 2], [], []]);
  assert.equal(store.get().connection, 'live');
});

test('what came before this page is told quietly: who was in charge, and that it is over', async () => {
  await session.start();
  const { socket } = await joined(sockets, 1);
  tell(socket, 'takeover.started');
  assert.equal(store.get().person, null);
  tell(socket, 'takeover.ended');
  socket.recovered({ horizon: '1.1.1' });
  assert.deepEqual([store.get().person, store.get().handedBack, emitted], [null, false, []]);
});

test('a takeover that lasts is there when the history has ended', async () => {
  await session.start();
  const { socket } = await joined(sockets, 1);
  tell(socket, 'takeover.started');
  say(socket, 3);
  socket.recovered({ horizon: '1.1.1' });
  assert.deepEqual(store.get().person, { name: 'Maria' });
  assert.deepEqual(shown(), [1, 2, 3]);
});

test('a person who was called is waited for: behind a reload, live, and until somebody comes', async () => {
  answer = async () => ({ ...page([message(1, 'visitor'), message(2, 'assistant')]), escalated: true });
  await session.start();
  const { socket } = await joined(sockets, 1);
  socket.recovered({ horizon: '1.1.1' });
  assert.equal(store.get().waiting, true);
  const update = (more) => tell(socket, 'conversation.updated', false, { conversation: { ...conversation('active'), escalated: false, ...more } });
  tell(socket, 'takeover.started', false);
  assert.deepEqual([store.get().waiting, store.get().person], [false, { name: 'Maria' }]);
  update({ escalated: true, ...conversation('human_takeover') });
  assert.equal(store.get().waiting, false);
  tell(socket, 'takeover.ended', false);
  assert.equal(store.get().waiting, false);
  update({ escalated: true });
  assert.equal(store.get().waiting, true);
  update({});
  assert.equal(store.get().waiting, false);
  update({ escalated: true });
  update({ escalated: true, ...conversation('closed') });
  assert.deepEqual([store.get().waiting, store.get().ended], [false, true]);
});

test('a person who was called before this page is waited for when the history has ended', async () => {
  await session.start();
  const { socket } = await joined(sockets, 1);
  tell(socket, 'conversation.updated', true, { conversation: { ...conversation('active'), escalated: true } });
  assert.equal(store.get().waiting, false);
  socket.recovered({ horizon: '1.1.1' });
  assert.equal(store.get().waiting, true);
});

test('an absence is told in order, as news, without asking again', async () => {
  await session.start();
  (await joined(sockets, 1)).socket.recovered({ horizon: '1.1.1' });
  sockets[0].onclose();
  const { socket } = await joined(sockets, 2);
  tell(socket, 'takeover.started');
  say(socket, 3);
  say(socket, 4);
  tell(socket, 'takeover.ended');
  socket.recovered({ horizon: '1.1.9' });
  say(socket, 5, false);
  assert.deepEqual(names(), ['takeover true', 'message text 3', 'message text 4', 'takeover false', 'message text 5']);
  assert.deepEqual([shown(), unread, asked], [[1, 2, 3, 4, 5], [1, 2, 3], [0]]);
  assert.deepEqual([store.get().person, store.get().handedBack], [null, true]);
});

test('a gap asks for the transcript, from the last message without a hole', async () => {
  await session.start();
  const { socket } = await joined(sockets, 1);
  answer = async () => page([message(3)], 'human_takeover');
  socket.recovered({ status: 'error', gap: { from: 2, to: 3 }, reason: 'purged', horizon: '1.1.9' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([asked, shown(), names()], [[0, 2], [1, 2, 3], ['message text 3']]);
  assert.deepEqual(store.get().person, { name: 'Maria' });
});

test('a transcript that cannot be loaded comes by the channel, and is no news', async () => {
  answer = async () => {
    throw new Error('away');
  };
  await session.start();
  const { socket, cursor } = await joined(sockets, 1);
  assert.deepEqual(cursor, { seq: 0 });
  for (const seq of [1, 2, 3]) say(socket, seq);
  socket.recovered({ horizon: '1.1.9' });
  say(socket, 4, false);
  assert.deepEqual([shown(), names()], [[1, 2, 3, 4], ['message text 4']]);
});

test('without a channel the transcript is asked for: often if there never was one, seldom if it broke', async ({ mock }) => {
  mock.timers.enable({ apis: ['setInterval'] });
  await session.start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  sockets[0].onclose();
  const polls = async (ms) => {
    asked = [];
    for (let left = ms; left > 0; left -= 1_000) {
      mock.timers.tick(1_000);
      await new Promise((resolve) => setImmediate(resolve));
      if (left % 5_000 === 0) sockets.at(-1).onclose();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    return asked.length;
  };
  assert.equal(await polls(60_000), 10);
  while (sockets.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  (await joined(sockets, 2)).socket.recovered({ horizon: '1.1.1' });
  assert.equal(store.get().connection, 'live');
  asked = [];
  mock.timers.tick(8_000);
  assert.deepEqual(asked, []);
  sockets.at(-1).onclose();
  while (store.get().connection !== 'lost') await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await polls(60_000), 2);
});

test('a visitor who is identified keeps the conversation that became theirs', async () => {
  await session.start();
  await joined(sockets, 1);
  becomes('c');
  assert.deepEqual([shown(), asked, sockets.length], [[1, 2], [0], 1]);
});

test('a visitor who is identified continues what they began on another device', async () => {
  await session.start();
  await joined(sockets, 1);
  answer = async () => page([message(1, 'visitor'), message(2, 'human'), message(3, 'visitor')]);
  becomes('d');
  const { cursor } = await joined(sockets, 2);
  assert.deepEqual([shown(), asked, cursor, remembered.at(-1)], [[1, 2, 3], [0, 0], { seq: 3 }, 'd']);
  assert.deepEqual(emitted, [], 'what was there before is no news');
});

test('a visitor who signs out leaves nothing behind', async () => {
  await session.start();
  await joined(sockets, 1);
  becomes(null);
  assert.deepEqual([shown(), store.get().conversationId, remembered.at(-1)], [[], null, null]);
});
