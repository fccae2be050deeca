// The same proxy in Deno: reads a model's chunks and writes an event `token` for each, as widget-chat
// does. It stores nothing, knows no caller and has no knowledge. PORT UPSTREAM
const [port, upstream] = Deno.args;

Deno.serve({ port: Number(port), hostname: '127.0.0.1', onListen() {} }, async (request) => {
  if (request.method !== 'POST') return new Response(null, { status: 200 });
  const { message } = await request.json();
  const answer = await fetch(upstream, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content: message }] }),
  });
  let rest = '';
  let id = 0;
  const events = new TransformStream({
    transform(piece, controller) {
      rest += piece;
      const blocks = rest.split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block.slice(6);
        if (data === '[DONE]') {
          controller.enqueue(`id: ${++id}\nevent: done\ndata: {"type":"done"}\n\n`);
          continue;
        }
        const content = JSON.parse(data).choices[0]?.delta?.content;
        if (content) controller.enqueue(`id: ${++id}\nevent: token\ndata: ${JSON.stringify({ type: 'token', content })}\n\n`);
      }
    },
  });
  const body = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(events).pipeThrough(new TextEncoderStream());
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
});
