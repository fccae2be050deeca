// Two OpenID Connect providers: a real one (npm oidc-provider) that signs in whoever `login_hint` names, else
// the first of its people, and a stand-in that can be made to lie.
//
//   const real = await startOidc({ redirectUri, people: { ann: { email, email_verified: true } } });
//   const standIn = await startStandIn();   standIn.issuer('x', { claims: (c) => ({ ...c, aud: 'other' }) })
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import http from 'node:http';

const listen = (handler) => new Promise((resolve) => {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1', () => resolve(server));
});
const closed = (server) => new Promise((resolve) => {
  server.closeAllConnections();
  server.close(resolve);
});

export const CLIENT = { client_id: 'chatpad', client_secret: 'canary-client-secret-0123456789' };

export async function startOidc({ redirectUri, people }) {
  const { Provider } = await import('oidc-provider');
  let handle = (request, response) => response.writeHead(503).end();
  const server = await listen((request, response) => handle(request, response));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const warn = console.warn;
  console.warn = () => {}; // its notices about settings that only matter in production
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri], grant_types: ['authorization_code'] }],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  console.warn = warn;
  const callback = provider.callback();
  handle = async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    const { params } = await provider.interactionDetails(request, response);
    const result = params.login_hint === 'nobody' ? { error: 'access_denied', error_description: 'The person said no.' } : { login: { accountId: params.login_hint ?? Object.keys(people)[0] } };
    return provider.interactionFinished(request, response, result);
  };
  return { issuer, stop: () => closed(server) };
}

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export class Key {
  constructor(alg, kid) {
    this.alg = alg;
    this.kid = kid;
    const { publicKey, privateKey } = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
    Object.assign(this, { publicKey, privateKey });
  }
  get jwk() {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: this.alg, use: 'sig' };
  }
  token(claims, head = {}) {
    const signed = `${base64url({ alg: this.alg, typ: 'JWT', kid: this.kid, ...head })}.${base64url(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key: this.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }
}

export const unsigned = (claims) => `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claims)}.`;
export const hmacToken = (claims, secret, kid) => {
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT', kid })}.${base64url(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

// Each issuer is a path: http://127.0.0.1:<port>/<name>. `lies` may replace: claims(good, request),
// token(claims, key), document(good), jwks(), answer(good), userinfo, callback(parameters).
export async function startStandIn() {
  const issuers = new Map();
  const codes = new Map();
  const asked = new Map(); // "<name> jwks" -> how often
  const json = (response, body, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
  const server = await listen(async (request, response) => {
    const url = new URL(request.url, base);
    const [, name, ...rest] = url.pathname.split('/');
    const path = rest.join('/');
    const { lies, key } = issuers.get(name) ?? {};
    if (!lies) return response.writeHead(404).end();
    asked.set(`${name} ${path}`, (asked.get(`${name} ${path}`) ?? 0) + 1);
    const issuer = `${base}/${name}`;
    if (path === '.well-known/openid-configuration') {
      const good = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, userinfo_endpoint: `${issuer}/userinfo`, jwks_uri: `${issuer}/jwks` };
      return json(response, lies.document ? lies.document(good) : good);
    }
    if (path === 'jwks') return lies.jwks ? lies.jwks(response) : json(response, { keys: [issuers.get(name).key.jwk] });
    if (path === 'authorize') {
      const code = randomBytes(8).toString('hex');
      codes.set(code, Object.fromEntries(url.searchParams));
      const parameters = { code, state: url.searchParams.get('state'), ...lies.callback };
      return response.writeHead(302, { location: `${url.searchParams.get('redirect_uri')}?${new URLSearchParams(parameters)}` }).end();
    }
    if (path === 'userinfo') return json(response, lies.userinfo ?? {}, lies.userinfo ? 200 : 404);
    if (path !== 'token') return response.writeHead(404).end();
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    const began = codes.get(form.get('code'));
    codes.delete(form.get('code'));
    if (!began) return json(response, { error: 'invalid_grant' }, 400);
    const now = Math.floor(Date.now() / 1000);
    const good = { iss: issuer, sub: `${name}-person`, aud: began.client_id, nonce: began.nonce, iat: now, exp: now + 300, email: lies.email ?? `${name}@stand-in.test`, email_verified: true };
    const claims = lies.claims ? lies.claims(good) : good;
    const answer = { access_token: 'provider-access', token_type: 'Bearer', id_token: lies.token ? lies.token(claims, key) : key.token(claims) };
    return json(response, lies.answer ? lies.answer(answer) : answer);
  });
  const base = `http://127.0.0.1:${server.address().port}`;
  return {
    asked,
    issuer(name, lies = {}) {
      const alg = lies.alg ?? 'RS256';
      issuers.set(name, { lies, key: issuers.get(name)?.key ?? new Key(alg, `${name}-1`) });
      return `${base}/${name}`;
    },
    key: (name) => issuers.get(name).key,
    rotate(name, kid) {
      const entry = issuers.get(name);
      entry.key = new Key(entry.key.alg, kid);
    },
    stop: () => closed(server),
  };
}
