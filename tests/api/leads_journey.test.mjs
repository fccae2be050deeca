// Leads that a conversation makes by itself: what is read, scored, asked, kept, told, changed and exported.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { account, fn, member, say, supabase, visitor } from '../lib/callers.mjs';
import { join } from '../lib/realtime.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
let other;
before(async () => {
  server = await startServer();
  shop = await account(server);
  other = await account(server);
});
after(() => server?.stop());

const fresh = () => visitor(server, shop.agentId);
const talk = async (guest, messages, conversationId) => {
  const replies = [];
  for (const message of messages) {
    const reply = await say(server, guest, message, { conversationId });
    assert.equal(reply.status, 200, reply.text);
    conversationId = reply.body.conversationId;
    replies.push(reply.body);
  }
  return replies;
};
const leadsOf = async (who = shop) => (await fn(server, 'list-leads', { accountId: who.id }, { token: who.token })).body.leads;
const leadOf = async (conversationId) => (await leadsOf()).find((lead) => lead.conversationId === conversationId);
const change = (leadId, changes, token = shop.token) => fn(server, 'update-lead', { leadId, ...changes }, { token });
const settings = async (leadSettings) => fn(server, 'update-agent', { agentId: shop.agentId, leadSettings }, { token: shop.token });

const SALE = [
  'Hello, how much is the pro plan?',
  'We need an export of everything. We currently use spreadsheets and it is too slow.',
  'Our budget is 5,000 EUR and we start by next month. I am the marketing director.',
  'My name is Ada Byron, I work at Engines Ltd. Write to Ada@Engines.example or call +44 20 7946 0958. I want to buy.',
];

describe('a conversation', () => {
  it('that is a sale becomes a lead by itself, complete, with its reasons, and tells the account', async () => {
    const live = await join(shop.client, `account:${shop.id}`);
    const replies = await talk(await fresh(), SALE);
    assert.deepEqual(replies.map((reply) => reply.leadCaptured), [false, false, false, true]);
    const { conversationId } = replies[0];
    const told = await live.next('lead.created', (payload) => payload.lead.conversationId === conversationId);
    const lead = await leadOf(conversationId);
    assert.deepEqual(told.payload.lead, lead);
    assert.equal(lead.name, 'Ada Byron');
    assert.equal(lead.email, 'ada@engines.example');
    assert.equal(lead.phone, '+44 20 7946 0958');
    assert.equal(lead.company, 'Engines Ltd');
    assert.equal(lead.jobTitle, 'marketing director');
    assert.equal(lead.source, 'chat');
    assert.equal(lead.status, 'new');
    assert.equal(lead.assignedTo, null);
    assert.ok(lead.score >= 80, String(lead.score));
    const points = Object.fromEntries(lead.reasons.map((reason) => [reason.criterion, reason.points]));
    assert.deepEqual([points.contactInfoProvided, points.budgetDisclosed, points.timelineShared, points.decisionMakerRole], [30, 20, 20, 15]);
    assert.match(lead.qualificationData.budget, /5,000 EUR/);
    assert.match(lead.qualificationData.timeline, /next month/);
    assert.equal(lead.qualificationData.requirements.length, 1);
    assert.equal(lead.qualificationData.currentSolutions.length, 1);
    assert.equal(lead.qualificationData.painPoints.length, 1);
    const context = lead.conversationContext;
    assert.equal(context.journeyStage, 'closing');
    assert.match(context.summary, /^4 messages\. Interested in: .*pricing/);
    assert.ok(context.keyMoments.some((moment) => moment.kind === 'budgetDisclosed'));
    assert.equal(context.engagementMetrics.messageCount, 8);
    assert.equal(context.engagementMetrics.engagementScore, 67);
    const mine = await fn(server, 'get-messages', { conversationId }, { token: shop.token });
    assert.equal(context.keyMoments[0].messageId, mine.body.messages.find((message) => message.content.includes('how much')).id);
    await live.channel.unsubscribe();
  });

  it('that is none leaves nothing behind', async () => {
    const [reply] = await talk(await fresh(), ['When are you open?']);
    assert.equal(reply.leadCaptured, false);
    const [row] = await server.sql`select count(*)::int as n from private.lead_states where conversation_id = ${reply.conversationId}`;
    assert.equal(row.n, 0);
    assert.equal(await leadOf(reply.conversationId), undefined);
  });

  it('without a way to reach them makes no lead, however warm it is', async () => {
    const replies = await talk(await fresh(), SALE.slice(0, 3).concat('I want to buy and I am the owner. I decide.', 'Really.', 'Soon.'));
    assert.equal(replies.at(-1).leadCaptured, false);
  });

  it('brings the lead of its form up to date, and keeps what the form said', async () => {
    const guest = await fresh();
    const [first] = await talk(guest, ['Hello, how much is it?']);
    const form = await fn(server, 'create-widget-lead', { agentId: shop.agentId, conversationId: first.conversationId, name: 'Grace', email: 'grace@navy.example' }, { token: guest.token });
    assert.equal(form.status, 201);
    const before = form.body.lead.score;
    const [next] = await talk(guest, ['My name is Somebody Else. Our budget is 9,000 EUR, we start next month and I am the owner.'], first.conversationId);
    assert.equal(next.leadCaptured, true);
    const lead = await leadOf(first.conversationId);
    assert.equal(lead.id, form.body.lead.id);
    assert.equal(lead.name, 'Grace');
    assert.ok(lead.score > before, `${lead.score} > ${before}`);
    assert.equal(lead.conversationContext.journeyStage, 'qualification');
    assert.match(lead.qualificationData.budget, /9,000/);
  });

  it('shows its visitor neither score nor summary', async () => {
    const guest = await fresh();
    const live = await join(supabase(server, { token: guest.token }), `conversation:${(await talk(guest, [SALE[2]]))[0].conversationId}`);
    const conversationId = live.channel.topic.split(':').at(-1);
    await talk(guest, [SALE[3]], conversationId);
    const told = await live.next('lead.created');
    for (const field of ['score', 'reasons', 'status', 'qualificationData', 'conversationContext', 'source', 'assignedTo', 'intents']) {
      assert.equal(field in told.payload.lead, false, field);
    }
    await live.channel.unsubscribe();
  });
});

describe('qualification questions', () => {
  it('are asked once, at their score, unless the answer is known, and their answers count', async () => {
    const question = { id: 'b', question: 'May I ask what budget you have in mind?', triggerScore: 20, answerWeighting: 10, category: 'budget' };
    assert.equal((await settings({ customQuestions: [question] })).status, 200);
    const guest = await fresh();
    const [hello, role] = await talk(guest, ['Hello there', 'I am the owner. We start next month.']);
    assert.doesNotMatch(hello.reply.content, /what budget/);
    assert.match(role.reply.content, /\n\nMay I ask what budget you have in mind\?$/);
    const [answer, more] = await talk(guest, ['Our budget is 5,000 EUR', 'Thanks'], hello.conversationId);
    assert.doesNotMatch(answer.reply.content + more.reply.content, /what budget/);
    const [row] = await server.sql`select state from private.lead_states where conversation_id = ${hello.conversationId}`;
    assert.deepEqual([row.state.asked, row.state.answered, row.state.extra], [['b'], ['b'], 10]);
    const told = await talk(await fresh(), ['Our budget is 5,000 EUR, I am the owner and we start next month.']);
    assert.doesNotMatch(told[0].reply.content, /what budget/);
    await settings({});
  });

  it('and weights are checked when they are saved', async () => {
    for (const bad of [{ thresholds: { leadCapture: 90 } }, { scoringCriteria: { budgetDisclosed: 101 } }, { customQuestions: [{ id: 'x', question: 'q', triggerScore: 1, category: 'age' }] }]) {
      const reply = await settings(bad);
      assert.equal(reply.status, 400, JSON.stringify(bad));
      assert.match(reply.body.details, /^leadSettings\./);
    }
  });
});

describe('people', () => {
  it('change status and who looks after it, live; others may not', async () => {
    const lead = (await leadsOf())[0];
    const helper = await member(server, shop.id, 'member');
    const live = await join(shop.client, `account:${shop.id}`);
    const reply = await change(lead.id, { status: 'contacted', assignedTo: helper.id }, helper.token);
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual([reply.body.lead.status, reply.body.lead.assignedTo.id], ['contacted', helper.id]);
    const told = await live.next('lead.updated', (payload) => payload.lead.id === lead.id && payload.lead.status === 'contacted');
    assert.equal(told.payload.lead.assignedTo.id, helper.id);
    assert.equal((await change(lead.id, { assignedTo: null })).body.lead.assignedTo, null);
    const client = await member(server, shop.id, 'client');
    assert.equal((await change(lead.id, { status: 'lost' }, client.token)).status, 403);
    assert.equal((await change(lead.id, { status: 'lost' }, other.token)).status, 404);
    assert.equal((await change(lead.id, { assignedTo: other.id })).status, 404, 'nobody of another account');
    for (const bad of [{}, { status: 'sold' }, { assignedTo: 'me' }]) assert.equal((await change(lead.id, bad)).status, 400);
    await live.channel.unsubscribe();
  });

  it('take the leads away as a file that no spreadsheet runs', async () => {
    const guest = await fresh();
    for (const name of ['=HYPERLINK("https://evil.example","x")', '+1+1', '-2', '@SUM(A1)', '\t=1', 'a "quoted", name\nof two lines']) {
      assert.equal((await fn(server, 'create-widget-lead', { agentId: shop.agentId, name, email: 'x@example.test', message: name }, { token: guest.token })).status, 201);
    }
    const reply = await fn(server, 'export-leads', { accountId: shop.id }, { token: shop.token });
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.headers.get('content-type'), /^text\/csv/);
    assert.match(reply.headers.get('content-disposition'), /leads\.csv/);
    assert.match(reply.text, /^capturedAt,name,email/);
    const fields = reply.text.split('\r\n').slice(1).join('\r\n').match(/"(?:[^"]|"")*"/g);
    assert.ok(fields.length > 50);
    for (const field of fields) assert.doesNotMatch(field, /^"[=+@\t\r-]/, field);
    assert.ok(reply.text.includes(`"'=HYPERLINK(""https://evil.example"",""x"")"`));
    assert.ok(reply.text.includes('"a ""quoted"", name\nof two lines"'));
    assert.doesNotMatch((await fn(server, 'export-leads', { accountId: other.id }, { token: other.token })).text, /Ada Byron/);
    assert.equal((await fn(server, 'export-leads', { accountId: shop.id }, { token: other.token })).status, 404);
  });
});
