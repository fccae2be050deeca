// Signing in through SAML with supabase-js: a provider of an account and one of the server, and every
// way a response can be something else than what the provider signed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, call, claimsOf, fn, member } from '../lib/callers.mjs';
import { Hops } from '../lib/hops.mjs';
import { makeIdp, readRequest, SHA1, wrappings } from '../lib/saml.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { client } from '../lib/sign_in.mjs';

const PAGE = 'https://shop.example/welcome';
const DOMAIN = 'acme.test';
let server, idp, other, owner, provider, service;
before(async () => {
  server = await startServer({ env: { CHATPAD_SITE_URL: PAGE } });
  idp = makeIdp('https://idp.example/entity');
  other = makeIdp('https://idp.example/entity');
  owner = await account(server);
  service = server.env.SUPABASE_SERVICE_ROLE_KEY;
  const made = await fn(server, 'create-sign-in-provider', { protocol: 'saml', name: 'Acme', metadataXml: idp.metadata(), domains: [`@${DOMAIN}`], routedDomains: [DOMAIN] }, { token: service });
  assert.equal(made.status, 201, made.text);
  provider = made.body.provider;
});
after(() => server?.stop());

const mail = (name = 'ann') => `${name}-${randomBytes(4).toString('hex')}@${DOMAIN}`;

async function begin(of = { domain: DOMAIN }, me = client(server, { flowType: 'pkce' })) {
  const { data, error } = await me.auth.signInWithSSO({ ...of, options: { skipBrowserRedirect: true } });
  assert.equal(error, null);
  return { me, url: data.url };
}
const post = (request, xml, { browser = new Hops(), to = request.acs, relayState = request.relayState } = {}) =>
  browser.go(to, { method: 'POST', body: new URLSearchParams({ SAMLResponse: Buffer.from(xml).toString('base64'), RelayState: relayState }).toString() });

async function signIn(options, of) {
  const { me, url } = await begin(of);
  const request = readRequest(url);
  const landed = await post(request, idp.response({ request, ...options }));
  if (!landed.query.code) return { landed };
  return { landed, ...(await me.auth.exchangeCodeForSession(landed.query.code)) };
}
const users = async () => (await server.sql`select count(*)::int as n from auth.users`)[0].n;

describe('a SAML provider', () => {
  it('signs people in by their domain, and knows them again', async () => {
    const email = mail();
    const { data, error } = await signIn({ nameId: 'ann-1', email });
    assert.equal(error, null);
    assert.equal(data.user.email, email);
    assert.equal(data.user.identities[0].provider, `sso:${provider.id}`);
    assert.equal(claimsOf(data.session.access_token).amr[0].method, 'sso/saml');
    const again = await signIn({ nameId: 'ann-1', email: mail('renamed'), signed: 'response' }, { providerId: provider.id });
    assert.equal(again.data.user.id, data.user.id);
    assert.equal((await signIn({ nameId: 'ann-1', email, signed: 'both' })).data.user.id, data.user.id);
  });

  it('gets a request that says who asks and where to answer, and finds our metadata', async () => {
    const request = readRequest((await begin()).url);
    assert.equal(request.destination, 'https://idp.example/sso');
    assert.equal(request.acs, `${server.url}/auth/v1/sso/saml/acs`);
    const reply = await fetch(request.issuer);
    assert.match(reply.headers.get('content-type'), /samlmetadata\+xml/);
    const text = await reply.text();
    assert.ok(text.includes(`entityID="${request.issuer}"`) && text.includes(request.acs) && text.includes(`${server.url}/auth/saml/callback`));
  });

  it('gives a client without PKCE its session in the browser it began in', async () => {
    const { url } = await begin(undefined, client(server));
    assert.ok(url.startsWith(`${server.url}/auth/v1/authorize?flow=`));
    const browser = new Hops();
    const at = await browser.go(url);
    const request = readRequest(at.url);
    const xml = idp.response({ request, nameId: 'ann-1', email: mail() });
    assert.ok((await post(request, xml, { browser })).fragment.access_token);
    assert.equal((await browser.go(url)).status, 400, 'the link begins one sign-in');
    const second = readRequest((await browser.go((await begin(undefined, client(server))).url)).url);
    const stolen = await post(second, idp.response({ request: second, nameId: 'ann-1', email: mail() }));
    assert.equal(stolen.query.error_code, 'bad_oauth_state');
  });

  it('answers at the other path as well', async () => {
    const { me, url } = await begin();
    const request = { ...readRequest(url), acs: `${server.url}/auth/saml/callback` };
    const landed = await post(request, idp.response({ request, nameId: 'ann-1', email: mail() }));
    assert.equal((await me.auth.exchangeCodeForSession(landed.query.code)).error, null);
  });

  it('vouches for its own domains only, and its domain leads to it only by the operator\'s word', async () => {
    assert.equal((await signIn({ nameId: 'x', email: 'x@elsewhere.test' })).landed.query.error_code, 'email_address_not_authorized');
    assert.equal((await signIn({ nameId: 'x' })).landed.query.error_code, 'email_address_not_authorized');
    const mine = await fn(server, 'create-sign-in-provider', { accountId: owner.id, protocol: 'saml', name: 'Mine', metadataXml: idp.metadata(), domains: [DOMAIN], routedDomains: ['victim.test'] }, { token: owner.token });
    assert.equal(mine.body.code, 'forbidden');
    const { error } = await client(server).auth.signInWithSSO({ domain: 'victim.test' });
    assert.equal(error.code, 'sso_provider_not_found');
  });

  it('may say more of a person than a token holds', async () => {
    const groups = Array.from({ length: 150 }, (_, i) => `group ${i} ${'x'.repeat(100)}`);
    const email = mail();
    for (let i = 0; i < 2; i += 1) {
      const { data, error } = await signIn({ nameId: 'many-groups', email, groups });
      assert.equal(error, null);
      assert.ok(data.session.access_token.length < 8192);
      assert.equal(data.user.user_metadata.custom_claims, undefined);
      assert.equal(data.user.identities[0].identity_data.custom_claims.groups.length, 150);
      assert.equal(claimsOf(data.session.access_token).user_metadata.full_name, 'A Person');
    }
    // What people say of themselves may be long as well.
    const { me, url } = await begin();
    const landed = await post(readRequest(url), idp.response({ request: readRequest(url), nameId: 'many-groups', email }));
    await me.auth.exchangeCodeForSession(landed.query.code);
    assert.equal((await me.auth.updateUser({ data: { about: 'x'.repeat(12_000), city: 'Bern' } })).error, null);
    const { data, error } = await me.auth.refreshSession();
    assert.equal(error, null);
    assert.equal(data.user.user_metadata.about.length, 12_000);
    const { user_metadata: short } = claimsOf(data.session.access_token);
    assert.deepEqual([short.about, short.city, short.full_name], [undefined, 'Bern', 'A Person']);
  });

  it('is set up by metadata that says enough', async () => {
    const weak = makeIdp('https://weak.example', { bits: 1024 });
    for (const [what, metadataXml] of Object.entries({
      'no XML': 'x', 'nothing': '<a/>', 'a weak key': weak.metadata(), 'no key': idp.metadata({ cert: 'AAAA' }), 'http': idp.metadata({ sso: 'http://idp.example/sso' }),
      'a script': idp.metadata({ sso: 'javascript:alert(1)' }), 'a document type': idp.metadata({ head: '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' }), 'too much': `<a>${'x'.repeat(400_000)}</a>` })) {
      const { body, status } = await fn(server, 'create-sign-in-provider', { protocol: 'saml', name: 'X', metadataXml, domains: [DOMAIN] }, { token: service });
      assert.ok(status === 400 && body.code === 'validation_failed', `${what}: ${status} ${JSON.stringify(body)}`);
    }
    const without = await fn(server, 'create-sign-in-provider', { protocol: 'saml', name: 'X', metadataXml: idp.metadata() }, { token: service });
    assert.equal(without.body.details, 'domains');
    const twice = await fn(server, 'create-sign-in-provider', { protocol: 'saml', name: 'X', metadataXml: idp.metadata(), domains: [DOMAIN] }, { token: service });
    assert.deepEqual([twice.body.code, twice.body.details], ['saml_idp_already_exists', 'metadataXml']);
    assert.match(twice.body.message, /entity id/);
  });
});

describe('a response that is not what was signed', () => {
  const made = (options) => (request) => idp.response({ request, nameId: 'victim', email: `victim@${DOMAIN}`, ...options });
  const forged = (change, options) => (request) => change(made(options)(request));
  const cases = {
    'nothing is signed': made({ signed: 'none' }),
    'another key signed': (request) => other.response({ request, nameId: 'victim', email: `victim@${DOMAIN}` }),
    'SHA-1': made({ signing: { algorithms: SHA1 } }),
    'an HMAC': forged((xml) => xml.replace('xmldsig-more#rsa-sha256', 'xmldsig-more#hmac-sha256')),
    'the name was changed afterwards': forged((xml) => xml.replace('>victim<', '>admin<')),
    'a comment splits the name': forged((xml) => xml.replace('>victim<', '>vic<!-- -->tim<')),
    'the signed name has a comment': (request) => idp.response({ request, nameId: 'admin<!-- -->.evil', email: `victim@${DOMAIN}` }),
    'CDATA': forged((xml) => xml.replace('>victim<', '><![CDATA[victim]]><')),
    'a document type with an entity': forged((xml) => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${xml}`),
    'a processing instruction': forged((xml) => xml.replace('>victim<', '>victim<?x y?><')),
    'a transform by stylesheet': forged((xml) => xml.replace('<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"', '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"')),
    'the reference is to the whole document': forged((xml) => xml.replace(/URI="#[^"]*"/, 'URI=""')),
    'two elements have one ID': forged((xml) => xml.replace(/<samlp:Status>/, `<samlp:Status ID="${/<saml:Assertion[^>]* ID="([^"]*)"/.exec(xml)[1]}">`)),
    'it has expired': made({ until: -90 }),
    'it counts later': made({ from: 300, until: 600 }),
    'a foreign audience': made({ audience: 'https://elsewhere.example' }),
    'a foreign recipient': made({ recipient: 'https://elsewhere.example/acs' }),
    'a foreign destination': made({ envelope: { destination: 'https://elsewhere.example/acs' } }),
    'another issuer': made({ issuer: 'https://evil.example' }),
    'the answer to another request': made({ inResponseTo: '_other' }),
    'an answer to nothing': made({ envelope: { inResponseTo: '' } }),
    'a refusal': made({ envelope: { status: 'AuthnFailed' } }),
    'no XML': () => 'x',
    'nested without an end': () => '<a>'.repeat(50_000),
  };
  for (const [what, make] of Object.entries(cases)) {
    it(`signs nobody in: ${what}`, async () => {
      const before = await users();
      const request = readRequest((await begin()).url);
      const landed = await post(request, make(request));
      assert.equal(landed.query.error_code, 'bad_saml_response', JSON.stringify(landed));
      assert.ok(!landed.query.code && !landed.fragment.access_token);
      assert.equal(await users(), before);
    });
  }

  for (const name of ['XSW1', 'XSW2', 'XSW3', 'XSW4', 'XSW5', 'XSW6', 'XSW7', 'XSW8']) {
    it(`signs nobody in: ${name}`, async () => {
      const request = readRequest((await begin()).url);
      const options = { request, nameId: 'mallory', email: `mallory@${DOMAIN}` };
      const landed = await post(request, wrappings(idp.response(options), idp.response({ ...options, signed: 'response' }), 'victim')[name]);
      assert.equal(landed.query.error_code, 'bad_saml_response');
    });
  }

  it('signs nobody in twice, nor by a name that changes', async () => {
    const request = readRequest((await begin()).url);
    const xml = idp.response({ request, nameId: 'ann-1', email: mail() });
    assert.ok((await post(request, xml)).query.code);
    assert.equal((await post(request, xml)).query.error_code, 'bad_oauth_state');
    const fresh = readRequest((await begin()).url);
    assert.equal((await post(fresh, xml)).query.error_code, 'bad_saml_response', 'not with another flow either');
    assert.equal((await signIn({ nameId: 'x', email: mail(), format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' })).landed.query.error_code, 'saml_assertion_no_user_id');
    assert.equal((await call(server, '/auth/v1/sso/saml/acs', { body: 'x'.repeat(600_000), headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 413);
  });
});

describe('a provider of an account', () => {
  it('makes members of that account, of a role by their groups, and finds nobody by an address', async () => {
    const victim = await member(server, owner.id, 'member');
    const made = await fn(server, 'create-sign-in-provider', { accountId: owner.id, protocol: 'saml', name: 'Ours', metadataXml: idp.metadata(), domains: [DOMAIN, 'example.test'],
      defaultRole: 'client', roleClaim: 'groups', roleMap: { support: 'member', leads: 'manager', root: 'owner' } }, { token: owner.token });
    assert.equal(made.status, 201, made.text);
    const of = { providerId: made.body.provider.id };
    const { data, error } = await signIn({ nameId: 'emp-1', email: victim.email, groups: ['support', 'leads', 'root'] }, of);
    assert.equal(error, null);
    assert.notEqual(data.user.id, victim.id, 'an account\'s provider leads into nobody else\'s account');
    assert.equal(data.user.email, '');
    const role = async () => (await server.sql`select role from public.team_members where owner_id = ${owner.id} and member_id = ${data.user.id}`)[0]?.role;
    assert.equal(await role(), 'manager', 'the highest of what the groups map to; nobody becomes an owner');
    await signIn({ nameId: 'emp-1', email: victim.email, groups: [] }, of);
    assert.equal(await role(), 'client');
    const list = await fn(server, 'list-team-members', { accountId: owner.id }, { token: owner.token });
    assert.equal(list.body.members.find((one) => one.id === data.user.id).email, victim.email);
    const log = await eventually('the audit log says so', async () => (await server.sql`select action from public.audit_logs where user_id = ${owner.id} and action = 'sign_in_provider.created'`)[0]);
    assert.ok(log);

    const removed = await fn(server, 'remove-team-member', { accountId: owner.id, memberId: data.user.id }, { token: owner.token });
    assert.equal(removed.status, 200, removed.text);
    assert.equal((await signIn({ nameId: 'emp-1', email: victim.email }, of)).landed.query.error_code, 'forbidden');

    const manager = await member(server, owner.id, 'admin');
    for (const [name, body] of [['list-sign-in-providers', { accountId: owner.id }], ['update-sign-in-provider', { ...of, enabled: false }], ['delete-sign-in-provider', of]]) {
      assert.equal((await fn(server, name, body, { token: manager.token })).body.code, 'insufficient_role', name);
    }
    const shown = await fn(server, 'list-sign-in-providers', { accountId: owner.id }, { token: owner.token });
    assert.deepEqual(shown.body.providers.map((one) => one.name), ['Ours']);
    assert.equal((await fn(server, 'update-sign-in-provider', { ...of, enabled: false }, { token: owner.token })).body.provider.enabled, false);
    const { error: off } = await client(server).auth.signInWithSSO(of);
    assert.equal(off.code, 'sso_provider_not_found');
    assert.equal((await fn(server, 'delete-sign-in-provider', of, { token: owner.token })).status, 200);
  });
});
