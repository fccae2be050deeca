// Everybody who talks to a server: plain HTTP calls, supabase-js clients, visitors, accounts.
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createClient } from '@supabase/supabase-js';

export const RANDOM_UUID = () => randomUUID();

// One call. `token` goes into Authorization, `apikey` into its own header; body is JSON unless it is
// a string, which goes out as it is. Resolves with {status, headers, body, text}.
export async function call(server, target, { method = 'POST', body, token, apikey, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (token) sent.authorization = `Bearer ${token}`;
  if (apikey) sent.apikey = apikey;
  if (body !== undefined) sent['content-type'] ??= 'application/json';
  const reply = await fetch(server.url + target, {
    method,
    headers: sent,
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    signal,
  });
  const text = await reply.text();
  let parsed;
  try {
    parsed = text === '' ? undefined : JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  return { status: reply.status, headers: reply.headers, body: parsed, text };
}

// `name` of a function, or a path.
export const fn = (server, name, body, options = {}) =>
  call(server, name.startsWith('/') ? name : `/functions/v1/${name}`, { apikey: server.env.SUPABASE_ANON_KEY, body, ...options });

// supabase-js as an application makes it. `accessToken` is how a visitor's token gets in.
export function supabase(server, { token, key = server.env.SUPABASE_ANON_KEY, realtime } = {}) {
  return createClient(server.url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    ...(token ? { accessToken: async () => token } : {}),
    ...(realtime ? { realtime } : {}),
  });
}

export async function visitor(server, agentId = server.env.CHATPAD_DEMO_AGENT_ID, options = {}) {
  const reply = await fn(server, 'get-widget-config', { agentId, visitorId: options.visitorId }, options);
  if (reply.status !== 200) throw new Error(`get-widget-config: ${reply.status} ${reply.text}`);
  return { agentId, id: reply.body.visitor.id, token: reply.body.visitor.token, config: reply.body };
}

export const say = (server, who, message, more = {}) =>
  fn(server, 'widget-chat', { agentId: who.agentId, message, ...more }, { token: who.token });

export async function signIn(server, email = server.env.CHATPAD_DEMO_EMAIL, password = server.env.CHATPAD_DEMO_PASSWORD) {
  const client = supabase(server);
  const { data, error } = await client.auth.signInWithPassword({ email, password });
  if (error) throw error;
  return personOf(client, data.session, email, password);
}

async function personOf(client, session, email, password) {
  await client.realtime.setAuth(session.access_token);
  return { client, id: session.user.id, token: session.access_token, session, email, password };
}

// Somebody new, signed in: passwords are hashed slowly, and a sign-up gives a session already.
export async function signUp(server, email, password, options) {
  const client = supabase(server);
  const { data, error } = await client.auth.signUp({ email, password, options });
  if (error) throw error;
  return data.session ? personOf(client, data.session, email, password) : signIn(server, email, password);
}

// A new account on the plan `pro` with an owner, an agent, an API key and one conversation of a visitor.
export async function account(server, name = `shop-${randomBytes(4).toString('hex')}`) {
  const owner = await signUp(server, `${name}@example.test`, `correct horse ${name}`, { data: { name } });
  await server.sql`update public.accounts set plan = 'pro' where id = ${owner.id}`;
  const [agent] = await server.sql`
    insert into public.agents (user_id, name, greeting, fallback_message)
    values (${owner.id}, ${name}, 'Hello.', 'I do not know that. Shall I ask a person?') returning id`;
  const key = await apiKey(server, owner.id);
  const guest = await visitor(server, agent.id);
  const chat = await say(server, guest, `Good day from a customer of ${name}.`);
  if (chat.status !== 200) throw new Error(`widget-chat: ${chat.status} ${chat.text}`);
  return { ...owner, agentId: agent.id, key, guest, conversationId: chat.body.conversationId };
}

const ALL_SCOPES = ['chat:write', 'conversations:read', 'conversations:write', 'leads:write', 'knowledge:read', 'knowledge:write'];

export async function apiKey(server, accountId, { scopes = ALL_SCOPES, expiresAt = null, revokedAt = null } = {}) {
  const key = `cp_live_${randomBytes(24).toString('base64url')}`;
  const hash = createHash('sha256').update(key).digest();
  await server.sql`
    insert into public.api_keys (user_id, name, prefix, key_hash, scopes, expires_at, revoked_at)
    values (${accountId}, 'test', ${key.slice(0, 12)}, ${hash}, ${scopes}, ${expiresAt}, ${revokedAt})`;
  return key;
}

// Adds a person to an account with a role and signs them in.
export async function member(server, ownerId, role) {
  const name = `${role}-${randomBytes(4).toString('hex')}`;
  const person = await signUp(server, `${name}@example.test`, `secret ${name}`);
  await server.sql`insert into public.team_members (owner_id, member_id, role) values (${ownerId}, ${person.id}, ${role})`;
  return person;
}

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

// A JWT of any shape: `secret: null` leaves the signature empty; header and claims may be raw text.
export function jwt(claims, secret, header = { alg: 'HS256', typ: 'JWT' }) {
  const hash = { HS384: 'sha384', HS512: 'sha512' }[header.alg] ?? 'sha256';
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${secret === null ? '' : createHmac(hash, secret).update(signed).digest('base64url')}`;
}

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
