// get-widget-config as a Deno service with postgres.js would do it: role switch and claims inside a
// transaction, the same query on the same database, a signed visitor token. The two statements go
// out together, which is the fastest form postgres.js has. PORT SOCKET_DIR PG_PORT DATABASE SECRET POOL
import { createHmac, randomUUID } from 'node:crypto';
import postgres from 'postgres';

const [port, host, pgPort, database, secret, max] = Deno.args;
const sql = postgres({ host, port: Number(pgPort), database, user: 'authenticator', max: Number(max) });
const headers = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': '*',
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
};
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const claims = JSON.stringify({ role: 'anon' });
const base64url = (text) => Buffer.from(text).toString('base64url');
const head = base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));

function signed(payload) {
  const text = `${head}.${base64url(JSON.stringify(payload))}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

async function config(request) {
  const { agentId, visitorId = null } = await request.json();
  if (!uuid.test(agentId)) return Response.json({ code: 'validation_failed' }, { status: 400, headers });
  const origin = request.headers.get('origin') ?? '';
  const [, rows] = await sql.begin((tx) => [
    tx`select set_config('role', 'anon', true), set_config('request.jwt.claims', ${claims}, true),
       set_config('statement_timeout', '15000', true)`,
    tx`select agent, config, operating_hours, account_id, visitor_id
       from api.get_widget_config(${agentId}, ${origin}, ${visitorId})`,
  ]);
  const [row] = rows;
  const id = row.visitor_id ?? randomUUID();
  const now = Math.floor(Date.now() / 1000);
  const exp = now + 86400;
  const token = signed({ role: 'visitor', sub: id, agent_id: agentId, account_id: row.account_id, origin, iat: now, exp });
  return new Response(
    JSON.stringify({
      agent: row.agent,
      config: row.config,
      operatingHours: row.operating_hours,
      visitor: { id, token, expiresAt: new Date(exp * 1000).toISOString() },
      realtime: { url: `http://127.0.0.1:${port}/realtime/v1` },
    }),
    { headers },
  );
}

Deno.serve({ port: Number(port), hostname: '127.0.0.1', onListen() {} }, (request) => {
  if (request.method === 'POST') return config(request);
  return new Response(null, { status: 204 });
});
