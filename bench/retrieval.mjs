// How often the passage that answers a paraphrased question is among the first five, over real
// documents: the built-in search beside PostgreSQL's ts_rank_cd over the same passages, in one run.
// Questions are in tests/knowledge: `natural`, as readers ask; `tuned` and `hard`, which avoid the words
// of the passage wherever English has others; `sealed` and `untuned` (a manual of its own), as readers
// ask and asked once, when tuning was over. Passages are what the program's own extractor makes of the
// documents. Printed as a table and drawn into bench/results/retrieval.svg.
//   BENCH_ONLY: some of natural, tuned, hard, sealed, untuned
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startServer } from '../tests/lib/server.mjs';
import { extractDocument, passagesOf } from './lib/documents.mjs';
import { judge, verdict } from './lib/report.mjs';
import { recallPlot } from './lib/recall_plot.mjs';
import { comparable, ranksOf } from './lib/retrieval_eval.mjs';
import { bench, root } from './lib/tools.mjs';

const KINDS = ['natural', 'tuned', 'hard', 'sealed', 'untuned'];
const AMONG = 5;
const HOLD = 0.8;
const HOLD_ABOVE = 0.15;
const only = process.env.BENCH_ONLY ?? KINDS.join(' ');
const ranked = (passage) => ({ heading: `${passage.title} ${passage.heading}`, content: passage.content });

// The rank of the passage with the phrase by ts_rank_cd; any word of the question may be missing,
// which finds more than asking for all of them.
async function textSearch(sql, passages, questions) {
  await sql`drop table if exists passages`;
  await sql`create table passages (id int primary key, search tsvector)`;
  for (let i = 0; i < passages.length; i += 500) {
    const rows = passages.slice(i, i + 500).map((passage, k) => ({ id: i + k, ...ranked(passage) }));
    await sql`insert into passages select (r ->> 'id')::int, setweight(to_tsvector('english', r ->> 'heading'), 'A')
      || to_tsvector('english', r ->> 'content') from jsonb_array_elements(${sql.json(rows)}) r`;
  }
  const ranks = [];
  for (const { question, phrase } of questions) {
    const found = await sql`
      with asked as (select replace(plainto_tsquery('english', ${question})::text, '&', '|')::tsquery as q)
      select p.id from passages p, asked where p.search @@ asked.q
      order by ts_rank_cd(p.search, asked.q, 1) desc, p.id limit 100`;
    ranks.push(found.findIndex(({ id }) => comparable(passages[id].content).includes(comparable(phrase))) + 1);
  }
  return ranks;
}

const scores = (ranks) => ({
  recall_1: ranks.filter((rank) => rank === 1).length / ranks.length,
  recall_5: ranks.filter((rank) => rank >= 1 && rank <= AMONG).length / ranks.length,
  mrr: ranks.reduce((sum, rank) => sum + (rank ? 1 / rank : 0), 0) / ranks.length,
});

const server = await startServer();
const bars = [];
console.log(`  ${'questions'.padEnd(8)} ${'document'.padEnd(30)} passages  asked   built in: @1   @5  MRR   ts_rank_cd: @1   @5  MRR`);
try {
  for (const kind of KINDS.filter((one) => only.split(/[ ,]+/).includes(one))) {
    const file = path.join(root, `tests/knowledge/retrieval_${kind}.json`);
    if (!existsSync(file)) continue;
    const { sets } = JSON.parse(readFileSync(file, 'utf8'));
    for (const { document } of sets) await extractDocument(document);
    const ours = ranksOf(file);
    const all = { ours: [], theirs: [] };
    for (const [i, set] of sets.entries()) {
      const passages = passagesOf(set.document);
      const theirs = await textSearch(server.sql, passages, set.questions);
      const line = { ours: scores(ours[i]), theirs: scores(theirs) };
      all.ours.push(...ours[i]);
      all.theirs.push(...theirs);
      const cells = (s) => [s.recall_1, s.recall_5, s.mrr].map((value) => value.toFixed(2)).join(' ');
      console.log(`  ${kind.padEnd(9)} ${set.document.title.padEnd(30)} ${String(passages.length).padStart(7)}  ${String(set.questions.length).padStart(5)}       ${cells(line.ours)}         ${cells(line.theirs)}`);
    }
    const [mine, peer] = [scores(all.ours), scores(all.theirs)];
    bars.push({ kind, asked: all.ours.length, ours: mine, theirs: peer });
    judge(`recall@5, ${kind} questions`, mine.recall_5, { atLeast: HOLD });
    judge(`recall@5 above ts_rank_cd, ${kind} questions`, mine.recall_5 - peer.recall_5, { atLeast: HOLD_ABOVE });
  }
} finally {
  await server.stop();
}
mkdirSync(path.join(bench, 'results'), { recursive: true });
writeFileSync(path.join(bench, 'results/retrieval.svg'), recallPlot(bars, { among: AMONG, hold: HOLD }));
verdict();
