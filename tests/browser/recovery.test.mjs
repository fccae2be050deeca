// Away for a while: what was said, who took over and who left an address meanwhile comes with the
// connection, each once and in order, and nobody loads a transcript or a list again - unless the server
// says that its history has a gap.
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, it } from 'node:test';
import {
  adminOn, assertSameTranscript, conversationOf, labelOf, NETWORK_NOISE, soon, stage, visible, widgetOn,
} from '../lib/browser.mjs';
import { fn, say, signIn, visitor as newVisitor } from '../lib/callers.mjs';
import { startWire } from '../lib/wire.mjs';

const BACK_MS = 60_000; // a start, and the longest pause between two tries to connect
const wire = await startWire();
after(() => wire.stop());
const { server, browser } = await stage({ env: { CHATPAD_PUBLIC_URL: wire.url } });
wire.to(server.port);
const outside = Object.create(server, { url: { value: wire.url } });
const owner = await signIn(server);
const act = async (name, body) => {
  const reply = await fn(server, name, body, { token: owner.token });
  assert.ok(reply.status < 300, `${name}: ${reply.text}`);
  return reply.body;
};

let number = 0;
let guest; // of the widget
let person; // at the inbox
let chat;
let admin;
let conversationId;
beforeEach(async () => {
  number += 1;
  guest = await browser.open(outside);
  person = await browser.open(outside);
  chat = widgetOn(guest.page);
  admin = adminOn(person.page);
  await admin.signIn(outside);
  await guest.page.goto(`${wire.url}/demo`);
  await chat.open();
  const question = `When are you open on Saturday? (${number})`;
  await chat.ask(question, '9:00 to 16:00');
  conversationId = await conversationOf(server, question);
  await admin.openConversation(server, conversationId);
  await visible(admin.entry('9:00 to 16:00'));
  // All four channels: once a message has come live, nothing of the first load is under way.
  await soon('both sides are joined', () => wire.sockets() === 2);
  await act('start-takeover', { conversationId });
  await visible(chat.banner('has joined the conversation'));
  await act('end-takeover', { conversationId });
  await visible(chat.banner('is back'));
  await visible(admin.transcript.getByText('Handed back to the assistant'));
  await guest.page.waitForLoadState('networkidle');
  await person.page.waitForLoadState('networkidle');
});
afterEach(async () => {
  wire.mend();
  for (const one of [guest, person]) {
    one.assertClean(NETWORK_NOISE);
    await one.close();
  }
});

const LOADS = /\/functions\/v1\/(get-messages|list-[a-z]+)$/;
function loads() {
  const asked = [...guest.requests, ...person.requests].map((url) => LOADS.exec(url)?.[1]).filter(Boolean);
  return asked.sort();
}

// A takeover, words, a hand-back, words; somebody new, who leaves an address.
async function muchHappens() {
  await act('start-takeover', { conversationId });
  for (const word of ['One', 'Two', 'Three']) await act('send-human-message', { conversationId, content: `${word} while you were away (${number})` });
  await act('end-takeover', { conversationId });
  const stranger = await newVisitor(server);
  const { body } = await say(server, stranger, `Somebody new (${number})`);
  const lead = await fn(server, 'create-widget-lead', {
    agentId: stranger.agentId, conversationId: body.conversationId, name: `Ada ${number}`, email: `ada${number}@example.test`,
  }, { token: stranger.token });
  assert.equal(lead.status, 201);
  return body.conversationId;
}

async function allOfItIsThere(other) {
  await visible(chat.people.filter({ hasText: `Three while you were away (${number})` }), BACK_MS);
  await visible(admin.entry(`Three while you were away (${number})`), BACK_MS);
  await visible(chat.banner('is back'));
  await assertSameTranscript(server, conversationId, chat, admin);
  await visible(admin.row(await labelOf(server, other)));
}

// What the transcript of the inbox says between the messages, where it says it.
async function marksStand() {
  const text = await admin.transcript.innerText();
  const places = ['9:00 to 16:00', ' took over', 'Handed back', ' took over', 'One while', 'Three while', 'Handed back'];
  let at = 0;
  for (const place of places) {
    const found = text.indexOf(place, at);
    assert.ok(found >= 0, `"${place}" behind character ${at} of: ${text}`);
    at = found + place.length;
  }
  assert.equal(text.match(/ took over/g).length, 2, text);
}

async function leadIsThere() {
  await admin.go('Leads');
  await visible(admin.lead(`Ada ${number}`));
}

async function liveAgain() {
  await act('start-takeover', { conversationId });
  await act('send-human-message', { conversationId, content: `And live (${number})` });
  await visible(chat.people.filter({ hasText: `And live (${number})` }));
  await visible(admin.entry(`And live (${number})`));
}

async function nothingWasLoadedAgain(before) {
  await marksStand();
  await liveAgain();
  await assertSameTranscript(server, conversationId, chat, admin);
  await leadIsThere();
  assert.deepEqual(loads(), before, 'the lists and the transcript were not asked for again');
}

async function bothNoticed() {
  await visible(chat.status('Reconnecting'), BACK_MS);
  await visible(admin.reconnecting, BACK_MS);
}

it('sockets that break: everything comes with the next ones', async () => {
  const before = loads();
  wire.cut();
  await bothNoticed();
  const other = await muchHappens();
  wire.mend();
  await allOfItIsThere(other);
  await nothingWasLoadedAgain(before);
});

it('again and again: the cursor moves on', async () => {
  const before = loads();
  for (const round of [1, 2, 3]) {
    wire.cut();
    await bothNoticed();
    await act('start-takeover', { conversationId });
    await act('send-human-message', { conversationId, content: `Round ${round} (${number})` });
    await act('end-takeover', { conversationId });
    wire.mend();
    await visible(chat.people.filter({ hasText: `Round ${round} (${number})` }), BACK_MS);
    await visible(admin.entry(`Round ${round} (${number})`), BACK_MS);
    await visible(chat.banner('is back'));
  }
  await assertSameTranscript(server, conversationId, chat, admin);
  assert.equal(await admin.transcript.getByText(/ took over$/).count(), 4);
  assert.deepEqual(loads(), before);
});

it('a dead network, noticed when the device wakes up', async () => {
  const before = loads();
  wire.hush();
  const other = await muchHappens();
  wire.mend();
  const wake = () => document.dispatchEvent(new Event('visibilitychange'));
  await (await chat.frame()).evaluate(wake);
  await person.page.evaluate(wake);
  await allOfItIsThere(other);
  await nothingWasLoadedAgain(before);
});

it('offline, and online again', async () => {
  const before = loads();
  await Promise.all([guest, person].map(({ context }) => context.setOffline(true)));
  wire.hush();
  await visible(admin.status('Offline'));
  const other = await muchHappens();
  wire.mend();
  await Promise.all([guest, person].map(({ context }) => context.setOffline(false)));
  await allOfItIsThere(other);
  await nothingWasLoadedAgain(before);
});

it('a server that is killed and comes back', async () => {
  const before = loads();
  wire.cut();
  await server.kill();
  await bothNoticed();
  await server.start();
  const other = await muchHappens();
  wire.mend();
  await allOfItIsThere(other);
  await nothingWasLoadedAgain(before);
});

it('a history that is gone: the lists and the transcript are loaded again', async () => {
  const before = loads();
  wire.cut();
  await bothNoticed();
  const other = await muchHappens();
  await server.sql`delete from realtime.messages`;
  await server.sql`update realtime.purged set xid = pg_snapshot_xmax(pg_current_snapshot()), until = now() at time zone 'utc'`;
  wire.mend();
  await allOfItIsThere(other);
  await liveAgain();
  await assertSameTranscript(server, conversationId, chat, admin);
  await leadIsThere();
  const more = loads().slice();
  for (const name of before) more.splice(more.indexOf(name), 1);
  assert.deepEqual(more, ['get-messages', 'get-messages', 'list-conversations', 'list-leads'], 'each of them once');
});
