// Every role and everything there is to do in an account: one test for each cell. What has an endpoint
// is asked by supabase-js with the person's own session, what people do on tables under the person's
// role and claims, as every query of theirs runs. The matrix is printed at the end.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, claimsOf, fn, member, signUp } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';
import { startStripe } from '../lib/stripe.mjs';

const ROLES = ['super_admin', 'owner', 'admin', 'manager', 'member', 'client', 'nobody'];
let server;
let stripe;
let shop;
const people = {};
const matrix = [];

before(async () => {
  stripe = await startStripe();
  stripe.answer = () => [200, { url: 'https://stripe.example/page' }];
  server = await startServer({ env: stripe.env });
  shop = await account(server, 'shop');
  await server.sql`update public.plans set stripe_price_ids = '{price_advanced}' where id = 'advanced'`;
  await server.sql`insert into private.stripe_customers (id, user_id) values ('cus_shop', ${shop.id})`;
  for (const role of ROLES.slice(1, -1)) people[role] = await member(server, shop.id, role);
  for (const role of ['super_admin', 'nobody']) {
    const email = `${role}@example.test`;
    people[role] = await signUp(server, email, `secret ${role}`);
  }
  await server.sql`update auth.users set is_super_admin = true where id = ${people.super_admin.id}`;
});
after(async () => {
  await server?.stop();
  stripe?.stop();
  const wide = Math.max(...matrix.map(({ what }) => what.length));
  console.log(`${' '.repeat(wide)}  ${ROLES.join('  ')}`);
  for (const { what, cells } of matrix) {
    console.log(`${what.padEnd(wide)}  ${ROLES.map((role) => cells[role].padEnd(role.length)).join('  ')}`);
  }
});

// yes, no (403) or hidden (404: the account is none of the person's business).
async function call(role, name, body) {
  const { data, error } = await people[role].client.functions.invoke(name, { body });
  if (!error) return { said: 'yes', data };
  const { status } = error.context;
  assert.ok([403, 404].includes(status), `${name} as ${role}: ${status} ${await error.context.text()}`);
  return { said: status === 403 ? 'no' : 'hidden' };
}
const endpoint = (name, body) => async (role) => (await call(role, name, await body())).said;

// A statement as the person: yes when it reaches rows of the account, hidden when there are none for
// them, no when it is refused. Undone afterwards.
const table = (statement) => async (role) => {
  let rows = 0;
  try {
    await server.sql.begin(async (sql) => {
      await sql`select set_config('request.jwt.claims', ${JSON.stringify(claimsOf(people[role].token))}, true)`;
      await sql.unsafe('set local role authenticated');
      rows = (await sql.unsafe(statement.replaceAll('$account', shop.id).replaceAll('$agent', shop.agentId))).count;
      throw new Error('undo');
    });
  } catch (error) {
    if (error.code === '42501') return 'no';
    if (error.message !== 'undo') throw error;
  }
  return rows > 0 ? 'yes' : 'hidden';
};

async function lead() {
  await fn(server, 'create-widget-lead', { agentId: shop.agentId, name: 'Lea', email: `${randomUUID()}@example.test` }, { token: shop.guest.token });
}
const respond = async (role) => {
  const { said } = await call(role, 'start-takeover', { conversationId: shop.conversationId });
  if (said !== 'yes') return said;
  assert.equal((await call(role, 'send-human-message', { conversationId: shop.conversationId, content: `From ${role}.` })).said, 'yes');
  return (await call(role, 'end-takeover', { conversationId: shop.conversationId })).said;
};
const http = (method, path, body) => async (role) => {
  const reply = await fetch(server.url + path.replace('$account', shop.id), {
    method, headers: { authorization: `Bearer ${people[role].token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify({ ...body, tenant_id: shop.id }),
  });
  if (reply.ok) return 'yes';
  assert.ok([403, 404].includes(reply.status), `${path} as ${role}: ${await reply.text()}`);
  return reply.status === 403 ? 'no' : 'hidden';
};
const aKey = async () => (await call('owner', 'create-api-key', { accountId: shop.id, name: 'x', scopes: ['chat:write'] })).data.apiKey.id;
// Somebody of the team who never signs in.
const victim = async () => {
  const [{ id }] = await server.sql`
    with person as (insert into auth.users (email, email_confirmed_at) values (${`${randomUUID()}@example.test`}, now()) returning id)
    insert into public.team_members (owner_id, member_id, role) select ${shop.id}, id, 'client' from person returning member_id as id`;
  return { accountId: shop.id, memberId: id };
};

const y = 'yes', n = 'no', h = 'hidden';
//                                            super  owner admin mngr member client nobody
const CAPABILITIES = [
  ['see conversations', [y, y, y, y, y, y, h], endpoint('list-conversations', () => ({ accountId: shop.id }))],
  ['read messages', [y, y, y, y, y, y, h], endpoint('get-messages', () => ({ conversationId: shop.conversationId }))],
  ['see leads', [y, y, y, y, y, y, h], endpoint('list-leads', () => ({ accountId: shop.id }))],
  ['see agents', [y, y, y, y, y, y, h], endpoint('list-agents', () => ({ accountId: shop.id }))],
  ['respond in conversations', [y, y, y, y, y, n, h], respond],
  ['close conversations', [y, y, y, y, y, n, h], endpoint('update-conversation', () => ({ conversationId: shop.conversationId, status: 'active' }))],
  ['read a conversation over REST', [y, y, y, y, y, y, h], (role) => http('GET', `/v1/conversations/${shop.conversationId}`)(role)],
  ['list conversations over REST', [y, y, y, y, y, y, h], http('GET', '/v1/conversations?account_id=$account')],
  ['begin a conversation', [y, y, y, y, y, n, h], (role) => http('POST', '/v1/conversations', { agent_id: shop.agentId })(role)],
  ['call a person', [y, y, y, y, y, n, h], (role) => http('POST', `/v1/conversations/${shop.conversationId}/escalate`, {})(role)],
  ['archive a conversation', [y, y, y, y, y, n, h], async (role) => {
    const [{ id }] = await server.sql`insert into public.conversations (user_id, agent_id) values (${shop.id}, ${shop.agentId}) returning id`;
    return http('DELETE', `/v1/conversations/${id}`)(role);
  }],
  ['change a lead', [y, y, y, y, y, h, h], table("update public.leads set status = 'lost' where user_id = '$account'")],
  ['delete a lead', [y, y, y, y, h, h, h], table("delete from public.leads where user_id = '$account'")],
  ['make an agent', [y, y, y, y, n, n, n], table("insert into public.agents (user_id, name) values ('$account', 'x')")],
  ['change an agent', [y, y, y, y, h, h, h], table("update public.agents set greeting = 'x' where user_id = '$account'")],
  ['delete an agent', [y, y, y, y, h, h, h], table("delete from public.agents where id = '$agent'")],
  ['add knowledge', [y, y, y, y, n, n, h], endpoint('add-knowledge-text', () => ({ agentId: shop.agentId, title: 'x', content: 'Some words.' }))],
  ['see the team', [y, y, y, y, y, n, h], endpoint('list-team-members', () => ({ accountId: shop.id }))],
  ['invite a person', [y, y, y, n, n, n, h], endpoint('invite-team-member', () => ({ accountId: shop.id, email: `${randomUUID()}@example.test`, role: 'member' }))],
  ['change a role', [y, y, y, n, n, n, h], endpoint('change-member-role', async () => ({ ...(await victim()), role: 'member' }))],
  ['remove a member', [y, y, y, n, n, n, h], endpoint('remove-team-member', victim)],
  ['put somebody into the team', [n, n, n, n, n, n, n], table("insert into public.team_members (owner_id, member_id, role) select '$account', auth.uid(), 'admin'")],
  ['share ownership', [y, y, n, n, n, n, h], endpoint('change-member-role', async () => ({ ...(await victim()), role: 'owner' }))],
  ['make an API key', [y, y, y, n, n, n, h], endpoint('create-api-key', () => ({ accountId: shop.id, name: 'x', scopes: ['chat:write'] }))],
  ['see API keys', [y, y, y, n, n, n, h], endpoint('list-api-keys', () => ({ accountId: shop.id }))],
  ['change the account', [y, y, y, h, h, h, h], table("update public.accounts set display_name = 'x' where id = '$account'")],
  ['read the audit log', [y, y, y, n, n, n, h], http('GET', '/v1/admin/audit-logs?tenant_id=$account')],
  ['export the audit log', [y, y, y, n, n, n, h], http('POST', '/v1/admin/audit-logs/export', { action: 'nothing' })],
  ['read the security log', [y, y, y, h, h, h, h], table("select from public.security_logs where user_id = '$account'")],
  ['see plan and usage', [y, y, y, y, y, y, h], endpoint('get-usage', () => ({ accountId: shop.id }))],
  ['buy a plan', [y, y, y, n, n, n, h], endpoint('create-checkout', () => ({ accountId: shop.id, plan: 'advanced' }))],
  ['open the billing portal', [y, y, y, n, n, n, h], endpoint('create-billing-portal', () => ({ accountId: shop.id }))],
  ['set the plan of an account', [y, n, n, n, n, n, n], endpoint('set-account-plan', () => ({ accountId: shop.id, plan: 'pro' }))],
  ['change a plan', [y, n, n, n, n, n, n], endpoint('update-plan', () => ({ planId: 'pro', name: 'Pro' }))],
  ['write the table of plans', [y, h, h, h, h, h, h], table("update public.plans set name = 'x' where id = 'basic'")],
  ['read the outbox of the platform', [y, h, h, h, h, h, h], endpoint('list-mails', () => ({}))],
  ['read the outbox of the account', [y, y, y, n, n, n, h], endpoint('list-mails', () => ({ accountId: shop.id }))],
  ['see the identity secret', [y, y, y, n, n, n, h], endpoint('get-identity-secret', () => ({ agentId: shop.agentId }))],
  ['replace the identity secret', [y, y, y, n, n, n, h], endpoint('rotate-identity-secret', () => ({ agentId: shop.agentId }))],
  ['let customers in only', [y, y, y, n, n, n, h], endpoint('require-identity', () => ({ agentId: shop.agentId, required: false }))],
  ['keep a secret', [y, y, y, n, n, n, h], endpoint('set-secret', () => ({ accountId: shop.id, name: 'x', value: 'y' }))],
  ['list secrets', [y, y, y, n, n, n, h], endpoint('list-secrets', () => ({ accountId: shop.id }))],
  ['delete a secret', [y, y, y, n, n, n, h], async (role) => {
    assert.equal((await call('owner', 'set-secret', { accountId: shop.id, name: 'gone', value: 'y' })).said, 'yes');
    return (await call(role, 'delete-secret', { accountId: shop.id, name: 'gone' })).said;
  }],
  ['take an invitation back', [y, y, y, n, n, n, h], async (role) => {
    const made = await call('owner', 'invite-team-member', { accountId: shop.id, email: `${randomUUID()}@example.test`, role: 'client' });
    return (await call(role, 'revoke-team-invitation', { invitationId: made.data.invitation.id })).said;
  }],
  ['replace an API key', [y, y, y, n, n, n, h], async (role) => (await call(role, 'rotate-api-key', { keyId: await aKey() })).said],
  ['revoke an API key', [y, y, y, n, n, n, h], async (role) => (await call(role, 'revoke-api-key', { keyId: await aKey() })).said],
  ['set limits of an account', [y, n, n, n, n, n, n], table("insert into public.realtime_limits (user_id) values ('$account')")],
];

for (const [what, expected, act] of CAPABILITIES) {
  describe(what, () => {
    const cells = {};
    matrix.push({ what, cells });
    before(lead);
    ROLES.forEach((role, i) => {
      it(`${role}: ${expected[i]}`, async () => {
        cells[role] = await act(role);
        assert.equal(cells[role], expected[i]);
      });
    });
  });
}

describe('nobody', () => {
  it('becomes a super admin by asking', async () => {
    for (const statement of ['update auth.users set is_super_admin = true', "select private.audit_only(auth.uid(), 'x', null, null, null)"]) {
      assert.equal(await table(statement)('owner'), 'no');
    }
    const { error } = await people.owner.client.auth.updateUser({ data: { is_super_admin: true, role: 'super_admin' } });
    const [{ flag }] = await server.sql`select is_super_admin as flag from auth.users where id = ${people.owner.id}`;
    assert.equal(flag, false, String(error));
  });
});
