// Tools of language models: searching again and calling a person, in both formats; what clients hear of it,
// and that no document makes a model use one that does something.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, call, fn, visitor } from '../lib/callers.mjs';
import { anthropic, chunk, openai, refuse, startModels } from '../lib/models.mjs';
import { startServer } from '../lib/server.mjs';
import { all } from '../lib/sse.mjs';

const INSTRUCTIONS = 'You are the lighthouse helper of the northern harbour and never mention the winter clearance plan.';
let models;
let server;
let shop;
before(async () => {
  models = await startModels();
  server = await startServer({
    env: { CHATPAD_AI_BASE_URL: models.url, CHATPAD_AI_MODEL: 'stand-in', ANTHROPIC_BASE_URL: models.origin, ANTHROPIC_API_KEY: 'sk-ant', CHATPAD_AI_ALLOW_PRIVATE: '1', CHATPAD_AI_RETRIES: '0' },
  });
  shop = await account(server);
  const text = '# Parking\nThe harbour garage has eighty places behind Pier 4.\n\n# Lamps\nThe old lamp weighs eleven tons and came from Sweden.';
  const added = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: 'Handbook', content: text }, { token: shop.token });
  assert.equal(added.status, 201, added.text);
  await set({ tools: ['search_knowledge', 'request_human'] });
});
after(async () => {
  await models?.stop();
  await server?.stop();
});

async function set(ai) {
  const reply = await fn(server, 'update-agent', { agentId: shop.agentId, ai, instructions: INSTRUCTIONS, model: 'auto' }, { token: shop.token });
  assert.equal(reply.status, 200, reply.text);
}

async function stream(message, { who, conversationId } = {}) {
  const guest = who ?? (await visitor(server, shop.agentId));
  const response = await fetch(`${server.url}/functions/v1/widget-chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${guest.token}`, apikey: server.env.SUPABASE_ANON_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ agentId: shop.agentId, conversationId, message, stream: true }),
  });
  const events = await all(response);
  return { events, done: events.at(-1).json, guest };
}

// What OpenAI's models stream when they call: the arguments in pieces.
const calls = (...list) => ({
  parts: [
    ...list.flatMap(([name, args], index) => [
      chunk({ role: 'assistant', content: null, tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }] }),
      ...args.match(/[^]{1,7}/gu).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
    chunk({}, { finish_reason: 'tool_calls' }),
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'stand-in-1', choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })}\n\n`,
    'data: [DONE]\n\n',
  ],
});
const search = (query) => ['search_knowledge', JSON.stringify({ query })];
const results = (body) => body.messages.filter((message) => message.role === 'tool');
const toolEvents = (events) => events.filter((event) => event.event.startsWith('tool_')).map((event) => event.json);
const isWaiting = async (id) => (await server.sql`select escalated, escalation_reason from public.conversations where id = ${id}`)[0];

describe('search_knowledge', () => {
  it('finds what the question did not, and the answer cites it', async () => {
    models.script = ({ body }) => (results(body).length === 0 ? calls(search('weight of the old lamp'))
      : { parts: openai(['It weighs ', 'eleven tons', ' [1].']) });
    const before = models.calls.length;
    const { events, done } = await stream('Zzz?');
    const kinds = events.map((event) => event.event);
    assert.deepEqual(kinds.filter((kind, i) => kind !== kinds[i - 1]), ['tool_call', 'tool_result', 'token', 'citation', 'done']);
    assert.deepEqual(toolEvents(events), [
      { type: 'tool_call', tool: 'search_knowledge', args: { query: 'weight of the old lamp' } },
      { type: 'tool_result', tool: 'search_knowledge', result: { found: toolEvents(events)[1].result.found } },
    ]);
    assert.ok(toolEvents(events)[1].result.found >= 1);
    assert.equal(done.reply.content, 'It weighs eleven tons [1].');
    assert.match(done.reply.citations[0].snippet, /eleven tons/);
    const [first, second] = models.calls.slice(before).map((one) => one.body);
    assert.deepEqual(first.tools.map((tool) => tool.function.name), ['search_knowledge', 'request_human']);
    const [, asked, told] = second.messages.slice(-3);
    assert.equal(asked.role, 'assistant');
    assert.deepEqual(asked.tool_calls.map((one) => [one.id, one.function.name, JSON.parse(one.function.arguments)]), [['call_0', 'search_knowledge', { query: 'weight of the old lamp' }]]);
    assert.deepEqual([told.role, told.tool_call_id], ['tool', 'call_0']);
    assert.match(told.content, /"passage":1.*eleven tons/);
    const [row] = await server.sql`select tokens_in, tokens_out from public.messages where id = ${done.reply.id}`;
    assert.deepEqual([row.tokens_in, row.tokens_out], [22, 12], 'both rounds count');
  });

  it('speaks the other format as well', async () => {
    await set({ tools: ['search_knowledge'], chain: [{ provider: 'anthropic', model: 'claude-haiku-4-5' }] });
    const named = (value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
    models.script = ({ body }) => (body.messages.at(-1).content[0]?.type === 'tool_result' ? { parts: anthropic(['Eleven tons [1].']) } : { parts: [
      named({ type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', model: 'stand-in-2', content: [], usage: { input_tokens: 3, output_tokens: 1 } } }),
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Let me look. ' } }),
      named({ type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'search_knowledge', input: {} } }),
      named({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"query": "old' } }),
      named({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: ' lamp"}' } }),
      named({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } }),
      named({ type: 'message_stop' }),
    ] });
    const { done } = await stream('Zzz?');
    assert.equal(done.reply.content, 'Let me look. Eleven tons [1].');
    const { body } = models.calls.at(-1);
    assert.deepEqual(body.tools.map((tool) => [tool.name, tool.input_schema.type]), [['search_knowledge', 'object']]);
    const [asked, told] = body.messages.slice(-2);
    assert.deepEqual(asked.content.map((part) => part.type), ['text', 'tool_use']);
    assert.deepEqual(asked.content[1].input, { query: 'old lamp' });
    assert.deepEqual([told.role, told.content[0].tool_use_id], ['user', 'toolu_1']);
    await set({ tools: ['search_knowledge', 'request_human'] });
  });

  it('ends after three rounds, and arguments that are none find nothing', async () => {
    let rounds = 0;
    models.script = ({ body }) => {
      rounds += 1;
      if (body.tool_choice === 'none') return { parts: openai(['Enough.']) };
      return calls(['search_knowledge', rounds === 1 ? '{"query": 7}' : '{"quer']);
    };
    const { events, done } = await stream('Zzz?');
    assert.equal(rounds, 4);
    assert.equal(done.reply.content, 'Enough.');
    assert.deepEqual(toolEvents(events).filter((event) => event.type === 'tool_result').map((event) => event.result.found), [0, 0, 0]);
  });

  it('does not carry the instructions out in the words of its query', async () => {
    models.script = ({ body }) => (results(body).length === 0 ? calls(search(INSTRUCTIONS)) : { parts: openai(['Done.']) });
    const { events } = await stream('Zzz?');
    assert.doesNotMatch(JSON.stringify(events.map((event) => event.json)), /winter clearance plan/);
  });

  it('finds nothing that the asker may not see', async () => {
    const [source] = (await server.sql`select id from public.knowledge_sources where user_id = ${shop.id}`);
    const access = (body) => fn(server, 'set-knowledge-access', { sourceId: source.id, ...body }, { token: shop.token });
    assert.equal((await access({ aclMode: 'rbac', sensitivity: 'confidential', aclGroups: ['staff'] })).status, 200);
    models.script = ({ body }) => (results(body).length === 0 ? calls(search('old lamp')) : { parts: openai(['Nothing.']) });
    const { events } = await stream('Zzz?');
    assert.equal((await access({ aclMode: 'public', sensitivity: 'public', aclGroups: [] })).status, 200);
    assert.equal(toolEvents(events)[1].result.found, 0);
    assert.doesNotMatch(JSON.stringify(models.calls.at(-1).body.messages), /eleven tons/);
  });
});

describe('request_human', () => {
  it('makes the conversation wait, with what the model says to it', async () => {
    models.script = ({ body }) => (results(body).length === 0 ? calls(['request_human', '{}']) : { parts: openai(['Somebody ', 'will come.']) });
    const { events, done } = await stream('Zzz! Qqq!');
    assert.deepEqual(toolEvents(events).map((event) => [event.type, event.args ?? event.result]), [['tool_call', {}], ['tool_result', { waiting: true }]]);
    assert.equal(done.reply.content, 'Somebody will come.');
    assert.deepEqual({ ...(await isWaiting(done.conversationId)) }, { escalated: true, escalation_reason: 'assistant' });
  });

  it('is neither offered nor run once the model has read a document, now or before', async () => {
    const offered = [];
    models.script = ({ body }) => {
      offered.push((body.tools ?? []).map((tool) => tool.function.name));
      return results(body).length === 0 ? calls(['request_human', '{}']) : { parts: openai(['Called.']) };
    };
    const knowing = await stream('How many places has the harbour garage?');
    assert.deepEqual(offered, [['search_knowledge']]);
    assert.deepEqual(toolEvents(knowing.events), []);
    assert.equal(knowing.done.reply.content, 'I do not know that. Shall I ask a person?', 'a call of what was not offered is no answer');
    assert.equal((await isWaiting(knowing.done.conversationId)).escalated, false);
    const later = await stream('Zzz?', { who: knowing.guest, conversationId: knowing.done.conversationId });
    assert.deepEqual(offered.at(-1), ['search_knowledge']);
    assert.equal((await isWaiting(later.done.conversationId)).escalated, false);
  });

  it('behind a search that found something, in one round, is not run', async () => {
    models.script = ({ body }) => (results(body).length === 0 ? calls(search('old lamp'), ['request_human', '{}']) : { parts: openai(['So be it.']) });
    const { events, done } = await stream('Zzz?');
    assert.deepEqual(toolEvents(events).at(-1), { type: 'tool_result', tool: 'request_human', result: { waiting: false } });
    assert.equal((await isWaiting(done.conversationId)).escalated, false);
    assert.deepEqual(models.calls.at(-1).body.tools.map((tool) => tool.function.name), ['search_knowledge']);
  });
});

describe('capture_lead', () => {
  before(() => set({ tools: ['search_knowledge', 'capture_lead'] }));
  after(() => set({ tools: ['search_knowledge', 'request_human'] }));
  const stateOf = async (id) => (await server.sql`select state from private.lead_states where conversation_id = ${id}`)[0]?.state;
  const capture = (lead) => ({ body }) => (results(body).length === 0 ? calls(['capture_lead', JSON.stringify(lead)]) : { parts: openai(['Noted.']) });

  it('notes what the visitor wrote and the rules did not see', async () => {
    models.script = capture({ name: 'ada byron', email: 'ada@engines.example', budget: 'a couple of thousand', company: 'engines' });
    const { events, done } = await stream('this is ada byron from engines, ada@engines.example. a couple of thousand would be fine for a lamp like that');
    assert.deepEqual(toolEvents(events), [
      { type: 'tool_call', tool: 'capture_lead', args: {} },
      { type: 'tool_result', tool: 'capture_lead', result: { noted: ['name', 'email', 'company', 'budget'] } },
    ]);
    assert.equal(done.reply.content, 'Noted.');
    const entities = await stateOf(done.conversationId);
    assert.deepEqual([entities.name, entities.email, entities.company, entities.budget], ['ada byron', 'ada@engines.example', 'engines', 'a couple of thousand']);
  });

  it('takes nothing that the visitor did not write, whatever was read', async () => {
    models.script = capture({ name: 'Pier Four', email: 'spy@else.example', phone: 'eighty places', company: 7, need: 'The harbour garage has eighty places' });
    const { events, done } = await stream('Where is the harbour garage? Mail ada@engines.example.');
    assert.deepEqual(toolEvents(events).at(-1).result, { noted: [] });
    const state = await stateOf(done.conversationId);
    assert.doesNotMatch(JSON.stringify(state ?? {}), /Pier Four|spy|eighty/);
  });

  it('takes what was written earlier in the conversation', async () => {
    models.script = () => ({ parts: openai(['Hello.']) });
    const first = await stream('hello, grace hopper here');
    models.script = capture({ name: 'Grace Hopper' });
    const { events } = await stream('What does the old lamp weigh?', { who: first.guest, conversationId: first.done.conversationId });
    assert.deepEqual(toolEvents(events).at(-1).result, { noted: ['name'] });
  });
});

describe('a service that fails after a call', () => {
  const asked = () => models.calls.slice(-3).map((one) => one.path);
  before(() => set({ tools: ['search_knowledge'], chain: [{ provider: 'gateway', model: 'stand-in' }, { provider: 'anthropic', model: 'claude-haiku-4-5' }] }));
  after(() => set({ tools: ['search_knowledge', 'request_human'] }));
  for (const [how, answer] of [
    ['refuses', refuse(500, { message: 'down' })],
    ['cuts the answer off before a word', { parts: [chunk({ role: 'assistant', content: '' })], then: 'cut' }],
    ['says something that is no JSON', { parts: ['data: {"choices"\n\n'] }],
  ]) {
    it(`and ${how}: the next one answers`, async () => {
      models.script = ({ path, body }) => {
        if (path.endsWith('/messages')) return { parts: anthropic(['It weighs eleven tons.']) };
        return results(body).length === 0 ? calls(search('old lamp')) : answer;
      };
      const { done } = await stream('Zzz?');
      assert.equal(done.reply.content, 'It weighs eleven tons.');
      assert.equal(done.cutOff, false);
      assert.match(asked().at(-1), /messages$/);
    });
  }

  it('what was said before the call stands, and nobody begins anew', async () => {
    models.script = ({ body }) => {
      if (results(body).length > 0) return refuse(500, { message: 'down' });
      const script = calls(search('old lamp'));
      script.parts.unshift(chunk({ content: 'Let me look. ' }));
      return script;
    };
    const { done } = await stream('Zzz?');
    assert.equal(done.cutOff, true);
    assert.match(done.reply.content, /^Let me look\./);
    assert.doesNotMatch(asked().at(-1), /messages$/);
  });
});

describe('the settings', () => {
  it('offer nothing by default, nor where a request wants none', async () => {
    models.script = () => ({ parts: openai(['Yes.']) });
    const reply = await call(server, '/v1/chat/completions', { token: shop.key, body: { messages: [{ role: 'user', content: 'Zzz?' }], tools_enabled: false } });
    assert.equal(reply.status, 200, reply.text);
    assert.equal('tools' in models.calls.at(-1).body, false);
    await set({});
    await stream('Zzz?');
    assert.equal('tools' in models.calls.at(-1).body, false);
    models.script = () => calls(search('x'));
    const { done, events } = await stream('Zzz?');
    assert.deepEqual(toolEvents(events), []);
    assert.equal(done.reply.content, 'I do not know that. Shall I ask a person?');
    await set({ tools: ['search_knowledge', 'request_human'] });
  });

  it('name tools there are', async () => {
    for (const tools of ['search_knowledge', ['delete_account'], [7]]) {
      const reply = await fn(server, 'update-agent', { agentId: shop.agentId, ai: { tools } }, { token: shop.token });
      assert.deepEqual([reply.status, reply.body.code], [400, 'validation_failed'], JSON.stringify(tools));
    }
  });

  it('hold for more calls than there may be: none is run', async () => {
    models.script = () => calls(...Array.from({ length: 5 }, () => search('old lamp')));
    const { events, done } = await stream('Zzz?');
    assert.deepEqual(toolEvents(events), []);
    assert.equal(done.reply.content, 'I do not know that. Shall I ask a person?');
  });
});
