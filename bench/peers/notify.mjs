// The floor under row changes: a trigger's NOTIFY to every socket as it is, without asking who may
// see it, without filters, order across restarts, or rows over 8,000 bytes.
//   notify.mjs PORT  with PGHOST, PGPORT, PGDATABASE, PGUSER
import postgres from 'postgres';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1', perMessageDeflate: false });
const sql = postgres({ host: process.env.PGHOST, port: Number(process.env.PGPORT), database: process.env.PGDATABASE, user: process.env.PGUSER });
await sql.listen('bench_rows', (payload) => {
  const bytes = Buffer.from(payload);
  for (const client of server.clients) client.send(bytes, { binary: false });
});
