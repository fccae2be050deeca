// The peer: uWebSockets inside Bun. `/?topic=NAME` is a subscriber of NAME; what it says goes to the
// others there, with `&self` also to itself. PORT
const port = Number(process.argv[2]);
const server = Bun.serve({
  port,
  hostname: '127.0.0.1',
  fetch(request, server) {
    const query = new URL(request.url).searchParams;
    const data = { topic: query.get('topic') ?? 'room', self: query.has('self') };
    return server.upgrade(request, { data }) ? undefined : new Response('no', { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 120,
    sendPings: false,
    open: (socket) => socket.subscribe(socket.data.topic),
    message(socket, message) {
      if (socket.data.self) server.publish(socket.data.topic, message);
      else socket.publish(socket.data.topic, message);
    },
  },
});
