// Who works in an account: invitations, roles, the last owner, and what a removed member's open socket
// still hears.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, fn, member, say, signIn, supabase, visitor } from '../lib/callers.mjs';
import { eventually, startServer } from '../lib/server.mjs';

let server;
let shop;
let seats = 0;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  shop = await account(server, 'shop');
});
after(() => server?.stop());

const as = (who, name, body = {}) => fn(server, name, { accountId: shop.id, ...body }, { token: who.token });
const team = async (who = shop) => (await as(who, 'list-team-members')).body;
const tokenOf = (link) => link.split('/').at(-1);

async function signUp(email) {
  const { error } = await supabase(server).auth.signUp({ email, password: `secret ${email}` });
  assert.equal(error, null);
  return signIn(server, email, `secret ${email}`);
}

async function invite(role, email = `seat-${++seats}@example.test`, who = shop) {
  const reply = await as(who, 'invite-team-member', { email, role });
  assert.equal(reply.status, 201, reply.text);
  return { email, token: tokenOf(reply.body.link), ...reply.body };
}

describe('an invitation', () => {
  it('makes whoever signs up with the address a member', async () => {
    const { email, token, link, invitation } = await invite('manager');
    assert.ok(link.startsWith(`${server.url}/admin/#/invitation/`), link);
    assert.deepEqual(Object.keys(invitation).sort(), ['createdAt', 'email', 'expiresAt', 'id', 'invitedBy', 'mailed', 'role']);
    const about = await fn(server, 'get-team-invitation', { token });
    assert.deepEqual([about.status, about.body.invitation.email, about.body.invitation.role, about.body.invitation.accountName], [200, email, 'manager', 'shop']);
    const person = await signUp(email);
    const accepted = await fn(server, 'accept-team-invitation', { token }, { token: person.token });
    assert.deepEqual(accepted.body, { account: { id: shop.id, role: 'manager' } });
    const again = await fn(server, 'accept-team-invitation', { token }, { token: person.token });
    assert.deepEqual(again.body, accepted.body, 'a repeat');
    assert.equal((await fn(server, 'get-team-invitation', { token })).status, 404, 'the link is used up');
    const { members } = await team(person);
    assert.deepEqual(members.filter((one) => one.isYou).map((one) => [one.email, one.role]), [[email, 'manager']]);
    const mine = await fn(server, 'list-accounts', {}, { token: person.token });
    assert.ok(mine.body.accounts.some((one) => one.id === shop.id && one.role === 'manager'));
  });

  it('is written about, with a proof that its inviter does not see', async () => {
    const { email, token, invitation } = await invite('member');
    assert.equal(invitation.mailed, true);
    const mails = async (options, body = {}) => (await fn(server, 'list-mails', body, options)).body.mails ?? [];
    const [mail] = (await mails({ token: server.env.SUPABASE_SERVICE_ROLE_KEY })).filter((one) => one.recipient === email);
    assert.equal(mail.kind, 'team_invitation');
    assert.match(mail.text, /shop invited you to work in shop as member\./);
    const whole = tokenOf(mail.link);
    assert.equal(whole.split('.')[0], token);
    assert.ok(mail.text.includes(mail.link) && !JSON.stringify(invitation).includes(whole.split('.')[1]));
    assert.equal((await fn(server, 'get-team-invitation', { token: whole })).body.invitation.email, email);
    // A second one within the minute is made, and not written about. (A minute is 60 ms here.)
    await server.sql`update private.mail_asks set asked_at = now() + interval '40 seconds' where recipient_hash = sha256(convert_to(${email}, 'UTF8'))`;
    assert.equal((await invite('member', email)).invitation.mailed, false);
    // The account sees that it waits, another one not even that; nobody there reads it.
    const [seen] = (await mails({ token: shop.token }, { accountId: shop.id })).filter((one) => one.recipient === email);
    assert.deepEqual([seen.kind, seen.status, seen.accountId, seen.confidential], ['team_invitation', 'waiting', shop.id, true]);
    for (const word of ['subject', 'text', 'link', 'code']) assert.ok(!(word in seen), word);
    assert.ok(!JSON.stringify(seen).includes(whole.split('.')[1]));
    const stranger = await account(server);
    assert.deepEqual(await mails({ token: stranger.token }, { accountId: stranger.id }), []);
    assert.equal((await fn(server, 'list-mails', { accountId: shop.id }, { token: stranger.token })).status, 404);
    assert.deepEqual((await mails({ token: server.env.SUPABASE_SERVICE_ROLE_KEY }, { accountId: shop.id })).map((one) => one.accountId).filter((id) => id !== shop.id), []);
  });

  it('says names without what would become a line or a link, and one that cannot be said stops no list', async () => {
    const boss = await account(server, 'boss');
    await boss.client.auth.updateUser({ data: { full_name: 'Win\u0001 https://evil.example/now\r\nat evil.example' } });
    await server.sql`update public.accounts set display_name = ${'Pay\u202e at www.evil.example'} where id = ${boss.id}`;
    const email = `named-${Date.now()}@example.test`;
    const reply = await fn(server, 'invite-team-member', { accountId: boss.id, email, role: 'member' }, { token: boss.token });
    assert.equal(reply.status, 201, reply.text);
    const { body, status } = await fn(server, 'list-mails', {}, { token: server.env.SUPABASE_SERVICE_ROLE_KEY });
    assert.equal(status, 200);
    const { text } = body.mails.find((one) => one.recipient === email);
    assert.ok(text.startsWith('Win at evil example invited you to work in Pay at www evil example as member.\n'), text);
  });

  it('accepted through its mail proves the address; through the inviter\'s link it does not', async () => {
    const proven = async (email) => (await server.sql`select email_proven_at is not null as proven from auth.users where email = ${email}`)[0].proven;
    for (const [which, expected] of [['link', false], ['mail', true]]) {
      const { email, token } = await invite('member');
      const { body } = await fn(server, 'list-mails', {}, { token: server.env.SUPABASE_SERVICE_ROLE_KEY });
      const whole = tokenOf(body.mails.find((one) => one.recipient === email).link);
      const person = await signUp(email);
      assert.equal(await proven(email), false, 'an address that counts at once is not proven');
      const reply = await as(person, 'accept-team-invitation', { token: which === 'mail' ? whole : token });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(await proven(email), expected, which);
    }
  });

  it('makes nobody else a member, whoever holds the link', async () => {
    const { token } = await invite('admin');
    const other = await signUp('link-finder@example.test');
    const refused = await fn(server, 'accept-team-invitation', { token }, { token: other.token });
    assert.deepEqual([refused.status, refused.body.code], [403, 'invitation_not_yours']);
    assert.equal((await as(other, 'list-team-members')).status, 404);
    for (const caller of [{ token: shop.guest.token }, { token: shop.key }, {}]) {
      const reply = await fn(server, 'accept-team-invitation', { token }, caller);
      assert.ok([401, 403].includes(reply.status), reply.text);
    }
  });

  it('ends when it is revoked, replaced or over', async () => {
    const revoked = await invite('member');
    assert.equal((await as(shop, 'revoke-team-invitation', { invitationId: revoked.invitation.id })).status, 200);
    assert.equal((await as(shop, 'revoke-team-invitation', { invitationId: revoked.invitation.id })).status, 404);
    const replaced = await invite('member');
    await invite('client', replaced.email);
    const over = await invite('member');
    await server.sql`update public.team_invitations set expires_at = now() where id = ${over.invitation.id}`;
    for (const { token, email } of [revoked, replaced, over]) {
      assert.equal((await fn(server, 'get-team-invitation', { token })).status, 404);
      const person = await signUp(email);
      assert.equal((await fn(server, 'accept-team-invitation', { token }, { token: person.token })).status, 404, email);
    }
  });

  it('of a thousand wrong tokens is as unknown as one', async () => {
    for (const token of ['', 'x', 'a'.repeat(200), '\u0000', "' or 1=1 --", '../..', null, 7, {}]) {
      const reply = await fn(server, 'get-team-invitation', { token });
      assert.ok([400, 404].includes(reply.status), `${token}: ${reply.text}`);
    }
  });

  it('is stored as a hash, and its token stands in no table', async () => {
    const { token } = await invite('member');
    const [{ found }] = await server.sql`
      select exists (select from public.team_invitations i where i::text like ${`%${token}%`})
        or exists (select from public.audit_logs l where l::text like ${`%${token}%`})
        or exists (select from realtime.messages m where m.payload::text like ${`%${token}%`}) as found`;
    assert.equal(found, false);
    assert.ok(!server.stderr.includes(token), 'nor in the log');
  });
});

describe('a role', () => {
  it('refuses bodies that ask for more than there is', async () => {
    const person = await member(server, shop.id, 'admin');
    for (const [name, body, status] of [
      ['change-member-role', { memberId: person.id, role: 'super_admin' }, 400],
      ['change-member-role', { memberId: person.id, role: 'owner' }, 403],
      ['change-member-role', { memberId: shop.id, role: 'client' }, 403],
      ['change-member-role', { memberId: 'x', role: 'client' }, 400],
      ['invite-team-member', { email: 'x@example.test', role: 'owner' }, 403],
      ['invite-team-member', { email: 'not an address', role: 'client' }, 400],
      ['invite-team-member', { email: person.email, role: 'client' }, 409],
      ['remove-team-member', { memberId: shop.id }, 403],
    ]) {
      const reply = await as(person, name, body);
      assert.equal(reply.status, status, `${name} ${JSON.stringify(body)}: ${reply.text}`);
    }
  });

  it('of owner is never given up by the last of them, whoever is fastest', async () => {
    const place = await account(server, 'place');
    const call = (who, name, body) => fn(server, name, { accountId: place.id, ...body }, { token: who.token });
    const refused = await call(place, 'leave-account');
    assert.deepEqual([refused.status, refused.body.code], [409, 'last_owner']);
    const second = await member(server, place.id, 'owner');
    for (let round = 0; round < 8; ++round) {
      // Both give up at once, each in another way.
      const replies = await Promise.all(round % 2 === 0
        ? [call(place, 'change-member-role', { memberId: place.id, role: 'admin' }), call(second, 'change-member-role', { memberId: second.id, role: 'admin' })]
        : [call(place, 'change-member-role', { memberId: second.id, role: 'admin' }), call(second, 'change-member-role', { memberId: place.id, role: 'admin' })]);
      const statuses = replies.map((reply) => reply.status).sort();
      assert.equal(statuses[0], 200, JSON.stringify(statuses));
      assert.ok([403, 409].includes(statuses[1]), JSON.stringify(statuses));
      const rows = await server.sql`
        select id, founder_role as role from public.accounts where id = ${place.id}
        union all select member_id, role from public.team_members where owner_id = ${place.id}`;
      assert.equal(rows.filter(({ role }) => role === 'owner').length, 1, JSON.stringify(rows));
      await server.sql`update public.accounts set founder_role = 'owner' where id = ${place.id}`;
      await server.sql`update public.team_members set role = 'owner' where owner_id = ${place.id}`;
    }
    assert.equal((await call(place, 'leave-account')).status, 200, 'with another owner the founder may leave');
    assert.equal((await call(place, 'list-team-members')).status, 404);
    assert.equal((await call(second, 'leave-account')).body.code, 'last_owner');
    const { body } = await call(second, 'list-agents');
    assert.equal(body.agents.length, 1, 'the account goes on under its id');
  });
});

describe('a removed member', () => {
  it('loses the account at once, open channels first', async () => {
    const guest = await visitor(server, shop.agentId);
    const { conversationId } = (await say(server, guest, 'Before it happens.')).body;
    const gone = await member(server, shop.id, 'member');
    const stays = await member(server, shop.id, 'member');
    const listen = async (who, topic) => {
      const heard = { events: [], statuses: [] };
      who.client.channel(topic, { config: { private: true } })
        .on('broadcast', { event: '*' }, ({ event }) => heard.events.push(event))
        .subscribe((status) => heard.statuses.push(status));
      await eventually(`${topic} is joined`, () => heard.statuses[0] === 'SUBSCRIBED');
      return heard;
    };
    const topics = [`account:${shop.id}`, `conversation:${conversationId}`];
    const theirs = await Promise.all(topics.map((topic) => listen(gone, topic)));
    const ours = await Promise.all(topics.map((topic) => listen(stays, topic)));
    const own = await listen(gone, `account:${gone.id}`);
    assert.equal((await as(shop, 'remove-team-member', { memberId: gone.id })).status, 200);
    await say(server, guest, 'After it happened.', { conversationId });
    for (const heard of ours) await eventually('who stays hears it', () => heard.events.filter((event) => event === 'message.created').length >= 1);
    for (const heard of theirs) {
      await eventually('the channel is ended', () => heard.statuses.includes('CHANNEL_ERROR') || heard.statuses.includes('CLOSED'));
      assert.ok(!heard.events.includes('message.created'), `heard ${heard.events}`);
    }
    assert.ok(theirs[0].events.includes('member.updated'), 'the last thing heard is why');
    assert.deepEqual(own.statuses, ['SUBSCRIBED'], 'a channel of another account stays');
    assert.equal((await as(gone, 'list-conversations')).status, 404);
    assert.equal((await fn(server, 'get-messages', { conversationId }, { token: gone.token })).status, 404);
    for (const who of [gone, stays]) await who.client.realtime.disconnect();
  });

  it('with a lower role may no longer write where an open channel could', async () => {
    const person = await member(server, shop.id, 'member');
    const topic = `conversation:${shop.conversationId}`;
    const statuses = [];
    const channel = person.client.channel(topic, { config: { private: true, broadcast: { ack: true } } });
    channel.subscribe((status) => statuses.push(status));
    await eventually('joined', () => statuses[0] === 'SUBSCRIBED');
    const typing = () => channel.send({ type: 'broadcast', event: 'typing', payload: { active: true } }, { timeout: 2000 });
    assert.equal(await typing(), 'ok');
    assert.equal((await as(shop, 'change-member-role', { memberId: person.id, role: 'client' })).status, 200);
    await eventually('typing is refused', async () => (await typing()) !== 'ok');
    assert.deepEqual(statuses, ['SUBSCRIBED'], 'reading goes on');
    await person.client.realtime.disconnect();
  });
});
