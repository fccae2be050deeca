// A table of questions, as spreadsheets and people make them: admin/state/questions.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUESTIONS_MAX, readQuestions, TABLE_BYTES_MAX, writeQuestions } from '../../widget-assets/admin/state/questions.ts';

const utf8 = (text) => new TextEncoder().encode(text).buffer;
const read = (text) => readQuestions(utf8(text));
const pairs = ({ questions }) => questions.map(({ question, answer }) => [question, answer]);

test('columns are found by their headings, in any order and letter case', () => {
  const { questions, faults } = read('Tags,Note,ANSWER,Question\n"visit, dogs",x,"Yes, on a leash.",May I bring a dog?\n,,Daily.,When are you open?\n');
  assert.deepEqual(faults, []);
  assert.deepEqual(questions, [
    { row: 2, question: 'May I bring a dog?', answer: 'Yes, on a leash.', tags: ['visit', 'dogs'] },
    { row: 3, question: 'When are you open?', answer: 'Daily.', tags: [] },
  ]);
});

test('without headings the first two columns are taken', () => {
  assert.deepEqual(pairs(read('Do you deliver?,On Mondays.\nDo you grind?,Always.,unused\n')), [['Do you deliver?', 'On Mondays.'], ['Do you grind?', 'Always.']]);
});

test('the separators of spreadsheets, quoted line feeds and quotes, CRLF and CR', () => {
  const rows = [['Which?', 'One; two, "three"\nand four.'], ['Else?', 'Nothing.']];
  for (const separator of [',', ';', '\t', '|']) {
    for (const end of ['\n', '\r\n', '\r']) {
      const cell = (text) => `"${text.replaceAll('"', '""')}"`;
      const text = [['question', 'answer'], ...rows].map((row) => row.map(cell).join(separator)).join(end);
      assert.deepEqual(pairs(read(text)), rows, JSON.stringify([separator, end]));
    }
  }
});

test('each row that cannot be used is named, and the others stand', () => {
  const { questions, faults } = read(`question,answer\nA?,\n,B.\n\n  ,  \nC?,c\n${'x'.repeat(501)},d\nE?,${'y'.repeat(100_001)}\n`);
  assert.deepEqual(questions.map(({ row, question }) => [row, question]), [[6, 'C?']]);
  assert.deepEqual(faults, [
    { row: 2, why: 'the answer is missing.' },
    { row: 3, why: 'the question is missing.' },
    { row: 7, why: 'the question has more than 500 characters.' },
    { row: 8, why: 'the answer has more than 100,000 characters.' },
  ]);
  const broken = read('question,answer\nA?,a\nB?,"never closed\nC?,c\n');
  assert.deepEqual(pairs(broken), [['A?', 'a']]);
  assert.deepEqual(broken.faults, [{ row: 3, why: 'a quotation mark is in the wrong place or not closed.' }]);
});

test('UTF-8 with its mark, UTF-16 and what Windows uses in the west', () => {
  const text = 'question,answer\nWie heißt der Müller?,Jörg – seit 1820.\n';
  const want = [['Wie heißt der Müller?', 'Jörg – seit 1820.']];
  assert.deepEqual(pairs(read(`\ufeff${text}`)), want);
  assert.deepEqual(pairs(readQuestions(Uint8Array.from(Buffer.from(`\ufeff${text}`, 'utf16le')).buffer)), want);
  const western = Uint8Array.from(Buffer.from(text.replace('–', '\u0096'), 'latin1'));
  assert.deepEqual(pairs(readQuestions(western.buffer)), want);
});

test('JSON: a list, or a knowledge base; entries of either naming', () => {
  const list = [{ question: 'A?', answer: 'a', tags: ['t', 7] }, { title: 'B?', content: 'b', tags: 'u, v' }, { question: 'C?' }, null, 4];
  for (const value of [list, { knowledgeBase: list }]) {
    const { questions, faults } = read(JSON.stringify(value));
    assert.deepEqual(questions, [{ row: 1, question: 'A?', answer: 'a', tags: ['t'] }, { row: 2, question: 'B?', answer: 'b', tags: ['u', 'v'] }]);
    assert.deepEqual(faults.map(({ row }) => row), [3, 4, 5]);
  }
});

test('what cannot be read at all says why', () => {
  const refused = (table, why) => {
    assert.match(table.refusal, why);
    assert.deepEqual([table.questions, table.faults], [[], []]);
  };
  refused(read('[{"question"'), /begins like JSON and is not/);
  refused(read('{"a": 1}'), /no list of questions/);
  refused(readQuestions(utf8('PK\u0003\u0004...')), /save the sheet as CSV/);
  refused(readQuestions(new ArrayBuffer(TABLE_BYTES_MAX + 1)), /larger than 8 MB/);
  const many = (count) => 'Q?,a\n'.repeat(count);
  assert.equal(read(many(QUESTIONS_MAX)).questions.length, QUESTIONS_MAX);
  refused(read(many(QUESTIONS_MAX + 1)), /more than 5,000 questions/);
  for (const nothing of ['', '\n\n', '[]']) assert.deepEqual(read(nothing), { questions: [], faults: [], refusal: '' });
});

test('what is written is read again, and no cell is computed by a spreadsheet', () => {
  const questions = [
    { question: '=HYPERLINK("http://evil.example")', answer: '+1\n-2, "@x"', tags: ['a', 'b'] },
    { question: "'quoted'", answer: '@everybody', tags: [] },
    { question: '- a dash?', answer: '  é 🦆', tags: [] },
  ];
  const text = writeQuestions(questions);
  assert.match(text, /^\ufeffquestion,answer,tags\r\n/);
  for (const cell of ['=HYPER', '+1', '@every', '- a dash']) assert.ok(text.includes(`'${cell}`), cell);
  assert.deepEqual(read(text).questions, questions.map((one, i) => ({ row: i + 2, ...one, answer: one.answer.trim() })));
});
