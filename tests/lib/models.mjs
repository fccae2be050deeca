// A language model's service for tests, in both formats, that does what a test says it shall: answers,
// slowly, wrongly, in pieces, or not at all.
//
//   const models = await startModels();              // models.url, for CHATPAD_AI_BASE_URL and others
//   models.script = (call) => say('Hello', ' there'); // what each call gets; default: say('Yes.')
//   models.calls                                      // what was asked: {path, headers, body, closed, at}
//
// A script is {status, headers, parts, pauseMs, then}: `parts` are strings or Buffers written one after
// the other with `pauseMs` between; `then` is 'end' (the default), 'cut' (the socket is destroyed) or
// 'hang' (nothing more comes).
import http from 'node:http';
import { sleep } from './server.mjs';

const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;

export const chunk = (delta, more = {}) => data({
  id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1790000000, model: 'stand-in-1',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
});

// The parts of an answer as OpenAI streams it: one for each word.
export function openai(words, { usage = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 }, done = true } = {}) {
  return [
    chunk({ role: 'assistant', content: '' }),
    ...words.map((word) => chunk({ content: word })),
    chunk({}, { finish_reason: 'stop' }),
    ...(usage ? [data({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1790000000, model: 'stand-in-1', choices: [], usage })] : []),
    ...(done ? ['data: [DONE]\n\n'] : []),
  ];
}

// As Anthropic streams it.
export function anthropic(words) {
  return [
    named({ type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'stand-in-2', content: [], stop_reason: null, usage: { input_tokens: 40, cache_read_input_tokens: 2, output_tokens: 1 } } }),
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    named({ type: 'ping' }),
    ...words.map((text) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    named({ type: 'content_block_stop', index: 0 }),
    named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 18 } }),
    named({ type: 'message_stop' }),
  ];
}

export const say = (...words) => ({ parts: openai(words) });
export const refuse = (status, error, headers = {}) => ({
  status, headers: { ...JSON_TYPE, ...headers }, parts: [JSON.stringify({ error })],
});

export class Models {
  constructor() {
    this.calls = [];
    this.script = () => say('Yes.');
  }

  async start() {
    this.server = http.createServer((request, response) => void this.answer(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    this.url = `${this.origin}/v1`;
    return this;
  }

  async answer(request, response) {
    let text = '';
    for await (const bytes of request) text += bytes;
    const call = { path: request.url, headers: request.headers, body: JSON.parse(text), at: performance.now() };
    this.calls.push(call);
    // Of the connection, before the answer was complete: the other side has hung up.
    response.on('close', () => {
      if (!response.writableFinished) call.closed = performance.now();
    });
    const script = await this.script(call);
    response.socket.setNoDelay(true);
    response.writeHead(script.status ?? 200, script.headers ?? SSE);
    response.flushHeaders();
    for (const part of script.parts) {
      if (response.destroyed) return;
      if (script.pauseMs) await sleep(script.pauseMs);
      response.write(part);
      call.written = (call.written ?? 0) + 1;
    }
    if (script.then === 'cut') response.socket.destroy();
    else if (script.then !== 'hang') response.end();
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export const startModels = () => new Models().start();
