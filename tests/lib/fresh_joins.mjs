// Subscribed means live: channels are joined afresh, and on receipt of each ok, within its callback,
// one write is made somewhere else, which has to arrive on that very channel.
//
//   const result = await freshJoins(server, { total: 2000, workers: 16, plan: (n, line) => ({...}) });
//
// `plan` says of the n-th join: {topic, config, token, write(line)}. What is written must carry the number
// n as `mark`: in the payload of a broadcast, or in a column of the row.
import { parseKind4, Socket } from './realtime.mjs';

const ARRIVES_MS = 60_000;
const JOINS_PER_SOCKET = 200;

// A socket that holds no history: each channel has one place in a map.
class Line extends Socket {
  constructor(server, options, index) {
    super(server, options);
    this.index = index;
    this.rooms = new Map();
    this.ws.removeAllListeners('message');
    this.ws.on('message', (data, binary) => this.hear(binary ? parseKind4(data) : this.parse(String(data))));
    this.closed.then(({ code }) => {
      for (const room of this.rooms.values()) room.end(`the socket closed with ${code}`);
    });
  }

  hear({ ref, join_ref, topic, event, payload }) {
    const room = this.rooms.get(topic);
    if (!room) return;
    if (event === 'phx_reply') {
      if (ref !== room.ref) return;
      if (payload.status === 'ok') room.acked();
      else room.end(`refused: ${payload.response.reason}`);
    } else if (event === 'broadcast') {
      room.heard(payload.payload?.mark);
    } else if (event === 'postgres_changes') {
      room.heard(payload.data.record?.mark);
    } else if (event === 'phx_error' && (join_ref ?? ref) === room.ref) {
      room.end('phx_error');
    } else if (event === 'system' && payload.status === 'error') {
      room.said = payload.message;
    }
  }

  // Joins, writes on receipt of the ok; resolves with nothing once the write has arrived, else with a reason.
  fresh(n, { topic, config = {}, token, write }) {
    return new Promise((resolve) => {
      const room = { joined: false };
      const timer = setTimeout(() => room.end(room.joined ? 'did not arrive' : 'no answer'), ARRIVES_MS);
      room.end = (failure) => {
        clearTimeout(timer);
        this.rooms.delete(topic);
        if (this.ws.readyState === 1) this.push(topic, 'phx_leave', {}, room.ref);
        resolve(failure && `write ${n} on ${topic}, ${room.joined ? 'joined' : 'joining'}: ${failure} ${room.said ?? ''}`);
      };
      room.acked = () => {
        room.joined = true;
        write(this).catch((error) => room.end(`the write failed: ${error}`));
      };
      room.heard = (mark) => {
        if (Number(mark) === n) room.end();
      };
      this.rooms.set(topic, room);
      room.ref = this.push(topic, 'phx_join', {
        config: { broadcast: { ack: false, self: false }, presence: { key: '', enabled: false }, postgres_changes: [], private: false, ...config },
        ...(token ? { access_token: token } : {}),
      });
    });
  }

  // Joins a topic to send on it; resolves when it may.
  async enter(topic, config, token) {
    const failure = await new Promise((resolve) => {
      const room = { heard() {}, acked: () => resolve(), end: resolve };
      this.rooms.set(topic, room);
      room.ref = this.push(topic, 'phx_join', { config: { broadcast: { ack: false, self: false }, presence: { enabled: false }, ...config }, ...(token ? { access_token: token } : {}) });
    });
    if (failure) throw new Error(failure);
  }
  send(topic, event, payload) {
    this.push(topic, 'broadcast', { type: 'broadcast', event, payload }, this.rooms.get(topic).ref);
  }
  exit(topic) {
    this.push(topic, 'phx_leave', {}, this.rooms.get(topic).ref);
    this.rooms.delete(topic);
  }
}

export async function openLine(server, vsn, index) {
  const line = new Line(server, { vsn }, index);
  await line.opened;
  return line;
}

// Resolves with {delivered, sockets, seconds, failures}.
export async function freshJoins(server, { total, workers, plan }) {
  const result = { delivered: 0, sockets: 0, failures: [] };
  const began = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: workers }, async (_, worker) => {
    let line;
    for (let joins = 0; next < total && result.failures.length < 20; joins += 1) {
      const n = next++;
      if (joins % JOINS_PER_SOCKET === 0 || line.ws.readyState !== 1) {
        line?.ws.close();
        line = await openLine(server, result.sockets % 2 ? '1.0.0' : '2.0.0', worker);
        result.sockets += 1;
      }
      const wish = await plan(n, line);
      const failure = await line.fresh(n, wish);
      if (failure) result.failures.push(failure);
      else result.delivered += 1;
    }
    line?.ws.close();
  }));
  result.seconds = (performance.now() - began) / 1000;
  return result;
}
