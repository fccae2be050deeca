// API keys: made, used, rotated, revoked on every loop, limited, noted.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, member } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  shop = await account(server, 'shop');
});
after(() => server?.stop());

const as = (who, name, body = {}) => fn(server, name, body, { token: who.token });
const make = async (more = {}) => {
  const reply = await as(shop, 'create-api-key', { accountId: shop.id, name: 'Key', scopes: ['chat:write'], ...more });
  assert.equal(reply.status, 201, reply.text);
  return { id: reply.body.apiKey.id, ...reply.body };
};
// New connections, so that both loops are asked.
const ask = (key) => call(server, '/functions/v1/validate-api-key', { apikey: key, body: {}, headers: { connection: 'close' } });
const askBoth = (key) => Promise.all([ask(key), ask(key), ask(key), ask(key)]);

describe('an API key', () => {
  it('is shown once, works at once and validates itself', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { key, apiKey } = await make({ name: 'Website', scopes: ['leads:write', 'chat:write', 'chat:write'], expiresAt, ratePerMin: 600 });
    assert.match(key, /^cp_live_[A-Za-z0-9_-]{32}$/);
    assert.equal(apiKey.prefix, key.slice(0, 12));
    const { status, body } = await ask(key);
    assert.equal(status, 200);
    const [{ plan }] = await server.sql`select plan from public.accounts where id = ${shop.id}`;
    assert.deepEqual(body, {
      valid: true, accountId: shop.id, scopes: ['chat:write', 'leads:write'], plan, keyId: apiKey.id, name: 'Website',
      prefix: apiKey.prefix, expiresAt, ratePerMin: 600,
    });
    const list = await as(shop, 'list-api-keys', { accountId: shop.id });
    const listed = list.body.apiKeys.find((one) => one.id === apiKey.id);
    assert.deepEqual([listed.name, listed.status, listed.createdBy], ['Website', 'active', 'shop']);
    assert.ok(!list.text.includes(key.slice(12)), 'no list shows a secret');
    const [{ found }] = await server.sql`
      select exists (select from public.api_keys k where k::text like ${`%${key.slice(12)}%`})
        or exists (select from public.audit_logs l where l::text like ${`%${key.slice(12)}%`}) as found`;
    assert.equal(found, false, 'no table holds one');
    assert.ok(!server.stderr.includes(key.slice(12)), 'nor does the log');
  });

  it('cannot be made with what is not on the list', async () => {
    for (const [field, value] of [
      ['scopes', []], ['scopes', ['*']], ['scopes', ['chat:write', 'admin']], ['scopes', 'chat:write'], ['scopes', undefined],
      ['name', ''], ['name', 'x'.repeat(201)], ['expiresAt', '2020-01-01T00:00:00Z'], ['expiresAt', 'infinity'],
      ['expiresAt', '2030-13-01T00:00:00Z'], ['ratePerMin', 0], ['ratePerMin', 1.5], ['ratePerMin', '60'], ['accountId', 'x'],
    ]) {
      const reply = await as(shop, 'create-api-key', { accountId: shop.id, name: 'x', scopes: ['chat:write'], [field]: value });
      assert.equal(reply.status, 400, `${field} ${value}: ${reply.text}`);
      assert.equal(reply.body.code, 'validation_failed');
    }
  });

  it('revoked ends at once on every loop, also in mid-use', async () => {
    const { key, id } = await make();
    assert.deepEqual((await askBoth(key)).map((reply) => reply.status), [200, 200, 200, 200]);
    const revoked = await as(shop, 'revoke-api-key', { keyId: id });
    assert.deepEqual([revoked.status, revoked.body.apiKey.status], [200, 'revoked']);
    const asked = Date.now();
    await eventually('all loops refuse it', async () => (await askBoth(key)).every((reply) => reply.status === 401), 5000);
    console.log(`refused everywhere ${Date.now() - asked} ms after the answer`);
    assert.equal((await ask(key)).body.code, 'invalid_api_key');
    assert.equal((await as(shop, 'revoke-api-key', { keyId: id })).status, 200, 'a repeat');
    assert.equal((await as(shop, 'rotate-api-key', { keyId: id })).body.code, 'conflict', 'and no way back');
  });

  it('rotated works with both secrets for the overlap, or with the new one only', async () => {
    const { key, id } = await make();
    const first = await as(shop, 'rotate-api-key', { keyId: id, overlapS: 3600 });
    assert.equal(first.status, 200, first.text);
    for (const secret of [key, first.body.key]) assert.equal((await ask(secret)).body.keyId, id);
    assert.ok(first.body.apiKey.previousUntil);
    const second = await as(shop, 'rotate-api-key', { keyId: id, overlapS: 0 });
    for (const secret of [key, first.body.key]) await eventually('the old ones end', async () => (await ask(secret)).status === 401, 5000);
    assert.equal((await ask(second.body.key)).body.keyId, id);
    for (const overlapS of [-1, 604_801, 'x', 1.5]) {
      assert.equal((await as(shop, 'rotate-api-key', { keyId: id, overlapS })).status, 400, String(overlapS));
    }
  });

  it('ends with its time, and with the account', async () => {
    const { key, id } = await make({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    assert.equal((await ask(key)).status, 200);
    await server.sql`update public.api_keys set expires_at = now() where id = ${id}`;
    await eventually('it has expired', async () => (await ask(key)).status === 401, 5000);
    const other = await account(server, 'suspended');
    assert.equal((await ask(other.key)).status, 200);
    await server.sql`update public.accounts set status = 'suspended' where id = ${other.id}`;
    await eventually('its account is suspended', async () => (await ask(other.key)).status === 401, 5000);
  });

  it('is noted as used in the background', async () => {
    const { key, id } = await make();
    const [{ before: unused }] = await server.sql`select last_used_at as before from public.api_keys where id = ${id}`;
    assert.equal(unused, null);
    await ask(key);
    await eventually('its use is written down', async () =>
      (await server.sql`select last_used_at from public.api_keys where id = ${id}`)[0].last_used_at !== null);
  });

  it('is not for members to manage', async () => {
    for (const role of ['manager', 'member', 'client']) {
      const person = await member(server, shop.id, role);
      for (const [name, body] of [['create-api-key', { accountId: shop.id, name: 'x', scopes: ['chat:write'] }], ['list-api-keys', { accountId: shop.id }]]) {
        const reply = await as(person, name, body);
        assert.deepEqual([reply.status, reply.body.code], [403, 'insufficient_role'], `${role} ${name}`);
      }
    }
    for (const token of [shop.key, shop.guest.token]) {
      const reply = await fn(server, 'create-api-key', { accountId: shop.id, name: 'x', scopes: ['chat:write'] }, { token });
      assert.equal(reply.status, 403, reply.text);
    }
  });
});

describe('/auth/api-keys', () => {
  it('makes and revokes keys of the own account', async () => {
    const made = await call(server, '/auth/api-keys', { token: shop.token, body: { name: 'Script', scopes: ['chat:write'] } });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual([made.body.tenant_id, made.body.scopes, made.body.expires_at], [shop.id, ['chat:write'], null]);
    assert.equal((await ask(made.body.key)).status, 200);
    const gone = await call(server, `/auth/api-keys/${made.body.id}`, { method: 'DELETE', token: shop.token });
    assert.deepEqual([gone.status, gone.text], [204, '']);
    await eventually('it is refused', async () => (await ask(made.body.key)).status === 401, 5000);
    for (const id of ['x', '..', '%00']) {
      const reply = await call(server, `/auth/api-keys/${id}`, { method: 'DELETE', token: shop.token });
      assert.ok([400, 404].includes(reply.status), `${id}: ${reply.status}`);
    }
    assert.equal((await call(server, '/auth/api-keys', { body: { name: 'x', scopes: ['chat:write'] } })).status, 401);
  });
});

describe('a key with a rate of its own', () => {
  it('is told to wait when it is used up, and others are not', async () => {
    // The test server multiplies rates by 1000.
    const { key } = await make({ ratePerMin: 1 });
    const { key: other } = await make();
    let refused;
    for (let i = 0; i < 100 && !refused; ++i) {
      const replies = await Promise.all(Array.from({ length: 50 }, () => call(server, '/functions/v1/validate-api-key', { apikey: key, body: {} })));
      refused = replies.find((reply) => reply.status === 429);
    }
    assert.ok(refused, 'the limit was never reached');
    assert.equal(refused.body.code, 'too_many_requests');
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.equal((await ask(other)).status, 200);
  });
});
