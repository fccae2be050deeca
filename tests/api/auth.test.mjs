// auth/v1 through supabase-js, and the edges that it does not reach.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, call, claimsOf, fn, jwt, signIn, supabase } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

const token = (grant, body, headers = {}) =>
  call(server, `/auth/v1/token?grant_type=${grant}`, {
    body, apikey: server.env.SUPABASE_ANON_KEY, headers: { 'x-supabase-api-version': '2024-01-01', ...headers },
  });

describe('signing up and in', () => {
  it('gives a session at once and finds the user again', async () => {
    const client = supabase(server);
    const { data, error } = await client.auth.signUp({ email: 'Anna@Example.test', password: 'long enough', options: { data: { full_name: 'Anna' } } });
    assert.equal(error, null);
    assert.ok(data.session.access_token && data.session.refresh_token);
    assert.equal(data.user.email, 'anna@example.test');
    const claims = claimsOf(data.session.access_token);
    assert.equal(claims.aud, 'authenticated');
    assert.equal(claims.role, 'authenticated');
    assert.equal(claims.sub, data.user.id);
    assert.match(claims.session_id, /^[0-9a-f-]{36}$/);
    assert.match(claims.iss, /\/auth\/v1$/);
    assert.equal(claims.exp - claims.iat, data.session.expires_in);
    const { data: again } = await client.auth.getUser();
    assert.equal(again.user.id, data.user.id);
    assert.equal(again.user.user_metadata.full_name, 'Anna');
    assert.ok(!JSON.stringify(again).includes('argon2'));
  });

  it('refuses a taken address and a short password with the code a client knows', async () => {
    const client = supabase(server);
    await client.auth.signUp({ email: 'taken@example.test', password: 'long enough' });
    const taken = await supabase(server).auth.signUp({ email: 'TAKEN@example.test', password: 'long enough' });
    assert.equal(taken.error.code, 'user_already_exists');
    assert.equal(taken.error.status, 422);
    const weak = await supabase(server).auth.signUp({ email: 'weak@example.test', password: '12345' });
    assert.equal(weak.error.code, 'weak_password');
  });

  it('does not tell a wrong password from an unknown address', async () => {
    await supabase(server).auth.signUp({ email: 'known@example.test', password: 'long enough' });
    const wrong = await token('password', { email: 'known@example.test', password: 'not this one' });
    const unknown = await token('password', { email: 'nobody@example.test', password: 'not this one' });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.body.code, 'invalid_credentials');
    assert.equal(wrong.text, unknown.text);
    assert.equal(wrong.headers.get('x-supabase-api-version'), '2024-01-01');
    const { error } = await supabase(server).auth.signInWithPassword({ email: 'known@example.test', password: 'nope nope' });
    assert.equal(error.code, 'invalid_credentials');
    assert.equal(error.message, 'Invalid login credentials');
  });

  it('does not cut a long password short', async () => {
    const password = 'p'.repeat(72);
    await supabase(server).auth.signUp({ email: 'long@example.test', password });
    assert.equal((await token('password', { email: 'long@example.test', password })).status, 200);
    assert.equal((await token('password', { email: 'long@example.test', password: password.slice(0, 71) })).status, 400);
    assert.ok([400, 413, 422].includes((await token('password', { email: 'long@example.test', password: 'p'.repeat(100_000) })).status));
  });

  it('refuses odd input with 4xx', async () => {
    for (const body of ['{', '[]', 'null', '{}', { email: 1, password: 2 }, { email: 'x', password: 'long enough' }, { email: ['a@b.test'], password: 'long enough' }]) {
      for (const target of ['/auth/v1/signup', '/auth/v1/token?grant_type=password']) {
        if (body === '{}' && target === '/auth/v1/signup') continue; // an anonymous sign-up
        const reply = await call(server, target, { body, apikey: server.env.SUPABASE_ANON_KEY });
        assert.ok(reply.status >= 400 && reply.status < 500, `${target} ${JSON.stringify(body)}: ${reply.status}`);
      }
    }
    assert.equal((await token('magic', { email: 'a@b.test' })).status, 400);
  });

  it('keeps no password in clear', async () => {
    const rows = await server.sql`select encrypted_password as hash from auth.users where encrypted_password is not null`;
    assert.ok(rows.length > 0);
    for (const { hash } of rows) assert.match(hash, /^\$argon2id\$/);
  });
});

describe('refreshing', () => {
  it('rotates, forgives a lost answer, and gives concurrent callers one successor', async () => {
    const me = await account(server);
    const first = me.session.refresh_token;
    const second = await token('refresh_token', { refresh_token: first });
    assert.equal(second.status, 200, second.text);
    assert.notEqual(second.body.refresh_token, first);
    const lost = await token('refresh_token', { refresh_token: first });
    assert.equal(lost.status, 200, 'the parent of the active token gets the active one');
    assert.equal(lost.body.refresh_token, second.body.refresh_token);
    const many = await Promise.all(Array.from({ length: 20 }, () => token('refresh_token', { refresh_token: second.body.refresh_token })));
    const ok = many.filter((reply) => reply.status === 200);
    assert.ok(ok.length >= 1);
    assert.equal(new Set(ok.map((reply) => reply.body.refresh_token)).size, 1);
  });

  it('works in the client', async () => {
    const me = await account(server);
    const { data, error } = await me.client.auth.refreshSession();
    assert.equal(error, null);
    assert.equal(data.user.id, me.id);
    assert.notEqual(data.session.refresh_token, me.session.refresh_token);
  });

  it('revokes the family when an old token comes back', async () => {
    const me = await account(server);
    const tokens = [me.session.refresh_token];
    for (let i = 0; i < 3; i += 1) tokens.push((await token('refresh_token', { refresh_token: tokens.at(-1) })).body.refresh_token);
    await server.sql`update auth.refresh_tokens set updated_at = now() - interval '1 hour' where user_id = ${me.id}`;
    const stolen = await token('refresh_token', { refresh_token: tokens[0] });
    assert.equal(stolen.status, 400);
    assert.equal(stolen.body.code, 'refresh_token_already_used');
    assert.equal((await token('refresh_token', { refresh_token: tokens.at(-1) })).status, 400);
  });

  it('does not know a made-up token', async () => {
    for (const refresh_token of ['', 'nonsense', 'a'.repeat(100_000), 17, null]) {
      const reply = await token('refresh_token', { refresh_token });
      assert.ok(reply.status === 400 || (reply.status === 413 && refresh_token.length > 1000), `${reply.status} ${JSON.stringify(refresh_token).slice(0, 40)}`);
    }
    assert.equal((await token('refresh_token', { refresh_token: 'abcdefghijkl' })).body.code, 'refresh_token_not_found');
  });
});

describe('signing out', () => {
  it('ends this session only with scope local', async () => {
    const here = await account(server);
    const there = await signIn(server, here.email, here.password);
    const { error } = await here.client.auth.signOut({ scope: 'local' });
    assert.equal(error, null);
    assert.equal((await token('refresh_token', { refresh_token: here.session.refresh_token })).status, 400);
    assert.equal((await token('refresh_token', { refresh_token: there.session.refresh_token })).status, 200);
    const gone = await call(server, '/auth/v1/user', { method: 'GET', token: here.token, apikey: server.env.SUPABASE_ANON_KEY });
    assert.equal(gone.status, 403);
    assert.equal(gone.body.error_code, 'session_not_found');
  });

  it('ends every session with scope global', async () => {
    const here = await account(server);
    const there = await signIn(server, here.email, here.password);
    const reply = await call(server, '/auth/v1/logout?scope=global', { token: here.token, apikey: server.env.SUPABASE_ANON_KEY });
    assert.equal(reply.status, 204);
    assert.equal((await token('refresh_token', { refresh_token: there.session.refresh_token })).status, 400);
  });
});

describe('tokens', () => {
  const HOUR = 3600;
  const now = () => Math.floor(Date.now() / 1000);

  it('of every forged kind are refused, and the server lives', async () => {
    const me = await account(server);
    const real = claimsOf(me.token);
    const secret = server.env.SUPABASE_JWT_SECRET;
    const [head, body, signature] = me.token.split('.');
    const bad = {
      'alg none': jwt(real, null, { alg: 'none', typ: 'JWT' }),
      'alg nOnE': jwt(real, null, { alg: 'nOnE', typ: 'JWT' }),
      'no alg': jwt(real, secret, { typ: 'JWT' }),
      HS384: jwt(real, secret, { alg: 'HS384', typ: 'JWT' }),
      HS512: jwt(real, secret, { alg: 'HS512', typ: 'JWT' }),
      hs256: jwt(real, secret, { alg: 'hs256', typ: 'JWT' }),
      RS256: jwt(real, secret, { alg: 'RS256', typ: 'JWT' }),
      'other secret': jwt(real, 'another-secret-another-secret-another'),
      'empty secret': jwt(real, ''),
      crit: jwt(real, secret, { alg: 'HS256', typ: 'JWT', crit: ['x'], x: 1 }),
      expired: jwt({ ...real, exp: now() - HOUR }, secret),
      'exp as text': jwt({ ...real, exp: String(now() + HOUR) }, secret),
      'exp null': jwt({ ...real, exp: null }, secret),
      'exp missing': jwt({ ...real, exp: undefined }, secret),
      'nbf ahead': jwt({ ...real, nbf: now() + HOUR }, secret),
      'role postgres': jwt({ ...real, role: 'postgres' }, secret),
      'role chatpad_owner': jwt({ ...real, role: 'chatpad_owner' }, secret),
      'role twice': jwt(JSON.stringify(real).replace('{', '{"role":"service_role",'), secret),
      'sub twice': jwt(JSON.stringify(real).replace('{', `{"sub":"${server.env.CHATPAD_DEMO_AGENT_ID}",`), secret),
      'sub not a uuid': jwt({ ...real, sub: "x' or 1=1" }, secret),
      'claims a list': jwt([real], secret),
      'claims deep': jwt('['.repeat(3000) + ']'.repeat(3000), secret),
      'signature cut': `${head}.${body}.${signature.slice(0, -1)}`,
      'signature padded': `${me.token}=`,
      'signature missing': `${head}.${body}.`,
      'four parts': `${me.token}.x`,
      'two parts': `${head}.${body}`,
      'big, valid': jwt({ ...real, pad: 'x'.repeat(9000) }, secret),
      garbage: 'not-a-token',
    };
    for (const [what, forged] of Object.entries(bad)) {
      const user = await call(server, '/auth/v1/user', { method: 'GET', token: forged, apikey: server.env.SUPABASE_ANON_KEY });
      assert.ok([401, 403, 431].includes(user.status), `${what} on /auth/v1/user: ${user.status}`);
      if (user.status !== 431) assert.equal(typeof user.body.error_code, 'string');
      const takeover = await fn(server, 'start-takeover', { conversationId: me.conversationId }, { token: forged });
      assert.ok([401, 403, 431].includes(takeover.status), `${what} on start-takeover: ${takeover.status} ${takeover.text}`);
    }
    assert.equal((await call(server, '/auth/v1/user', { method: 'GET', token: me.token, apikey: server.env.SUPABASE_ANON_KEY })).status, 200);
  });

  it('of a person for another audience, or for none, are refused', async () => {
    const me = await account(server);
    for (const aud of ['somebody', undefined, ['authenticated'], '']) {
      const other = jwt({ ...claimsOf(me.token), aud }, server.env.SUPABASE_JWT_SECRET);
      const reply = await call(server, '/auth/v1/user', { method: 'GET', token: other, apikey: server.env.SUPABASE_ANON_KEY });
      assert.equal(reply.status, 403, `aud ${JSON.stringify(aud)}`);
    }
  });

  it('may be missing: 401 with a code', async () => {
    for (const target of ['/functions/v1/start-takeover', '/functions/v1/widget-chat', '/functions/v1/get-messages', '/functions/v1/validate-api-key']) {
      const reply = await call(server, target, { body: {} });
      assert.equal(reply.status, 401, `${target}: ${reply.text}`);
      assert.equal(typeof reply.body.code, 'string');
    }
    assert.equal((await call(server, '/auth/v1/user', { method: 'GET' })).status, 401);
  });

  it('of a person do not work after sign-out, of an expired visitor never', async () => {
    const me = await account(server);
    const old = jwt({ ...claimsOf(me.guest.token), exp: now() - 60 }, server.env.SUPABASE_JWT_SECRET);
    const chat = await fn(server, 'widget-chat', { agentId: me.agentId, message: 'Hi' }, { token: old });
    assert.equal(chat.status, 403);
    assert.equal(chat.body.code, 'bad_jwt');
  });
});
