// A server where only who was invited signs up, with a mail server behind STARTTLS and a login.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { fn, signIn, supabase } from '../lib/callers.mjs';
import { chatpad } from '../lib/chatpad.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { client, fresh } from '../lib/sign_in.mjs';
import { startSmtp } from '../lib/smtp.mjs';

const PASSWORD = 'correct horse';
let server;
let smtp;
let boss;
before(async () => {
  smtp = await startSmtp({ tls: 'localhost', login: ['mailer', 'opensesame'] });
  server = await startServer({
    env: {
      CHATPAD_SIGNUP: 'invite', CHATPAD_MAIL_INTERVAL_S: '0', CHATPAD_SMTP_HOST: 'localhost', CHATPAD_SMTP_PORT: String(smtp.port),
      CHATPAD_SMTP_USER: 'mailer', CHATPAD_SMTP_PASSWORD: 'opensesame', CHATPAD_SMTP_FROM: 'chat@example.test', SSL_CERT_FILE: smtp.caFile,
    },
  });
  boss = await signIn(server);
  await server.sql`update public.accounts set plan = 'pro' where id = ${boss.id}`;
});
after(async () => {
  await server?.stop();
  await smtp?.stop();
});

const tokenOf = (link) => link.split('/').at(-1);
const signUp = (email, data, password = PASSWORD) => supabase(server).auth.signUp({ email, password, options: { data } });
async function invite(email = fresh()) {
  const { body, status, text } = await fn(server, 'invite-team-member', { accountId: boss.id, email, role: 'member' }, { token: boss.token });
  assert.equal(status, 201, text);
  const mail = await smtp.next(email);
  return { email, token: tokenOf(body.link), whole: tokenOf(mail.link), mail, id: body.invitation.id };
}
const proven = async (email) => (await server.sql`select email_proven_at is not null as proven from auth.users where email = ${email}`)[0]?.proven;

it('the mail of an invitation, over TLS and with a login, lets its reader in at once', async () => {
  const { email, whole, mail } = await invite();
  assert.equal(mail.secure, true);
  assert.equal(mail.user, 'mailer');
  assert.match(mail.headers.subject, /invited/);
  const { data, error } = await signUp(email, { invitation: whole, name: 'Bo' });
  assert.equal(error, null);
  assert.deepEqual(data.user.user_metadata, { name: 'Bo' }, 'the invitation is not kept');
  assert.equal(await proven(email), true);
  const joined = await fn(server, 'accept-team-invitation', { token: whole }, { token: data.session.access_token });
  assert.deepEqual([joined.status, joined.body.account.role], [200, 'member']);
  assert.equal((await signUp(email, { invitation: whole })).error.code, 'signup_disabled', 'used once');
});

it('with the link that the inviter has, the address has to be confirmed first', async () => {
  const { email, token } = await invite();
  const { data, error } = await signUp(email, { invitation: token });
  assert.equal(error, null);
  assert.equal(data.session, null);
  assert.equal(await proven(email), false);
  const me = client(server);
  const { code } = await smtp.next(email);
  const { data: verified, error: failed } = await me.auth.verifyOtp({ email, token: code, type: 'email' });
  assert.equal(failed, null);
  assert.equal(await proven(email), true);
  assert.equal((await fn(server, 'accept-team-invitation', { token }, { token: verified.session.access_token })).status, 200);
});

it('whoever signed up with the address before and did not read its mail keeps nothing', async () => {
  const { email, token, whole } = await invite();
  await signUp(email, { invitation: token, name: 'Eve' }, 'the attacker knows this');
  const { data, error } = await signUp(email, { invitation: whole });
  assert.equal(error, null);
  assert.equal(data.user.email, email);
  const eve = await supabase(server).auth.signInWithPassword({ email, password: 'the attacker knows this' });
  assert.equal(eve.error.code, 'invalid_credentials');
  assert.equal((await supabase(server).auth.signInWithPassword({ email, password: PASSWORD })).error, null);
});

it('nobody else signs up, with whatever they have', async () => {
  const ours = await invite();
  const other = await invite();
  const over = await invite();
  await fn(server, 'revoke-team-invitation', { invitationId: over.id }, { token: boss.token });
  const proof = ours.whole.split('.')[1];
  for (const [email, invitation] of [
    [fresh(), undefined], [fresh(), ours.whole], [ours.email, undefined], [ours.email, other.whole], [ours.email, 'x'], [ours.email, ''],
    [ours.email, `.${proof}`], [ours.email, `x.${proof}`], [over.email, over.whole],
  ]) {
    const { error } = await signUp(email, invitation === undefined ? {} : { invitation });
    assert.equal(error?.code, 'signup_disabled', `${email} ${invitation}`);
  }
  // The proof of another invitation proves nothing.
  const { data } = await signUp(ours.email, { invitation: `${ours.token}.${other.whole.split('.')[1]}` });
  assert.equal(data.session, null);
  for (const invitation of [7, ['x'], { a: 1 }, 'x'.repeat(201)]) assert.equal((await signUp(fresh(), { invitation })).error.code, 'validation_failed');
  assert.equal((await supabase(server).auth.signInWithOtp({ email: other.email })).error.code, 'signup_disabled');
});

it('chatpad admin says who is a super admin, and it stands in the audit log', async () => {
  const { email, whole } = await invite();
  const { data } = await signUp(email, { invitation: whole });
  assert.equal(await chatpad(server, 'admin', 'list'), 'Nobody is a super admin.\n');
  const accounts = async () => (await fn(server, 'list-accounts', {}, { token: data.session.access_token })).body.accounts.length;
  const before = await accounts();
  assert.match(await chatpad(server, 'admin', 'grant', email.toUpperCase()), /is a super admin now/);
  assert.match(await chatpad(server, 'admin', 'grant', email), /was a super admin already/);
  assert.equal(await chatpad(server, 'admin', 'list'), `${email}\n`);
  assert.ok(await accounts() > before);
  assert.match(await chatpad(server, 'admin', 'revoke', email), /is not a super admin now/);
  assert.equal(await accounts(), before);
  const logged = await server.sql`select action, actor_kind from public.audit_logs where user_id = ${data.user.id} and action like 'super_admin.%' order by created_at`;
  assert.deepEqual(logged.map((row) => [row.action, row.actor_kind]), [['super_admin.granted', 'system'], ['super_admin.revoked', 'system']]);
  // An address that counts as confirmed may be anybody's.
  await server.sql`update auth.users set email_proven_at = null where id = ${data.user.id}`;
  await assert.rejects(chatpad(server, 'admin', 'grant', email), /Nobody has proven to read the mail of this address/);
  assert.equal(await chatpad(server, 'admin', 'list'), 'Nobody is a super admin.\n');
  assert.match(await chatpad(server, 'admin', 'grant', '--unproven', email), /is a super admin now/);
  assert.match(await chatpad(server, 'admin', 'revoke', email), /is not a super admin now/);
  for (const address of ['nobody@example.test', "' or 1=1 --"]) await assert.rejects(chatpad(server, 'admin', 'grant', address), /Nobody has this address/);
});

it('a mail server whose certificate is not the one that is named gets no login and no mail', async () => {
  const other = await startSmtp({ tls: 'mail.example.test', login: ['mailer', 'opensesame'] });
  const plain = await startSmtp({ login: ['mailer', 'opensesame'] });
  try {
    for (const [port, why] of [[other.port, /certificate|SSL/i], [plain.port, /STARTTLS|SSL/i]]) {
      await server.halt();
      server.variables.CHATPAD_SMTP_PORT = String(port);
      await server.start();
      boss = await signIn(server);
      const email = fresh();
      await fn(server, 'invite-team-member', { accountId: boss.id, email, role: 'member' }, { token: boss.token });
      const said = await eventually('it was tried', async () =>
        (await server.sql`select last_error from private.mail_outbox where recipient = ${email}`)[0].last_error);
      assert.match(said, why);
    }
    for (const stand of [other, plain]) {
      assert.equal(stand.mails.length, 0);
      assert.ok(!stand.commands.some((command) => command.startsWith('AUTH')), 'no login was told');
    }
  } finally {
    await other.stop();
    await plain.stop();
  }
});
