// A server that only says no, as fast as Node does (and yes to GET, so that one sees that it is there): PORT.
// For noisy.mjs.
import http from 'node:http';

http.createServer((request, reply) => {
  request.resume().on('end', () => reply.writeHead(request.method === 'GET' ? 200 : 429, { 'content-type': 'application/json' }).end('{}'));
}).listen(Number(process.argv[2]), '127.0.0.1');
