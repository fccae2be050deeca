// Installed manuals as passages: every file goes through `chatpad extract`, the extractor that reads
// what tenants upload and sites that are crawled, once for each version of a package.
import { spawn, spawnSync } from 'node:child_process';
import { createReadStream, existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chatpad, fail, work } from './tools.mjs';

export const passagesDir = path.join(work, 'passages');
const TYPES = { pdf: 'application/pdf', html: 'text/html' };

const fileOf = (document) => path.join(passagesDir, `${document.package}.ndjson`);

// One run of the extractor: its lines, and where the next run has to begin, if it ended early.
async function run(file, type, from) {
  const words = ['extract', '--name', path.basename(file), '--type', type, ...(from ? ['--from', from] : [])];
  const child = spawn(chatpad(), words, { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {}); // it need not read to the end
  createReadStream(file).pipe(child.stdin);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  await new Promise((resolve) => child.once('close', resolve));
  const lines = text.trim().split('\n');
  const end = JSON.parse(lines.pop() || '{}').end;
  if (!end) fail(`${file} was not read to its end`);
  return { lines, next: end.next && JSON.stringify(end.next) };
}

async function extractFile(file, type) {
  const all = [];
  for (let from = null; ; ) {
    const { lines, next } = await run(file, type, from);
    all.push(...(from ? lines.slice(1) : lines)); // a continued document says again what it is
    if (!next) return all;
    from = next;
  }
}

export async function extractDocument(document) {
  const { stdout: version } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', document.package], { encoding: 'utf8' });
  if (!version) fail(`package ${document.package} is not installed`);
  const stamp = `${fileOf(document)}.${version.replaceAll(/[^\w.+~-]/g, '_')}`;
  if (existsSync(stamp) && existsSync(fileOf(document))) return;
  mkdirSync(passagesDir, { recursive: true });
  const part = `${fileOf(document)}.part`;
  writeFileSync(part, '');
  for (const file of globSync(document.path).sort()) {
    const lines = await extractFile(file, TYPES[document.kind]);
    writeFileSync(part, `${lines.join('\n')}\n`, { flag: 'a' });
  }
  renameSync(part, fileOf(document));
  writeFileSync(stamp, '');
}

export function passagesOf(document) {
  const passages = [];
  let title = document.title;
  for (const line of readFileSync(fileOf(document), 'utf8').trim().split('\n')) {
    const event = JSON.parse(line);
    if (event.document && document.kind === 'html') title = event.document.title || document.title;
    if (event.passage) passages.push({ title, ...event.passage });
  }
  return passages;
}
