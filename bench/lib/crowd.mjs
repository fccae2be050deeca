// The noise of noisy.mjs, in a process of its own: many visitors of one account, open loop, NOISE
// requests a second, half of them messages. A request that finds no free connection is sent later.
// Says how many were answered with which status when its input ends.
import http from 'node:http';

const { url, rate, visitors, agentId } = JSON.parse(process.env.CROWD);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const statuses = {};
let sent = 0;

function send() {
  const { token, conversationId } = visitors[sent % visitors.length];
  const [name, body] = sent++ % 2 ? ['widget-chat', { agentId, conversationId, message: 'And where is my parcel?' }] : ['get-messages', { conversationId }];
  const text = JSON.stringify(body);
  const request = http.request(`${url}/functions/v1/${name}`, {
    method: 'POST', agent,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
  }, (reply) => {
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
