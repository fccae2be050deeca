// An account whose owner asks everybody for a second factor: who turns it on, whom it keeps out, where, and
// how they get in again; through the real client.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RANDOM_UUID, account, fn, member, say, signUp } from '../lib/callers.mjs';
import { Socket, join } from '../lib/realtime.mjs';
import { eventually, startServer } from '../lib/server.mjs';
import { totp } from '../lib/totp.mjs';

let server;
let shop;
let other;
before(async () => {
  server = await startServer();
  [shop, other] = [await account(server), await account(server)];
});
after(() => server?.stop());

const require_ = (who, body = {}) => fn(server, 'require-second-factor', { accountId: shop.id, ...body }, { token: who.token });
const refused = (reply, status, code) => assert.deepEqual([reply.status, reply.body?.code], [status, code], reply.text);
const accountsOf = async (who) => (await fn(server, 'list-accounts', {}, { token: who.token })).body.accounts;
const conversations = (who, accountId = shop.id) => fn(server, 'list-conversations', { accountId }, { token: who.token });

// Adds an authenticator app to the person's sign-in; the client's session is aal2 from then on.
async function enrol(who) {
  const { data: made, error } = await who.client.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' });
  assert.equal(error, null);
  const { data, error: wrong } = await who.client.auth.mfa.challengeAndVerify({ factorId: made.id, code: totp(made.totp.secret) });
  assert.equal(wrong, null);
  await who.client.realtime.setAuth(data.access_token);
  return { ...who, token: data.access_token };
}
async function joins(who, topic = `account:${shop.id}`) {
  const socket = new Socket(server);
  await socket.opened;
  const reply = await socket.join(`realtime:${topic}`, { private: true }, who.token);
  return { socket, reply, topic: `realtime:${topic}` };
}

describe('asking everybody for a second factor', () => {
  it('is for owners who have given theirs', async () => {
    const admin = await enrol(await member(server, shop.id, 'admin'));
    refused(await require_(admin), 403, 'insufficient_role');
    const half = await require_(shop);
    refused(half, 403, 'insufficient_aal');
    assert.match(half.body.message, /shut yourself out/);
    refused(await require_(await enrol(other)), 404, 'not_found');
    refused(await require_(await enrol(await member(server, shop.id, 'owner')), { accountId: RANDOM_UUID() }), 404, 'not_found');
    refused(await require_(shop.guest), 403, 'forbidden');
    for (const body of [{ accountId: 'x' }, { required: 'yes' }]) refused(await require_(shop, body), 400, 'validation_failed');
    const [{ n }] = await server.sql`select count(*)::int as n from public.accounts where second_factor_required`;
    assert.equal(n, 0);
  });

  it('keeps out at once who has none, tells what to do, and lets them in when they have', async () => {
    const person = await member(server, shop.id, 'member');
    await server.sql`insert into public.team_members (owner_id, member_id, role) values (${other.id}, ${person.id}, 'member')`;
    const open = [await joins(person), await joins(person, `conversation:${shop.conversationId}`)];
    const elsewhere = await joins(person, `account:${other.id}`);
    for (const { reply } of [...open, elsewhere]) assert.equal(reply.status, 'ok');
    const visitor = await joins(shop.guest, `conversation:${shop.conversationId}`);

    shop = await enrol(shop);
    const done = await require_(shop);
    assert.deepEqual([done.status, done.body], [200, { required: true }]);
    for (const { socket, topic } of open) {
      const said = await socket.next('why it ends', (frame) => frame.event === 'system' && frame.topic === topic && frame.payload.status === 'error');
      assert.match(said.payload.message, /InsufficientAAL: .*second factor/);
    }
    refused(await conversations(person), 403, 'insufficient_aal');
    const again = await joins(person);
    assert.equal(again.reply.status, 'error');
    assert.match(again.reply.response.reason, /^InsufficientAAL: This account wants a second factor/);
    await assert.rejects(join(person.client, `account:${shop.id}`), /InsufficientAAL/);
    // Whoever has nothing to do with the account hears nothing of it.
    const stranger = await joins(await member(server, other.id, 'client'));
    assert.match(stranger.reply.response.reason, /^Unauthorized: /);

    // Elsewhere, and for others, nothing has changed.
    assert.equal((await conversations(person, other.id)).status, 200);
    assert.equal((await conversations(shop)).status, 200);
    assert.equal((await say(server, shop.guest, 'Still there?', { conversationId: shop.conversationId })).status, 200);
    await visitor.socket.next('the answer', (frame) => frame.event === 'broadcast' && frame.topic === visitor.topic);
    assert.ok(!elsewhere.socket.received.some((frame) => frame.event === 'system' && frame.payload.status === 'error'), JSON.stringify(elsewhere.socket.received));
    assert.equal((await fn(server, 'get-messages', { conversationId: shop.conversationId }, { token: shop.key })).status, 200);

    const listed = (await accountsOf(person)).map(({ id, role, secondFactorRequired, secondFactorMissing }) => ({ id, role, secondFactorRequired, secondFactorMissing }));
    assert.deepEqual(listed.find(({ id }) => id === shop.id), { id: shop.id, role: 'member', secondFactorRequired: true, secondFactorMissing: true });
    assert.deepEqual(listed.find(({ id }) => id === other.id), { id: other.id, role: 'member', secondFactorRequired: false, secondFactorMissing: false });
    const inside = await enrol(person);
    assert.equal((await conversations(inside)).status, 200);
    assert.equal((await accountsOf(inside)).find(({ id }) => id === shop.id).secondFactorMissing, false);
    assert.equal((await joins(inside)).reply.status, 'ok');
    for (const { socket } of [...open, elsewhere, visitor, again, stranger]) socket.ws.close();
  });

  it('counts for new members, for the founder and for super admins as well', async () => {
    const email = `new-${RANDOM_UUID().slice(0, 8)}@example.test`;
    const invited = await fn(server, 'invite-team-member', { accountId: shop.id, email, role: 'admin' }, { token: shop.token });
    const guest = await signUp(server, email, 'correct horse');
    const accepted = await fn(server, 'accept-team-invitation', { token: invited.body.link.split('/').at(-1) }, { token: guest.token });
    assert.equal(accepted.status, 200, accepted.text);
    refused(await conversations(guest), 403, 'insufficient_aal');

    const chief = await member(server, other.id, 'client');
    await server.sql`update auth.users set is_super_admin = true where id = ${chief.id}`;
    assert.equal((await conversations(chief, other.id)).status, 200);
    refused(await conversations(chief), 403, 'insufficient_aal');
    assert.equal((await conversations(await enrol(chief))).status, 200);
    await server.sql`update auth.users set is_super_admin = false where id = ${chief.id}`;
  });

  it('tells admins who has one, and is in the audit log', async () => {
    const members = (await fn(server, 'list-team-members', { accountId: shop.id }, { token: shop.token })).body.members;
    assert.equal(members.find(({ id }) => id === shop.id).secondFactor, true);
    assert.ok(members.some(({ secondFactor }) => secondFactor === false));
    const viewer = await enrol(await member(server, shop.id, 'member'));
    const seen = (await fn(server, 'list-team-members', { accountId: shop.id }, { token: viewer.token })).body.members;
    assert.ok(seen.length > 0 && seen.every((one) => !('secondFactor' in one)));
    const [row] = await server.sql`select detail, actor_id from public.audit_logs where user_id = ${shop.id} and action = 'account.updated' order by created_at desc limit 1`;
    assert.deepEqual([row.detail.changed, row.actor_id], [['second_factor_required'], shop.id]);
  });

  it('can be taken back, and then lets everybody in', async () => {
    const person = await member(server, shop.id, 'client');
    refused(await conversations(person), 403, 'insufficient_aal');
    assert.deepEqual((await require_(shop, { required: false })).body, { required: false });
    assert.equal((await conversations(person)).status, 200);
    await eventually('a join', async () => (await joins(person)).reply.status === 'ok');
  });
});
