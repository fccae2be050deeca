// Signing in by mail: links, codes and PKCE through supabase-js, with a real mail server behind.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { call, claimsOf, supabase } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { client, follow, fresh } from '../lib/sign_in.mjs';
import { startSmtp } from '../lib/smtp.mjs';
import { totp } from '../lib/totp.mjs';

const PASSWORD = 'correct horse';
const SITE = 'https://shop.example/welcome';
let server;
let smtp;
before(async () => {
  smtp = await startSmtp();
  server = await startServer({
    env: {
      CHATPAD_SMTP_HOST: '127.0.0.1', CHATPAD_SMTP_PORT: String(smtp.port), CHATPAD_SMTP_TLS: 'none',
      CHATPAD_SMTP_USER: 'mailer', CHATPAD_SMTP_PASSWORD: 'canary-smtp-password', CHATPAD_SMTP_FROM: 'chat@example.test',
      CHATPAD_SMTP_FROM_NAME: 'Bücher & "Tee"', CHATPAD_SITE_URL: SITE, CHATPAD_REAUTHENTICATION: 'on',
      CHATPAD_REDIRECT_URLS: 'https://*.shop.example/**,myapp://signed-in', CHATPAD_MAIL_INTERVAL_S: '0',
    },
  });
});
after(async () => {
  await server?.stop();
  await smtp?.stop();
});

const post = (path, body, options = {}) =>
  call(server, `/auth/v1/${path}`, { body, apikey: server.env.SUPABASE_ANON_KEY, headers: { 'x-supabase-api-version': '2024-01-01' }, ...options });

// A person whose address is confirmed, signed in.
async function confirmed(options) {
  const email = fresh();
  const me = client(server, options);
  const { error } = await me.auth.signUp({ email, password: PASSWORD });
  assert.equal(error, null);
  const { code } = await smtp.next(email);
  const { data, error: failed } = await me.auth.verifyOtp({ email, token: code, type: 'email' });
  assert.equal(failed, null);
  return { email, me, id: data.user.id, session: data.session };
}

describe('signing up', () => {
  it('waits for the mail, whose link ends at the page with a session, once', async () => {
    const email = fresh();
    const me = client(server);
    const { data, error } = await me.auth.signUp({ email, password: PASSWORD, options: { data: { name: 'Ann' }, emailRedirectTo: 'https://eu.shop.example/in?x=1' } });
    assert.equal(error, null);
    assert.equal(data.session, null);
    assert.equal(data.user.email, email);
    assert.equal(data.user.email_confirmed_at, undefined);
    assert.equal((await server.sql`select count(*)::int as n from public.accounts where id = ${data.user.id}`)[0].n, 0);
    const early = await me.auth.signInWithPassword({ email, password: PASSWORD });
    assert.equal(early.error.code, 'email_not_confirmed');

    const mail = await smtp.next(email);
    assert.equal(mail.headers.subject, 'Confirm your address');
    assert.ok(mail.link.startsWith(`${server.url}/auth/v1/verify?token=`));
    assert.equal((await follow(mail.link, 'HEAD')).status, 204, 'a scanner of links uses nothing up');
    const landed = await follow(mail.link);
    assert.equal(landed.status, 303);
    assert.equal(landed.page, 'https://eu.shop.example/in');
    assert.deepEqual(landed.query, { x: '1' });
    assert.equal(landed.fragment.type, 'signup');
    assert.equal(landed.fragment.token_type, 'bearer');
    const set = await client(server).auth.setSession({ access_token: landed.fragment.access_token, refresh_token: landed.fragment.refresh_token });
    assert.equal(set.data.user.id, data.user.id);
    assert.equal((await server.sql`select plan from public.accounts where id = ${data.user.id}`)[0].plan, 'basic');
    assert.equal((await me.auth.signInWithPassword({ email, password: PASSWORD })).error, null);

    const again = await follow(mail.link);
    assert.equal(again.page, 'https://eu.shop.example/in', 'the page is told what went wrong');
    assert.equal(again.query.error_code, 'otp_expired');
    assert.equal(again.fragment.error_code, 'otp_expired');
    assert.equal(again.fragment.access_token, undefined);
  });

  it('gives a client with PKCE a code that only its verifier redeems, once', async () => {
    const email = fresh();
    const me = client(server, { flowType: 'pkce' });
    await me.auth.signUp({ email, password: PASSWORD });
    const landed = await follow((await smtp.next(email)).link);
    assert.equal(landed.page, SITE);
    assert.equal(landed.fragment.access_token, undefined);
    const { data, error } = await me.auth.exchangeCodeForSession(landed.query.code);
    assert.equal(error, null);
    assert.equal(data.user.email, email);
    assert.equal(claimsOf(data.session.access_token).amr[0].method, 'email/signup');
    const again = await post('token?grant_type=pkce', { auth_code: landed.query.code, code_verifier: 'x'.repeat(43) });
    assert.equal(again.status, 404);
    assert.equal(again.body.code, 'flow_state_not_found');

    await me.auth.signInWithOtp({ email });
    const { query } = await follow((await smtp.next(email)).link);
    const stolen = await post('token?grant_type=pkce', { auth_code: query.code, code_verifier: 'a'.repeat(56) });
    assert.equal(stolen.body.code, 'bad_code_verifier');
    const late = await me.auth.exchangeCodeForSession(query.code);
    assert.equal(late.error.code, 'flow_state_not_found', 'a wrong verifier uses the code up');
  });

  it('answers for a taken address as for a new one', async () => {
    const { email } = await confirmed();
    const before = smtp.count(email);
    const taken = await client(server).auth.signUp({ email, password: 'another password' });
    assert.equal(taken.error, null);
    assert.deepEqual(taken.data.user.identities, []);
    const fresh1 = await client(server).auth.signUp({ email: fresh(), password: PASSWORD });
    const shape = (user) => Object.keys(user).filter((key) => key !== 'confirmed_at').sort();
    assert.deepEqual(shape(taken.data.user), shape(fresh1.data.user));
    assert.equal(smtp.count(email), before);
    assert.equal((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).error, null);
  });

  it('leaves whoever signed up first with somebody else\'s address without a password', async () => {
    const email = fresh('victim');
    await client(server).auth.signUp({ email, password: 'the attacker knows this' });
    await smtp.next(email);
    const owner = client(server);
    await owner.auth.signUp({ email, password: 'the owner chose this' });
    assert.equal((await follow((await smtp.next(email)).link)).fragment.type, 'signup');
    for (const password of ['the attacker knows this', 'the owner chose this']) {
      assert.equal((await owner.auth.signInWithPassword({ email, password })).error.code, 'invalid_credentials');
    }
    // The same by a code, and by choosing a new password.
    for (const ask of ['signInWithOtp', 'resetPasswordForEmail']) {
      const squatted = fresh('squatted');
      await client(server).auth.signUp({ email: squatted, password: PASSWORD });
      await smtp.next(squatted);
      const { error } = await owner.auth[ask](ask === 'signInWithOtp' ? { email: squatted } : squatted);
      assert.equal(error, null);
      assert.ok((await follow((await smtp.next(squatted)).link)).fragment.access_token, ask);
      assert.equal((await client(server).auth.signInWithPassword({ email: squatted, password: PASSWORD })).error.code, 'invalid_credentials', ask);
    }
    const twice = fresh('twice');
    await owner.auth.signUp({ email: twice, password: PASSWORD });
    await smtp.next(twice);
    await owner.auth.resend({ type: 'signup', email: twice });
    await smtp.next(twice);
    await owner.auth.signUp({ email: twice, password: PASSWORD });
    await owner.auth.verifyOtp({ email: twice, token: (await smtp.next(twice)).code, type: 'signup' });
    assert.equal((await owner.auth.signInWithPassword({ email: twice, password: PASSWORD })).error, null, 'the same password stays');
  });
});

describe('codes and links', () => {
  it('sign in who has an address, and make who is new', async () => {
    const { email, id } = await confirmed();
    const me = client(server);
    assert.equal((await me.auth.signInWithOtp({ email })).error, null);
    const mail = await smtp.next(email);
    assert.equal(mail.headers.subject, 'Your sign-in link');
    const { data, error } = await me.auth.verifyOtp({ email: email.toUpperCase(), token: mail.code, type: 'email' });
    assert.equal(error, null);
    assert.equal(data.user.id, id);
    assert.equal(claimsOf(data.session.access_token).amr[0].method, 'otp');

    const stranger = fresh();
    assert.equal((await me.auth.signInWithOtp({ email: stranger, options: { shouldCreateUser: false } })).error.code, 'otp_disabled');
    await me.auth.signInWithOtp({ email: stranger, options: { data: { name: 'New' } } });
    const hash = new URL((await smtp.next(stranger)).link).searchParams.get('token');
    const made = await me.auth.verifyOtp({ token_hash: hash, type: 'email' });
    assert.equal(made.error, null);
    assert.equal(made.data.user.user_metadata.name, 'New');
    const older = await post('magiclink', { email: stranger });
    assert.equal(older.text, '{}');
    assert.ok((await smtp.next(stranger)).link);
  });

  it('leave nothing in the hands of who had an address that nobody had proven', async () => {
    for (const [ask, type] of [['signInWithOtp', 'email'], ['resetPasswordForEmail', 'recovery']]) {
      const { email, id, me: attacker } = await confirmed();
      await server.sql`update auth.users set email_proven_at = null where id = ${id}`;
      const { data: factor } = await attacker.auth.mfa.enroll({ factorType: 'totp' });
      assert.equal((await attacker.auth.mfa.challengeAndVerify({ factorId: factor.id, code: totp(factor.totp.secret) })).error, null);
      await server.sql`insert into auth.identities (user_id, provider, provider_id, identity_data) values (${id}, 'custom:theirs', ${email}, '{}')`;
      await server.sql`update auth.users set raw_app_meta_data = raw_app_meta_data || '{"providers":["email","custom:theirs"]}' where id = ${id}`;
      assert.equal((await attacker.auth.updateUser({ email: fresh('theirs') })).error, null);
      await smtp.next(email);

      const owner = client(server);
      await owner.auth[ask](ask === 'signInWithOtp' ? { email } : email);
      const { data, error } = await owner.auth.verifyOtp({ email, token: (await smtp.next(email)).code, type });
      assert.equal(error, null);
      assert.equal(data.user.id, id);
      assert.deepEqual([data.user.app_metadata.providers, data.user.identities.map((one) => one.provider), data.user.factors ?? [], data.user.new_email ?? null], [['email'], ['email'], [], null], ask);
      assert.equal((await attacker.auth.refreshSession()).error?.name, 'AuthApiError');
      assert.equal((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).error.code, 'invalid_credentials');
      assert.deepEqual((await server.sql`select kind from auth.one_time_tokens where user_id = ${id}`).map((row) => row.kind), []);
      // From now on the address is theirs: what they set stays.
      assert.equal((await owner.auth.updateUser({ password: 'the owner chose this' })).error, null);
      await owner.auth.signInWithOtp({ email });
      assert.equal((await owner.auth.verifyOtp({ email, token: (await smtp.next(email)).code, type: 'email' })).error, null);
      assert.equal((await client(server).auth.signInWithPassword({ email, password: 'the owner chose this' })).error, null);
    }
  });

  it('are worth nothing when wrong, used, replaced, late, of another kind, or tried too often', async () => {
    const { email, me } = await confirmed();
    const refused = async (what, body) => {
      const reply = await post('verify', body);
      assert.equal(reply.status, 403, `${what}: ${reply.text}`);
      assert.equal(reply.body.code, 'otp_expired', what);
    };
    await me.auth.signInWithOtp({ email });
    const first = await smtp.next(email);
    await me.auth.signInWithOtp({ email });
    const second = await smtp.next(email);
    const token = new URL(second.link).searchParams.get('token');
    await refused('replaced', { type: 'magiclink', token_hash: new URL(first.link).searchParams.get('token') });
    await refused('another kind', { type: 'recovery', token_hash: token });
    await refused('another address', { type: 'email', email: fresh(), token: second.code });
    for (const token_hash of [undefined, null, '', [], {}, 17]) {
      const reply = await post('verify', { type: 'magiclink', token_hash });
      assert.equal(reply.status, 400, JSON.stringify(token_hash));
    }
    assert.equal((await post('verify', { type: 'sms', phone: '+491', token: '123456' })).body.code, 'phone_provider_disabled');
    const wrong = String((Number(second.code) + 1) % 1_000_000).padStart(6, '0');
    for (let i = 0; i < 5; i += 1) await refused('wrong', { type: 'email', email, token: wrong });
    await refused('right, but after five wrong ones', { type: 'email', email, token: second.code });

    await me.auth.signInWithOtp({ email });
    const third = await smtp.next(email);
    await server.sql`update auth.one_time_tokens set expires_at = now() - interval '1 second' where email = ${email}`;
    await refused('late', { type: 'email', email, token: third.code });

    await me.auth.signInWithOtp({ email });
    const fourth = await smtp.next(email);
    const tries = await Promise.all(Array.from({ length: 8 }, () => post('verify', { type: 'email', email, token: fourth.code })));
    assert.equal(tries.filter((reply) => reply.status === 200).length, 1, 'a code is good once, also at the same time');
  });

  it('lead to allowed pages only', async () => {
    const { email, me } = await confirmed();
    const cases = {
      'https://eu.shop.example/a': 'https://eu.shop.example/a', 'myapp://signed-in': 'myapp://signed-in',
      [`${server.url}/admin/`]: `${server.url}/admin/`, 'https://shop.example/elsewhere': 'https://shop.example/elsewhere',
    };
    const hostile = [
      'https://evil.example/', '//evil.example', 'https://shop.example@evil.example/', 'https://evil.example/.shop.example/x',
      'https://a.b.shop.example/x', 'https://eu.shop.example.evil.example/x', 'javascript:alert(1)', 'data:text/html,x',
      'https://evil.example\\.shop.example/x', 'http://127.0.0.1:1/', 'myapp://signed-in.evil', ' https://eu.shop.example/a', 'x'.repeat(3000),
    ];
    for (const page of hostile) cases[page] = SITE;
    for (const [wanted, page] of Object.entries(cases)) {
      const asked = await post(`otp?redirect_to=${encodeURIComponent(wanted)}`, { email });
      assert.equal(asked.status, 200, asked.text);
      const landed = await follow((await smtp.next(email)).link.replace(/redirect_to=.*/, 'redirect_to=https%3A%2F%2Fevil.example'));
      assert.ok(landed.location.startsWith(`${page}#access_token=`), `${wanted}: ${landed.location.slice(0, 60)}`);
    }
    const bad = await follow(`${server.url}/auth/v1/verify?token=nonsense&type=magiclink&redirect_to=https%3A%2F%2Fevil.example`);
    assert.ok(bad.location.startsWith(`${SITE}?error=`));
    await fetch(`${server.url}/auth/v1/otp`, {
      method: 'POST', body: JSON.stringify({ email }), headers: { apikey: server.env.SUPABASE_ANON_KEY, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    });
    assert.ok((await smtp.next(email)).link.startsWith(server.url), 'a link does not go by what a request calls us');
  });

  it('are asked for only so often', async () => {
    const { email, me } = await confirmed();
    const nobody = fresh('nobody');
    for (const address of [email, nobody]) {
      assert.equal((await me.auth.resetPasswordForEmail(address)).error, null);
      await server.sql`update private.mail_asks set asked_at = now() + interval '40 seconds' where recipient_hash = sha256(convert_to(${address}, 'UTF8'))`;
      const reply = await post('recover', { email: address });
      assert.equal(reply.status, 429);
      assert.equal(reply.body.code, 'over_email_send_rate_limit');
      assert.match(reply.body.message, /only request this after \d+ seconds/);
      assert.ok(Number(reply.headers.get('retry-after')) > 30);
    }
    assert.equal(smtp.count(nobody), 0);
  });
});

describe('a forgotten password', () => {
  it('is replaced through the link, and every other session ends', async () => {
    const { email, me: elsewhere } = await confirmed();
    const me = client(server, { flowType: 'pkce' });
    assert.equal((await me.auth.resetPasswordForEmail(email, { redirectTo: 'https://eu.shop.example/reset' })).error, null);
    const mail = await smtp.next(email);
    assert.equal(mail.headers.subject, 'Choose a new password');
    const { query } = await follow(mail.link);
    const { data } = await me.auth.exchangeCodeForSession(query.code);
    assert.equal(data.user.email, email);
    const changed = await me.auth.updateUser({ password: 'a new one entirely' });
    assert.equal(changed.error, null);
    assert.ok((await elsewhere.auth.refreshSession()).error, 'the other session is over');
    assert.equal((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).error.code, 'invalid_credentials');
    assert.equal((await client(server).auth.signInWithPassword({ email, password: 'a new one entirely' })).error, null);
  });

  it('says the same for an address that nobody has', async () => {
    const nobody = fresh('nobody');
    const known = await post('recover', { email: (await confirmed()).email });
    const unknown = await post('recover', { email: nobody });
    assert.equal(known.text, unknown.text);
    assert.equal(unknown.status, 200);
  });
});

describe('changing', () => {
  it('the address takes a confirmation from both', async () => {
    const { email, me, id } = await confirmed();
    const next = fresh('next');
    const asked = await me.auth.updateUser({ email: next });
    assert.equal(asked.error, null);
    assert.equal(asked.data.user.email, email);
    assert.equal(asked.data.user.new_email, next);
    const toNew = await smtp.next(next);
    const toOld = await smtp.next(email);
    const half = await follow(toNew.link);
    assert.match(half.fragment.message, /other email/);
    assert.equal((await me.auth.getUser()).data.user.email, email);
    const done = await client(server).auth.verifyOtp({ email, token: toOld.code, type: 'email_change' });
    assert.equal(done.error, null);
    assert.equal(done.data.user.id, id);
    assert.equal(done.data.user.email, next);
    assert.equal(done.data.user.identities[0].email, next);
    assert.equal((await client(server).auth.signInWithPassword({ email: next, password: PASSWORD })).error, null);
  });

  it('the address does not happen when the old one lets its mail run out, and can be asked for again', async () => {
    const { email, me } = await confirmed();
    const next = fresh('next');
    await me.auth.updateUser({ email: next });
    const toNew = await smtp.next(next);
    await smtp.next(email);
    await server.sql`delete from auth.one_time_tokens where email = ${email}`;
    const half = await post('verify', { type: 'email_change', token_hash: new URL(toNew.link).searchParams.get('token') });
    assert.equal(half.body.code, '200', half.text);
    assert.equal((await me.auth.getUser()).data.user.email, email);
    assert.equal((await me.auth.resend({ type: 'email_change', email })).error, null);
    const again = await smtp.next(email);
    const done = await client(server).auth.verifyOtp({ token_hash: new URL(again.link).searchParams.get('token'), type: 'email_change' });
    assert.equal(done.data.user.email, next);
  });

  it('to an address that somebody has is refused', async () => {
    const { email: taken } = await confirmed();
    const { me } = await confirmed();
    const { error } = await me.auth.updateUser({ email: taken });
    assert.equal(error.code, 'email_exists');
    assert.equal(error.status, 422);
  });

  it('the password of an old session takes a code from a mail', async () => {
    const { email, me, id } = await confirmed();
    assert.equal((await me.auth.updateUser({ password: PASSWORD })).error.code, 'same_password');
    assert.equal((await me.auth.updateUser({ password: 'next password', current_password: 'not it' })).error.code, 'invalid_credentials');
    await server.sql`update auth.sessions set created_at = now() - interval '2 days' where user_id = ${id}`;
    assert.equal((await me.auth.updateUser({ password: 'next password' })).error.code, 'reauthentication_needed');
    assert.equal((await me.auth.reauthenticate()).error, null);
    const { code, link } = await smtp.next(email);
    assert.equal(link, undefined);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    assert.equal((await me.auth.updateUser({ password: 'next password', nonce: wrong })).error.code, 'reauthentication_not_valid');
    assert.equal((await me.auth.updateUser({ password: 'next password', nonce: code })).error, null);
  });

  it('an anonymous person keeps the id, and is a person once the address is confirmed', async () => {
    const me = client(server);
    const { data } = await me.auth.signInAnonymously();
    const email = fresh('guest');
    const asked = await me.auth.updateUser({ email });
    assert.equal(asked.error, null);
    assert.equal(asked.data.user.is_anonymous, true);
    assert.equal((await server.sql`select count(*)::int as n from public.accounts where id = ${data.user.id}`)[0].n, 0);
    const done = await me.auth.verifyOtp({ email, token: (await smtp.next(email)).code, type: 'email_change' });
    assert.equal(done.error, null);
    assert.equal(done.data.user.id, data.user.id);
    assert.equal(done.data.user.is_anonymous, false);
    assert.equal((await me.auth.updateUser({ password: PASSWORD })).error, null);
    assert.equal((await client(server).auth.signInWithPassword({ email, password: PASSWORD })).error, null);
    assert.equal((await server.sql`select count(*)::int as n from public.accounts where id = ${data.user.id}`)[0].n, 1);
  });
});

describe('administrators', () => {
  it('invite people, whose link makes them users', async () => {
    const admin = client(server, { key: server.env.SUPABASE_SERVICE_ROLE_KEY });
    const email = fresh('invited');
    const { data, error } = await admin.auth.admin.inviteUserByEmail(email, { data: { team: 'tea' }, redirectTo: 'https://eu.shop.example/join' });
    assert.equal(error, null);
    assert.ok(data.user.invited_at);
    const mail = await smtp.next(email);
    assert.equal(mail.headers.subject, 'You have been invited');
    const landed = await follow(mail.link);
    assert.equal(landed.page, 'https://eu.shop.example/join');
    assert.equal(landed.fragment.type, 'invite');
    assert.equal((await admin.auth.admin.inviteUserByEmail(email)).error.code, 'email_exists');
    assert.ok((await client(server).auth.admin.inviteUserByEmail(fresh())).error);
  });
});

describe('the outbox', () => {
  it('sends words and addresses that cannot become headers', async () => {
    const { email } = await confirmed();
    await client(server).auth.signInWithOtp({ email });
    const mail = await smtp.next(email);
    assert.deepEqual(mail.to, [email]);
    assert.equal(mail.from, 'chat@example.test');
    assert.match(mail.headers.from, /^=\?UTF-8\?B\?[\w+/=]+\?= <chat@example\.test>$/);
    for (const address of ['a@b.test\r\nBcc: eve@b.test', 'a@b.test, eve@b.test', 'a@b.test>\r\nRCPT TO:<eve@b.test', '"a b"@b.test', 'a@b.test\u0000']) {
      assert.equal((await post('otp', { email: address })).status, 400, address);
    }
    assert.ok(!smtp.commands.some((command) => command.includes('eve@')));
  });

  it('tries again after a 4xx, gives up at a 5xx, and sends nothing twice', async () => {
    const [later, never] = [fresh('later'), fresh('never')];
    let refusals = 0;
    smtp.refuse = (command) => {
      if (command.startsWith('RCPT') && command.includes(never)) return '550 no such mailbox';
      if (command.startsWith('RCPT') && command.includes(later) && (refusals += 1) === 1) return '451 come back';
      return null;
    };
    await client(server).auth.signUp({ email: later, password: PASSWORD });
    await client(server).auth.signUp({ email: never, password: PASSWORD });
    await eventually('the first try is noted', async () =>
      (await server.sql`update private.mail_outbox set next_at = now() where recipient = ${later} and last_error like '%451%' returning id`).length === 1);
    assert.ok((await smtp.next(later)).code);
    const [given] = await eventually('the other is given up', async () => {
      const rows = await server.sql`select failed_at, last_error, sealed, attempts from private.mail_outbox where recipient = ${never} and failed_at is not null`;
      return rows.length === 1 && rows;
    });
    assert.equal(given.sealed, null);
    assert.equal(given.attempts, 1);
    assert.match(given.last_error, /550/);
    smtp.refuse = () => null;
    await eventually('sent mails lose their words', async () =>
      (await server.sql`select count(*)::int as n from private.mail_outbox where sent_at is not null and sealed is not null`)[0].n === 0
      && (await server.sql`select count(*)::int as n from private.mail_outbox where sent_at is null and failed_at is null`)[0].n === 0);
    assert.equal(smtp.count(later), 1);
  });

  it('keeps no link and no code in clear, in tables or in the log', async () => {
    const { email } = await confirmed();
    smtp.refuse = (command) => (command.startsWith('MAIL') ? '421 closed' : null);
    await client(server).auth.resetPasswordForEmail(email);
    await eventually('a try', async () => (await server.sql`select 1 from private.mail_outbox where recipient = ${email} and last_error is not null and sent_at is null`).length === 1);
    const reply = await call(server, '/functions/v1/list-mails', { body: { limit: 1 }, token: server.env.SUPABASE_SERVICE_ROLE_KEY });
    const [mail] = reply.body.mails;
    assert.equal(mail.recipient, email);
    assert.equal(mail.status, 'waiting');
    const token = new URL(mail.link).searchParams.get('token');
    const rows = JSON.stringify([await server.sql`select t.*::text as x from private.mail_outbox t`, await server.sql`select t.*::text as x from auth.one_time_tokens t`]);
    assert.ok(rows.includes(email) && !rows.includes(token));
    smtp.refuse = () => null;
    for (const secret of [token, 'canary-smtp-password', PASSWORD]) assert.ok(!`${server.stdout}${server.stderr}`.includes(secret));
    assert.equal((await supabase(server).auth.verifyOtp({ token_hash: token, type: 'recovery' })).error, null);
  });
});
