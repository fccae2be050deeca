// The wire between browsers and a server, which can be cut. The server is told to be at the wire's
// address (CHATPAD_PUBLIC_URL), so that its pages work there.
//
//   const wire = await startWire();
//   const server = await startServer({ env: { CHATPAD_PUBLIC_URL: wire.url } });
//   wire.to(server.port);
//
//   wire.cut();     every websocket breaks and none comes through; plain HTTP goes on
//   wire.hush();    every connection stays, and nothing comes through in either direction
//   wire.snap(path);  connections break whose last request was for it; how many
//   wire.mend();    new connections work; hushed websockets stay dead and nobody is told, of the others
//                   browsers make new ones when a network changes
import net from 'node:net';

export async function startWire() {
  const ends = new Set(); // {near, far, isSocket, path, dead}
  let port = 0;
  let mode = 'whole';

  const site = net.createServer((near) => {
    const end = { near, far: null, isSocket: false, path: '', dead: mode === 'hushed' };
    ends.add(end);
    near.on('error', () => {});
    near.on('close', () => {
      ends.delete(end);
      end.far?.destroy();
    });
    near.on('data', (bytes) => {
      if (end.dead) return;
      end.path = /^[A-Z]+ ([^ ?]+)/.exec(bytes.toString('latin1', 0, 400))?.[1] ?? end.path;
      if (!end.far) {
        end.isSocket = bytes.includes('GET /realtime/v1/websocket');
        if (mode === 'cut' && end.isSocket) return near.destroy();
        end.far = net.connect(port, '127.0.0.1');
        end.far.on('data', (answer) => end.dead || near.write(answer));
        end.far.on('error', () => {});
        end.far.on('close', () => end.dead || near.destroy());
      }
      end.far.write(bytes);
    });
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${site.address().port}`,
    to: (to) => (port = to),
    cut() {
      mode = 'cut';
      for (const end of ends) if (end.isSocket) end.near.destroy();
    },
    hush() {
      mode = 'hushed';
      for (const end of ends) end.dead = true;
    },
    snap(path) {
      const snapped = [...ends].filter((end) => end.path === path && !end.dead);
      for (const end of snapped) end.near.destroy();
      return snapped.length;
    },
    mend() {
      mode = 'whole';
      for (const end of ends) if (end.dead && !end.isSocket) end.near.destroy();
    },
    sockets: () => [...ends].filter((end) => end.isSocket && !end.dead).length,
    stop: () => new Promise((resolve) => {
      for (const end of ends) end.near.destroy();
      site.close(resolve);
    }),
  };
}
