// Those who talk to the server in the benchmarks: a visitor and a person of the demo account.
import { fail } from './tools.mjs';

export async function post(server, path, body, token) {
  const reply = await fetch(server.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      apikey: server.env.SUPABASE_ANON_KEY,
      authorization: `Bearer ${token ?? server.env.SUPABASE_ANON_KEY}`,
    },
    body: JSON.stringify(body),
  });
  const answer = await reply.json();
  if (!reply.ok) fail(`${path}: ${reply.status} ${JSON.stringify(answer)}`);
  return answer;
}

export const fn = (server, name, body, token) => post(server, `/functions/v1/${name}`, body, token);

export async function visitorToken(server) {
  const config = await fn(server, 'get-widget-config', { agentId: server.env.CHATPAD_DEMO_AGENT_ID });
  return config.visitor.token;
}

export async function personToken(server) {
  const credentials = { email: server.env.CHATPAD_DEMO_EMAIL, password: server.env.CHATPAD_DEMO_PASSWORD };
  const session = await post(server, '/auth/v1/token?grant_type=password', credentials);
  return session.access_token;
}

// Conversations of one visitor that a person has taken over: nobody but people answers in them.
export async function takenOver(server, count, visitor, person) {
  const ids = [];
  for (let i = 0; i < count; ++i) {
    const begun = await fn(server, 'widget-chat', { agentId: server.env.CHATPAD_DEMO_AGENT_ID, message: 'Hello.' }, visitor);
    await fn(server, 'start-takeover', { conversationId: begun.conversationId }, person);
    ids.push(begun.conversationId);
  }
  return ids;
}
