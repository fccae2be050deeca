// A person's message to the visitor's socket: send-human-message over HTTP, commit, write-ahead log,
// hub, websocket (vsn 2.0.0, private channel). Open loop at a steady rate. Measured from before the
// request is written, so HTTP, the transaction and its fsync are in it: the time from the commit,
// which no client can see, is shorter. Nothing is pinned.
//   BENCH_RATE: messages per second (50); BENCH_MESSAGES: how many (1000)
import http from 'node:http';
import WebSocket from 'ws';
import { personToken, takenOver, visitorToken } from './lib/people.mjs';
import { judge, percentile, verdict } from './lib/report.mjs';
import { sleep, startOurs } from './lib/server.mjs';
import { fail } from './lib/tools.mjs';

const RATE = Number(process.env.BENCH_RATE ?? 50);
const MESSAGES = Number(process.env.BENCH_MESSAGES ?? 1000);
const WARM_UP = 50;
const JOIN_MS = 5000;

const server = await startOurs({ loops: 0 });
const visitor = await visitorToken(server);
const person = await personToken(server);
const [conversation] = await takenOver(server, 1, visitor, person);

const sent = new Map();
const toSocket = [];
const toReply = [];

const query = new URLSearchParams({ apikey: server.env.SUPABASE_ANON_KEY, vsn: '2.0.0' });
const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime/v1/websocket?${query}`, { perMessageDeflate: false });
await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
let joined;
const answered = new Promise((resolve) => (joined = resolve));
socket.on('message', (bytes) => {
  const now = performance.now();
  const text = bytes.toString('latin1');
  if (text.includes('"phx_reply"')) joined(text);
  const n = /Parcel no\. (\d+) left/.exec(text)?.[1];
  if (n === undefined || !sent.has(Number(n))) return;
  if (Number(n) >= WARM_UP) toSocket.push(now - sent.get(Number(n)));
  sent.delete(Number(n));
});
socket.send(JSON.stringify(['1', '1', `realtime:conversation:${conversation}`, 'phx_join', {
  config: { broadcast: { ack: false, self: false }, presence: { key: '', enabled: false }, postgres_changes: [], private: true },
  access_token: visitor,
}]));
const reply = await Promise.race([answered, sleep(JOIN_MS)]);
if (!reply?.includes('"status":"ok"')) fail(`the join was answered with ${reply}`);

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
function say(n) {
  const body = JSON.stringify({ conversationId: conversation, content: `Parcel no. ${n} left our house this morning.` });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    apikey: server.env.SUPABASE_ANON_KEY,
    authorization: `Bearer ${person}`,
  };
  const start = performance.now();
  sent.set(n, start);
  const options = { method: 'POST', port: server.port, path: '/functions/v1/send-human-message', agent, headers };
  const request = http.request(options, (answer) => {
    if (answer.statusCode !== 201) fail(`send-human-message: ${answer.statusCode}`);
    if (n >= WARM_UP) toReply.push(performance.now() - start);
    answer.resume();
  });
  request.on('error', (error) => fail(String(error)));
  request.end(body);
}

const began = performance.now();
for (let n = 0; n < MESSAGES + WARM_UP; ++n) {
  const wait = began + (n * 1000) / RATE - performance.now();
  if (wait > 0) await sleep(wait);
  say(n);
}
for (let i = 0; i < 100 && sent.size > 0; ++i) await sleep(20);
if (sent.size > 0) fail(`${sent.size} messages never reached the socket`);
socket.close();
await server.halt();

const line = (what, values) =>
  console.log(`  ${what.padEnd(44)} p50 ${median(values)}  p95 ${at(values, 0.95)}  p99 ${at(values, 0.99)}  max ${at(values, 1)} ms`);
const at = (values, share) => percentile(values, share).toFixed(2);
const median = (values) => at(values, 0.5);
console.log(`  ${MESSAGES} messages at ${RATE}/s`);
line('request to the visitor\'s socket', toSocket);
line('request to its own reply', toReply);
judge('request to socket, p50', percentile(toSocket, 0.5), { atMost: 5, unit: ' ms' });
judge('request to socket, p99', percentile(toSocket, 0.99), { atMost: 20, unit: ' ms' });
verdict();
