// The clients of provider.mjs: asks URL for COUNT streams, one after the other or together (they begin EVERY_MS
// apart: what is measured is how they run, not how they start), and says how many tokens came, how late
// each was (the time it left the model is in it), and how long each stream's first token took. Its input is
// {url, headers, bodies, together}.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 4;

let input = '';
for await (const bytes of process.stdin) input += bytes;
const { url, headers, bodies, together } = JSON.parse(input);
const agent = new http.Agent({ keepAlive: true, maxSockets: bodies.length });
const delays = [];
const first = [];
let failed = 0;
const now = () => performance.timeOrigin + performance.now();
const timeOf = (letters) => Number(letters.replace(/[a-j]/g, (letter) => letter.charCodeAt(0) - 97)) / 100;

function ask(body) {
  return new Promise((resolve) => {
    const text = JSON.stringify(body);
    const began = now();
    let seen = false;
    const request = http.request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': Buffer.byteLength(text) } }, (reply) => {
      if (reply.statusCode !== 200) failed += 1;
      let rest = '';
      reply.setEncoding('latin1');
      reply.on('data', (piece) => {
        const at = now();
        const text = rest + piece;
        let end = 0;
        for (const match of text.matchAll(/"w([a-j]+) "/g)) {
          delays.push(at - timeOf(match[1]));
          end = match.index + match[0].length;
          if (!seen) first.push(at - began);
          seen = true;
        }
        rest = text.slice(Math.max(end, text.length - 40));
      });
      reply.on('end', resolve);
    });
    request.on('error', () => {
      failed += 1;
      resolve();
    });
    request.end(text);
  });
}

if (together) await Promise.all(bodies.map((body, i) => sleep(i * EVERY_MS).then(() => ask(body))));
else for (const body of bodies) await ask(body);
const at = (values, share) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
if (delays.length === 0) failed = bodies.length;
console.log(JSON.stringify({
  tokens: delays.length, failed,
  delayP50: at(delays, 0.5), delayP99: at(delays, 0.99), firstP50: at(first, 0.5), firstP99: at(first, 0.99),
}));
process.exit(0);
