// Supabase's admin API of SAML providers, in its own words: kept with the service key, signed in through by
// supabase-js, and its metadata's renewal.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { account, call, fn } from '../lib/callers.mjs';
import { Hops } from '../lib/hops.mjs';
import { makeIdp, readRequest } from '../lib/saml.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { client } from '../lib/sign_in.mjs';

const PAGE = 'https://shop.example/welcome';
let server, idp, publisher;
before(async () => {
  // What an identity provider publishes: `publisher.answer` is asked for each request.
  const http = createServer((request, response) => {
    const [status, body] = publisher.answer(request.url);
    response.writeHead(status, { 'content-type': 'application/samlmetadata+xml' }).end(body);
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  publisher = { http, answer: () => [404, ''], url: `http://127.0.0.1:${http.address().port}` };
  server = await startServer({ env: { CHATPAD_FETCH_ALLOW: '127.0.0.0/8', CHATPAD_SITE_URL: PAGE } });
  idp = makeIdp('https://idp.example/entity');
});
after(async () => {
  publisher?.http.close();
  await server?.stop();
});

const NEW = { 'x-supabase-api-version': '2024-01-01' };
const admin = (method, path = '', body, token = server.env.SUPABASE_SERVICE_ROLE_KEY) =>
  call(server, `/auth/v1/admin/sso/providers${path}`, { method, body, token, headers: NEW });
const refused = (reply, status, code) => assert.deepEqual([reply.status, reply.body?.code], [status, code], reply.text);
const domain = () => `d${randomBytes(4).toString('hex')}.test`;
async function made(of, more = {}) {
  const reply = await admin('POST', '', { type: 'saml', metadata_xml: of.metadata(), domains: [domain()], ...more });
  assert.equal(reply.status, 201, reply.text);
  return reply.body;
}
const newIdp = () => makeIdp(`https://${domain()}/entity`);

// Signs in through the provider of the domain; `options` are what the assertion says.
async function signIn(of, options, at) {
  const me = client(server, { flowType: 'pkce' });
  const { data, error } = await me.auth.signInWithSSO({ domain: at, options: { skipBrowserRedirect: true } });
  assert.equal(error, null);
  const request = readRequest(data.url);
  const landed = await new Hops().go(request.acs, { method: 'POST', body: new URLSearchParams({ SAMLResponse: Buffer.from(of.response({ request, ...options })).toString('base64'), RelayState: request.relayState }).toString() });
  if (!landed.query.code) return { landed, request };
  return { landed, request, ...(await me.auth.exchangeCodeForSession(landed.query.code)) };
}

describe('/auth/v1/admin/sso/providers', () => {
  it('makes a provider, lists, shows, changes and removes it', async () => {
    const at = domain();
    const one = await made(idp, { domains: [`@${at.toUpperCase()}`], name_id_format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' });
    assert.deepEqual(Object.keys(one).sort(), ['created_at', 'disabled', 'domains', 'id', 'saml', 'updated_at']);
    assert.deepEqual([one.disabled, one.saml.entity_id, one.domains], [false, 'https://idp.example/entity', [{ domain: at }]]);
    assert.deepEqual((await admin('GET')).body.items.map((item) => item.id), [one.id]);
    assert.deepEqual((await admin('GET', `/${one.id}`)).body, one);

    const { data, error, request } = await signIn(idp, { nameId: 'ann', email: `ann@${at}` }, at);
    assert.equal(error, null);
    assert.equal(data.user.identities[0].provider, `sso:${one.id}`);
    assert.match(request.xml, /NameIDPolicy[^>]*Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"/);

    const next = domain();
    const changed = await admin('PUT', `/${one.id}`, { domains: [next], disabled: true });
    assert.deepEqual([changed.status, changed.body.domains, changed.body.disabled, changed.body.saml], [200, [{ domain: next }], true, one.saml]);
    for (const gone of [at, next]) assert.equal((await client(server).auth.signInWithSSO({ domain: gone })).error.code, 'sso_provider_not_found');
    assert.equal((await admin('PUT', `/${one.id}`, { disabled: false, name_id_format: '' })).body.saml.name_id_format, undefined);
    assert.equal((await signIn(idp, { nameId: 'ann', email: `ann@${next}` }, next)).data.user.id, data.user.id, 'the same person');

    const removed = await admin('DELETE', `/${one.id}`);
    assert.deepEqual([removed.status, removed.body.id], [200, one.id]);
    assert.deepEqual((await admin('GET')).body.items, []);
  });

  it('means by attributes what it was told', async () => {
    const at = domain();
    const mapped = newIdp();
    const keys = { email: { name: 'groups' }, role: { names: ['nothing', 'displayName'] }, all: { name: 'groups', array: true }, team: { name: 'none', default: 'sales' } };
    const one = await made(mapped, { domains: [at], attribute_mapping: { keys } });
    assert.deepEqual(one.saml.attribute_mapping, { keys });
    const { data, error } = await signIn(mapped, { nameId: 'bo', email: 'ignored@elsewhere.test', groups: [`bo@${at}`, 'staff'] }, at);
    assert.equal(error, null);
    assert.equal(data.user.email, `bo@${at}`);
    const claims = data.user.identities[0].identity_data.custom_claims;
    assert.deepEqual([claims.role, claims.all, claims.team], ['A Person', [`bo@${at}`, 'staff'], 'sales']);
    await admin('PUT', `/${one.id}`, { attribute_mapping: {} });
    assert.equal((await signIn(mapped, { nameId: 'bo', email: `bo@${at}` }, at)).data.user.email, `bo@${at}`);
  });

  it('refuses what makes no provider, with a sentence', async () => {
    const good = { type: 'saml', metadata_xml: newIdp().metadata(), domains: [domain()] };
    for (const [what, body] of Object.entries({
      'no type': { ...good, type: undefined }, 'another type': { ...good, type: 'oidc' }, 'no metadata': { ...good, metadata_xml: undefined }, 'both': { ...good, metadata_url: 'https://idp.example/' },
      'no XML': { ...good, metadata_xml: 'x' }, 'no domain': { ...good, domains: [] }, 'a bad domain': { ...good, domains: ['x y'] }, 'a scheme': { ...good, metadata_xml: undefined, metadata_url: 'file:///etc/passwd' },
      'a name that changes': { ...good, name_id_format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }, 'a list as mapping': { ...good, attribute_mapping: { keys: { email: ['mail'] } } },
      'a number as name': { ...good, attribute_mapping: { keys: { email: { name: 7 } } } }, 'too many keys': { ...good, attribute_mapping: { keys: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, { name: 'x' }])) } },
    })) {
      const reply = await admin('POST', '', body);
      assert.deepEqual([reply.status, reply.body?.code], [400, 'validation_failed'], `${what}: ${reply.text}`);
      assert.ok(reply.body.message.length > 10);
    }
    const taken = domain();
    const mine = newIdp();
    const one = await made(mine, { domains: [taken] });
    refused(await admin('POST', '', { type: 'saml', metadata_xml: mine.metadata(), domains: [domain()] }), 422, 'saml_idp_already_exists');
    refused(await admin('POST', '', { type: 'saml', metadata_xml: newIdp().metadata(), domains: [taken] }), 400, 'sso_domain_already_exists');
    refused(await admin('PUT', `/${one.id}`, { metadata_xml: newIdp().metadata() }), 400, 'saml_entity_id_mismatch');
    for (const id of [randomUUID(), 'x', `${one.id}0`]) {
      for (const method of ['GET', 'PUT', 'DELETE']) refused(await admin(method, `/${id}`, method === 'PUT' ? {} : undefined), 404, 'sso_provider_not_found');
    }
  });

  it('is for the service key alone', async () => {
    const shop = await account(server);
    const one = await made(newIdp());
    await server.sql`update auth.users set is_super_admin = true where id = ${shop.id}`;
    for (const token of [shop.token, shop.key, shop.guest.token, server.env.SUPABASE_ANON_KEY]) {
      for (const [method, path] of [['GET', ''], ['POST', ''], ['GET', `/${one.id}`], ['PUT', `/${one.id}`], ['DELETE', `/${one.id}`]]) {
        const reply = await admin(method, path, method === 'GET' ? undefined : {}, token);
        assert.ok([401, 403].includes(reply.status), `${method}: ${reply.text}`);
      }
    }
    await server.sql`update auth.users set is_super_admin = false where id = ${shop.id}`;
    // One of an account is here as well, and says whose it is.
    const theirs = await fn(server, 'create-sign-in-provider', { accountId: shop.id, protocol: 'saml', name: 'Theirs', metadataXml: newIdp().metadata(), domains: [domain()] }, { token: shop.token });
    assert.equal((await admin('GET', `/${theirs.body.provider.id}`)).body.account_id, shop.id);
    const oidc = await fn(server, 'create-sign-in-provider', { accountId: shop.id, name: 'X', issuer: 'https://idp.example', clientId: 'x' }, { token: shop.token });
    refused(await admin('DELETE', `/${oidc.body.provider.id}`), 404, 'sso_provider_not_found');
  });
});

describe('metadata at a URL', () => {
  it('is fetched, and a key that was replaced there counts after the next look', async () => {
    const at = domain();
    const entity = `https://${at}/entity`;
    const [old, renewed] = [makeIdp(entity), makeIdp(entity)];
    const xml = { now: old.metadata() };
    publisher.answer = () => [200, xml.now];
    const metadata_url = `${publisher.url}/metadata`;
    const reply = await admin('POST', '', { type: 'saml', metadata_url, domains: [at] });
    assert.equal(reply.status, 201, reply.text);
    assert.deepEqual([reply.body.saml.entity_id, reply.body.saml.metadata_url], [entity, metadata_url]);
    assert.equal((await signIn(old, { nameId: 'cleo', email: `cleo@${at}` }, at)).error, null);
    assert.equal((await signIn(renewed, { nameId: 'cleo', email: `cleo@${at}` }, at)).landed.query.error_code, 'bad_saml_response');

    // As if hours had passed; a program looks when it starts.
    const due = () => server.sql`update auth.sign_in_providers set metadata_asked_at = now() - interval '7 hours' where id = ${reply.body.id}`;
    const restart = async () => {
      await due();
      await server.halt();
      await server.start();
    };
    xml.now = renewed.metadata();
    await restart();
    await eventually('the new key counts', async () => (await signIn(renewed, { nameId: 'cleo', email: `cleo@${at}` }, at)).error === null);
    assert.equal((await signIn(old, { nameId: 'cleo', email: `cleo@${at}` }, at)).landed.query.error_code, 'bad_saml_response');

    // What is wrong there changes nothing.
    const refusals = () => (server.stdout + server.stderr).split('saml_metadata_not_renewed').length;
    for (const answer of [[500, 'x'], [200, 'x'], [200, makeIdp('https://evil.example').metadata()]]) {
      publisher.answer = () => answer;
      const before = refusals();
      await restart();
      await eventually('a look', async () => refusals() > before);
      assert.equal((await signIn(renewed, { nameId: 'cleo', email: `cleo@${at}` }, at)).error, null);
    }
    // Pasted metadata is nobody's to renew.
    publisher.answer = () => [404, ''];
    const pasted = await admin('PUT', `/${reply.body.id}`, { metadata_xml: old.metadata() });
    assert.deepEqual([pasted.status, pasted.body.saml.metadata_url], [200, undefined]);
    assert.equal((await signIn(old, { nameId: 'cleo', email: `cleo@${at}` }, at)).error, null);
    refused(await admin('PUT', `/${reply.body.id}`, { metadata_url: `${publisher.url}/none` }), 400, 'saml_metadata_fetch_failed');
  });
});
