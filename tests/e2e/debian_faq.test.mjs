// Real input: the text of Debian's FAQ, pasted into a fresh agent, and questions in other words.
// The rule stands in tests/knowledge/questions.json, written before the retrieval was.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { account, fn, say } from '../lib/callers.mjs';
import { htmlText } from '../lib/html_text.mjs';
import { startServer } from '../lib/server.mjs';

const questions = JSON.parse(readFileSync(new URL('../knowledge/questions.json', import.meta.url), 'utf8'));
const fold = (text) => text.normalize('NFKD').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim();

let server;
let shop;
const chapters = new Map(); // url -> text
before(async () => {
  server = await startServer();
  shop = await account(server);
  const files = globSync(questions.document.glob).sort();
  assert.ok(files.length > 10, 'the package debian-faq is installed');
  for (const file of files) {
    const html = readFileSync(file, 'utf8').replace(/<div class="(nav(header|footer)|toc)">[\s\S]*?<\/div>/g, '');
    const content = htmlText(html);
    if (path.basename(file).startsWith('index.')) continue;
    const url = `https://www.debian.org/doc/manuals/debian-faq/${path.basename(file)}`;
    const reply = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: questions.document.title, url, content }, { token: shop.key });
    assert.ok([200, 201].includes(reply.status), reply.text.slice(0, 300));
    assert.ok(reply.body.source.chunks >= 1);
    chapters.set(url, content);
  }
});
after(() => server?.stop());

// The number of the last section heading before the snippet, or undefined when it is not there.
function sectionOf(citation) {
  const text = chapters.get(citation.url);
  if (!text) return undefined;
  const heading = /^#+ (\d+(?:\.\d+)+\.)/;
  let before = '';
  let found;
  const wanted = fold(citation.snippet).slice(0, 60);
  for (const line of text.split('\n')) {
    const match = heading.exec(line);
    if (match) {
      before = '';
      found = match[1];
    }
    before += ` ${line}`;
    if (fold(before).includes(wanted)) return found;
  }
  return undefined;
}

const ask = async (question) => {
  const reply = await say(server, shop.guest, question);
  assert.equal(reply.status, 200, reply.text);
  return reply.body.reply;
};

it('answerable questions are answered from the right passage, with its citation', async (t) => {
  assert.ok(questions.answerable.length >= 20);
  const missed = [];
  for (const { question, expect } of questions.answerable) {
    const reply = await ask(question);
    const phrase = fold(expect.phrase);
    const right = reply.citations.some((citation) =>
      expect.sections.includes(sectionOf(citation)) &&
      (fold(reply.content).includes(phrase) || fold(citation.snippet).includes(phrase)));
    if (!right) missed.push(`${question} -> ${reply.content.slice(0, 160)} [${reply.citations.map(sectionOf)}]`);
    for (const citation of reply.citations) {
      assert.ok(chapters.has(citation.url), 'a citation names a pasted source');
      assert.equal(citation.title, questions.document.title);
    }
  }
  const share = 1 - missed.length / questions.answerable.length;
  t.diagnostic(`${questions.answerable.length - missed.length} of ${questions.answerable.length} answered right`);
  assert.ok(share >= 0.8, `missed:\n${missed.join('\n')}`);
});

it('answers are whole sentences of the source', async () => {
  const everything = fold([...chapters.values()].join(' '));
  for (const { question } of questions.answerable.slice(0, 10)) {
    const reply = await ask(question);
    if (reply.citations.length === 0) continue;
    for (const sentence of reply.content.split(/(?<=[.!?])\s+|\n+/).map(fold).filter((text) => text.length > 40)) {
      assert.ok(everything.includes(sentence), `not in the source: ${sentence}`);
    }
  }
});

it('unanswerable questions get the fallback and no citation', async () => {
  assert.ok(questions.unanswerable.length >= 5);
  for (const { question } of questions.unanswerable) {
    const reply = await ask(question);
    assert.deepEqual(reply.citations, [], `${question} -> ${reply.content}`);
    assert.equal(reply.content, 'I do not know that. Shall I ask a person?', question);
  }
});

it('the same text again is the same source', async () => {
  const [url, content] = chapters.entries().next().value;
  const again = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: questions.document.title, url, content }, { token: shop.token });
  assert.ok([200, 201].includes(again.status));
  const [{ n }] = await server.sql`select count(*)::int as n from public.knowledge_sources where agent_id = ${shop.agentId}`;
  assert.equal(n, chapters.size);
});

it('new knowledge counts from the next question on', async () => {
  const question = 'Which colour has the office door?';
  assert.deepEqual((await ask(question)).citations, []);
  const added = await fn(server, 'add-knowledge-text', { agentId: shop.agentId, title: 'House rules', content: 'The office door has the colour green. Please close the door.' }, { token: shop.token });
  assert.ok(added.status < 300, added.text);
  const reply = await ask(question);
  assert.match(reply.content, /green/);
  assert.equal(reply.citations[0].title, 'House rules');
});
