// What a website sees first: the widget's config, the loader script, health, metrics, CORS, routes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { account, call, claimsOf, fn, RANDOM_UUID, supabase, visitor } from '../lib/callers.mjs';
import { programPath, startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer();
  shop = await account(server);
});
after(() => server?.stop());

describe('the env file', () => {
  it('is for its owner only and has every name', () => {
    assert.equal(server.envFileMode, 0o600);
    for (const name of [
      'SUPABASE_URL', 'SUPABASE_ANON_KEY', 'SUPABASE_SERVICE_ROLE_KEY', 'SUPABASE_JWT_SECRET', 'DATABASE_URL',
      'CHATPAD_DEMO_EMAIL', 'CHATPAD_DEMO_PASSWORD', 'CHATPAD_DEMO_AGENT_ID', 'CHATPAD_DEMO_API_KEY',
    ]) assert.ok(server.env[name], name);
    assert.equal(server.env.SUPABASE_URL, server.url);
  });

  it('gives a superuser on the private cluster', async () => {
    const [row] = await server.sql`select current_user as name, usesuper from pg_user where usename = current_user`;
    assert.deepEqual({ ...row }, { name: 'postgres', usesuper: true });
  });
});

describe('get-widget-config', () => {
  it('answers supabase-js with the agent, its config, its hours and a visitor', async () => {
    const { data, error } = await supabase(server).functions.invoke('get-widget-config', {
      body: { agentId: server.env.CHATPAD_DEMO_AGENT_ID },
    });
    assert.equal(error, null);
    assert.equal(data.agent.id, server.env.CHATPAD_DEMO_AGENT_ID);
    assert.equal(typeof data.agent.name, 'string');
    assert.equal(typeof data.agent.greeting, 'string');
    for (const part of ['theme', 'behavior', 'position', 'features']) assert.ok(part in data.config, part);
    assert.equal(typeof data.operatingHours.isOpen, 'boolean');
    assert.ok('nextOpenTime' in data.operatingHours);
    assert.match(data.operatingHours.timezone, /^[A-Za-z]+(\/[A-Za-z_]+)*$/);
    assert.match(data.visitor.id, /^[0-9a-f-]{36}$/);
    assert.ok(Date.parse(data.visitor.expiresAt) > Date.now());
    assert.match(data.realtime.url, /^(ws|http)s?:\/\/.*\/realtime\/v1$/);
  });

  it('binds a visitor token of 15 minutes to agent, visitor and account', async () => {
    const guest = await visitor(server, shop.agentId);
    const claims = claimsOf(guest.token);
    assert.equal(claims.role, 'visitor');
    assert.equal(claims.sub, guest.id);
    assert.equal(claims.agent_id, shop.agentId);
    assert.equal(claims.account_id, shop.id);
    assert.ok(claims.exp - claims.iat <= 900);
  });

  it('knows a visitor who comes back by the secret id, but adopts no id that a client made up', async () => {
    const again = await fn(server, 'get-widget-config', { agentId: shop.agentId, visitorId: shop.guest.id });
    assert.equal(again.body.visitor.id, shop.guest.id);
    const read = await fn(server, 'get-messages', { conversationId: shop.conversationId }, { token: again.body.visitor.token });
    assert.equal(read.status, 200);
    const invented = RANDOM_UUID();
    const made = await fn(server, 'get-widget-config', { agentId: shop.agentId, visitorId: invented });
    assert.equal(made.status, 200);
    assert.notEqual(made.body.visitor.id, invented);
    const elsewhere = await fn(server, 'get-widget-config', { agentId: server.env.CHATPAD_DEMO_AGENT_ID, visitorId: shop.guest.id });
    assert.equal(elsewhere.status, 200);
    assert.notEqual(elsewhere.body.visitor.id, shop.guest.id, 'a visitor belongs to one agent');
  });

  it('binds the token to the site it was made for', async () => {
    const guest = await visitor(server, shop.agentId, { headers: { origin: 'https://shop.example' } });
    const from = (origin) => fn(server, 'widget-chat', { agentId: shop.agentId, message: 'Hi' }, { token: guest.token, headers: { origin } });
    assert.equal((await from('https://shop.example')).status, 200);
    const elsewhere = await from('https://other.example');
    assert.equal(elsewhere.status, 403);
    assert.equal(elsewhere.body.code, 'origin_not_allowed');
  });

  it('holds an agent to its list of origins', async () => {
    const strict = await account(server);
    await server.sql`update public.agents set allowed_origins = ${['https://shop.example']} where id = ${strict.agentId}`;
    const ask = (origin) => fn(server, 'get-widget-config', { agentId: strict.agentId }, { headers: origin ? { origin } : {} });
    assert.equal((await ask('https://shop.example')).status, 200);
    assert.equal((await ask('https://SHOP.example')).status, 200);
    for (const origin of [undefined, 'null', 'https://shop.example.evil.test', 'https://evil-shop.example', 'http://shop.example', 'https://shop.example:8443']) {
      const reply = await ask(origin);
      assert.equal(reply.status, 403, String(origin));
      assert.equal(reply.body.code, 'origin_not_allowed');
    }
  });

  it('says the same 404 for an unknown and for a sleeping agent', async () => {
    const sleeping = await account(server);
    await server.sql`update public.agents set is_active = false where id = ${sleeping.agentId}`;
    const unknown = await fn(server, 'get-widget-config', { agentId: RANDOM_UUID() });
    const inactive = await fn(server, 'get-widget-config', { agentId: sleeping.agentId });
    assert.equal(unknown.status, 404);
    assert.equal(unknown.text, inactive.text);
    assert.equal(unknown.body.code, 'not_found');
  });

  it('tells when the shop opens again', async () => {
    const hours = await account(server);
    const closed = { timezone: 'Europe/Berlin', schedule: {} };
    await server.sql`update public.agents set operating_hours = ${server.sql.json(closed)} where id = ${hours.agentId}`;
    const reply = await fn(server, 'get-widget-config', { agentId: hours.agentId });
    assert.equal(reply.status, 200);
    assert.equal(reply.body.operatingHours.timezone, 'Europe/Berlin');
  });
});

describe('serve-widget', () => {
  it('gives a script with an ETag and knows it again', async () => {
    const script = await call(server, '/functions/v1/serve-widget', { method: 'GET' });
    assert.equal(script.status, 200);
    assert.match(script.headers.get('content-type'), /javascript/);
    const etag = script.headers.get('etag');
    assert.ok(etag);
    const again = await call(server, '/functions/v1/serve-widget', { method: 'GET', headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304);
    assert.equal(again.text, '');
    const head = await call(server, '/functions/v1/serve-widget', { method: 'HEAD', headers: { 'accept-encoding': 'identity' } });
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(Number(head.headers.get('content-length')), Buffer.byteLength(script.text));
  });
});

describe('operations', () => {
  it('reports health', async () => {
    const health = await call(server, '/health', { method: 'GET' });
    assert.equal(health.status, 200);
    assert.equal((await call(server, '/health', { method: 'HEAD' })).text, '');
  });

  it('gives Prometheus metrics without ids in them', async () => {
    const metrics = await call(server, '/metrics', { method: 'GET' });
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers.get('content-type'), /text\/plain/);
    assert.match(metrics.text, /^# TYPE \w+ counter$/m);
    for (const line of metrics.text.trim().split('\n')) {
      assert.match(line, /^(#.*|[a-zA-Z_:][\w:]*(\{.*\})? [-+.\w]+)$/, line);
      assert.doesNotMatch(line, /[0-9a-f]{8}-[0-9a-f]{4}-/, line);
    }
  });

  it('lists every endpoint of the contract', () => {
    const routes = execFileSync(programPath(), ['routes'], { encoding: 'utf8', env: { ...process.env, CHATPAD_HOME: server.home } });
    for (const name of ['get-widget-config', 'widget-chat', 'get-messages', 'create-widget-lead', 'start-takeover',
      'end-takeover', 'send-human-message', 'validate-api-key', 'serve-widget', 'add-knowledge-text']) {
      assert.match(routes, new RegExp(`/functions/v1/${name}\\b`), name);
    }
  });

  it('has a way out for paths and methods it does not know', async () => {
    const missing = await fn(server, 'no-such-function', {});
    assert.equal(missing.status, 404);
    assert.equal(typeof missing.body.code, 'string');
    const wrong = await fn(server, 'widget-chat', undefined, { method: 'DELETE' });
    assert.equal(wrong.status, 405);
    assert.match(wrong.headers.get('allow'), /POST/);
  });
});

describe('CORS', () => {
  const wanted = ['authorization', 'x-client-info', 'apikey', 'content-type', 'x-retry-count', 'traceparent', 'tracestate',
    'baggage', 'accept-profile', 'content-profile', 'prefer', 'range', 'x-supabase-api-version', 'x-region'];

  it('answers a preflight of every endpoint and of one that does not exist', async () => {
    for (const target of ['/functions/v1/widget-chat', '/functions/v1/get-widget-config', '/auth/v1/token', '/functions/v1/none']) {
      const reply = await call(server, target, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://shop.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': wanted.join(','),
        },
      });
      assert.ok(reply.status === 200 || reply.status === 204, `${target}: ${reply.status}`);
      assert.ok(['*', 'https://shop.example'].includes(reply.headers.get('access-control-allow-origin')), target);
      const allowed = reply.headers.get('access-control-allow-headers').toLowerCase().split(/\s*,\s*/);
      for (const name of wanted) assert.ok(allowed.includes(name), `${target} lacks ${name}`);
      assert.match(reply.headers.get('access-control-allow-methods'), /POST/);
    }
  });

  it('lets a browser read errors too', async () => {
    const origin = 'https://shop.example';
    const errors = [
      await fn(server, 'widget-chat', '{', { headers: { origin } }),
      await fn(server, 'widget-chat', {}, { headers: { origin }, token: 'x.y.z' }),
      await fn(server, 'get-widget-config', { agentId: RANDOM_UUID() }, { headers: { origin } }),
      await fn(server, 'none', {}, { headers: { origin } }),
      await call(server, '/auth/v1/token?grant_type=password', { body: { email: 'a@b.test', password: 'wrong' }, headers: { origin } }),
      await fn(server, 'widget-chat', 'x'.repeat(3_000_000), { headers: { origin } }).catch(() => null),
    ];
    for (const reply of errors.filter(Boolean)) {
      assert.ok(reply.status >= 400);
      assert.ok(['*', origin].includes(reply.headers.get('access-control-allow-origin')), `${reply.status} ${reply.text}`);
      if (reply.headers.get('access-control-allow-origin') === '*') {
        assert.notEqual(reply.headers.get('access-control-allow-credentials'), 'true');
      }
    }
  });
});
