// Runs test files, each in a process of its own, in the order in which they are named:
//
//   node tests/lib/run.mjs [--concurrency=3] [--timeout=300000] FILE...
//
// `node --test` would sort them. LONGEST start first, so that none of them is left to the end, when
// everything else is done; the rest mixes by name those that wait and those that compute. Ends as
// `node --test` does, with the files that took longest behind it.
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string', default: '3' }, timeout: { type: 'string', default: '300000' } },
});
const rank = (file) => {
  const at = LONGEST.findIndex((name) => file.endsWith(`/${name}.test.mjs`));
  return at < 0 ? LONGEST.length : at;
};
const files = positionals.map((file) => path.resolve(file))
  .sort((a, b) => rank(a) - rank(b) || (path.basename(a) < path.basename(b) ? -1 : 1));

const took = new Map();
// A file whose tests have ended ends, whatever it has left open.
const events = run({ files, concurrency: Number(values.concurrency), timeout: Number(values.timeout), forceExit: true });
events.on('test:fail', () => (process.exitCode = 1));
events.on('test:summary', ({ file, success, duration_ms }) => {
  if (file) took.set(path.relative('tests', file), duration_ms);
  else if (!success) process.exitCode = 1;
});
const shown = events.compose(spec);
shown.pipe(process.stdout);
await new Promise((resolve) => shown.once('end', resolve));
for (const [file, ms] of [...took].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_MAX)) {
  console.log(`${(ms / 1000).toFixed(1).padStart(7)} s  ${file}`);
}
