// No forged token gets in by any way that takes one, and no genuine one is kept out: the Authorization
// header, the apikey header, the query of a websocket, a join, and a token sent on an open channel.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, signIn } from '../lib/callers.mjs';
import { newSigningKey } from '../lib/chatpad.mjs';
import { forgeries, genuine } from '../lib/forged.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually, startServer } from '../lib/server.mjs';

let server;
let made;
before(async () => {
  server = await startServer();
  const shop = await account(server);
  made = {
    person: shop.token, visitor: shop.guest.token, anon: server.env.SUPABASE_ANON_KEY, secret: server.env.SUPABASE_JWT_SECRET, pairs: [],
  };
  for (const algorithm of ['es256', 'rs256']) {
    const kid = await newSigningKey(server, algorithm);
    const token = await eventually(`${algorithm} signs`, async () => {
      const person = await signIn(server, shop.email, shop.password);
      return JSON.parse(Buffer.from(person.token.split('.')[0], 'base64url')).kid === kid && person.token;
    });
    const { body } = await call(server, '/auth/v1/.well-known/jwks.json', { method: 'GET' });
    made.pairs.push({ token, jwk: body.keys.find((key) => key.kid === kid) });
  }
});
after(() => server?.stop());

const AT_ONCE = 8;
const CHANNELS = 80; // a socket may have a hundred

// What `ask` says about each token, a few at a time.
async function each(tokens, ask) {
  const answers = new Array(tokens.length);
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let i = next++; i < tokens.length; i = next++) answers[i] = await ask(tokens[i][1]);
  }));
  return answers.map((answer, i) => [tokens[i][0], answer]);
}

const config = (options) => fn(server, 'get-widget-config', { agentId: server.env.CHATPAD_DEMO_AGENT_ID }, options);
const said = (reply) => `${reply.status} ${reply.body?.code}`;

const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
// The answer to a handshake with this token in its query.
const handshake = (token) => new Promise((resolve, reject) => {
  const request = http.request(`${server.url}/realtime/v1/websocket?${new URLSearchParams({ apikey: token, vsn: '2.0.0' })}`, {
    agent, headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
  });
  request.on('error', reject);
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve('101');
  });
  request.on('response', (response) => {
    let text = '';
    response.on('data', (bytes) => (text += bytes));
    response.on('end', () => resolve(`${response.statusCode} ${text.startsWith('{') ? JSON.parse(text).code : ''}`));
  });
  request.end();
});

// Sends frames and waits for the reply to each, without looking through everything that ever came.
class Frames {
  constructor() {
    this.socket = new Socket(server);
    this.waiting = new Map();
    this.told = new Map(); // by topic: what came that is no reply
    this.socket.ws.on('message', (data) => {
      const [, ref, topic, event, payload] = JSON.parse(String(data));
      if (event === 'phx_reply') this.waiting.get(ref)?.(payload);
      else if (event !== 'presence_state') this.told.set(topic, [...(this.told.get(topic) ?? []), event === 'system' ? payload.message : event]);
    });
  }
  // Resolves with the reply's payload.
  ask(topic, event, payload, joinRef) {
    const ref = this.socket.push(topic, event, payload, joinRef);
    const answer = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no reply to ${event} on ${topic}`)), 20_000);
      this.waiting.set(ref, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
    });
    return { ref, answer };
  }
  join(topic, token) {
    return this.ask(topic, 'phx_join', { config: { broadcast: {}, presence: {}, postgres_changes: [], private: false }, ...(token ? { access_token: token } : {}) });
  }
}

// A token per channel, as many channels at a time as a socket may have.
async function overSockets(tokens, ask) {
  const answers = [];
  for (let at = 0; at < tokens.length; at += CHANNELS) {
    const frames = new Frames();
    await frames.socket.opened;
    answers.push(...await Promise.all(tokens.slice(at, at + CHANNELS).map(async ([what, token], i) => [what, await ask(frames, `realtime:room-${at + i}`, token)])));
    await frames.socket.close();
  }
  return answers;
}

const joining = async (frames, topic, token) => {
  const { status, response } = await frames.join(topic, token).answer;
  return status === 'ok' ? 'ok' : response.reason;
};

// A good channel that is handed the token: what it is told before the socket's next reply.
const refreshing = async (frames, topic, token) => {
  const joined = frames.join(topic, made.person);
  assert.equal((await joined.answer).status, 'ok');
  frames.socket.push(topic, 'access_token', { access_token: token }, joined.ref);
  await frames.ask('phoenix', 'heartbeat', {}).answer;
  return (frames.told.get(topic) ?? ['ok']).join(', ');
};

// A text of two words is no Bearer token; a URL has a limit of its own.
const REFUSED = /^(403 bad_jwt|401 no_authorization|414 uri_too_long)$/;
const TOLD = /InvalidJWTToken: (The token is not valid|Token has expired)/;
const ENDED = /InvalidJWTToken: (The token is not valid|Token has expired).*, phx_error$/;
const passed = (answers, rule) => answers.filter(([, answer]) => !rule.test(answer)).map((pair) => pair.join(': '));

describe('a forged or crippled token', () => {
  let tokens;
  before(() => {
    tokens = forgeries(made);
    assert.ok(tokens.length >= 600, `only ${tokens.length}`);
  });

  it('is refused in the Authorization header', async () => {
    assert.deepEqual(passed(await each(tokens, async (token) => said(await config({ token }))), REFUSED), []);
  });
  it('is refused in the apikey header', async () => {
    assert.deepEqual(passed(await each(tokens, async (token) => said(await config({ apikey: token }))), REFUSED), []);
  });
  it('is refused in the query of a websocket', async () => {
    assert.deepEqual(passed(await each(tokens, handshake), REFUSED), []);
  });
  it('is refused in a join', async () => {
    assert.deepEqual(passed(await overSockets(tokens, joining), TOLD), []);
  });
  it('ends the channel it is sent on', async () => {
    assert.deepEqual(passed(await overSockets(tokens, refreshing), ENDED), []);
  });
});

describe('a genuine token', () => {
  let tokens;
  before(() => (tokens = genuine(made)));

  it('is taken in the Authorization header', async () => {
    assert.deepEqual(passed(await each(tokens, async (token) => said(await config({ token }))), /^200/), []);
  });
  it('is taken in the apikey header', async () => {
    assert.deepEqual(passed(await each(tokens, async (token) => said(await config({ apikey: token }))), /^200/), []);
  });
  it('is taken in the query of a websocket', async () => {
    assert.deepEqual(passed(await each(tokens, handshake), /^101$/), []);
  });
  it('is taken in a join', async () => {
    assert.deepEqual(passed(await overSockets(tokens, joining), /^ok$/), []);
  });
  it('is taken on an open channel', async () => {
    assert.deepEqual(passed(await overSockets(tokens, refreshing), /^ok$/), []);
  });
});
