// Two accounts. Whatever one asks about the other's ids, the answer is the one for a random uuid.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, call, fn, member, say, visitor } from '../lib/callers.mjs';
import { programPath, startServer } from '../lib/server.mjs';

let server;
let ours;
let theirs;
before(async () => {
  server = await startServer();
  [ours, theirs] = [await account(server, 'ours'), await account(server, 'theirs')];
  theirs.memberId = (await member(server, theirs.id, 'member')).id;
  const invited = await fn(server, 'invite-team-member', { accountId: theirs.id, email: 'guest@example.test', role: 'client' }, { token: theirs.token });
  theirs.invitationId = invited.body.invitation.id;
  for (const one of [ours, theirs]) {
    const added = await fn(server, 'add-knowledge-text', { agentId: one.agentId, title: 'Prices', content: 'A customer pays nothing.' }, { token: one.token });
    one.sourceId = added.body.source.id;
  }
  const provider = await fn(server, 'create-sign-in-provider', { accountId: theirs.id, name: 'X', issuer: 'https://idp.example', clientId: 'x' }, { token: theirs.token });
  theirs.providerId = provider.body.provider.id;
  const left = await fn(server, 'create-widget-lead', { agentId: theirs.agentId, conversationId: theirs.conversationId, name: 'Lea' }, { token: theirs.guest.token });
  theirs.leadId = left.body.lead.id;
  [{ id: theirs.keyId }] = await server.sql`select id from public.api_keys where user_id = ${theirs.id}`;
});
after(() => server?.stop());

// Endpoints that name no id of an account, so there is nothing to probe.
const WITHOUT_IDS = ['validate-api-key', 'serve-widget', 'list-accounts', 'get-team-invitation', 'accept-team-invitation', 'list-plans', 'update-plan', 'stripe-webhook'];
// For super admins only: everybody else is refused before an id is looked at (plans.test.mjs).
const PLATFORM = ['set-account-plan'];
// Anybody may read the public config of any agent: that is what a widget does.
const PUBLIC = ['get-widget-config'];

// [endpoint, callers, body for the foreign account, the fields that hold ids]
const probes = (other) => [
  ['widget-chat', ['visitor', 'key'], { agentId: other.agentId, message: 'Hi' }, ['agentId']],
  ['widget-chat', ['visitor', 'key'], { agentId: ours.agentId, conversationId: other.conversationId, message: 'Hi' }, ['conversationId']],
  ['widget-chat', ['visitor', 'key'], { agentId: other.agentId, conversationId: other.conversationId, message: 'Hi' }, ['agentId', 'conversationId']],
  ['get-messages', ['visitor', 'person', 'key', 'client'], { conversationId: other.conversationId }, ['conversationId']],
  ['create-widget-lead', ['visitor', 'key'], { agentId: other.agentId, name: 'X' }, ['agentId']],
  ['create-widget-lead', ['visitor', 'key'], { agentId: ours.agentId, conversationId: other.conversationId, name: 'X' }, ['conversationId']],
  ['start-takeover', ['person', 'client'], { conversationId: other.conversationId }, ['conversationId']],
  ['end-takeover', ['person', 'client'], { conversationId: other.conversationId }, ['conversationId']],
  ['send-human-message', ['person', 'client'], { conversationId: other.conversationId, content: 'X' }, ['conversationId']],
  ['list-agents', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['get-usage', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['create-checkout', ['person', 'client'], { accountId: other.id, plan: 'pro' }, ['accountId']],
  ['create-billing-portal', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['get-identity-secret', ['person', 'client'], { agentId: other.agentId }, ['agentId']],
  ['rotate-identity-secret', ['person', 'client'], { agentId: other.agentId }, ['agentId']],
  ['require-identity', ['person', 'client'], { agentId: other.agentId }, ['agentId']],
  ['list-conversations', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['list-leads', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['update-lead', ['person', 'client'], { leadId: other.leadId, status: 'lost' }, ['leadId']],
  ['export-leads', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['get-agent', ['person', 'client'], { agentId: other.agentId }, ['agentId']],
  ['update-agent', ['person', 'client'], { agentId: other.agentId, greeting: 'X' }, ['agentId']],
  ['create-agent', ['person', 'client'], { accountId: other.id, name: 'X' }, ['accountId']],
  ['get-safety', ['person', 'client'], { agentId: other.agentId }, ['agentId']],
  ['update-safety', ['person', 'client'], { agentId: other.agentId, safety: {} }, ['agentId']],
  ['list-mails', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['/v1/conversations', ['person', 'key', 'client'], { agent_id: other.agentId }, ['agent_id']],
  ['/v1/conversations', ['key'], { agent_id: other.agentId, message: 'Hi' }, ['agent_id']],
  ['/v1/conversations', ['person', 'key'], { agent_id: ours.agentId, visitor_id: other.guest.id }, ['visitor_id']],
  ['/v1/conversations', ['key'], { agent_id: ours.agentId, visitor_id: other.guest.id, message: 'Hi' }, ['visitor_id']],
  ['get-conversation', ['person', 'client'], { conversationId: other.conversationId }, ['conversationId']],
  ['update-conversation', ['person', 'client'], { conversationId: other.conversationId, status: 'closed' }, ['conversationId']],
  ['list-team-members', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['invite-team-member', ['person', 'client'], { accountId: other.id, email: 'x@example.test', role: 'member' }, ['accountId']],
  ['revoke-team-invitation', ['person', 'client'], { invitationId: other.invitationId }, ['invitationId']],
  ['change-member-role', ['person', 'client'], { accountId: other.id, memberId: other.memberId, role: 'client' }, ['accountId']],
  ['change-member-role', ['person'], { accountId: ours.id, memberId: other.memberId, role: 'client' }, ['memberId']],
  ['remove-team-member', ['person', 'client'], { accountId: other.id, memberId: other.memberId }, ['accountId']],
  ['remove-team-member', ['person'], { accountId: ours.id, memberId: other.memberId }, ['memberId']],
  ['leave-account', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['require-second-factor', ['person', 'client'], { accountId: other.id, required: false }, ['accountId']],
  ['create-api-key', ['person', 'client'], { accountId: other.id, name: 'X', scopes: ['chat:write'] }, ['accountId']],
  ['list-api-keys', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['rotate-api-key', ['person', 'client'], { keyId: other.keyId }, ['keyId']],
  ['revoke-api-key', ['person', 'client'], { keyId: other.keyId }, ['keyId']],
  ['set-secret', ['person', 'client'], { accountId: other.id, name: 'x', value: 'y' }, ['accountId']],
  ['list-secrets', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['delete-secret', ['person', 'client'], { accountId: other.id, name: 'x' }, ['accountId']],
  ['create-sign-in-provider', ['person', 'client'], { accountId: other.id, name: 'X', issuer: 'https://idp.example', clientId: 'x' }, ['accountId']],
  ['list-sign-in-providers', ['person', 'client'], { accountId: other.id }, ['accountId']],
  ['update-sign-in-provider', ['person', 'client'], { providerId: other.providerId, enabled: false }, ['providerId']],
  ['delete-sign-in-provider', ['person', 'client'], { providerId: other.providerId }, ['providerId']],
  ['add-knowledge-text', ['person', 'key', 'client'], { agentId: other.agentId, title: 'X', content: 'X.' }, ['agentId']],
  ['set-knowledge-access', ['person', 'key', 'client'], { sourceId: other.sourceId, sensitivity: 'internal' }, ['sourceId']],
  ['/v1/knowledge/search', ['person', 'key', 'client'], { agent_id: other.agentId, query: 'customer' }, ['agent_id']],
];

describe('a foreign id', () => {
  it('looks like a random uuid on every endpoint, for every kind of caller', async () => {
    const client = await member(server, ours.id, 'client');
    const callers = { visitor: ours.guest.token, person: ours.token, key: ours.key, client: client.token };
    let count = 0;
    for (const [name, kinds, body, fields] of probes(theirs)) {
      for (const kind of kinds) {
        const random = { ...body, ...Object.fromEntries(fields.map((field) => [field, randomUUID()])) };
        const foreign = await fn(server, name, body, { token: callers[kind] });
        const unknown = await fn(server, name, random, { token: callers[kind] });
        const what = `${name} as ${kind} with foreign ${fields}`;
        assert.equal(unknown.status, 404, `${what}, random: ${unknown.text}`);
        assert.equal(foreign.status, 404, `${what}: ${foreign.text}`);
        assert.equal(foreign.text, unknown.text, what);
        assert.equal(foreign.headers.get('content-length'), unknown.headers.get('content-length'));
        assert.equal(foreign.body.code, 'not_found');
        count += 1;
      }
    }
    console.log(`${count} probes`);
  });

  it('of another visitor of the same agent looks the same, too', async () => {
    const other = await visitor(server, ours.agentId);
    const { conversationId } = (await say(server, other, 'Mine alone.')).body;
    for (const [name, body] of [['get-messages', {}], ['widget-chat', { agentId: ours.agentId, message: 'Hi' }], ['create-widget-lead', { agentId: ours.agentId, name: 'X' }]]) {
      const foreign = await fn(server, name, { ...body, conversationId }, { token: ours.guest.token });
      const unknown = await fn(server, name, { ...body, conversationId: randomUUID() }, { token: ours.guest.token });
      assert.equal(foreign.status, 404, name);
      assert.equal(foreign.text, unknown.text, name);
    }
  });

  it('leaves nothing behind', async () => {
    const [{ leads, messages, takeovers, sources, roles, keys }] = await server.sql`select
      (select count(*)::int from public.leads where user_id = ${theirs.id}) as leads,
      (select count(*)::int from public.messages where user_id = ${theirs.id}) as messages,
      (select count(*)::int from public.conversation_takeovers where user_id = ${theirs.id}) as takeovers,
      (select count(*)::int from public.knowledge_sources where user_id = ${theirs.id}) as sources,
      (select string_agg(role, ' ') from public.team_members where owner_id = ${theirs.id}) as roles,
      (select count(*)::int from public.api_keys where user_id = ${theirs.id} and revoked_at is null) as keys`;
    assert.deepEqual({ leads, messages, takeovers, sources, roles, keys }, { leads: 1, messages: 2, takeovers: 0, sources: 1, roles: 'member', keys: 1 });
  });

  it('is probed on every function the program has', () => {
    const routes = execFileSync(programPath(), ['routes'], { encoding: 'utf8', env: { ...process.env, CHATPAD_HOME: server.home } });
    const probed = probes(theirs).map(([name]) => name).filter((name) => !name.startsWith('/'));
    const known = new Set([...WITHOUT_IDS, ...PLATFORM, ...PUBLIC, ...probed]);
    const all = [...routes.matchAll(/\/functions\/v1\/([a-z0-9-]+)/g)].map((match) => match[1]);
    assert.ok(all.length >= known.size, routes);
    assert.deepEqual(all.filter((name) => !known.has(name)), [], 'add a probe for each of these');
  });
});

// Those that follow the names of other systems; the same functions answer.
describe('a foreign id outside /functions/v1', () => {
  it('looks like a random uuid, too', async () => {
    const [{ id: exportId }] = await server.sql`
      insert into public.audit_exports (user_id, format, token_hash, expires_at)
      values (${theirs.id}, 'csv', sha256('x'), now() + interval '1 hour') returning id`;
    for (const [method, path, body, token] of [
      ['DELETE', (id) => `/auth/api-keys/${id ?? theirs.keyId}`],
      ['POST', () => '/auth/api-keys', (id) => ({ name: 'X', scopes: ['chat:write'], tenant_id: id ?? theirs.id })],
      ['GET', (id) => `/v1/admin/audit-logs?tenant_id=${id ?? theirs.id}`],
      ['POST', () => '/v1/admin/audit-logs/export', (id) => ({ tenant_id: id ?? theirs.id })],
      ['GET', (id) => `/v1/admin/audit-logs/exports/${id ?? exportId}`],
      ['GET', (id) => `/v1/conversations?agent_id=${id ?? theirs.agentId}`, null, ours.key],
      ['GET', (id) => `/v1/conversations?account_id=${id ?? theirs.id}`, null, ours.key],
      ['GET', (id) => `/v1/conversations/${id ?? theirs.conversationId}`, null, ours.key],
      ['POST', (id) => `/v1/conversations/${id ?? theirs.conversationId}/escalate`, () => ({}), ours.key],
      ['DELETE', (id) => `/v1/conversations/${id ?? theirs.conversationId}`, null, ours.key],
    ].flatMap(([method, path, body, key]) => [[method, path, body, ours.token], ...(key ? [[method, path, body, key]] : [])])) {
      const ask = (id) => call(server, path(id), { method, body: body?.(id), token });
      const [foreign, unknown] = [await ask(), await ask(randomUUID())];
      assert.equal(foreign.status, 404, `${method} ${path()}: ${foreign.text}`);
      assert.equal(foreign.text, unknown.text, path());
    }
  });
});

describe('a key', () => {
  it('reaches its own account only, and only with the scope', async () => {
    const none = await apiKey(server, ours.id, { scopes: [] });
    for (const [name, body] of [
      ['widget-chat', { agentId: ours.agentId, message: 'Hi' }],
      ['get-messages', { conversationId: ours.conversationId }],
      ['create-widget-lead', { agentId: ours.agentId, name: 'X' }],
      ['add-knowledge-text', { agentId: ours.agentId, title: 'X', content: 'X.' }],
      ['set-knowledge-access', { sourceId: ours.sourceId, sensitivity: 'internal' }],
      ['/v1/knowledge/search', { agent_id: ours.agentId, query: 'customer' }],
    ]) {
      const refused = await fn(server, name, body, { token: none });
      assert.equal(refused.status, 403, `${name}: ${refused.text}`);
      assert.equal(refused.body.code, 'insufficient_scope');
    }
  });
});

describe('interleaved accounts on shared connections', () => {
  it('never see each other', async () => {
    const turns = Array.from({ length: 300 }, (_, i) => i);
    const results = await Promise.all(turns.map(async (i) => {
      const [me, other] = i % 2 ? [ours, theirs] : [theirs, ours];
      const token = [me.token, me.guest.token, me.key][i % 3];
      const mine = await fn(server, 'get-messages', { conversationId: me.conversationId }, { token });
      const foreign = await fn(server, 'get-messages', { conversationId: other.conversationId }, { token });
      return [mine.status, foreign.status, mine.body?.messages?.[0]?.conversationId === me.conversationId];
    }));
    for (const result of results) assert.deepEqual(result, [200, 404, true]);
  });
});

describe('an account that asks for a second factor', () => {
  it('lets nobody in without at any function, for any id, and keys and visitors as before', async () => {
    const client = await member(server, ours.id, 'client');
    await server.sql`update public.accounts set second_factor_required = true where id = ${ours.id}`;
    const ids = { memberId: client.id, invitationId: randomUUID(), keyId: randomUUID(), providerId: randomUUID(), leadId: randomUUID() };
    const callers = { person: ours.token, client: client.token };
    for (const [name, kinds, body] of [...probes({ ...ours, ...ids }), ...probes(theirs)]) {
      for (const kind of kinds.filter((one) => callers[one])) {
        const reply = await fn(server, name, body, { token: callers[kind] });
        assert.deepEqual([reply.status, reply.body?.code], [403, 'insufficient_aal'], `${name} as ${kind}: ${reply.text}`);
      }
    }
    const rest = [['GET', `/v1/knowledge/sources?agent_id=${ours.agentId}`], ['GET', `/v1/knowledge/sources?account_id=${ours.id}`], ['GET', `/v1/knowledge/sources/${ours.sourceId}`],
      ['GET', `/v1/knowledge/sources/${ours.sourceId}/status`], ['PUT', `/v1/knowledge/sources/${ours.sourceId}`, { name: 'X' }], ['DELETE', `/v1/knowledge/sources/${ours.sourceId}`],
      ['POST', '/v1/knowledge/sources', { agent_id: ours.agentId, source_type: 'url', url: 'https://shop.example/' }], ['POST', '/v1/knowledge/upload', { agent_id: ours.agentId, name: 'X', content: 'Words.' }],
      ['GET', `/v1/knowledge/items?agent_id=${ours.agentId}`], ['POST', '/v1/knowledge/items', { agent_id: ours.agentId, items: [{ title: 'X', content: 'Words.', type: 'faq' }] }], ['DELETE', `/v1/knowledge/items/${randomUUID()}`],
      ['GET', `/v1/knowledge/company-info?agent_id=${ours.agentId}`], ['PUT', '/v1/knowledge/company-info', { agent_id: ours.agentId, content: 'Words.' }], ['GET', `/v1/jobs/${randomUUID()}`], ['DELETE', `/v1/jobs/${randomUUID()}`],
      ['GET', `/v1/admin/audit-logs?tenant_id=${ours.id}`], ['POST', '/v1/admin/audit-logs/export', { tenant_id: ours.id }], ['POST', '/auth/api-keys', { name: 'x', scopes: ['chat:write'] }], ['DELETE', `/auth/api-keys/${randomUUID()}`],
      ['POST', `/api/chatbot/tenants/${ours.id}/knowledge-base`, { agentId: ours.agentId, knowledgeBase: [{ question: 'X', answer: 'Words.' }] }]];
    for (const [method, path, body] of rest) {
      const reply = await call(server, path, { method, body, token: ours.token });
      assert.deepEqual([reply.status, reply.body?.code ?? reply.body?.error?.code], [403, 'insufficient_aal'], `${method} ${path}: ${reply.text}`);
    }
    for (const token of [ours.key, ours.guest.token]) {
      assert.equal((await fn(server, 'get-messages', { conversationId: ours.conversationId }, { token })).status, 200);
    }
    await server.sql`update public.accounts set second_factor_required = false where id = ${ours.id}`;
    assert.equal((await fn(server, 'get-messages', { conversationId: ours.conversationId }, { token: ours.token })).status, 200);
  });
});
