// Runs test files, each in a process of its own, in the order in which they are named:
//
//   node tests/lib/run.mjs [--concurrency=3] [--timeout=1200000] FILE...
//
// `node --test` would sort them. LONGEST start first, so that none of them is left to the end, when
// everything else is done; the rest mixes by name those that wait and those that compute. Ends as
// `node --test` does, with the files that took longest behind it.
//
// A file that failed beside the others is run once more alone, AGAIN_MAX at most: what passes then is
// counted as passed and named UNSTEADY with what failed first, for somebody to look into. What a
// sanitizer reported stays failed.
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

const LONGEST = [
  'api/providers', 'api/knowledge_files', 'e2e/database_down', 'realtime/operators', 'browser/story', 'nodes/bus', 'nodes/kill', 'browser/hostile', 'browser/recovery',
  'api/verify_isolation', 'browser/settings', 'realtime/conformance_channels', 'browser/loader', 'browser/restart', 'api/auth_mail',
  'api/canaries', 'api/inbox', 'realtime/recovery', 'realtime/account_limits', 'realtime/abuse', 'api/http_abuse', 'api/roles',
];
const SHOWN_MAX = 12;
const AGAIN_MAX = 6;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string', default: '3' }, timeout: { type: 'string', default: '1200000' } },
});
const rank = (file) => {
  const at = LONGEST.findIndex((name) => file.endsWith(`/${name}.test.mjs`));
  return at < 0 ? LONGEST.length : at;
};
const files = positionals.map((file) => path.resolve(file))
  .sort((a, b) => rank(a) - rank(b) || (path.basename(a) < path.basename(b) ? -1 : 1));

const took = new Map();
// Runs them and says what came of it: how many tests passed and failed, and of each file what failed.
async function runFiles(files, concurrency) {
  const outcome = { passed: 0, failed: 0, broken: new Map() };
  const broken = (file) => {
    const known = outcome.broken.get(file) ?? [];
    outcome.broken.set(file, known);
    return known;
  };
  // A file whose tests have ended ends, whatever it has left open.
  const events = run({ files, concurrency, timeout: Number(values.timeout), forceExit: true });
  events.on('test:fail', ({ name, file, details }) => {
    const { error } = details;
    broken(file ?? '').push({ name, error: String(error?.cause?.stack ?? error?.cause ?? error?.stack ?? error) });
  });
  events.on('test:summary', ({ file, success, counts, duration_ms }) => {
    if (!file) {
      outcome.passed = counts.passed;
      outcome.failed = counts.failed + counts.cancelled;
      return;
    }
    took.set(path.relative('tests', file), duration_ms);
    if (!success) broken(file);
  });
  const shown = events.compose(spec);
  shown.pipe(process.stdout, { end: false });
  await new Promise((resolve) => shown.once('end', resolve));
  return outcome;
}

const first = await runFiles(files, Number(values.concurrency));
let { passed, failed } = first;
const doubtful = [...first.broken].filter(([file, all]) => file && !all.some(({ error }) => error.includes('Sanitizer')));
const mayPass = first.broken.size === doubtful.length && doubtful.length <= AGAIN_MAX && files.length > 1;
if (mayPass && doubtful.length > 0) {
  console.log(`\nAgain, alone: ${doubtful.map(([file]) => path.relative('tests', file)).join(' ')}`);
  const second = await runFiles(doubtful.map(([file]) => file), 1);
  for (const [file, all] of doubtful) {
    if (second.broken.has(file)) continue;
    for (const { name, error } of all) {
      console.log(`UNSTEADY ${path.relative('tests', file)}: ${name}\n  ${error.split('\n', 2).join('\n  ')}`);
    }
  }
  if (second.failed === 0 && second.broken.size === 0) {
    passed += failed;
    failed = 0;
  }
}
for (const [file, ms] of [...took].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_MAX)) {
  console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${file}`);
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || (first.broken.size > 0 && !(mayPass && failed === 0))) process.exitCode = 1;
