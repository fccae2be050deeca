// Realtime from both ends: supabase-js channels with their events collected, and bare Phoenix frames.
import WebSocket from 'ws';
import { eventually, PATIENCE } from './server.mjs';

// Joins with supabase-js. Resolves with {channel, events, next(event, predicate)} once SUBSCRIBED;
// rejects with the server's reason on an error.
export function join(client, topic, { config = { private: true }, limitMs = 15_000 } = {}) {
  return new Promise((resolve, reject) => {
    const events = [];
    const channel = client.channel(topic, { config });
    const joined = {
      channel,
      events,
      next: (event, predicate = () => true, ms = 10_000) =>
        eventually(`${event} on ${topic}, seen: ${[...new Set(events.map((seen) => seen.event))]}`,
          () => events.find((seen) => seen.event === event && predicate(seen.payload)), ms),
      leave: () => client.removeChannel(channel),
    };
    channel.on('broadcast', { event: '*' }, (message) => events.push({ ...message, at: performance.now() }));
    const timer = setTimeout(() => reject(new Error(`no answer to the join of ${topic}`)), limitMs * PATIENCE);
    channel.subscribe((status, error) => {
      if (status === 'SUBSCRIBED') {
        clearTimeout(timer);
        resolve(joined);
      } else if (status === 'CHANNEL_ERROR' || status === 'TIMED_OUT') {
        clearTimeout(timer);
        client.removeChannel(channel);
        reject(error ?? new Error(status));
      }
    });
  });
}

// A bare socket: frames as arrays in vsn 2.0.0, as objects in 1.0.0, kinds 3 and 4 as Buffers.
export class Socket {
  constructor(server, { vsn = '2.0.0', key = server.env.SUPABASE_ANON_KEY, ...options } = {}) {
    this.vsn = vsn;
    this.received = [];
    this.ref = 0;
    const query = new URLSearchParams({ apikey: key, ...(vsn ? { vsn } : {}) });
    this.ws = new WebSocket(`${server.url.replace('http', 'ws')}/realtime/v1/websocket?${query}`, options);
    this.ws.on('message', (data, binary) => this.received.push(binary ? parseKind4(data) : this.parse(String(data))));
    this.ws.on('error', () => {});
    this.closed = new Promise((resolve) => this.ws.on('close', (code, reason) => resolve({ code, reason: String(reason) })));
    this.opened = new Promise((resolve, reject) => {
      this.ws.on('open', resolve);
      this.ws.on('error', reject);
      this.ws.on('unexpected-response', (request, response) => {
        this.status = response.statusCode;
        reject(new Error(`HTTP ${response.statusCode}`));
      });
    });
    this.opened.catch(() => {});
  }

  parse(text) {
    const frame = JSON.parse(text);
    if (this.vsn !== '2.0.0') return frame;
    const [join_ref, ref, topic, event, payload] = frame;
    return { join_ref, ref, topic, event, payload };
  }

  // Sends an event and returns its ref.
  push(topic, event, payload = {}, joinRef = null) {
    const ref = String((this.ref += 1));
    const join_ref = event === 'phx_join' ? ref : joinRef;
    this.ws.send(JSON.stringify(this.vsn === '2.0.0' ? [join_ref, ref, topic, event, payload] : { topic, event, payload, ref, join_ref }));
    return ref;
  }

  next(what, predicate, limitMs = 10_000) {
    return eventually(`${what}; received ${JSON.stringify(this.received).slice(0, 2000)}`, () => this.received.find(predicate), limitMs);
  }
  reply(ref, limitMs) {
    return this.next(`the reply to ${ref}`, (frame) => frame.event === 'phx_reply' && frame.ref === ref, limitMs);
  }
  async join(topic, config = {}, token) {
    const ref = this.push(topic, 'phx_join', {
      config: { broadcast: { ack: false, self: false }, presence: { key: '', enabled: false }, postgres_changes: [], private: false, ...config },
      ...(token ? { access_token: token } : {}),
    });
    const { payload } = await this.reply(ref);
    return { ref, ...payload };
  }
  close() {
    this.ws.close();
    return this.closed;
  }
}

// User broadcast push, client to server (protocol reference 1.2).
export function kind3({ joinRef = '', ref = '', topic, event, metadata = '', payload, json = true }) {
  const parts = [joinRef, ref, topic, event, metadata].map((part) => Buffer.from(part));
  const body = json ? Buffer.from(JSON.stringify(payload)) : Buffer.from(payload);
  return Buffer.concat([Buffer.from([3, ...parts.map((part) => part.length), json ? 1 : 0]), ...parts, body]);
}

export function parseKind4(bytes) {
  if (bytes[0] !== 4) throw new Error(`a frame of kind ${bytes[0]} came`);
  const lengths = [bytes[1], bytes[2], bytes[3]];
  let at = 5;
  const [topic, event, metadata] = lengths.map((length) => bytes.subarray(at, (at += length)).toString());
  const rest = bytes.subarray(at);
  return {
    kind: 4, join_ref: null, ref: null, topic, event: 'broadcast',
    payload: {
      type: 'broadcast', event, payload: bytes[4] === 1 ? JSON.parse(rest.toString()) : rest,
      ...(metadata ? { meta: JSON.parse(metadata) } : {}),
    },
  };
}
