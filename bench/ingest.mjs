// A PDF of 1,000 pages from the upload to the first answer that may cite it, and what the program holds in
// memory meanwhile: the reading happens in a process of its own. Beside it the same file through poppler's own
// pdftotext, which reads text and nothing else.
//   BENCH_PAGES: pages of the file (1000)
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pdf } from '../tests/lib/files.mjs';
import { figure, judge, verdict } from './lib/report.mjs';
import { residentKiB, sleep, startOurs } from './lib/server.mjs';
import { debian } from './lib/tools.mjs';

const PAGES = Number(process.env.BENCH_PAGES ?? 1000);
const WORDS = 'grain water wheel stone miller bread river winter harvest summer wind mountain letter bridge silver garden'.split(' ');
const sentence = (seed) => `${Array.from({ length: 12 }, (_, i) => WORDS[(seed * 7 + i * 5 + (seed >> 3)) % WORDS.length]).join(' ')} ${seed}.`;
const file = pdf(Array.from({ length: PAGES }, (_, page) => ({
  heading: page % 10 === 0 ? `Chapter ${page / 10 + 1}` : undefined,
  lines: Array.from({ length: 45 }, (_, line) => sentence(page * 45 + line)),
})), { title: 'The thousand pages' });

const ours = await startOurs({ loops: 2 });
const base = `http://127.0.0.1:${ours.port}`;
const { access_token: token } = await fetch(`${base}/auth/v1/token?grant_type=password`, {
  method: 'POST', body: JSON.stringify({ email: ours.env.CHATPAD_DEMO_EMAIL, password: ours.env.CHATPAD_DEMO_PASSWORD }),
}).then((reply) => reply.json());
const headers = { authorization: `Bearer ${token}` };
const ask = (target) => fetch(base + target, { headers }).then((reply) => reply.json());
await ask('/health');
await sleep(1000);
const before = residentKiB(ours.pid);

let most = before;
const watch = setInterval(() => {
  const now = residentKiB(ours.pid);
  if (now.total > most.total) most = now;
}, 20);
const form = new FormData();
form.set('agent_id', ours.env.CHATPAD_DEMO_AGENT_ID);
form.set('file', new Blob([file]), 'thousand.pdf');
const began = performance.now();
const source = await fetch(`${base}/v1/knowledge/upload`, { method: 'POST', body: form, headers }).then((reply) => reply.json());
const uploaded = performance.now();
let state = source;
while (state.status !== 'ready') {
  await sleep(50);
  state = await ask(`/v1/knowledge/sources/${source.id}`);
  if (state.status === 'failed') throw new Error(JSON.stringify(state.error));
}
const ready = performance.now();
clearInterval(watch);

const folder = mkdtempSync(path.join(os.tmpdir(), 'chatpad-bench-'));
writeFileSync(`${folder}/a.pdf`, file);
const pdftotext = debian('pdftotext', 'poppler-utils');
const peer = performance.now();
spawnSync(pdftotext, [`${folder}/a.pdf`, `${folder}/a.txt`]);
const peerMs = performance.now() - peer;
rmSync(folder, { recursive: true });
await ours.halt();

figure('the file', [file.length / 1e6], 'MB');
figure('upload, to 202', [uploaded - began], 'ms');
figure('pdftotext alone, text only', [peerMs / 1000], 's');
figure('pages a second', [PAGES / ((ready - uploaded) / 1000)], '/s');
figure('passages', [state.chunks], '');
judge(`${PAGES} pages, upload to ready`, (ready - began) / 1000, { atMost: 60, unit: ' s' });
judge('memory of the program above idle, most', (most.total - before.total) / 1024, { atMost: 32, unit: ' MiB' });
verdict();
