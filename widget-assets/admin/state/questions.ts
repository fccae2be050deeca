// Questions with their answers as a table: a file of CSV (RFC 4180, as spreadsheets save it) or JSON is read,
// each row on its own; what is stored is written as CSV. Loaded when somebody asks for it.
import Papa from 'papaparse';

export interface Question {
  row: number; // in the file, counting from 1; with a row of headings that one is the first
  question: string;
  answer: string;
  tags: string[];
}
export interface Fault {
  row: number;
  why: string;
}
export interface QuestionTable {
  questions: Question[];
  faults: Fault[];
  refusal: string; // why nothing of the file can be read; else empty
}

export const QUESTIONS_MAX = 5_000;
export const TABLE_BYTES_MAX = 8 * 1024 * 1024;
const QUESTION_CHARS_MAX = 500;
const ANSWER_CHARS_MAX = 100_000;
const HEADINGS = { question: ['question', 'title'], answer: ['answer', 'content'], tags: ['tags'] };

class Refusal extends Error {}

export function readQuestions(bytes: ArrayBuffer): QuestionTable {
  const table: QuestionTable = { questions: [], faults: [], refusal: '' };
  try {
    for (const row of rowsOf(bytes)) {
      const why = 'why' in row ? row.why : faultOf(row);
      if ('why' in row || why) table.faults.push({ row: row.row, why });
      else table.questions.push(row);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    table.refusal = error.message;
  }
  return table;
}

export function writeQuestions(questions: { question: string; answer: string; tags: string[] }[]): string {
  const data = questions.map((one) => [one.question, one.answer, one.tags.join(', ')]);
  // The mark at the front tells spreadsheets that it is UTF-8; cells that they would compute are guarded.
  const escapeFormulae = /^[=+\-@\t\r]/; // the library's own is for cells of one line
  return `\ufeff${Papa.unparse({ fields: ['question', 'answer', 'tags'], data }, { escapeFormulae })}\r\n`;
}

function rowsOf(bytes: ArrayBuffer): (Question | Fault)[] {
  if (bytes.byteLength > TABLE_BYTES_MAX) throw new Refusal('The file is larger than 8 MB. Please divide it.');
  const text = decode(bytes);
  const rows = /^\s*[[{]/.test(text) ? jsonRows(text) : csvRows(text);
  if (rows.length > QUESTIONS_MAX) throw new Refusal('The file has more than 5,000 questions. Please divide it.');
  return rows;
}

// Spreadsheets save UTF-8, UTF-16 or what Windows uses in the west.
function decode(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0x50 && second === 0x4b) throw new Refusal('This is a workbook. Please save the sheet as CSV first.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function csvRows(text: string): (Question | Fault)[] {
  const { data, errors } = Papa.parse<string[]>(text);
  const broken = new Set(errors.filter((error) => error.type === 'Quotes').map((error) => error.row));
  const heads = (data[0] ?? []).map((head) => head.trim().toLowerCase());
  const find = (names: string[]) => heads.findIndex((head) => names.includes(head));
  let [question, answer, tags] = [find(HEADINGS.question), find(HEADINGS.answer), find(HEADINGS.tags)];
  const isHeaded = question >= 0 && answer >= 0;
  if (!isHeaded) [question, answer, tags] = [0, 1, -1];
  const rows: (Question | Fault)[] = [];
  for (const [index, cells] of data.entries()) {
    if ((isHeaded && index === 0) || cells.every((cell) => cell.trim() === '')) continue;
    const cell = (place: number) => unguarded((cells[place] ?? '').trim());
    const row = index + 1;
    if (broken.has(index)) rows.push({ row, why: 'a quotation mark is in the wrong place or not closed.' });
    else rows.push({ row, question: cell(question), answer: cell(answer), tags: tagsOf(cell(tags)) });
  }
  return rows;
}

function jsonRows(text: string): (Question | Fault)[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal('The file begins like JSON and is not.');
  }
  const list = Array.isArray(value) ? value : (value as { knowledgeBase?: unknown }).knowledgeBase;
  if (!Array.isArray(list)) throw new Refusal('The JSON is no list of questions.');
  return list.map((entry: Record<string, unknown> | null, index) => {
    const field = (names: string[]) => names.map((name) => entry?.[name]).find((one) => one !== undefined);
    const words = (one: unknown) => (typeof one === 'string' ? one.trim() : '');
    const tags = field(HEADINGS.tags);
    return {
      row: index + 1, question: words(field(HEADINGS.question)), answer: words(field(HEADINGS.answer)),
      tags: Array.isArray(tags) ? tags.map(words).filter(Boolean) : tagsOf(words(tags)),
    };
  });
}

function faultOf({ question, answer }: Question): string {
  if (!question) return 'the question is missing.';
  if (!answer) return 'the answer is missing.';
  if ([...question].length > QUESTION_CHARS_MAX) return 'the question has more than 500 characters.';
  return [...answer].length > ANSWER_CHARS_MAX ? 'the answer has more than 100,000 characters.' : '';
}

const tagsOf = (text: string) => text.split(/[,;]/).map((tag) => tag.trim()).filter(Boolean);
// What writeQuestions() has put before a cell that a spreadsheet would compute.
const unguarded = (text: string) => text.replace(/^'(?=[=+\-@])/, '');
