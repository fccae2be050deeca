// The clients applications have: supabase-js of today in both versions of the protocol, and three
// older ones as they were published (dev dependencies of package.json).
//
//   const { server, people, shop } = await clientStage(async ({ server }) => { ... });
//   for (const kind of KINDS) describe(kind.name, () => it(..., async () => {
//     const heard = await people.join(kind, 'room', {token, config, changes: [binding]});
//   }));
import { readFileSync } from 'node:fs';
import { createClient as js119 } from '@supabase/supabase-js';
import { createClient as js39 } from 'supabase-js-2.39';
import { createClient as js49 } from 'supabase-js-2.49';
import { createClient as js86 } from 'supabase-js-2.86';
import { after } from 'node:test';
import { account } from './callers.mjs';
import { eventually, startServer } from './server.mjs';

// `modern`: today's. `bytes`: sends and gets raw bytes (vsn 2.0.0). `rooms`: knows private channels.
// `http`: has httpSend(). `refusals`: send() and track() say 'error'. `manual`: has no accessToken
// callback. The two oldest never say presence.enabled.
const MODERN = { bytes: true, rooms: true, http: true, refusals: true };
export const KINDS = [
  { name: 'supabase-js 2.119', create: js119, ...MODERN, modern: true },
  { name: 'supabase-js 2.119 as vsn 1.0.0', create: js119, realtime: { vsn: '1.0.0' }, ...MODERN, bytes: false, modern: true },
  { name: 'supabase-js 2.86', create: js86, ...MODERN, bytes: false },
  { name: 'supabase-js 2.86 as vsn 2.0.0', create: js86, realtime: { vsn: '2.0.0' }, ...MODERN },
  { name: 'supabase-js 2.49', create: js49, rooms: true, refusals: true },
  { name: 'supabase-js 2.39', create: js39, manual: true },
];

// Clients leave timers behind, for every push and heartbeat: none of those keeps the process alive.
const LONG_MS = 10_000;
for (const name of ['setTimeout', 'setInterval']) {
  const start = globalThis[name];
  globalThis[name] = (run, ms, ...values) => {
    const timer = start(run, ms, ...values);
    return ms >= LONG_MS ? timer.unref() : timer;
  };
}

// What an application can find out about an error: its text, or what the server sent with phx_error.
const reasonOf = (error) => error?.cause?.reason ?? error?.reason ?? error?.message ?? '';

// Which of these are no sentence of docs/errors.md, neither with its code nor, as a `system` event of
// row changes has it, without.
function undocumented(sentences) {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8').split('## Realtime sentences')[1];
  const known = [...text.matchAll(/^\| `([^`]+)`|``(.+?)``/gm)].map(([, row, beside]) => row ?? beside);
  const starts = known.flatMap((sentence) => [sentence, sentence.replace(/^[A-Za-z]+: /, '')]);
  return [...sentences].filter((sentence) => !starts.some((start) => sentence.startsWith(start)));
}

export class People {
  constructor(server) {
    this.server = server;
    this.clients = new Set();
    this.told = new Set(); // whatever the server gave as a reason
  }

  // A client of its own socket. `url` aims it at something else than the server (a proxy).
  client(kind, { key = this.server.env.SUPABASE_ANON_KEY, url = this.server.url, realtime = {}, signedIn = false } = {}) {
    let current = null;
    const client = kind.create(url, key, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      realtime: { ...kind.realtime, ...realtime },
      ...(signedIn && !kind.manual ? { accessToken: async () => current } : {}),
    });
    client.renew = (token) => {
      current = token;
      return client.realtime.setAuth(...(kind.manual ? [token] : []));
    };
    this.clients.add(client);
    return client;
  }

  // The same with a token, which the first join carries. client.renew(token) gives it another one.
  async signedIn(kind, token, options) {
    const client = this.client(kind, { ...options, signedIn: true });
    await client.renew(token);
    return client;
  }

  // Joins; resolves when the first status is `wanted`. What comes is kept, in the order it came:
  // statuses, reasons (of CHANNEL_ERROR), broadcasts, system, changes (with the binding's index), presence.
  async join(kind, topic, { client, changes = [], config = {}, presence = false, wanted = 'SUBSCRIBED', token, ...options } = {}) {
    client ??= token ? await this.signedIn(kind, token, options) : this.client(kind, options);
    const heard = { kind, client, topic, statuses: [], reasons: [], broadcasts: [], system: [], changes: [], presence: [] };
    const channel = client.channel(topic, { config });
    heard.channel = channel;
    channel.on('broadcast', { event: '*' }, (message) => heard.broadcasts.push(message));
    channel.on('system', {}, (message) => {
      heard.system.push(message);
      if (message.status === 'error') this.told.add(message.message);
    });
    changes.forEach((binding, index) => channel.on('postgres_changes', binding, (event) => heard.changes.push({ ...event, index })));
    if (presence) for (const event of ['sync', 'join', 'leave']) {
      channel.on('presence', { event }, (seen) => heard.presence.push({ ...seen, event }));
    }
    channel.subscribe((status, error) => {
      heard.statuses.push(status);
      if (status !== 'CHANNEL_ERROR') return;
      heard.reasons.push(reasonOf(error));
      const sent = typeof error?.code === 'number' ? undefined : (error?.cause?.reason ?? error?.reason);
      if (sent) this.told.add(sent);
    });
    heard.says = (what, ms = 20_000) => eventually(`${what} on ${topic} (${kind.name}), said: ${heard.statuses} ${heard.reasons}`,
      () => heard.statuses.includes(what), ms);
    heard.count = (what) => heard.statuses.filter((status) => status === what).length;
    heard.send = (event, payload = {}, more = {}) => channel.send({ type: 'broadcast', event, payload }, more);
    heard.broadcast = (event, predicate = () => true) =>
      eventually(`${event} on ${topic} (${kind.name}), heard: ${JSON.stringify(heard.broadcasts).slice(0, 600)}`,
        () => heard.broadcasts.find((message) => message.event === event && predicate(message.payload)));
    heard.change = (predicate, what = 'a change') =>
      eventually(`${what} (${kind.name}), heard: ${JSON.stringify(heard.changes).slice(0, 1500)}`, () => heard.changes.find(predicate));
    heard.told = (pattern) => eventually(`${pattern} (${kind.name}), told: ${JSON.stringify(heard.system)}`,
      () => heard.system.find((message) => pattern.test(message.message)));
    heard.leave = () => client.removeChannel(channel);
    await eventually(`the join of ${topic} (${kind.name})`, () => heard.statuses.length > 0);
    if (wanted && heard.statuses[0] !== wanted) throw new Error(`${kind.name} said ${heard.statuses} to ${topic}: ${heard.reasons}`);
    return heard;
  }

  // Ends what would keep the process alive: sockets, and the timers of channels that try again.
  async leave() {
    for (const client of this.clients) {
      for (const channel of client.getChannels()) {
        channel.rejoinTimer?.reset();
        channel.joinPush?.destroy?.();
        channel.teardown?.();
      }
      await client.realtime.disconnect();
      client.realtime.reconnectTimer?.reset();
    }
    this.clients.clear();
  }

  // Everything a client was told so far has its row in docs/errors.md.
  refuseUndocumented() {
    const others = undocumented(this.told);
    if (others.length > 0) throw new Error(`not in docs/errors.md: ${others.join(' | ')}`);
  }
}

// What a file plays on: a server with two loops, an account on it, People, and what `prepare` makes of
// them; gone behind the last test.
export async function clientStage(prepare) {
  const made = {};
  after(async () => {
    await made.people?.leave();
    made.shop?.client.realtime.disconnect();
    await made.server?.stop();
  });
  made.server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  made.people = new People(made.server);
  made.shop = await account(made.server);
  await prepare?.(made);
  return made;
}

// All cases for all clients: cases are {name: [needs, run]}, `needs` the properties a client must have.
// `people` gives the People who run them.
export function everyClient({ describe, it }, people, cases) {
  describe('every client', { concurrency: 3 }, () => {
    for (const kind of KINDS) {
      describe(kind.name, { concurrency: 4 }, () => {
        for (const [name, [needs, run]] of Object.entries(cases)) {
          if (needs.every((property) => kind[property])) it(name, () => run(kind));
        }
      });
    }
  });
  it('was told nothing that is not documented', () => people().refuseUndocumented());
}
