// Bytes over a plain socket, for requests that no HTTP client would send.
import net from 'node:net';

// Sends the pieces (strings or Buffers; numbers are pauses in ms) and collects what comes back until
// the server closes or `limitMs` is over. `end: true` half-closes after the last piece.
export function exchange(server, pieces, { limitMs = 3000, end = false } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect(server.port, '127.0.0.1');
    const began = performance.now();
    let text = '';
    let closed = false;
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed, ms: performance.now() - began, statuses: statuses(text) });
    };
    const timer = setTimeout(done, limitMs);
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.on('error', () => (closed = true));
    socket.on('close', () => {
      closed = true;
      done();
    });
    socket.on('connect', async () => {
      for (const piece of [].concat(pieces)) {
        if (typeof piece === 'number') await new Promise((go) => setTimeout(go, piece));
        else if (!socket.destroyed) socket.write(piece);
      }
      if (end) socket.end();
    });
  });
}

// The status of every reply in the text, in order.
export function statuses(text) {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]));
}
