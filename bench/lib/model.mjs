// The stand-in model of provider.mjs: PORT. A question "stream N M" is answered with N tokens, M a
// second, each with the time it left, in letters (digits are held until it is known that they are no card's
// number); any other with one token at once. Streams are dealt over the
// milliseconds, so that the tokens of many do not leave together.
import http from 'node:http';

const HEAD = { 'content-type': 'text/event-stream' };
const now = () => performance.timeOrigin + performance.now();
const word = () => `w${Math.round(now() * 100).toString().replace(/\d/g, (digit) => 'abcdefghij'[digit])} `;
const token = (content) => `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"bench","choices":[{"index":0,"delta":{"content":"${content}"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n`;
const END = `${token('').replace('"finish_reason":null', '"finish_reason":"stop"')}data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20}}\n\ndata: [DONE]\n\n`;

const running = new Set();
http.createServer(async (request, response) => {
  let text = '';
  for await (const bytes of request) text += bytes;
  const asked = /stream (\d+) (\d+)/.exec(text);
  response.socket.setNoDelay(true);
  response.writeHead(200, HEAD);
  if (!asked) return response.end(token(word()) + END);
  const stream = { response, left: Number(asked[1]), everyMs: 1000 / Number(asked[2]), due: now() + Math.random() * 20 };
  running.add(stream);
  response.on('close', () => running.delete(stream));
}).listen(Number(process.argv[2]), '127.0.0.1');

setInterval(() => {
  const at = now();
  for (const stream of running) {
    if (stream.due > at) continue;
    stream.due += stream.everyMs;
    if (stream.left-- > 0) {
      stream.response.write(token(word()));
    } else {
      running.delete(stream);
      stream.response.end(END);
    }
  }
}, 1);
