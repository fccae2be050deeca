// Second factors through the real client: adding one, signing in with it, losing it; and who has no
// business with it. Codes are made here, by the RFC; time is a step that is named, never waited for.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { call, claimsOf, fn, jwt } from '../lib/callers.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { client, fresh } from '../lib/sign_in.mjs';
import { totp as code } from '../lib/totp.mjs';

const PASSWORD = 'correct horse';
let server;
let admin;
before(async () => {
  server = await startServer();
  admin = client(server, { key: server.env.SUPABASE_SERVICE_ROLE_KEY });
});
after(() => server?.stop());

const NEW = { 'x-supabase-api-version': '2024-01-01' };
const auth = (path, options = {}) => call(server, `/auth/v1/${path}`, { apikey: server.env.SUPABASE_ANON_KEY, headers: NEW, ...options });
const listAccounts = (token) => fn(server, 'list-accounts', {}, { token });

// A code that is certainly of no step near now.
const wrong = (secret) => {
  const near = [-3, -2, -1, 0, 1, 2, 3].map((away) => code(secret, away));
  return ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777'].find((c) => !near.includes(c));
};
// As if no code of the factor had been used yet: tests use more codes than there are steps.
const forgetSteps = (id) => server.sql`update auth.mfa_factors set last_step = 0 where id = ${id}`;

async function person() {
  const email = fresh();
  const made = client(server);
  const { data, error } = await made.auth.signUp({ email, password: PASSWORD });
  assert.equal(error, null);
  return { client: made, email, id: data.user.id, token: data.session.access_token, refresh: data.session.refresh_token };
}
async function enrolled(who = undefined, friendlyName = 'phone') {
  const made = who ?? await person();
  const { data, error } = await made.client.auth.mfa.enroll({ factorType: 'totp', friendlyName });
  assert.equal(error, null);
  return { ...made, factor: data.id, secret: data.totp.secret, shown: data };
}
async function verified(who = undefined) {
  const made = await enrolled(who);
  const { data, error } = await made.client.auth.mfa.challengeAndVerify({ factorId: made.factor, code: code(made.secret) });
  assert.equal(error, null);
  await forgetSteps(made.factor);
  return { ...made, token: data.access_token, session: data };
}
const signedIn = async (who) => {
  const made = client(server);
  const { data, error } = await made.auth.signInWithPassword({ email: who.email, password: PASSWORD });
  assert.equal(error, null);
  return { client: made, token: data.session.access_token, session: data.session };
};
const refused = ({ error }, errorCode) => assert.equal(error?.code, errorCode, String(error?.message));

describe('adding a second factor', () => {
  it('shows secret, link and picture once, and makes the same session aal2', async () => {
    const who = await enrolled();
    assert.match(who.secret, /^[A-Z2-7]{32}$/);
    const uri = new URL(who.shown.totp.uri);
    assert.equal(uri.protocol + uri.host, 'otpauth:totp');
    assert.equal(decodeURIComponent(uri.pathname), `/127.0.0.1:${who.email}`);
    assert.deepEqual(Object.fromEntries(uri.searchParams), { algorithm: 'SHA1', digits: '6', issuer: '127.0.0.1', period: '30', secret: who.secret });
    assert.match(who.shown.totp.qr_code, /^data:image\/svg\+xml;utf-8,<svg [^#%]*<\/svg>$/);
    assert.deepEqual([who.shown.type, who.shown.friendly_name], ['totp', 'phone']);

    const before = (await who.client.auth.mfa.getAuthenticatorAssuranceLevel()).data;
    assert.deepEqual([before.currentLevel, before.nextLevel], ['aal1', 'aal1']);
    const listed = (await who.client.auth.mfa.listFactors()).data;
    assert.deepEqual([listed.all.length, listed.totp.length, listed.all[0].status], [1, 0, 'unverified']);

    const challenge = (await who.client.auth.mfa.challenge({ factorId: who.factor })).data;
    assert.equal(challenge.type, 'totp');
    assert.ok(Math.abs(challenge.expires_at - Date.now() / 1000 - 300) < 60);
    const { data, error } = await who.client.auth.mfa.verify({ factorId: who.factor, challengeId: challenge.id, code: code(who.secret) });
    assert.equal(error, null);
    const [was, is] = [claimsOf(who.token), claimsOf(data.access_token)];
    assert.deepEqual([is.aal, is.session_id, is.second_factor], ['aal2', was.session_id, undefined]);
    assert.deepEqual(is.amr.map((entry) => entry.method), ['totp', 'password']);
    assert.ok(Math.abs(is.amr[0].timestamp - Date.now() / 1000) < 60);
    assert.notEqual(data.refresh_token, who.refresh);
    assert.equal(data.user.factors[0].status, 'verified');
    const now = (await who.client.auth.mfa.getAuthenticatorAssuranceLevel()).data;
    assert.deepEqual([now.currentLevel, now.nextLevel, now.currentAuthenticationMethods[0].method], ['aal2', 'aal2', 'totp']);
    assert.equal((await who.client.auth.mfa.listFactors()).data.totp[0].friendly_name, 'phone');
  });

  it('keeps aal2 through every renewal', async () => {
    const who = await verified();
    for (let round = 0; round < 2; round += 1) {
      const { data, error } = await who.client.auth.refreshSession();
      assert.equal(error, null);
      assert.equal(claimsOf(data.session.access_token).aal, 'aal2');
    }
  });

  it('whose answer was lost leaves the client a session it can renew', async () => {
    const who = await enrolled();
    const challenge = (await auth(`factors/${who.factor}/challenge`, { token: who.token, body: {} })).body;
    await auth(`factors/${who.factor}/verify`, { token: who.token, body: { challenge_id: challenge.id, code: code(who.secret) } });
    const again = await auth('token?grant_type=refresh_token', { body: { refresh_token: who.refresh } });
    assert.equal(again.status, 200, again.text);
    assert.equal(claimsOf(again.body.access_token).aal, 'aal2');
  });

  it('ends the sessions that were opened without it, and forgets factors nobody verified', async () => {
    const who = await person();
    const other = await signedIn(who);
    await enrolled(who, 'never finished');
    await verified(who);
    await eventually('the other session has ended', async () => (await listAccounts(other.token)).body?.code === 'session_not_found');
    refused(await other.client.auth.refreshSession(), 'refresh_token_not_found');
    assert.deepEqual((await who.client.auth.mfa.listFactors()).data.all.map((factor) => factor.friendly_name), ['phone']);
  });

  it('is refused by name, by number, by kind, and to who is anonymous', async () => {
    const who = await enrolled();
    refused(await who.client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }), 'mfa_factor_name_conflict');
    for (let n = 1; n < 10; n += 1) await enrolled(who, `phone ${n}`);
    refused(await who.client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'one more' }), 'too_many_enrolled_mfa_factors');
    await server.sql`update auth.mfa_factors set created_at = now() - interval '301 seconds' where user_id = ${who.id}`;
    await enrolled(who, 'after five minutes');
    refused(await who.client.auth.mfa.enroll({ factorType: 'phone', friendlyName: 'x', phone: '+491700000000' }), 'mfa_phone_enroll_not_enabled');
    refused(await who.client.auth.mfa.enroll({ factorType: 'webauthn', friendlyName: 'x' }), 'mfa_webauthn_enroll_not_enabled');
    const nobody = client(server);
    await nobody.auth.signInAnonymously();
    assert.equal((await nobody.auth.mfa.enroll({ factorType: 'totp' })).error.status, 403);
  });

  it('of ten at once takes ten', async () => {
    const who = await person();
    const all = await Promise.all(Array.from({ length: 14 }, (_, n) => auth('factors', { token: who.token, body: { factor_type: 'totp', friendly_name: `n${n}` } })));
    assert.deepEqual(all.map((reply) => reply.status).sort(), [...Array(10).fill(200), ...Array(4).fill(422)]);
  });

  it('keeps the secret sealed', async () => {
    const who = await enrolled();
    const [row] = await server.sql`select * from auth.mfa_factors where id = ${who.factor}`;
    assert.match(row.sealed, /^v1\.[0-9a-f]{16}\./);
    assert.ok(!JSON.stringify(row).includes(who.secret));
    assert.ok(!(await auth('user', { method: 'GET', token: who.token })).text.includes(who.secret));
    // The same text in another row of the same person does not open.
    const other = await enrolled(who, 'other');
    await server.sql`update auth.mfa_factors set sealed = ${row.sealed} where id = ${other.factor}`;
    const reply = await who.client.auth.mfa.challengeAndVerify({ factorId: other.factor, code: code(who.secret) });
    assert.equal(reply.error.status, 500);
  });
});

describe('signing in with one', () => {
  it('the password alone opens nothing but the way to the code', async () => {
    const who = await verified();
    const half = await signedIn(who);
    assert.deepEqual([claimsOf(half.token).aal, claimsOf(half.token).second_factor], ['aal1', 'due']);
    const level = (await half.client.auth.mfa.getAuthenticatorAssuranceLevel()).data;
    assert.deepEqual([level.currentLevel, level.nextLevel], ['aal1', 'aal2']);
    for (const [name, body] of [['list-accounts', {}], ['list-conversations', { accountId: who.id }], ['create-api-key', { accountId: who.id, name: 'x', scopes: ['chat:write'] }], ['leave-account', { accountId: who.id }]]) {
      const reply = await fn(server, name, body, { token: half.token });
      assert.deepEqual([reply.status, reply.body.code], [403, 'insufficient_aal'], name);
    }
    const keys = await call(server, '/auth/api-keys', { token: half.token, body: { name: 'x', scopes: ['chat:write'] } });
    assert.equal(keys.body.code, 'insufficient_aal');
    const socket = new Socket(server);
    await socket.opened;
    const reply = await socket.join(`realtime:account:${who.id}`, { private: true }, half.token);
    assert.equal(reply.status, 'error');
    assert.match(JSON.stringify(reply.response), /Unauthorized/);
    socket.ws.close();

    refused(await half.client.auth.updateUser({ password: 'another horse' }), 'insufficient_aal');
    refused(await half.client.auth.updateUser({ email: fresh() }), 'insufficient_aal');
    refused(await half.client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'mine' }), 'insufficient_aal');
    refused(await half.client.auth.mfa.unenroll({ factorId: who.factor }), 'insufficient_aal');

    const { data, error } = await half.client.auth.mfa.challengeAndVerify({ factorId: who.factor, code: code(who.secret) });
    assert.equal(error, null);
    assert.equal((await listAccounts(data.access_token)).status, 200);
    assert.equal((await listAccounts(who.token)).status, 200, 'the other aal2 session goes on');
  });

  it('a link of a mail is a first factor as well', async () => {
    const who = await verified();
    // Of an address that nobody had proven, the first proof would end the factor.
    await server.sql`update auth.users set email_proven_at = now() where id = ${who.id}`;
    const link = await admin.auth.admin.generateLink({ type: 'recovery', email: who.email });
    const half = client(server);
    await half.auth.verifyOtp({ type: 'recovery', token_hash: link.data.properties.hashed_token });
    refused(await half.auth.updateUser({ password: 'another horse' }), 'insufficient_aal');
    assert.equal((await listAccounts((await half.auth.getSession()).data.session.access_token)).body.code, 'insufficient_aal');
  });

  it('a token that claims more than its session has is refused by its signature', async () => {
    const who = await verified();
    const half = await signedIn(who);
    const [head, , signature] = half.token.split('.');
    const { second_factor: _, ...claims } = { ...claimsOf(half.token), aal: 'aal2' };
    const forged = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    assert.equal((await listAccounts(forged)).body.code, 'bad_jwt');
    // Even one with the real secret does not make the session aal2.
    const made = jwt({ ...claims, exp: Math.floor(Date.now() / 1000) + 60 }, server.env.SUPABASE_JWT_SECRET);
    const reply = await auth(`factors/${who.factor}`, { method: 'DELETE', token: made });
    assert.equal(reply.body.code, 'insufficient_aal');
  });
});

describe('a code', () => {
  it('counts one step before and after, and no further', async () => {
    const who = await verified();
    const give = async (away) => {
      await server.sql`update auth.mfa_factors set failures = 0, locked_until = null where id = ${who.factor}`;
      return who.client.auth.mfa.challengeAndVerify({ factorId: who.factor, code: code(who.secret, away) });
    };
    for (const away of [-3, 3, -1000, 1000]) refused(await give(away), 'mfa_verification_failed');
    // Of the three steps around now at least two are good whenever this second is; the middle one always.
    assert.equal((await give(0)).error, null);
  });

  it('is good once, and so is every step before it', async () => {
    const who = await verified();
    const give = (given) => who.client.auth.mfa.challengeAndVerify({ factorId: who.factor, code: given });
    const given = code(who.secret);
    assert.equal((await give(given)).error, null);
    refused(await give(given), 'mfa_verification_failed');
    refused(await give(code(who.secret, -1)), 'mfa_verification_failed');
  });

  it('used by two at once lets one in', async () => {
    const who = await verified();
    const halves = await Promise.all(Array.from({ length: 4 }, () => signedIn(who)));
    const given = code(who.secret);
    const results = await Promise.all(halves.map((half) => half.client.auth.mfa.challengeAndVerify({ factorId: who.factor, code: given })));
    assert.equal(results.filter((result) => result.error === null).length, 1);
  });

  it('that is none is refused', async () => {
    const who = await enrolled();
    const challenge = (await auth(`factors/${who.factor}/challenge`, { token: who.token, body: {} })).body;
    const send = (body) => auth(`factors/${who.factor}/verify`, { token: who.token, body });
    for (const given of ['', null, 123456, [code(who.secret)], { code: 1 }, 'x'.repeat(65)]) {
      const reply = await send({ challenge_id: challenge.id, code: given });
      assert.deepEqual([reply.status, reply.body.code], [400, 'validation_failed'], JSON.stringify(given));
    }
    for (const id of ['', 'x', null, 1]) assert.equal((await send({ challenge_id: id, code: '123456' })).body.code, 'validation_failed');
    for (const given of [` ${code(who.secret)}`, `${code(who.secret)}\u200b`, '１２３４５６', '-12345']) {
      refused({ error: (await send({ challenge_id: challenge.id, code: given })).body }, 'mfa_verification_failed');
    }
  });

  it('guessed too often locks the factor, however many guess at once', async () => {
    const who = await verified();
    const halves = await Promise.all([signedIn(who), signedIn(who)]);
    const tries = await Promise.all(halves.flatMap((half) => Array.from({ length: 5 }, async () => {
      const challenge = await auth(`factors/${who.factor}/challenge`, { token: half.token, body: {} });
      return auth(`factors/${who.factor}/verify`, { token: half.token, body: { challenge_id: challenge.body.id, code: wrong(who.secret) } });
    })));
    const count = (status) => tries.filter((reply) => reply.status === status).length;
    assert.equal(count(422), 5, JSON.stringify(tries.map((reply) => reply.body)));
    const locked = tries.filter((reply) => reply.body.code === 'over_request_rate_limit');
    assert.ok(locked.length > 0);
    const waits = locked.map((reply) => Number(reply.headers.get('retry-after')));
    assert.ok(waits.some((wait) => wait > 30 && wait <= 60), String(waits));
    refused(await who.client.auth.mfa.challengeAndVerify({ factorId: who.factor, code: code(who.secret) }), 'over_request_rate_limit');
    // The next wrong one after the wait locks for twice as long.
    await server.sql`update auth.mfa_factors set locked_until = now() where id = ${who.factor}`;
    refused(await who.client.auth.mfa.challengeAndVerify({ factorId: who.factor, code: wrong(who.secret) }), 'mfa_verification_failed');
    const [row] = await server.sql`select failures, extract(epoch from locked_until - now())::int as left from auth.mfa_factors where id = ${who.factor}`;
    assert.equal(row.failures, 6);
    assert.ok(row.left > 60 && row.left <= 120, String(row.left));
    // A success begins anew.
    await server.sql`update auth.mfa_factors set locked_until = now() where id = ${who.factor}`;
    assert.equal((await who.client.auth.mfa.challengeAndVerify({ factorId: who.factor, code: code(who.secret) })).error, null);
    assert.equal((await server.sql`select failures from auth.mfa_factors where id = ${who.factor}`)[0].failures, 0);
  });
});

describe('a challenge', () => {
  it('ends after 300 seconds, after its use, and elsewhere', async () => {
    const who = await verified();
    const { auth: { mfa } } = who.client;
    const ask = async () => (await mfa.challenge({ factorId: who.factor })).data.id;
    const answer = (challengeId) => mfa.verify({ factorId: who.factor, challengeId, code: code(who.secret) });
    const late = await ask();
    await server.sql`update auth.mfa_challenges set created_at = now() - interval '300 seconds' where id = ${late}`;
    refused(await answer(late), 'mfa_challenge_expired');
    const moved = await ask();
    await server.sql`update auth.mfa_challenges set ip = '192.0.2.1' where id = ${moved}`;
    refused(await answer(moved), 'mfa_ip_address_mismatch');
    const used = await ask();
    assert.equal((await answer(used)).error, null);
    await forgetSteps(who.factor);
    refused(await answer(used), 'mfa_ip_address_mismatch');
    refused(await answer(randomUUID()), 'mfa_factor_not_found');
  });

  it('of which there are many are ten', async () => {
    const who = await enrolled();
    for (let n = 0; n < 12; n += 1) await who.client.auth.mfa.challenge({ factorId: who.factor });
    assert.equal((await server.sql`select count(*)::int as n from auth.mfa_challenges where factor_id = ${who.factor}`)[0].n, 10);
  });
});

describe('somebody else', () => {
  it('finds no factor and no challenge of ours', async () => {
    const [ours, theirs] = [await verified(), await verified()];
    const challenge = (await theirs.client.auth.mfa.challenge({ factorId: theirs.factor })).data.id;
    const paths = (id) => [['POST', `factors/${id}/challenge`, {}], ['POST', `factors/${id}/verify`, { challenge_id: challenge, code: code(theirs.secret) }], ['DELETE', `factors/${id}`]];
    for (const id of [theirs.factor, randomUUID(), 'x', `${theirs.factor}x`]) {
      for (const [method, path, body] of paths(id)) {
        const reply = await auth(path, { method, body, token: ours.token });
        assert.equal(reply.status, 404, `${path} ${reply.text}`);
        assert.equal(reply.body.code, 'mfa_factor_not_found', path);
      }
    }
    // Their challenge for our factor.
    const crossed = await auth(`factors/${ours.factor}/verify`, { token: ours.token, body: { challenge_id: challenge, code: code(ours.secret) } });
    assert.equal(crossed.body.code, 'mfa_factor_not_found');
    assert.equal((await theirs.client.auth.mfa.listFactors()).data.totp.length, 1);
  });

  it('needs a person, a session that lives, or the service key', async () => {
    const who = await verified();
    for (const token of [server.env.SUPABASE_ANON_KEY, server.env.SUPABASE_SERVICE_ROLE_KEY]) {
      assert.equal((await auth('factors', { token, body: { factor_type: 'totp' } })).status === 401 || token === server.env.SUPABASE_SERVICE_ROLE_KEY, true);
      assert.notEqual((await auth(`factors/${who.factor}`, { method: 'DELETE', token })).status, 200);
    }
    const { session_id: _, ...claims } = claimsOf(who.token);
    const bare = jwt(claims, server.env.SUPABASE_JWT_SECRET);
    assert.equal((await auth('factors', { token: bare, body: { factor_type: 'totp' } })).body.code, 'session_not_found');
    for (const [method, path] of [['GET', `admin/users/${who.id}/factors`], ['DELETE', `admin/users/${who.id}/factors/${who.factor}`]]) {
      assert.equal((await auth(path, { method, token: who.token })).body.code, 'not_admin');
    }
  });
});

describe('losing one', () => {
  it('needs the factor itself, and leaves sessions aal1 from their next renewal on', async () => {
    const who = await verified();
    const { data, error } = await who.client.auth.mfa.unenroll({ factorId: who.factor });
    assert.equal(error, null);
    assert.equal(data.id, who.factor);
    const after = (await who.client.auth.refreshSession()).data.session;
    assert.deepEqual([claimsOf(after.access_token).aal, claimsOf(after.access_token).amr.map((entry) => entry.method)], ['aal1', ['password']]);
    assert.equal(after.user.factors, undefined);
    assert.equal((await listAccounts((await signedIn(who)).token)).status, 200);
  });

  it('is what an operator does for who lost the device', async () => {
    const who = await verified();
    const listed = await admin.auth.admin.mfa.listFactors({ userId: who.id });
    assert.deepEqual(listed.data.factors.map((factor) => [factor.id, factor.status]), [[who.factor, 'verified']]);
    assert.equal((await admin.auth.admin.mfa.listFactors({ userId: randomUUID() })).error.code, 'user_not_found');
    refused(await admin.auth.admin.mfa.deleteFactor({ userId: who.id, id: randomUUID() }), 'mfa_factor_not_found');
    const gone = await admin.auth.admin.mfa.deleteFactor({ userId: who.id, id: who.factor });
    assert.equal(gone.error, null);
    assert.equal((await listAccounts((await signedIn(who)).token)).status, 200);
    const audit = await server.sql`select action, actor_kind from public.audit_logs where user_id = ${who.id} and action like 'factor.%' order by created_at`;
    assert.deepEqual(audit.map((row) => [row.action, row.actor_kind]), [['factor.added', 'user'], ['factor.removed', 'service']]);
  });
});
