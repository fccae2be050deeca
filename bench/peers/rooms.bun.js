// The peer: uWebSockets inside Bun. Publishes what the publisher sends to everybody in the room.
const port = Number(process.argv[2] ?? 4500);
Bun.serve({
  port,
  hostname: "127.0.0.1",
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("no", { status: 400 })),
  websocket: {
    perMessageDeflate: false,
    open: (socket) => socket.subscribe("room"),
    message: (socket, message) => socket.publish("room", message),
  },
});
