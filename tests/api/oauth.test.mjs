// POST /auth/token, the token endpoint of OAuth 2: what a program gets for its API key, and a person for
// a password, in the RFC's words; and how such a token ends.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, call, claimsOf, fn } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  shop = await account(server, 'shop');
});
after(() => server?.stop());

const make = async (scopes = ['chat:write', 'leads:write']) => {
  const { body } = await fn(server, 'create-api-key', { accountId: shop.id, name: 'Key', scopes }, { token: shop.token });
  return { id: body.apiKey.id, key: body.key };
};
const form = (fields) => new URLSearchParams(fields).toString();
const ask = (fields, headers = {}) => call(server, '/auth/token', { body: form(fields), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
const basic = (id, secret) => ({ authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}` });
const exchange = (key, more = {}) => ask({ grant_type: 'client_credentials', client_secret: key, ...more });
// New connections, so that both loops are asked.
const use = (token) => call(server, '/functions/v1/validate-api-key', { token, body: {}, headers: { connection: 'close' } });
const both = (token) => Promise.all([use(token), use(token), use(token), use(token)]);
const refused = (reply, error, status = 400) => {
  assert.deepEqual([reply.status, reply.body?.error], [status, error], reply.text);
  assert.equal(typeof reply.body.error_description, 'string');
  assert.equal(reply.headers.get('cache-control'), 'no-store');
};
const gone = (token) => eventually('the token is refused everywhere', async () => (await both(token)).every((reply) => reply.status === 401));

describe('a key', () => {
  it('becomes a token that acts as it does, by body, by header, as a form and as JSON', async () => {
    const { id, key } = await make();
    for (const send of [
      () => exchange(key),
      () => exchange(key, { client_id: id, tenant_id: shop.id, scope: '' }),
      () => ask({ grant_type: 'client_credentials' }, basic(id, key)),
      () => ask({ grant_type: 'client_credentials' }, basic('', key)),
      () => call(server, '/auth/token', { body: { grant_type: 'client_credentials', client_id: id, client_secret: key, tenant_id: shop.id } }),
      // As curl sends what it is given with -d.
      () => call(server, '/auth/token', { body: JSON.stringify({ grant_type: 'client_credentials', client_secret: key }), headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    ]) {
      const { status, body, text, headers } = await send();
      assert.equal(status, 200, text);
      assert.match(body.access_token, /^cp_tok_[\w-]{32}$/);
      assert.deepEqual({ ...body, access_token: 0 }, { access_token: 0, token_type: 'Bearer', expires_in: 900, scope: 'chat:write leads:write' });
      assert.deepEqual([headers.get('cache-control'), headers.get('pragma')], ['no-store', 'no-cache']);
      for (const { status: works, body: known } of await both(body.access_token)) assert.deepEqual([works, known?.keyId], [200, id]);
    }
    const { body } = await exchange(key);
    const chat = await fn(server, 'widget-chat', { agentId: shop.agentId, message: 'Hello' }, { token: body.access_token });
    assert.equal(chat.status, 200, chat.text);
    const [row] = await server.sql`select * from private.api_key_tokens where key_id = ${id} limit 1`;
    assert.ok(!JSON.stringify(row).includes(body.access_token), 'kept as a hash');
  });

  it('may ask for less than it has, and gets no more than it has left', async () => {
    const { id, key } = await make();
    const { body } = await exchange(key, { scope: 'leads:write' });
    assert.equal(body.scope, 'leads:write');
    assert.deepEqual((await use(body.access_token)).body.scopes, ['leads:write']);
    assert.equal((await fn(server, 'widget-chat', { agentId: shop.agentId, message: 'Hi' }, { token: body.access_token })).body.code, 'insufficient_scope');
    refused(await exchange(key, { scope: 'leads:write knowledge:write' }), 'invalid_scope');
    refused(await exchange(key, { scope: '*' }), 'invalid_scope');
    await server.sql`update public.api_keys set scopes = '{chat:write}' where id = ${id}`;
    await eventually('what the key lost, the token lost', async () => (await use(body.access_token)).body.scopes?.length === 0);
  });

  it('revoked takes its tokens along, on every loop', async () => {
    const { id, key } = await make();
    const { body: { access_token: token } } = await exchange(key);
    assert.deepEqual((await both(token)).map((reply) => reply.status), [200, 200, 200, 200]);
    const revoked = await call(server, `/auth/api-keys/${id}`, { method: 'DELETE', token: shop.token });
    assert.equal(revoked.status, 204);
    await gone(token);
    refused(await exchange(key), 'invalid_client', 401);
  });

  it('rotated ends the tokens of the secret that is no more', async () => {
    const { id, key } = await make();
    const { body: { access_token: old } } = await exchange(key);
    const { body } = await fn(server, 'rotate-api-key', { keyId: id, overlapS: 3600 }, { token: shop.token });
    assert.equal((await use(old)).status, 200, 'the overlap counts for them as well');
    const { body: { access_token: fresh } } = await exchange(body.key);
    await server.sql`update public.api_keys set previous_until = now() where id = ${id}`;
    await gone(old);
    assert.equal((await use(fresh)).status, 200);
  });

  it('is what a token lives for: a quarter of an hour, no longer, and never for another one', async () => {
    const { id, key } = await make();
    const { body: { access_token: token } } = await exchange(key);
    refused(await exchange(token), 'invalid_client', 401);
    await server.sql`update private.api_key_tokens set expires_at = now() where key_id = ${id}`;
    await gone(token);
    for (let n = 0; n < 3; n += 1) await exchange(key);
    await server.sql`insert into private.api_key_tokens (token_hash, user_id, key_id, key_hash, scopes, expires_at, created_at)
      select sha256(n::text::bytea), user_id, id, key_hash, scopes, now() + interval '1 minute', now() - interval '1 minute'
      from public.api_keys, generate_series(1, 200) n where id = ${id}`;
    const { body: last } = await exchange(key);
    assert.equal((await server.sql`select count(*)::int as n from private.api_key_tokens where key_id = ${id}`)[0].n, 100);
    assert.equal((await use(last.access_token)).status, 200);
  });

  it('that is none, or not the one that is named, is invalid_client', async () => {
    const { id, key } = await make();
    const other = await make();
    for (const send of [
      () => exchange(`cp_live_${'x'.repeat(32)}`), () => ask({ grant_type: 'client_credentials' }),
      () => exchange(key, { client_id: other.id }), () => exchange(key, { client_id: "' or 1=1 --" }),
      () => exchange(key, { tenant_id: randomUUID() }), () => exchange(server.env.SUPABASE_SERVICE_ROLE_KEY),
      () => ask({ grant_type: 'client_credentials' }, { authorization: 'Basic ' }),
      () => ask({ grant_type: 'client_credentials' }, { authorization: 'Basic %%%' }),
      () => ask({ grant_type: 'client_credentials' }, { authorization: `Basic ${Buffer.from('nocolon').toString('base64')}` }),
      () => ask({ grant_type: 'client_credentials' }, { authorization: `Bearer ${key}` }),
      () => ask({ grant_type: 'client_credentials' }, basic(other.id, key)),
    ]) {
      const reply = await send();
      refused(reply, 'invalid_client', 401);
      assert.match(reply.headers.get('www-authenticate'), /^Basic /);
    }
    refused(await ask({ grant_type: 'client_credentials', client_secret: key }, basic(id, key)), 'invalid_request');
  });
});

describe('a person', () => {
  const password = (more = {}) => ask({ grant_type: 'password', username: shop.email, password: shop.password, ...more });
  it('gets a session for a password, and the next for its refresh token', async () => {
    const { status, body, text } = await password({ tenant_id: shop.id });
    assert.equal(status, 200, text);
    assert.deepEqual([body.token_type, body.expires_in, claimsOf(body.access_token).sub], ['Bearer', 3600, shop.id]);
    assert.equal((await fn(server, 'list-accounts', {}, { token: body.access_token })).status, 200);
    const next = await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token });
    assert.equal(next.status, 200);
    assert.notEqual(next.body.refresh_token, body.refresh_token);
    await server.sql`update auth.refresh_tokens set updated_at = now() - interval '1 hour', sealed = null`;
    const third = await ask({ grant_type: 'refresh_token', refresh_token: next.body.refresh_token });
    await server.sql`update auth.refresh_tokens set updated_at = now() - interval '1 hour'`;
    refused(await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token }), 'invalid_grant');
    refused(await ask({ grant_type: 'refresh_token', refresh_token: third.body.refresh_token }), 'invalid_grant');
  });
  it('with anything wrong gets invalid_grant, whatever it is', async () => {
    const other = await account(server, 'other');
    const replies = [await password({ password: 'wrong' }), await password({ username: 'nobody@example.test' }), await password({ tenant_id: other.id }), await password({ tenant_id: randomUUID() }), await ask({ grant_type: 'refresh_token', refresh_token: 'x' })];
    for (const reply of replies) refused(reply, 'invalid_grant');
    assert.equal(replies[0].text, replies[2].text, 'an account that is not theirs looks like a wrong password');
  });
});

it('a request that is none of these is invalid_request or unsupported_grant_type', async () => {
  for (const fields of [{}, { grant_type: '' }, { grant_type: 'password', username: 'x' }, { grant_type: 'refresh_token' }, { grant_type: 'password', username: 'x', password: 'y', tenant_id: 'z' }]) {
    refused(await ask(fields), 'invalid_request');
  }
  for (const body of ['grant_type=password&grant_type=client_credentials', 'grant_type=%zz', '{"grant_type": 1}', '{"grant_type": "password", "grant_type": "x"}', '{', '\u0000', `grant_type=${'x'.repeat(5000)}`]) {
    refused(await call(server, '/auth/token', { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }), 'invalid_request');
  }
  for (const grant of ['authorization_code', 'implicit', 'urn:ietf:params:oauth:grant-type:jwt-bearer']) refused(await ask({ grant_type: grant }), 'unsupported_grant_type');
  assert.equal((await call(server, '/auth/token', { body: 'x'.repeat(20_000) })).status, 413);
  assert.equal((await call(server, '/auth/token', { method: 'GET' })).status, 405);
});
