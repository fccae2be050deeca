// A web site of a test on an address of its own, and a canary beside it that nobody may reach.
import http from 'node:http';
import net from 'node:net';

// pages: {'/path': {body, type?, status?, etag?, headers?} or function of the request, which may take its time}. Remembers who asked.
export async function startSite(pages, host = '127.0.0.9') {
  const asked = [];
  const server = http.createServer(async (request, response) => {
    asked.push({ path: request.url, headers: request.headers });
    const found = pages[request.url];
    const page = typeof found === 'function' ? await found(request) : found;
    if (!page) return response.writeHead(404).end('No such page.');
    if (page.etag && request.headers['if-none-match'] === page.etag) return response.writeHead(304).end();
    response.writeHead(page.status ?? 200, { 'content-type': page.type ?? 'text/html; charset=utf-8', ...(page.etag ? { etag: page.etag } : {}), ...page.headers });
    return response.end(page.body ?? '');
  });
  await new Promise((resolve) => server.listen(0, host, resolve));
  const { port } = server.address();
  return {
    url: `http://${host}:${port}`, port, asked, pages,
    paths: () => asked.map((one) => one.path),
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}

// Counts connections and bytes.
export async function startCanary(host = '127.0.0.1') {
  const canary = { connections: 0 };
  const server = net.createServer((socket) => {
    canary.connections += 1;
    socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, host, resolve));
  canary.port = server.address().port;
  canary.stop = () => new Promise((resolve) => server.close(resolve));
  return canary;
}
