// Sessions through supabase-js as a server without a mail server has them: tabs, lost answers, signing
// out with everything that hangs on it, administrators, anonymous people.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { call, claimsOf, fn, jwt, signIn, supabase, visitor } from '../lib/callers.mjs';
import { Socket, join } from '../lib/realtime.mjs';
import { eventually, programPath, sleep, startServer } from '../lib/server.mjs';
import { client, follow, fresh, Storage } from '../lib/sign_in.mjs';

const PASSWORD = 'correct horse';
let server;
let admin;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  admin = client(server, { key: server.env.SUPABASE_SERVICE_ROLE_KEY });
});
after(() => server?.stop());

const NEW = { 'x-supabase-api-version': '2024-01-01' };
const auth = (path, options = {}) => call(server, `/auth/v1/${path}`, { apikey: server.env.SUPABASE_ANON_KEY, headers: NEW, ...options });
const refresh = (refresh_token) => auth('token?grant_type=refresh_token', { body: { refresh_token } });
const listAccounts = (token) => fn(server, 'list-accounts', {}, { token });

async function person() {
  const email = fresh();
  const { data, error } = await supabase(server).auth.signUp({ email, password: PASSWORD });
  assert.equal(error, null);
  return { email, id: data.user.id, token: data.session.access_token, session: data.session };
}

// Bare sockets of this token, enough to be on both loops, each in the account's private channel.
async function sockets(token, id, count = 4) {
  const made = [];
  for (let i = 0; i < count; i += 1) {
    const socket = new Socket(server);
    await socket.opened;
    const reply = await socket.join(`realtime:account:${id}`, { private: true }, token);
    assert.equal(reply.status, 'ok', JSON.stringify(reply));
    made.push(socket);
  }
  return made;
}
// How the server closed the socket; fails when it did not.
const ending = (socket) => eventually('the socket is closed', () => Promise.race([socket.closed, sleep(50).then(() => null)]));
const ENDED = { code: 1008, reason: 'session_ended' };
async function refusedEverywhere(who) {
  await eventually('requests are refused', async () => (await listAccounts(who.token)).status === 403);
  const reply = await listAccounts(who.token);
  assert.equal(reply.body.code, 'session_not_found');
  const socket = new Socket(server);
  await socket.opened;
  const again = await socket.join(`realtime:account:${who.id}`, { private: true }, who.token);
  assert.equal(again.status, 'error');
  assert.match(JSON.stringify(again.response), /Unauthorized: The session has ended; sign in again/);
  socket.ws.close();
}

describe('refreshing', () => {
  it('in two tabs at once leaves both with one session', async () => {
    const storage = new Storage();
    const [one, two] = [client(server, { storage }), client(server, { storage })];
    await one.auth.signUp({ email: fresh(), password: PASSWORD });
    for (let round = 0; round < 3; round += 1) {
      const results = await Promise.all([one, two, one, two].map((tab) => tab.auth.refreshSession()));
      for (const { error } of results) assert.ok(error === null || error.name === 'AuthRefreshDiscardedError', String(error));
      const [a, b] = [(await one.auth.getSession()).data.session, (await two.auth.getSession()).data.session];
      assert.equal(a.refresh_token, b.refresh_token);
      assert.equal((await two.auth.getUser()).error, null);
    }
  });

  it('whose answer is lost succeeds when it is asked again', async () => {
    let lose = 0;
    const via = async (url, options) => {
      const reply = await fetch(url, options);
      if (lose > 0 && String(url).includes('refresh_token')) {
        lose -= 1;
        await reply.arrayBuffer();
        throw new TypeError('the network went away');
      }
      return reply;
    };
    const me = client(server, { fetch: via });
    const { data } = await me.auth.signUp({ email: fresh(), password: PASSWORD });
    lose = 2;
    const { data: renewed, error } = await me.auth.refreshSession();
    assert.equal(error, null);
    assert.equal(lose, 0);
    assert.notEqual(renewed.session.refresh_token, data.session.refresh_token);
    assert.equal((await me.auth.refreshSession()).error, null, 'and the chain goes on');
  });

  it('with an old token ends the session for whoever has it', async () => {
    const me = await person();
    const [socket] = await sockets(me.token, me.id, 1);
    const second = (await refresh(me.session.refresh_token)).body;
    const third = (await refresh(second.refresh_token)).body;
    await server.sql`update auth.refresh_tokens set updated_at = now() - interval '11 seconds' where user_id = ${me.id}`;
    const stolen = await refresh(me.session.refresh_token);
    assert.equal(stolen.status, 400);
    assert.equal(stolen.body.code, 'refresh_token_already_used');
    assert.equal(stolen.body.message, 'Invalid Refresh Token: Already Used');
    assert.equal((await refresh(third.refresh_token)).body.code, 'refresh_token_already_used');
    assert.deepEqual(await ending(socket), ENDED);
    await refusedEverywhere({ id: me.id, token: third.access_token });
  });
});

describe('signing out', () => {
  it('closes the sockets of the session on every loop, and no others', async () => {
    const here = await person();
    const there = await signIn(server, here.email, PASSWORD);
    const other = await person();
    const mine = await sockets(here.token, here.id);
    const theirs = [...(await sockets(there.token, here.id, 2)), ...(await sockets(other.token, other.id, 2))];
    const began = performance.now();
    assert.equal((await auth('logout?scope=local', { token: here.token })).status, 204);
    for (const socket of mine) {
      assert.deepEqual(await ending(socket), ENDED);
      const said = socket.received.find((frame) => frame.event === 'system' && frame.payload.status === 'error');
      assert.equal(said.payload.message, 'Unauthorized: The session has ended; sign in again');
      assert.ok(socket.received.some((frame) => frame.event === 'phx_error'));
    }
    console.log(`# ${mine.length} sockets closed ${Math.round(performance.now() - began)} ms after signing out`);
    await refusedEverywhere(here);
    for (const socket of theirs) {
      assert.equal(socket.ws.readyState, 1);
      socket.ws.close();
    }
    assert.equal((await listAccounts(there.token)).status, 200);
    assert.equal((await refresh(here.session.refresh_token)).body.code, 'refresh_token_not_found');
  });

  it('is seen by the client on its channel', async () => {
    const me = await person();
    const mine = supabase(server);
    await mine.auth.setSession(me.session);
    await mine.realtime.setAuth(me.token);
    const { channel, leave } = await join(mine, `account:${me.id}`);
    const state = channel.state;
    assert.equal(state, 'joined');
    const { error } = await admin.auth.admin.signOut(me.token, 'global');
    assert.equal(error, null);
    await eventually('the channel knows', () => channel.state !== 'joined');
    const { error: gone } = await mine.auth.getUser();
    assert.equal(gone.name, 'AuthSessionMissingError');
    await leave();
    await mine.realtime.disconnect();
  });

  it('of all others leaves this one', async () => {
    const here = await person();
    const there = await signIn(server, here.email, PASSWORD);
    const [mine] = await sockets(here.token, here.id, 1);
    const [theirs] = await sockets(there.token, here.id, 1);
    assert.equal((await auth('logout?scope=others', { token: here.token })).status, 204);
    assert.deepEqual(await ending(theirs), ENDED);
    await refusedEverywhere({ id: here.id, token: there.token });
    assert.equal(mine.ws.readyState, 1);
    assert.equal((await listAccounts(here.token)).status, 200);
    mine.ws.close();
    assert.equal((await auth('logout?scope=everything', { token: here.token })).status, 400);
  });

  it('happens to whoever is barred or deleted, also with a token that names no session', async () => {
    for (const act of [(id) => admin.auth.admin.updateUserById(id, { ban_duration: '24h' }), (id) => admin.auth.admin.deleteUser(id), (id) => admin.auth.admin.deleteUser(id, true)]) {
      const me = await person();
      const { session_id, iss, ...rest } = claimsOf(me.token);
      const bare = jwt(rest, server.env.SUPABASE_JWT_SECRET);
      const open = [...(await sockets(me.token, me.id, 2)), ...(await sockets(bare, me.id, 2))];
      const { error } = await act(me.id);
      assert.equal(error, null);
      for (const socket of open) assert.deepEqual(await ending(socket), ENDED);
      await refusedEverywhere(me);
      await refusedEverywhere({ id: me.id, token: bare });
      const { error: signedIn } = await supabase(server).auth.signInWithPassword({ email: me.email, password: PASSWORD });
      assert.ok(['user_banned', 'invalid_credentials'].includes(signedIn.code), signedIn.code);
      const again = await refresh(me.session.refresh_token);
      assert.ok(['user_banned', 'refresh_token_not_found'].includes(again.body.code), again.text);
    }
  });

  it('is over when the ban is: the person signs in again, and the old token stays dead', async () => {
    const me = await person();
    await admin.auth.admin.updateUserById(me.id, { ban_duration: '1h30m' });
    await refusedEverywhere(me);
    const banned = (await admin.auth.admin.getUserById(me.id)).data.user.banned_until;
    assert.ok(Math.abs(new Date(banned) - Date.now() - 5_400_000) < 60_000, banned);
    await admin.auth.admin.updateUserById(me.id, { ban_duration: 'none' });
    await eventually('a token of now works', async () => {
      const { data } = await supabase(server).auth.signInWithPassword({ email: me.email, password: PASSWORD });
      return (await listAccounts(data.session.access_token)).status === 200;
    });
    assert.equal((await listAccounts(me.token)).status, 403);
    assert.equal((await admin.auth.admin.updateUserById(me.id, { ban_duration: 'for ever' })).error.code, 'validation_failed');
  });
});

describe('a token', () => {
  it('without session or issuer is good while its person is there; a wrong issuer never', async () => {
    const me = await person();
    const secret = server.env.SUPABASE_JWT_SECRET;
    const real = claimsOf(me.token);
    for (const missing of [['session_id'], ['iss'], ['session_id', 'iss'], ['session_id', 'iss', 'iat']]) {
      const claims = { ...real };
      for (const name of missing) delete claims[name];
      const token = jwt(claims, secret);
      const user = await auth('user', { method: 'GET', token });
      assert.equal(user.status, 200, `without ${missing}: ${user.text}`);
      assert.equal(user.body.id, me.id);
      assert.equal((await listAccounts(token)).status, 200);
    }
    const foreign = await auth('user', { method: 'GET', token: jwt({ ...real, iss: 'https://evil.example/auth/v1' }, secret) });
    assert.equal(foreign.status, 403);
    const unknown = await auth('user', { method: 'GET', token: jwt({ ...real, session_id: real.sub }, secret) });
    assert.equal(unknown.body.code, 'session_not_found');
    const nobody = { ...real, sub: server.env.CHATPAD_DEMO_AGENT_ID };
    delete nobody.session_id;
    const gone = await auth('user', { method: 'GET', token: jwt(nobody, secret) });
    assert.equal(gone.status, 403);
    assert.equal(gone.body.code, 'user_not_found');
  });
});

describe('errors', () => {
  it('come in the form the client asks for', async () => {
    const body = { email: 'nobody@example.test', password: 'not this one' };
    const now = await auth('token?grant_type=password', { body });
    assert.deepEqual([now.body.code, now.body.message, now.headers.get('x-sb-error-code')], ['invalid_credentials', 'Invalid login credentials', 'invalid_credentials']);
    assert.equal(now.headers.get('x-supabase-api-version'), '2024-01-01');
    const older = await auth('token?grant_type=password', { body, headers: {} });
    assert.deepEqual(older.body, { code: 400, error_code: 'invalid_credentials', msg: 'Invalid login credentials' });
    assert.equal(older.headers.get('x-supabase-api-version'), null);
    const weak = await supabase(server).auth.signUp({ email: fresh(), password: '12345' });
    assert.equal(weak.error.name, 'AuthWeakPasswordError');
    assert.deepEqual(weak.error.reasons, ['length']);
    const phone = await supabase(server).auth.signUp({ phone: '+491701234567', password: PASSWORD });
    assert.equal(phone.error.code, 'phone_provider_disabled');
  });

  it('of too many passwords at once is 503 with Retry-After, while everything else goes on', async () => {
    const body = { email: 'nobody@example.test', password: 'not this one' };
    const flood = Array.from({ length: 150 }, () => auth('token?grant_type=password', { body }));
    const meanwhile = Promise.all(Array.from({ length: 20 }, () => auth('health', { method: 'GET' })));
    assert.ok((await meanwhile).every((reply) => reply.status === 200));
    const replies = await Promise.all(flood);
    const counts = { 400: 0, 503: 0, 504: 0 };
    for (const reply of replies) counts[reply.status] += 1;
    assert.equal(counts[400] + counts[503] + counts[504], 150, JSON.stringify(counts));
    assert.ok(counts[400] >= 10 && counts[503] >= 10, JSON.stringify(counts));
    const busy = replies.find((reply) => reply.status === 503);
    assert.equal(busy.body.code, 'overloaded');
    assert.ok(Number(busy.headers.get('retry-after')) >= 1);
    const { error } = await supabase(server).auth.signInWithPassword({ email: server.env.CHATPAD_DEMO_EMAIL, password: server.env.CHATPAD_DEMO_PASSWORD });
    assert.equal(error, null);
  });
});

describe('anonymous people', () => {
  it('have a session but no account, until they give an address', async () => {
    const me = client(server);
    const { data, error } = await me.auth.signInAnonymously({ options: { data: { cart: 3 } } });
    assert.equal(error, null);
    assert.equal(data.user.is_anonymous, true);
    assert.equal(claimsOf(data.session.access_token).is_anonymous, true);
    assert.deepEqual(data.user.identities, []);
    const accounts = async () => (await server.sql`select count(*)::int as n from public.accounts where id = ${data.user.id}`)[0].n;
    assert.equal(await accounts(), 0);
    assert.deepEqual((await listAccounts(data.session.access_token)).body.accounts, []);
    assert.equal((await me.auth.updateUser({ password: PASSWORD })).error.code, 'validation_failed');
    const taken = await me.auth.updateUser({ email: server.env.CHATPAD_DEMO_EMAIL });
    assert.equal(taken.error.code, 'email_exists');

    const email = fresh('guest');
    const converted = await me.auth.updateUser({ email, password: PASSWORD, data: { cart: null, name: 'Gil' } });
    assert.equal(converted.error, null);
    assert.equal(converted.data.user.id, data.user.id);
    assert.equal(converted.data.user.is_anonymous, false);
    assert.deepEqual(converted.data.user.user_metadata, { name: 'Gil' });
    assert.equal(await accounts(), 1);
    assert.equal((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).data.user.id, data.user.id);
  });
});

describe('administrators', () => {
  it('list, make, read, change and delete users', async () => {
    const email = fresh('made');
    const made = await admin.auth.admin.createUser({ email, password: PASSWORD, email_confirm: true, user_metadata: { a: 1 }, app_metadata: { plan: 'x' } });
    assert.equal(made.error, null);
    const { id } = made.data.user;
    assert.equal(made.data.user.app_metadata.plan, 'x');
    assert.ok(made.data.user.email_confirmed_at);
    assert.equal((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).error, null);
    assert.equal((await admin.auth.admin.createUser({ email })).error.code, 'email_exists');
    const unconfirmed = await admin.auth.admin.createUser({ email: fresh(), password: PASSWORD });
    assert.equal((await client(server).auth.signInWithPassword({ email: unconfirmed.data.user.email, password: PASSWORD })).error.code, 'email_not_confirmed');

    const page = await admin.auth.admin.listUsers({ page: 1, perPage: 2 });
    assert.equal(page.error, null);
    assert.equal(page.data.users.length, 2);
    assert.equal(page.data.users[0].id, unconfirmed.data.user.id);
    assert.equal(page.data.nextPage, 2);
    assert.ok(page.data.total >= 3);
    const all = await admin.auth.admin.listUsers({ perPage: 1000 });
    assert.equal(all.data.nextPage, null);
    assert.equal(all.data.users.length, all.data.total);

    const next = fresh('moved');
    const changed = await admin.auth.admin.updateUserById(id, { email: next, password: 'another one', user_metadata: { a: null, b: 2 } });
    assert.equal(changed.data.user.email, next);
    assert.deepEqual(changed.data.user.user_metadata, { b: 2 });
    assert.equal((await client(server).auth.signInWithPassword({ email: next, password: 'another one' })).error, null);
    assert.equal((await admin.auth.admin.getUserById(id)).data.user.id, id);
    assert.equal((await admin.auth.admin.deleteUser(id)).error, null);
    assert.equal((await admin.auth.admin.getUserById(id)).error.code, 'user_not_found');
    assert.equal((await admin.auth.admin.deleteUser(id)).error.code, 'user_not_found');
    assert.equal((await server.sql`select count(*)::int as n from public.accounts where id = ${id}`)[0].n, 0);
  });

  it('make links for mails of their own', async () => {
    const email = fresh('linked');
    const signup = await admin.auth.admin.generateLink({ type: 'signup', email, password: PASSWORD });
    assert.equal(signup.error, null);
    assert.equal(signup.data.properties.verification_type, 'signup');
    assert.equal(signup.data.user.email, email);
    assert.equal((await follow(signup.data.properties.action_link)).fragment.type, 'signup');
    assert.equal((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).error, null);
    assert.equal((await admin.auth.admin.generateLink({ type: 'signup', email, password: PASSWORD })).error.code, 'email_exists');
    const magic = await admin.auth.admin.generateLink({ type: 'magiclink', email });
    assert.equal((await client(server).auth.verifyOtp({ email, token: magic.data.properties.email_otp, type: 'email' })).error, null);
    const recovery = await admin.auth.admin.generateLink({ type: 'recovery', email });
    assert.equal((await client(server).auth.verifyOtp({ token_hash: recovery.data.properties.hashed_token, type: 'recovery' })).error, null);
    assert.equal((await admin.auth.admin.generateLink({ type: 'recovery', email: fresh() })).error.code, 'user_not_found');
    const next = fresh('changed');
    const links = [];
    for (const type of ['email_change_new', 'email_change_current']) {
      const { data } = await admin.auth.admin.generateLink({ type, email, newEmail: next });
      assert.equal(data.properties.verification_type, type);
      links.push(data.properties.action_link);
    }
    for (const link of links) await follow(link);
    assert.equal((await client(server).auth.signInWithPassword({ email: next, password: PASSWORD })).error, null);
    assert.equal((await server.sql`select count(*)::int as n from private.mail_outbox where recipient = ${email}`)[0].n, 0, 'none is sent');
  });

  it('are those with the service key only', async () => {
    const me = await person();
    const guest = await visitor(server);
    const paths = [['GET', 'admin/users'], ['POST', 'admin/users'], ['GET', `admin/users/${me.id}`], ['PUT', `admin/users/${me.id}`],
      ['DELETE', `admin/users/${me.id}`], ['POST', 'admin/generate_link'], ['POST', 'invite']];
    for (const [method, path] of paths) {
      const body = method === 'GET' ? undefined : {};
      assert.equal((await call(server, `/auth/v1/${path}`, { method, body })).status, 401, path);
      for (const token of [me.token, guest.token, server.env.SUPABASE_ANON_KEY]) {
        const reply = await auth(path, { method, body, token });
        assert.equal(reply.status, 403, `${method} ${path}: ${reply.text}`);
        assert.equal(reply.body.code, 'not_admin');
      }
    }
    for (const id of ['x', '../users', "'; drop", '00000000-0000-0000-0000-00000000000g']) {
      const reply = await auth(`admin/users/${encodeURIComponent(id)}`, { method: 'GET', token: server.env.SUPABASE_SERVICE_ROLE_KEY });
      assert.ok([400, 404].includes(reply.status), `${id}: ${reply.status}`);
    }
  });
});

describe('the outbox without a mail server', () => {
  it('shows links to super admins and the service, to nobody else', async () => {
    const me = await person();
    assert.equal((await supabase(server).auth.resetPasswordForEmail(me.email)).error, null);
    const list = (token, body = {}) => fn(server, 'list-mails', body, { token });
    const { body } = await list(server.env.SUPABASE_SERVICE_ROLE_KEY);
    const mail = body.mails.find((one) => one.recipient === me.email);
    assert.deepEqual([mail.kind, mail.status, mail.attempts], ['recovery', 'waiting', 0]);
    assert.match(mail.text, new RegExp(mail.code));
    const printed = execFileSync(programPath(), ['outbox'], { encoding: 'utf8', env: { ...process.env, CHATPAD_HOME: server.home } });
    assert.ok(printed.includes(me.email) && printed.includes(mail.link) && printed.includes(mail.code), 'operators see it, too');
    // The proof of an address ends what was signed in before.
    const { fragment } = await follow(mail.link);
    assert.equal(fragment.type, 'recovery');
    const token = fragment.access_token;
    assert.equal((await list(token)).status, 404);
    assert.deepEqual((await list(token, { accountId: me.id })).body.mails, [], 'an account has no mails but its own');
    assert.equal((await list((await visitor(server)).token)).status, 403);
    await server.sql`update auth.users set is_super_admin = true where id = ${me.id}`;
    assert.ok((await list(token)).body.mails.some((one) => one.recipient === me.email));
  });
});

describe('settings', () => {
  it('say how people may sign in', async () => {
    const { body } = await auth('settings', { method: 'GET' });
    assert.deepEqual([body.external.email, body.external.anonymous_users, body.external.phone], [true, true, false]);
    assert.deepEqual([body.disable_signup, body.mailer_autoconfirm], [false, true]);
    assert.equal((await auth('health', { method: 'GET' })).body.name, 'GoTrue');
  });
});
