// As much of a browser as the widget needs to follow a conversation, with sockets made of paper: what
// goes into them is kept, what comes out of them is said by the test.
import assert from 'node:assert/strict';

export const TOPIC = 'realtime:conversation:c';

let sockets = [];

class PaperSocket {
  static OPEN = 1;
  readyState = 1;
  sent = [];
  constructor() {
    sockets.push(this);
    queueMicrotask(() => this.onopen());
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  receive(event, payload, ref = null) {
    this.onmessage({ data: JSON.stringify([null, ref, TOPIC, event, payload]) });
  }
  broadcast(event, payload, meta) {
    this.receive('broadcast', { type: 'broadcast', event, payload, ...(meta ? { meta } : {}) });
  }
  get join() {
    return this.sent.find(([, , , event]) => event === 'phx_join');
  }
  accept() {
    this.receive('phx_reply', { status: 'ok', response: {} }, this.join[1]);
  }
  recovered(more) {
    this.receive('system', { extension: 'recover', status: 'ok', ...more });
  }
}

// Sets the globals; resolves with the list that every socket made from now on is in.
export function paperBrowser() {
  sockets = [];
  const target = new EventTarget();
  Object.assign(globalThis, {
    WebSocket: PaperSocket, window: globalThis, document: target, location: { origin: 'http://server' },
    addEventListener: target.addEventListener.bind(target), removeEventListener: target.removeEventListener.bind(target),
  });
  return sockets;
}

// The `number`th socket, which has asked to join.
export async function opened(all, number) {
  for (let turns = 0; !(all.at(number - 1)?.join) && turns < 500; turns += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(all.length, number);
  return all.at(-1);
}

// The same, joined, and the cursor it joined with.
export async function joined(all, number) {
  const socket = await opened(all, number);
  socket.accept();
  return { socket, cursor: socket.join[4].config.broadcast.recover };
}
