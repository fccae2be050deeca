// Signing keys that take turns while everybody stays signed in, the public halves in jwks.json, and the
// project's opaque keys (sb_publishable_, sb_secret_) with an unmodified supabase-js.
import assert from 'node:assert/strict';
import { createCipheriv, createHash, createPublicKey, generateKeyPairSync, hkdfSync, randomBytes, randomUUID, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, call, claimsOf, fn, signIn, supabase, visitor } from '../lib/callers.mjs';
import { chatpad, newSigningKey } from '../lib/chatpad.mjs';
import { Socket, join } from '../lib/realtime.mjs';
import { eventually, parseEnvFile, startServer } from '../lib/server.mjs';
import { readFileSync } from 'node:fs';

let server;
let shop;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  shop = await account(server);
});
after(async () => {
  shop?.client.realtime.disconnect();
  await server?.stop();
});

const headerOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url').toString());
const jwks = async () => {
  const reply = await call(server, '/auth/v1/.well-known/jwks.json', { method: 'GET' });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('cache-control'), 'public, max-age=600');
  return reply.body.keys;
};
const user = (token, apikey = server.env.SUPABASE_ANON_KEY) => call(server, '/auth/v1/user', { method: 'GET', token, apikey });
// Each loop answers its own connections: several in a row reach both.
const everywhere = async (what, probe) => eventually(what, async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => probe()));
  return all.every(Boolean) && all;
});
const keys = (...words) => chatpad(server, 'keys', ...words);

// A token is what another program says it is: here Node's own crypto, with the published key alone.
async function assertPublished(token) {
  const { kid, alg } = headerOf(token);
  const jwk = (await jwks()).find((key) => key.kid === kid);
  assert.ok(jwk, `jwks.json has ${kid}`);
  assert.deepEqual([jwk.alg, jwk.use, jwk.d, jwk.p, jwk.q], [alg, 'sig', undefined, undefined, undefined]);
  const [head, payload, signature] = token.split('.');
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  assert.ok(verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')));
}

describe('signing keys', () => {
  const tokens = {}; // what each signed
  const ids = {};

  it('are none at first: the secret signs, and nothing is published', async () => {
    assert.deepEqual(await jwks(), []);
    assert.deepEqual(headerOf(shop.token), { alg: 'HS256', typ: 'JWT' });
    tokens.hs256 = shop.token;
    await assert.rejects(keys('rotate'), /no standby key/);
    assert.match(await keys('list'), /HS256 .*current/);
  });

  for (const algorithm of ['es256', 'rs256']) {
    it(`of ${algorithm} stand by, take over within a second on every loop, and sign nobody out`, async () => {
      ids[algorithm] = /[0-9a-f-]{36}/.exec(await keys('create', algorithm))[0];
      const earlier = Object.keys(ids).length;
      await everywhere('the key is published', async () => (await jwks()).length === earlier);
      assert.notEqual(headerOf((await signIn(server, shop.email, shop.password)).token).kid, ids[algorithm], 'it does not sign yet');
      await assert.rejects(keys('create', algorithm), /standby key already/);
      assert.match(await keys('rotate'), new RegExp(ids[algorithm]));
      await everywhere('the key signs', async () => {
        const person = await signIn(server, shop.email, shop.password);
        tokens[algorithm] = person.token;
        return headerOf(person.token).kid === ids[algorithm];
      });
      assert.deepEqual(headerOf(tokens[algorithm]), { alg: algorithm.toUpperCase(), typ: 'JWT', kid: ids[algorithm] });
      assert.equal(claimsOf(tokens[algorithm]).iss, `${server.url}/auth/v1`);
      await assertPublished(tokens[algorithm]);
      for (const [whose, token] of Object.entries(tokens)) assert.equal((await user(token)).status, 200, `${whose} after ${algorithm}`);
    });
  }

  it('are what auth.getClaims() of supabase-js verifies with', async () => {
    const { client, token } = await signIn(server, shop.email, shop.password);
    const { data, error } = await client.auth.getClaims(token);
    assert.equal(error, null);
    assert.deepEqual([data.header.kid, data.claims.sub], [ids.rs256, shop.id]);
  });

  it('sign refreshed sessions, rights of channels, and leave visitors to the secret', async () => {
    const { data, error } = await shop.client.auth.refreshSession();
    assert.equal(error, null);
    assert.equal(headerOf(data.session.access_token).kid, ids.rs256);
    for (const token of Object.values(tokens)) {
      const socket = new Socket(server, { key: token });
      await socket.opened;
      assert.equal((await socket.join(`realtime:conversation:${shop.conversationId}`, { private: true }, token)).status, 'ok');
      await socket.close();
    }
    assert.equal(headerOf((await visitor(server)).token).alg, 'HS256');
  });

  it('that are revoked are refused within a second, on every loop and by sockets, and only they', async () => {
    const open = new Socket(server, { key: tokens.es256 });
    await open.opened;
    assert.equal((await open.join('realtime:z')).status, 'ok');
    assert.match(await keys('revoke', ids.es256), /previous/);
    assert.equal((await open.closed).code, 1012);
    await everywhere('its tokens are refused', async () => (await user(tokens.es256)).status === 403);
    await assert.rejects(new Socket(server, { key: tokens.es256 }).opened, /HTTP 403/);
    const socket = new Socket(server);
    await socket.opened;
    assert.match((await socket.join('realtime:x', {}, tokens.es256)).response.reason, /InvalidJWTToken/);
    assert.equal((await socket.join('realtime:y', {}, tokens.rs256)).status, 'ok');
    await socket.close();
    assert.deepEqual((await jwks()).map((key) => key.kid), [ids.rs256]);
    for (const whose of ['hs256', 'rs256']) assert.equal((await user(tokens[whose])).status, 200, whose);
    await assert.rejects(keys('revoke', ids.es256), /no valid key/);
    await assert.rejects(keys('revoke', "x' or 1=1"), /UUID/);
  });

  it('survive a restart, sealed', async () => {
    const [stored] = await server.sql`select encode(sealed, 'hex') as sealed, public_key from auth.signing_keys where id = ${ids.rs256}`;
    assert.ok(!stored.sealed.includes(stored.public_key.subarray(40, 80).toString('hex')), 'a private key holds its modulus');
    const [gone] = await server.sql`select sealed from auth.signing_keys where id = ${ids.es256}`;
    assert.equal(gone.sealed, null);
    assert.match(Buffer.from(stored.sealed, 'hex').toString(), /^v1\.[0-9a-f]{16}\.[\w-]+$/, 'with CHATPAD_SECRET_KEY');
    await server.halt();
    await server.start();
    assert.equal((await user(tokens.rs256)).status, 200);
    assert.equal((await user(tokens.es256)).status, 403);
    assert.equal(headerOf((await signIn(server, shop.email, shop.password)).token).kid, ids.rs256);
  });

  it('are sealed anew with the other secrets, those as well that an older program sealed under the JWT secret', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    ids.older = randomUUID();
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(hkdfSync('sha256', server.env.SUPABASE_JWT_SECRET, 'chatpad', 'signing-key-seal', 32)), nonce);
    cipher.setAAD(Buffer.from(`auth.signing_keys ${ids.older}`));
    const sealed = Buffer.concat([nonce, cipher.update(privateKey.export({ type: 'pkcs8', format: 'der' })), cipher.final(), cipher.getAuthTag()]);
    await server.sql`insert into auth.signing_keys (id, algorithm, public_key, sealed)
      values (${ids.older}, 'ES256', ${publicKey.export({ type: 'spki', format: 'der' })}, ${sealed})`;
    await keys('rotate');
    const signs = (id) => everywhere(`${id} signs`, async () => headerOf((await signIn(server, shop.email, shop.password)).token).kid === id);
    await signs(ids.older);
    await chatpad(server, 'secrets', 'rotate');
    const texts = await server.sql`select convert_from(sealed, 'UTF8') as sealed from auth.signing_keys where sealed is not null`;
    const [{ key_id: key }] = await server.sql`select key_id from private.sealing`;
    assert.ok(texts.length >= 2);
    for (const { sealed: text } of texts) assert.equal(text.split('.')[1], key);
    await signs(ids.older);
    await server.halt();
    await server.start();
    await signs(ids.older);
  });

  it('may all go: the secret signs again', async () => {
    assert.match(await keys('revoke', ids.older), /HS256/);
    await keys('revoke', ids.rs256);
    await everywhere('the secret signs', async () => headerOf((await signIn(server, shop.email, shop.password)).token).alg === 'HS256');
    assert.deepEqual(await jwks(), []);
  });

  it('that are new and not heard of yet are asked for when a token names them', async () => {
    // Without its event: as if the word had been lost.
    await server.sql`alter table auth.signing_keys disable trigger keys_event`;
    const id = await newSigningKey(server, 'es256');
    assert.deepEqual(await jwks(), []);
    const unknown = `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid: id })).toString('base64url')}.${tokens.hs256.split('.')[1]}.AAAA`;
    await eventually('it is read', async () => {
      assert.equal((await user(unknown)).status, 403);
      return (await jwks()).some((key) => key.kid === id);
    });
    await server.sql`alter table auth.signing_keys enable trigger keys_event`;
    await keys('revoke', id);
  });
});

describe('project keys', () => {
  const anonymous = (options) => fn(server, 'get-widget-config', { agentId: server.env.CHATPAD_DEMO_AGENT_ID }, { apikey: undefined, ...options });
  const asService = (key, headers = {}) => call(server, '/realtime/v1/api/broadcast', {
    apikey: key, headers, body: { messages: [{ topic: 'room', event: 'x', payload: {}, private: true }] },
  });
  const publishable = () => server.env.SUPABASE_PUBLISHABLE_KEY;
  const secret = () => server.env.SUPABASE_SECRET_KEY;

  it('stand in the env file, in the form of Supabase, and as hashes in the database', async () => {
    for (const [key, prefix] of [[publishable(), 'sb_publishable_'], [secret(), 'sb_secret_']]) {
      assert.match(key, new RegExp(`^${prefix}[\\w-]{22}_[\\w-]{8}$`));
      const check = createHash('sha256').update(`supabase-self-hosted|${key.slice(0, prefix.length + 22)}`).digest('base64url').slice(0, 8);
      assert.equal(key.slice(-8), check);
      const [row] = await server.sql`select kind, hint from private.project_keys where key_hash = ${createHash('sha256').update(key).digest()}`;
      assert.deepEqual([row.kind, row.hint], [prefix.split('_')[1], key.slice(0, prefix.length + 4)]);
    }
    assert.match(await keys(), new RegExp(publishable()));
  });

  it('are anon and service_role in apikey, and as Bearer when apikey is the same', async () => {
    for (const options of [{ apikey: publishable() }, { apikey: publishable(), token: publishable() }, { apikey: secret() }]) {
      assert.equal((await anonymous(options)).status, 200, JSON.stringify(Object.keys(options)));
    }
    assert.equal((await user(shop.token, publishable())).status, 200, 'beside a person\'s token');
    assert.equal((await user(publishable(), publishable())).status, 401, 'a key is no person');
    assert.equal((await asService(secret())).status, 202);
    for (const [key, status] of [[secret(), 'ok'], [publishable(), 'error']]) {
      const socket = new Socket(server, { key });
      await socket.opened;
      assert.equal((await socket.join('realtime:room', { private: true })).status, status, 'only the service needs no policy');
      await socket.close();
    }
  });

  it('are refused when they are wrong, alone as Bearer, or another than apikey', async () => {
    const wrong = [
      { token: publishable() }, { token: secret() }, { token: secret(), apikey: publishable() }, { token: publishable(), apikey: secret() },
      { token: publishable(), apikey: server.env.SUPABASE_ANON_KEY }, { token: secret(), apikey: server.env.SUPABASE_SERVICE_ROLE_KEY },
      ...['sb_', 'sb_publishable_', 'sb_secret_', `${publishable()}x`, publishable().slice(0, -1), secret().replace(/.$/, '*'), `sb_secret_${publishable().slice(15)}`,
        publishable().replace('publishable', 'secret'), 'sb_temp_x', `sb_secret_${'x'.repeat(4000)}`].map((apikey) => ({ apikey })),
    ];
    for (const options of wrong) {
      const reply = await anonymous(options);
      assert.deepEqual([reply.status, reply.body?.code], [401, 'invalid_api_key'], JSON.stringify(options).slice(0, 120));
    }
    for (const key of ['sb_publishable_x', publishable().slice(0, -1)]) {
      await assert.rejects(new Socket(server, { key }).opened, /HTTP 401/);
    }
  });

  it('of the secret kind are refused from browsers', async () => {
    const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36' };
    const reply = await asService(secret(), browser);
    assert.deepEqual([reply.status, reply.body.code], [401, 'invalid_api_key']);
    assert.equal((await anonymous({ apikey: publishable(), headers: browser })).status, 200);
    await assert.rejects(new Socket(server, { key: secret(), headers: browser }).opened, /HTTP 401/);
    const allowed = new Socket(server, { key: publishable(), headers: browser });
    await allowed.opened;
    await allowed.close();
  });

  it('are all an unmodified supabase-js needs: sign-in, functions, open and private channels', async () => {
    const client = supabase(server, { key: publishable() });
    const { data, error } = await client.auth.signInWithPassword({ email: shop.email, password: shop.password });
    assert.equal(error, null);
    assert.equal((await client.auth.getUser()).data.user.id, shop.id);
    const listed = await client.functions.invoke('list-accounts', { body: {} });
    assert.equal(listed.error, null);
    const mine = await join(client, `account:${shop.id}`);
    await mine.leave();
    assert.equal((await client.auth.signOut()).error, null);
    client.realtime.disconnect();
    assert.ok(data.session.access_token);

    const nobody = supabase(server, { key: publishable() });
    const config = await nobody.functions.invoke('get-widget-config', { body: { agentId: server.env.CHATPAD_DEMO_AGENT_ID } });
    assert.equal(config.error, null);
    const room = await join(nobody, 'room', { config: { broadcast: { self: true } } });
    await room.channel.send({ type: 'broadcast', event: 'hello', payload: {} });
    await room.next('hello');
    await assert.rejects(join(nobody, `account:${shop.id}`), /Unauthorized/);
    nobody.realtime.disconnect();

    const service = supabase(server, { key: secret() });
    const sent = await service.channel('room').httpSend('hello', {});
    assert.deepEqual(sent, { success: true });
  });

  it('are replaced without a pause: both are valid until the old one is revoked', async () => {
    const old = { SUPABASE_PUBLISHABLE_KEY: publishable(), SUPABASE_SECRET_KEY: secret() };
    for (const [name, kind] of [['SUPABASE_PUBLISHABLE_KEY', 'publishable'], ['SUPABASE_SECRET_KEY', 'secret']]) {
      const said = await keys('create', kind);
      const fresh = new RegExp(`${name}=(\\S+)`).exec(said)[1];
      assert.equal(parseEnvFile(readFileSync(server.envFile, 'utf8'))[name], fresh);
      assert.notEqual(fresh, old[name]);
      await everywhere('the new one is known', async () => (await anonymous({ apikey: fresh })).status === 200);
      assert.equal((await anonymous({ apikey: old[name] })).status, 200);
      const [{ id }] = await server.sql`select id from private.project_keys where key_hash = ${createHash('sha256').update(old[name]).digest()}`;
      assert.match(await keys('list'), new RegExp(`${id} .*valid`));
      await keys('revoke', id);
      await everywhere('the old one is refused', async () => (await anonymous({ apikey: old[name] })).status === 401);
      assert.equal((await anonymous({ apikey: fresh })).status, 200);
    }
    await server.halt();
    await server.start();
    assert.notEqual(publishable(), old.SUPABASE_PUBLISHABLE_KEY);
    assert.equal((await anonymous({ apikey: publishable() })).status, 200);
    assert.equal((await anonymous({ apikey: old.SUPABASE_PUBLISHABLE_KEY })).status, 401, 'a restart does not bring it back');
  });
});
