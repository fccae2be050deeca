// The peer: `ws` on Node. `/?topic=NAME` is a subscriber of NAME; what it says goes to the others
// there, with `&self` also to itself. PORT
import { WebSocketServer } from 'ws';

const topics = new Map();
const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket, request) => {
  const query = new URL(request.url, 'http://x').searchParams;
  const name = query.get('topic') ?? 'room';
  const self = query.has('self');
  if (!topics.has(name)) topics.set(name, new Set());
  const members = topics.get(name).add(socket);
  socket.on('message', (message) => {
    for (const member of members) {
      if (member !== socket || self) member.send(message, { binary: true });
    }
  });
  socket.on('close', () => members.delete(socket));
});
