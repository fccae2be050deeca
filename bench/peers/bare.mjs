// The barest HTTP server of Bun, Deno or Node: what its runtime alone needs to start. PORT
const answer = () => new Response('ok');
if (globalThis.Bun) {
  Bun.serve({ port: Number(process.argv[2]), hostname: '127.0.0.1', fetch: answer });
} else if (globalThis.Deno) {
  Deno.serve({ port: Number(Deno.args[0]), hostname: '127.0.0.1', onListen() {} }, answer);
} else {
  const { createServer } = await import('node:http');
  createServer((request, reply) => reply.end('ok')).listen(Number(process.argv[2]), '127.0.0.1');
}
