// Signing in through OpenID Connect with supabase-js: a real provider, and one that lies.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { call, claimsOf, supabase } from '../lib/callers.mjs';
import { Hops } from '../lib/hops.mjs';
import { CLIENT, hmacToken, Key, startOidc, startStandIn, unsigned } from '../lib/oidc.mjs';
import { startServer } from '../lib/server.mjs';
import { client, fresh } from '../lib/sign_in.mjs';

const PAGE = 'https://shop.example/welcome';
const people = {
  ann: { email: fresh('ann'), email_verified: true, name: 'Ann', picture: 'https://p.example/ann.png' },
  ben: { email: fresh('ben'), email_verified: true, name: 'Ben' },
  una: { email: fresh('una'), email_verified: false },
};
let server, real, standIn, admin;
before(async () => {
  server = await startServer({ env: { CHATPAD_FETCH_ALLOW: '127.0.0.0/8', CHATPAD_SITE_URL: PAGE, CHATPAD_REDIRECT_URLS: 'https://*.shop.example/**' } });
  real = await startOidc({ redirectUri: `${server.url}/auth/v1/callback`, people });
  standIn = await startStandIn();
  admin = supabase(server, { key: server.env.SUPABASE_SERVICE_ROLE_KEY });
  const { error } = await provide('custom:real', real.issuer);
  assert.equal(error, null);
});
after(async () => {
  await server?.stop();
  await real?.stop();
  await standIn?.stop();
});

const provide = (identifier, issuer, more = {}) =>
  admin.auth.admin.customProviders.createProvider({ provider_type: 'oidc', identifier, name: identifier, issuer, ...CLIENT, ...more });

// A stand-in's issuer with a provider of the server for it.
async function liar(name, lies, more) {
  const { error } = await provide(`custom:${name}`, standIn.issuer(name, lies), more);
  assert.equal(error, null, name);
  return `custom:${name}`;
}

const begin = (me, provider, options = {}) => me.auth.signInWithOAuth({ provider, options: { skipBrowserRedirect: true, ...options } });

async function signIn(provider, options, me = client(server, { flowType: 'pkce' })) {
  const { data, error } = await begin(me, provider, options);
  assert.equal(error, null);
  return { me, landed: await new Hops().go(data.url) };
}
const as = (who) => ({ queryParams: { login_hint: who } });
const count = async (table) => (await server.sql`select count(*)::int as n from ${server.sql(table)}`)[0].n;

describe('a provider of the server', () => {
  it('signs somebody in who is new, with a code that the client redeems', async () => {
    const { me, landed } = await signIn('custom:real', { ...as('ann'), redirectTo: 'https://eu.shop.example/in?x=1' });
    assert.equal(landed.page, 'https://eu.shop.example/in');
    assert.deepEqual(Object.keys(landed.query), ['x', 'code']);
    const { data, error } = await me.auth.exchangeCodeForSession(landed.query.code);
    assert.equal(error, null);
    assert.equal(data.user.email, people.ann.email);
    assert.ok(data.user.email_confirmed_at);
    assert.equal(data.user.user_metadata.full_name, 'Ann');
    assert.deepEqual(data.user.app_metadata.providers, ['custom:real']);
    assert.equal(data.user.identities.length, 1);
    assert.equal(data.user.identities[0].identity_data.iss, real.issuer);
    assert.ok(data.session.provider_token);
    assert.equal(claimsOf(data.session.access_token).amr[0].method, 'oauth');
    assert.equal(await server.sql`select plan from public.accounts where id = ${data.user.id}`.then((rows) => rows[0].plan), 'basic');
    const again = await me.auth.exchangeCodeForSession(landed.query.code).catch((thrown) => ({ error: thrown }));
    assert.ok(again.error, 'the code is good once');
  });

  it('knows them the next time, and gives a session in the fragment to a client without PKCE', async () => {
    const me = client(server);
    const { landed } = await signIn('custom:real', as('ann'), me);
    assert.equal(landed.page, PAGE);
    assert.equal(landed.query.code, undefined);
    assert.ok(landed.fragment.provider_token);
    const { data, error } = await me.auth.setSession(landed.fragment);
    assert.equal(error, null);
    assert.equal(data.user.email, people.ann.email);
    assert.equal(data.user.identities.length, 1);
  });

  it('sends state, nonce and an S256 challenge, keeps none of them, and says who it is in /settings', async () => {
    const { data } = await begin(client(server), 'custom:real');
    let asked;
    await new Hops().go(data.url, { visit: (url) => url.origin === real.issuer && (asked = url) });
    assert.equal(asked.searchParams.get('code_challenge_method'), 'S256');
    assert.equal(asked.searchParams.get('scope'), 'openid email profile');
    assert.ok(asked.searchParams.get('nonce').length >= 43);
    const flows = JSON.stringify(await server.sql`select * from auth.sign_in_flows`);
    for (const name of ['state', 'nonce', 'code_challenge']) assert.ok(!flows.includes(asked.searchParams.get(name)), name);
    const { body } = await call(server, '/auth/v1/settings', { method: 'GET' });
    assert.equal(body.external['custom:real'], true);
    assert.equal(body.saml_enabled, true);
    assert.deepEqual(body.providers.find((one) => one.provider === 'custom:real'), { provider: 'custom:real', name: 'custom:real', kind: 'generic' });
  });

  it('says at the page what went wrong', async () => {
    const { landed } = await signIn('custom:real', as('nobody'));
    assert.equal(landed.page, PAGE);
    assert.deepEqual([landed.query.error, landed.query.error_code], ['access_denied', 'forbidden']);
    assert.equal(landed.fragment.error_description, landed.query.error_description);
    const unknown = await call(server, '/auth/v1/authorize?provider=custom:none', { method: 'GET' });
    assert.equal(unknown.status, 400);
    assert.match(unknown.text, /Unsupported provider: provider is not enabled/);
  });

  it('sends nobody to a page that is not allowed', async () => {
    for (const to of ['https://evil.example/', 'https://shop.example.evil.example/', 'javascript:alert(1)', '//evil.example']) {
      const { landed } = await signIn('custom:real', { ...as('ann'), redirectTo: to });
      assert.equal(landed.page, PAGE, to);
    }
  });

  it('takes a state back once, from the browser it began in, and from nobody else', async () => {
    const { data } = await begin(client(server), 'custom:real', as('ann'));
    const stop = { visit: (url) => url.pathname === '/auth/v1/callback' };
    const other = await new Hops().go(data.url, stop);
    const stolen = await new Hops().go(other.url);
    assert.equal(stolen.query.error_code, 'bad_oauth_state', 'another browser has no cookie');
    const victim = new Hops();
    const mine = await victim.go((await begin(client(server), 'custom:real', as('ann'))).data.url, stop);
    assert.ok((await victim.go(mine.url)).fragment.access_token);
    const twice = await victim.go(mine.url);
    assert.deepEqual([twice.page, twice.query.error_code], [PAGE, 'bad_oauth_state']);
    const invented = await new Hops().go(`${server.url}/auth/v1/callback?code=x&state=${randomBytes(24).toString('base64url')}`);
    assert.equal(invented.query.error_code, 'bad_oauth_state');
    const late = await victim.go((await begin(client(server), 'custom:real', as('ann'))).data.url, stop);
    await server.sql`update auth.sign_in_flows set expires_at = now() - interval '1 second'`;
    assert.equal((await victim.go(late.url)).query.error_code, 'bad_oauth_state');
  });

  it('takes what a provider posts as a form', async () => {
    const browser = new Hops();
    const at = await browser.go((await begin(client(server), 'custom:real', as('ann'))).data.url, { visit: (url) => url.pathname === '/auth/v1/callback' });
    const landed = await browser.go(`${server.url}/auth/v1/callback`, { method: 'POST', body: new URLSearchParams(at.query).toString() });
    assert.ok(landed.fragment.access_token);
  });
});

describe('the providers themselves', () => {
  it('are kept with the service key, which never reads a secret back', async () => {
    const api = admin.auth.admin.customProviders;
    assert.equal((await provide('custom:kept', 'https://idp.example')).error, null);
    assert.ok((await provide('custom:kept', 'https://idp.example')).error, 'a name is taken once');
    const { data } = await api.getProvider('custom:kept');
    assert.deepEqual([data.provider_type, data.issuer, data.client_id, data.enabled], ['oidc', 'https://idp.example', CLIENT.client_id, true]);
    const changed = await api.updateProvider('custom:kept', { name: 'Kept', enabled: false, client_secret: 'canary-another-secret' });
    assert.deepEqual([changed.data.name, changed.data.enabled], ['Kept', false]);
    assert.match((await api.updateProvider('custom:kept', { issuer: 'https://other.example' })).error.message, /issuer/);
    const list = await api.listProviders();
    assert.ok(list.data.providers.some((one) => one.identifier === 'custom:kept'));
    const shown = JSON.stringify([data, changed.data, list.data]) + server.stderr + server.stdout;
    assert.ok(!shown.includes('canary-'), 'no answer and no log has a secret');
    const rows = JSON.stringify(await server.sql`select * from auth.sign_in_providers`);
    assert.ok(!rows.includes('canary-') && rows.includes('v1.'));
    assert.equal((await call(server, '/auth/v1/authorize?provider=custom:kept', { method: 'GET' })).status, 400, 'disabled');
    assert.equal((await api.deleteProvider('custom:kept')).error, null);
    assert.equal((await api.getProvider('custom:kept')).error.status, 404);
    const nobody = await supabase(server).auth.admin.customProviders.listProviders();
    assert.ok(nobody.error);
  });

  it('are refused when their settings would weaken a check or reach into the operator\'s network', async () => {
    for (const [field, value] of [['issuer', 'http://idp.example'], ['issuer', 'http://10.0.0.1'], ['issuer', 'file:///etc/passwd'], ['issuer', 'https://a@b.example'],
      ['skip_nonce_check', true], ['pkce_enabled', false], ['email_optional', true], ['jwks_uri', 'https://idp.example/jwks'], ['identifier', 'email'],
      ['identifier', 'sso:x'], ['identifier', 'A B'], ['provider_type', 'oauth2'], ['client_secret', 'x'.repeat(3000)]]) {
      const { error } = await provide('custom:weak', 'https://idp.example', { [field]: value });
      assert.equal(error?.code, 'validation_failed', `${field} ${value}: ${error?.message}`);
    }
    const { error } = await provide('custom:inside', 'https://10.0.0.1:1234');
    assert.equal(error, null, 'an address is looked at when it is connected to');
    const reply = await call(server, '/auth/v1/authorize?provider=custom:inside', { method: 'GET' });
    assert.equal(reply.status, 400);
    assert.doesNotMatch(reply.text, /10\.0\.0\.1/);
  });
});

describe('a token that lies', () => {
  const other = new Key('RS256', 'other');
  const cases = {
    'from another issuer': { claims: (c) => ({ ...c, iss: 'https://evil.example' }) },
    'for another audience': { claims: (c) => ({ ...c, aud: 'somebody-else' }) },
    'for several audiences without azp': { claims: (c) => ({ ...c, aud: [c.aud, 'somebody-else'] }) },
    'for another party': { claims: (c) => ({ ...c, azp: 'somebody-else' }) },
    'without a nonce': { claims: ({ nonce, ...c }) => c },
    'with another nonce': { claims: (c) => ({ ...c, nonce: 'x' }) },
    'that has expired': { claims: (c) => ({ ...c, exp: c.iat - 120 }) },
    'of tomorrow': { claims: (c) => ({ ...c, iat: c.iat + 86_400, exp: c.exp + 86_400 }) },
    'without a time': { claims: ({ exp, ...c }) => c },
    'without a subject': { claims: (c) => ({ ...c, sub: '' }) },
    'unsigned': { token: unsigned },
    'signed with the public key as an HMAC secret': { token: (claims, key) => hmacToken(claims, key.publicKey.export({ type: 'spki', format: 'pem' }), key.kid) },
    'signed by another key': { token: (claims, key) => other.token(claims, { kid: key.kid }) },
    'signed by a key it brings along': { token: (claims) => other.token(claims, { jwk: other.jwk, jku: 'https://evil.example/jwks' }) },
    'with a critical extension': { token: (claims, key) => key.token(claims, { crit: ['b64'], b64: false }) },
    'whose at_hash is of another access token': { claims: (c) => ({ ...c, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }) },
    'that is none': { answer: (a) => ({ ...a, id_token: 'x.y.z' }) },
    'that is missing': { answer: ({ id_token, ...a }) => a },
    'whose userinfo is about somebody else': { claims: ({ email, email_verified, ...c }) => c, userinfo: { sub: 'victim', email: 'victim@stand-in.test', email_verified: true } },
    'of an issuer whose document names another': { document: (d) => ({ ...d, issuer: 'https://evil.example' }) },
    'of an issuer with a key too small': { jwks: (response) => response.writeHead(200).end(JSON.stringify({ keys: [{ kty: 'RSA', kid: 'x', n: 'AQAB', e: 'AQAB' }] })) },
    'of an issuer without an end of keys': { jwks: (response) => response.writeHead(200).end(`{"keys": [${'{"kty":"RSA"},'.repeat(40_000)}{}]}`) },
    'of an issuer that sends the browser to a script': { document: (d) => ({ ...d, authorization_endpoint: 'javascript:alert(1)' }) },
    'with a code of another issuer': { callback: { iss: 'https://evil.example' } },
  };
  for (const [what, lies] of Object.entries(cases)) {
    it(`signs nobody in: ${what}`, async () => {
      const users = await count('auth.users');
      const name = `liar-${randomBytes(4).toString('hex')}`;
      const { data } = await begin(client(server, { flowType: 'pkce' }), await liar(name, lies));
      const landed = await new Hops().go(data.url);
      const told = landed.query.error_code ?? landed.status;
      assert.ok(landed.query.code === undefined && landed.fragment.access_token === undefined, what);
      assert.ok(['bad_jwt', 'unexpected_audience', 'bad_oauth_callback', 'upstream_failed', 502, 400].includes(told), `${what}: ${told}`);
      assert.equal(await count('auth.users'), users);
    });
  }

  it('is told from a good one of ES256, of a rotated key, and of a list with us in it', async () => {
    for (const [name, lies] of Object.entries({ es: { alg: 'ES256' }, list: { claims: (c) => ({ ...c, aud: [c.aud, 'other'], azp: c.aud }) } })) {
      for (let i = 0; i < (name === 'es' ? 4 : 1); i += 1) {
        const provider = i === 0 ? await liar(name, lies) : `custom:${name}`;
        const { me, landed } = await signIn(provider);
        assert.equal((await me.auth.exchangeCodeForSession(landed.query.code)).error, null, name);
      }
    }
    const provider = await liar('rotating', {});
    assert.ok((await signIn(provider)).landed.query.code);
    standIn.rotate('rotating', 'rotating-2');
    assert.ok((await signIn(provider)).landed.query.code, 'the new key is looked for');
    standIn.rotate('rotating', 'rotating-3');
    const before = standIn.asked.get('rotating jwks');
    for (let i = 0; i < 3; i += 1) assert.equal((await signIn(provider)).landed.query.error_code, 'bad_jwt');
    assert.equal(standIn.asked.get('rotating jwks'), before, 'not at every unknown key');
  });
});

describe('an ID token that an app brings', () => {
  it('signs in, with the nonce it was asked for with', async () => {
    const provider = await liar('app', {});
    const issuer = standIn.issuer('app');
    const now = Math.floor(Date.now() / 1000);
    const nonce = 'a nonce of the app';
    const hashed = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(nonce)).then((bytes) => Buffer.from(bytes).toString('hex'));
    const good = { iss: issuer, sub: 'app-person', aud: CLIENT.client_id, iat: now, exp: now + 300, nonce: hashed, email: fresh('app'), email_verified: true };
    const bring = (claims, more = {}, key = standIn.key('app')) => client(server).auth.signInWithIdToken({ provider, token: key.token(claims), nonce, ...more });
    const { data, error } = await bring(good);
    assert.equal(error, null);
    assert.equal(data.user.email, good.email);
    assert.equal((await bring({ ...good, nonce: undefined })).error.code, 'bad_jwt');
    assert.equal((await bring(good, { nonce: undefined })).error.code, 'bad_jwt');
    assert.equal((await bring({ ...good, aud: 'another app' })).error.code, 'unexpected_audience');
    assert.equal((await bring({ ...good, iss: 'https://evil.example' })).error.code, 'bad_jwt');
    assert.equal((await bring(good, {}, new Key('RS256', 'app-1'))).error.code, 'bad_jwt');
    assert.equal((await client(server).auth.signInWithIdToken({ provider: 'google', token: 'x.y.z' })).error.code, 'validation_failed');
  });
});

describe('somebody who is here already', () => {
  const PASSWORD = 'correct horse battery';
  async function person(email, flowType = 'pkce', browser = new Hops()) {
    const me = client(server, { flowType, fetch: browser.fetch });
    const { data, error } = await me.auth.signUp({ email, password: PASSWORD });
    assert.equal(error, null);
    return { me, id: data.user.id, email, browser };
  }
  const identities = (id) => server.sql`select provider from auth.identities where user_id = ${id} order by created_at`.then((rows) => rows.map((row) => row.provider));
  // linkIdentity as an application does it; resolves with where the browser landed.
  async function link(me, provider, browser = new Hops()) {
    const { data, error } = await me.auth.linkIdentity({ provider, options: { skipBrowserRedirect: true } });
    assert.equal(error, null);
    return { url: data.url, landed: await browser.go(data.url) };
  }

  it('is found by an address that both sides have proven, and by no other', async () => {
    const email = fresh('proven');
    const { id } = await person(email);
    const provider = await liar('vouches', { email });
    const refused = await signIn(provider);
    assert.equal(refused.landed.query.error_code, 'email_not_proven', 'anybody may have signed up with it');
    assert.deepEqual(await identities(id), ['email']);
    await server.sql`update auth.users set email_proven_at = now() where id = ${id}`;
    const { me, landed } = await signIn(provider);
    assert.equal((await me.auth.exchangeCodeForSession(landed.query.code)).data.user.id, id);
    assert.deepEqual(await identities(id), ['email', provider]);
    const unverified = await liar('unverified', { claims: (c) => ({ ...c, email, email_verified: false }) });
    assert.equal((await signIn(unverified)).landed.query.error_code, 'provider_email_needs_verification');
    assert.equal((await signIn('custom:real', as('una'))).landed.query.error_code, 'provider_email_needs_verification');
  });

  it('loses password and sessions when they never confirmed it', async () => {
    const email = fresh('squatted');
    const { id } = await person(email);
    await server.sql`update auth.users set email_confirmed_at = null where id = ${id}`;
    const { me, landed } = await signIn(await liar('owns', { email }));
    assert.equal((await me.auth.exchangeCodeForSession(landed.query.code)).data.user.id, id);
    assert.ok((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).error);
  });

  it('links an identity when its code is redeemed, and unlinks it, but not the last', async () => {
    const { me, id } = await person(fresh('links'));
    const provider = await liar('linked', {});
    const lured = await link(me, provider);
    assert.ok(lured.landed.query.code);
    assert.deepEqual(await identities(id), ['email'], 'whoever opened the link has no verifier');
    const { landed } = await link(me, provider);
    const { data, error } = await me.auth.exchangeCodeForSession(landed.query.code);
    assert.equal(error, null);
    assert.equal(data.user.id, id);
    assert.deepEqual(data.user.app_metadata.providers, ['email', provider]);
    assert.equal((await link(me, provider)).landed.query.error_code, 'identity_already_exists');
    const rival = await person(fresh('rival'));
    assert.match((await link(rival.me, provider)).landed.query.error_description, /linked to another user/);
    const { data: list } = await me.auth.getUserIdentities();
    const [email, foreign] = ['email', provider].map((name) => list.identities.find((one) => one.provider === name));
    assert.ok((await rival.me.auth.unlinkIdentity(foreign)).error, 'not somebody else\'s');
    assert.equal((await me.auth.unlinkIdentity(foreign)).error, null);
    assert.equal((await me.auth.unlinkIdentity(email)).error.code, 'single_identity_not_deletable');
    assert.deepEqual(await identities(id), ['email']);
  });

  it('links without PKCE in the browser that asked, by a link that is good once', async () => {
    const { me, id, browser } = await person(fresh('implicit'), 'implicit');
    const provider = await liar('implicit', {});
    assert.equal((await link(me, provider)).landed.status, 400, 'another browser was sent there');
    assert.deepEqual(await identities(id), ['email']);
    const { url, landed } = await link(me, provider, browser);
    assert.ok(url.startsWith(`${server.url}/auth/v1/authorize?flow=`));
    assert.ok(landed.fragment.access_token);
    assert.equal(claimsOf(landed.fragment.access_token).sub, id);
    assert.deepEqual(await identities(id), ['email', provider]);
    assert.equal((await browser.go(url)).status, 400);
  });

  it('becomes somebody when they were anonymous', async () => {
    const me = client(server, { flowType: 'pkce' });
    const { data: anonymous } = await me.auth.signInAnonymously();
    const { landed } = await link(me, await liar('somebody', {}));
    const { data, error } = await me.auth.exchangeCodeForSession(landed.query.code);
    assert.equal(error, null);
    assert.equal(data.user.id, anonymous.user.id);
    assert.deepEqual([data.user.email, data.user.is_anonymous], ['somebody@stand-in.test', false]);
  });

  it('comes in only from the domains that a provider has', async () => {
    const provider = await liar('domains', { email: 'x@elsewhere.test' }, { domains: ['stand-in.test'] });
    assert.equal((await signIn(provider)).landed.query.error_code, 'email_address_not_authorized');
  });
});
