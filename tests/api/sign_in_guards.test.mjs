// What keeps one provider's word from counting as another's, and one browser's sign-in from ending in
// another: callbacks of their own, cookies, second factors, people of a directory.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, member, supabase } from '../lib/callers.mjs';
import { Hops } from '../lib/hops.mjs';
import { CLIENT, startStandIn } from '../lib/oidc.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { client, fresh } from '../lib/sign_in.mjs';
import { totp } from '../lib/totp.mjs';

const PAGE = 'https://shop.example/welcome';
const PASSWORD = 'correct horse battery';
let server, standIn, service, owner, admin;
before(async () => {
  server = await startServer({ env: { CHATPAD_FETCH_ALLOW: '127.0.0.0/8', CHATPAD_SITE_URL: PAGE } });
  standIn = await startStandIn();
  service = server.env.SUPABASE_SERVICE_ROLE_KEY;
  admin = supabase(server, { key: service });
  owner = await account(server);
});
after(async () => {
  await server?.stop();
  await standIn?.stop();
});

const some = (name) => `${name}-${randomBytes(4).toString('hex')}`;
// A provider of the account, or of the server, at a stand-in of that name.
async function provide(name, { lies = {}, accountId, token = accountId ? owner.token : service, ...more } = {}) {
  const { status, body, text } = await fn(server, 'create-sign-in-provider', {
    ...(accountId ? { accountId } : { identifier: name }), name, issuer: standIn.issuer(name, lies), clientId: CLIENT.client_id, clientSecret: CLIENT.client_secret, ...more,
  }, { token });
  assert.equal(status, 201, text);
  return body.provider;
}
const pkce = (more) => client(server, { flowType: 'pkce', ...more });
async function begin(of, me = pkce()) {
  const { data, error } = of.accountId
    ? await me.auth.signInWithSSO({ providerId: of.id, options: { skipBrowserRedirect: true } })
    : await me.auth.signInWithOAuth({ provider: of.identifier, options: { skipBrowserRedirect: true } });
  assert.equal(error, null);
  return data.url;
}
// Where the browser stands when it comes back to us, before it does.
const atCallback = { visit: (url) => url.pathname.startsWith('/auth/v1/callback') };
const atProvider = { visit: (url) => !url.href.startsWith(server.url) };
async function person(email = fresh()) {
  const me = pkce();
  const { data, error } = await me.auth.signUp({ email, password: PASSWORD });
  assert.equal(error, null);
  return { me, id: data.user.id, email, token: data.session.access_token };
}

describe('a provider of an account', () => {
  it('has a callback of its own, by link and by form', async () => {
    const ours = await provide(some('ours'), { accountId: owner.id });
    const address = `${server.url}/auth/v1/callback/${ours.id}`;
    const me = pkce();
    const url = await begin(ours, me);
    assert.equal(new URL(url).searchParams.get('redirect_uri'), address);
    const landed = await new Hops().go(url);
    assert.equal((await me.auth.exchangeCodeForSession(landed.query.code)).error, null);
    const browser = new Hops();
    const again = pkce();
    const at = await browser.go(await begin(ours, again), atCallback);
    const posted = await browser.go(address, { method: 'POST', body: new URLSearchParams(at.query).toString() });
    assert.equal((await again.auth.exchangeCodeForSession(posted.query.code)).error, null);
  });

  it('gets no code of another provider, whoever swaps the states', async () => {
    const evil = await provide(some('evil'), { accountId: owner.id });
    const good = await provide(some('good'));
    const state = new URL(await begin(evil)).searchParams.get('state');
    const elsewhere = await new Hops().go(await begin(good), atProvider);
    const lure = new URL(elsewhere.url);
    lure.searchParams.set('state', state);
    const landed = await new Hops().go(lure.href);
    assert.equal(landed.query.error_code, 'bad_oauth_state');
    assert.equal(standIn.asked.get(`${evil.name} token`), undefined, 'nothing was told to the other issuer');

    // Nor the other way round, nor at a third one's address.
    const third = await provide(some('third'), { accountId: owner.id });
    for (const [of, path] of [[good, `/${evil.id}`], [evil, ''], [evil, `/${third.id}`], [evil, '/x'], [evil, `/${evil.id.toUpperCase()}`]]) {
      const browser = new Hops();
      const at = await browser.go(await begin(of), atCallback);
      const wrong = await browser.go(`${server.url}/auth/v1/callback${path}?${new URLSearchParams(at.query)}`);
      assert.equal(wrong.query.error_code, 'bad_oauth_state', path);
    }
    assert.equal(standIn.asked.get(`${evil.name} token`), undefined);
  });

  it('is of Azure only at Microsoft\'s own hosts', async () => {
    const make = (issuer) => fn(server, 'create-sign-in-provider', { accountId: owner.id, name: 'Azure', kind: 'azure', issuer, clientId: 'x' }, { token: owner.token });
    for (const issuer of [standIn.issuer('azure'), 'https://login.microsoftonline.com.evil.example/common/v2.0', 'https://evil.example/common/v2.0']) {
      const { status, body } = await make(issuer);
      assert.deepEqual([status, body.code, body.details], [400, 'validation_failed', 'kind'], issuer);
    }
    for (const host of ['login.microsoftonline.com', 'login.microsoftonline.us', 'acme.ciamlogin.com']) {
      const { status, body } = await make(`https://${host}/common/v2.0`);
      assert.equal(status, 201);
      assert.equal(body.provider.kind, 'azure');
    }
  });

  it('is made by nobody for whom nothing is fetched first', async () => {
    let fetched = 0;
    const site = http.createServer((request, response) => {
      fetched += 1;
      response.end('<a/>');
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    const body = { protocol: 'saml', name: 'X', metadataUrl: `http://127.0.0.1:${site.address().port}/metadata`, domains: ['acme.test'] };
    const colleague = await member(server, owner.id, 'admin');
    const stranger = await account(server);
    const ours = await provide(some('kept'), { accountId: owner.id });
    for (const [name, of, token, code] of [
      ['create-sign-in-provider', { accountId: owner.id }, colleague.token, 'insufficient_role'], ['create-sign-in-provider', { accountId: owner.id }, stranger.token, 'not_found'],
      ['create-sign-in-provider', {}, owner.token, undefined], ['update-sign-in-provider', { providerId: ours.id }, colleague.token, 'insufficient_role'],
      ['update-sign-in-provider', { providerId: ours.id }, stranger.token, 'not_found'], ['update-sign-in-provider', { providerId: randomUUID() }, owner.token, 'not_found'],
    ]) {
      const { status, body: said } = await fn(server, name, { ...body, ...of }, { token });
      assert.ok([403, 404].includes(status), `${name} ${status}`);
      if (code) assert.equal(said.code, code, name);
    }
    assert.equal(fetched, 0);
    assert.equal((await fn(server, 'create-sign-in-provider', { ...body, accountId: owner.id }, { token: owner.token })).status, 400);
    assert.equal(fetched, 1, 'for an owner it is');
    await new Promise((resolve) => site.close(resolve));
  });
});

describe('a sign-in', () => {
  it('that begins in a browser ends in that one, with PKCE as well', async () => {
    const good = await provide(some('good'));
    const browser = new Hops();
    const me = pkce();
    const at = await browser.go(await begin(good, me), atCallback);
    assert.equal((await new Hops().go(at.url)).query.error_code, 'bad_oauth_state');
    const mine = await browser.go(await begin(good, me));
    assert.equal((await me.auth.exchangeCodeForSession(mine.query.code)).error, null);
    // A script that sends a browser there has no browser to give a cookie to.
    const verifier = randomBytes(32).toString('base64url');
    const { body, headers } = await call(server, `/auth/v1/authorize?provider=${good.identifier}&code_challenge=${verifier}&code_challenge_method=plain&skip_http_redirect=true`, { method: 'GET' });
    assert.equal(headers.get('set-cookie'), null);
    const { query } = await new Hops().go(body.url);
    assert.equal((await call(server, '/auth/v1/token?grant_type=pkce', { body: { auth_code: query.code, code_verifier: verifier } })).status, 200);
  });

  it('at an issuer of every tenant takes the code of the tenant that the callback names', async () => {
    const [mine, other] = [randomUUID(), randomUUID()];
    const host = standIn.issuer('common').slice(0, -'/common'.length);
    const made = await provide('common');
    await server.sql`update auth.sign_in_providers set kind = 'azure', issuer = ${`${host}/common/`} where id = ${made.id}`;
    const landed = async (iss) => {
      standIn.issuer('common', {
        document: (d) => ({ ...d, issuer: `${host}/{tenantid}/` }), callback: iss ? { iss } : {},
        claims: (c) => ({ ...c, iss: `${host}/${mine}/`, tid: mine, xms_edov: true }),
      });
      const { query } = await new Hops().go(await begin({ identifier: 'common' }));
      return query.error_code ?? (query.code && 'in');
    };
    assert.equal(await landed(), 'in');
    assert.equal(await landed(`${host}/${mine}/`), 'in');
    assert.equal(await landed(`${host}/${other}/`), 'bad_jwt');
    for (const iss of ['https://evil.example', `${host}/{tenantid}/`, `${host}/x/`, `${host}/${mine}`, `${host}/${mine}/x/`]) assert.equal(await landed(iss), 'bad_oauth_callback', iss);
  });

  it('of somebody new, begun many times at once, makes one person', async () => {
    const good = await provide(some('good'));
    const flows = await Promise.all(Array.from({ length: 6 }, async () => {
      const [me, browser] = [pkce(), new Hops()];
      return { me, browser, at: await browser.go(await begin(good, me), atCallback) };
    }));
    const ids = await Promise.all(flows.map(async ({ me, browser, at }) => {
      const { query } = await browser.go(at.url);
      assert.equal(query.error_code, undefined, query.error_description);
      return (await me.auth.exchangeCodeForSession(query.code)).data.user.id;
    }));
    assert.equal(new Set(ids).size, 1);
  });

  it('that a provider refuses leaves none of its words in the log', async () => {
    const words = 'canary-words of ann@example.test';
    for (const error of ['server_error', words, 'x'.repeat(65)]) {
      const good = await provide(some('refuses'), { lies: { callback: { error, error_description: words } } });
      assert.equal((await new Hops().go(await begin(good))).query.error_code, 'bad_oauth_callback');
    }
    await eventually('the log has the word, and that there were others', () => /the provider answered server_error/.test(server.stderr) && server.stderr.split('the provider answered with another error').length === 3);
    const logged = server.stderr + server.stdout;
    assert.ok(!logged.includes('canary-words') && !logged.includes('ann@example.test') && !logged.includes('x'.repeat(65)));
  });
});

describe('an identity', () => {
  const link = (me, of) => me.auth.linkIdentity({ provider: of.identifier, options: { skipBrowserRedirect: true } });

  it('is linked and unlinked with the second factor, by whoever has one', async () => {
    const [good, app] = [await provide(some('good')), await provide(some('app'))];
    const { me, email, id } = await person();
    const { data: factor } = await me.auth.mfa.enroll({ factorType: 'totp' });
    const { error } = await me.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) });
    assert.equal(error, null);
    const weak = pkce();
    assert.equal((await weak.auth.signInWithPassword({ email, password: PASSWORD })).error, null);

    const first = await link(me, good);
    assert.equal(first.error, null);
    const { query } = await new Hops().go(first.data.url);
    assert.equal((await me.auth.exchangeCodeForSession(query.code)).error, null);
    const { identities } = (await admin.auth.admin.getUserById(id)).data.user;
    assert.equal(identities.length, 2);

    assert.equal((await link(weak, app)).error.code, 'insufficient_aal');
    const now = Math.floor(Date.now() / 1000);
    const token = standIn.key(app.name).token({ iss: standIn.issuer(app.name), sub: 'x', aud: CLIENT.client_id, iat: now, exp: now + 300, email, email_verified: true });
    const { data: { session } } = await weak.auth.getSession();
    const brought = await call(server, '/auth/v1/token?grant_type=id_token', { body: { provider: app.identifier, id_token: token, link_identity: true }, token: session.access_token });
    assert.ok([brought.body.code, brought.body.error_code].includes('insufficient_aal'), brought.text);
    for (const identity of identities) assert.equal((await weak.auth.unlinkIdentity(identity)).error.code, 'insufficient_aal', identity.provider);
    assert.equal((await server.sql`select count(*)::int as n from auth.identities where user_id = ${id}`)[0].n, 2);
  });

  it('of their own is nothing for people of a directory, nor is a link to sign in with', async () => {
    const good = await provide(some('good'));
    const { me, id, email } = await person();
    await server.sql`update auth.users set is_sso_user = true where id = ${id}`;
    const { error } = await link(me, good);
    assert.equal(error.code, 'forbidden');
    const mails = async () => (await server.sql`select count(*)::int as n from private.mail_outbox where recipient = ${email}`)[0].n;
    const before = await mails();
    const unknown = await client(server).auth.signInWithOtp({ email: fresh(), options: { shouldCreateUser: false } });
    const refused = await client(server).auth.signInWithOtp({ email, options: { shouldCreateUser: false } });
    assert.deepEqual([refused.error.code, refused.error.message, refused.error.status], [unknown.error.code, unknown.error.message, unknown.error.status]);
    await server.sql`delete from private.mail_asks`;
    assert.equal((await client(server).auth.signInWithOtp({ email })).error, null, 'as for an address nobody has');
    assert.equal(await mails(), before);
  });

  it('is linked without PKCE from no page of another origin', async () => {
    const good = await provide(some('good'));
    const { token } = await person();
    const ask = (origin) => call(server, `/auth/v1/user/identities/authorize?provider=${good.identifier}&skip_http_redirect=true`, { method: 'GET', token, headers: origin ? { origin } : {} });
    const { status, text } = await ask('https://app.example');
    assert.equal(status, 400);
    assert.match(text, /flowType: 'pkce'/);
    assert.match((await ask(server.url)).headers.get('set-cookie'), /^cp_flow_\w+=[\w-]+; Path=\/auth\/; HttpOnly; Max-Age=\d+; SameSite=Lax/);
  });
});

it('addresses of other letters than ASCII are nobody else\'s', async () => {
  const email = `kim-${randomBytes(4).toString('hex')}@example.test`;
  const lookalike = email.replace('k', '\u212a'); // the Kelvin sign, which Unicode folds into k
  const ann = await person(email);
  const made = await admin.auth.admin.createUser({ email: lookalike, password: PASSWORD, email_confirm: true });
  assert.equal(made.error, null);
  assert.notEqual(made.data.user.id, ann.id);
  const good = await provide(some('good'), { lies: { email: lookalike } });
  await server.sql`update auth.users set email_proven_at = now() where id in ${server.sql([ann.id, made.data.user.id])}`;
  const me = pkce();
  const { query } = await new Hops().go(await begin(good, me));
  assert.equal((await me.auth.exchangeCodeForSession(query.code)).data.user.id, made.data.user.id);
  assert.equal((await client(server).auth.signInWithPassword({ email: email.toUpperCase(), password: PASSWORD })).data.user.id, ann.id);
});
