// The noise of noisy.mjs, in a process of its own: many visitors of one account, open loop, NOISE
// requests a second, half of them messages. Each visitor has one of the addresses. A request that finds
// no free connection is sent later. Says when one is refused for the first time, and, when its input ends,
// how many were answered with which status.
import { readFileSync } from 'node:fs';
import http from 'node:http';

const { url, rate, visitors, addresses, agentId } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const agent = new http.Agent({ keepAlive: true, maxSockets: Math.ceil(256 / addresses.length) });
const statuses = {};
let sent = 0;

function send() {
  const visitor = sent % visitors.length;
  const { token, conversationId } = visitors[visitor];
  const [name, body] = sent++ % 2 ? ['widget-chat', { agentId, conversationId, message: 'And where is my parcel?' }] : ['get-messages', { conversationId }];
  const text = JSON.stringify(body);
  const request = http.request(`${url}/functions/v1/${name}`, {
    method: 'POST', agent, localAddress: addresses[visitor % addresses.length],
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
  }, (reply) => {
    if (reply.statusCode === 429 && !statuses[429]) console.log('refused');
    statuses[reply.statusCode] = (statuses[reply.statusCode] ?? 0) + 1;
    reply.resume();
  });
  request.on('error', () => { statuses.broken = (statuses.broken ?? 0) + 1; });
  request.end(text);
}

const began = performance.now();
const timer = setInterval(() => {
  const due = ((performance.now() - began) / 1000) * rate;
  while (sent < due) send();
}, 2);
process.stdin.resume().on('end', () => {
  clearInterval(timer);
  console.log(JSON.stringify({ sent, statuses }));
  process.exit(0);
});
