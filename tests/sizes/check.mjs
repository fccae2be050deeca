// The byte budgets of what browsers load, as gzip sends it; page shells, which the program fills in
// for each request, travel as they are. The build is deterministic, so this is a test and no measurement.
//
//   node tests/sizes/check.mjs build/<preset>/generated/assets/manifest.json
import { readFileSync } from 'node:fs';

const KIB = 1024;
// A get-widget-config reply with a visitor token, a theme and opening hours; it is not compressed.
const CONFIG_REPLY_BYTES = 1.25 * KIB;

const manifest = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const find = (name) => {
  const served = manifest.names[name] ?? name;
  const found = manifest.files.find((candidate) => candidate.name === served);
  if (!found || found.bytes === 0) throw new Error(`${name} is not there or empty`);
  return found;
};
const file = (name) => find(name).gzip ?? find(name).bytes;
const shell = (name) => find(name).bytes;
// What importing the modules that are wanted loads of an application.
const chunks = (of, wanted) => {
  const found = manifest.chunks.filter((one) => one.of === of && wanted(one.source));
  if (found.length === 0) throw new Error(`${of} has no such chunk`);
  return found.reduce((sum, { name }) => sum + file(name), 0);
};
// A chunk without a module of its own is shared by others, and comes with the first of them.
const realtime = (source) => source === null || source.endsWith('/shared/realtime.ts');

// A script with what it imports before it runs.
const withImports = (name) => {
  const { name: served } = find(name);
  return [served, ...manifest.imports[served]];
};
const sum = (names) => names.reduce((total, name) => total + file(name), 0);

// The admin's first page, and what each of the others adds to it when somebody opens it.
const first = new Set(withImports('admin.js'));
const added = (chunk) => sum(withImports(chunk).filter((name) => !first.has(name)));
const PAGE_KIB_MAX = { Conversation: 16, Person: 20 };
const later = manifest.chunks
  .filter(({ of, source, name }) => of === 'admin' && source !== null && !first.has(name))
  .map(({ name, source }) => {
    const word = source.replace(/^.*\/|\.tsx?$/g, '');
    return [`the admin's ${word}, later`, (PAGE_KIB_MAX[word] ?? 8) * KIB, () => added(name)];
  });
if (later.length === 0) throw new Error('the admin loads nothing later');

const budgets = [
  ['the loader', 3 * KIB, () => file('loader.js')],
  ['a widget up to the first answer: loader, page, script, style, configuration, realtime', 25 * KIB,
    () => file('loader.js') + shell('widget.html') + file('widget.js') + file('widget.css') + chunks('widget', realtime) + CONFIG_REPLY_BYTES],
  ['the inbox, before anything is opened: page, scripts and style', 215 * KIB,
    () => shell('admin.html') + file('admin.css') + sum([...first])],
  ...later,
];

let passed = 0;
let failed = 0;
for (const [what, most, measure] of budgets) {
  let bytes = NaN;
  let why = '';
  try {
    bytes = measure();
  } catch (error) {
    why = `: ${error.message}`;
  }
  const good = bytes <= most;
  good ? passed++ : failed++;
  const size = Number.isNaN(bytes) ? '?' : (bytes / KIB).toFixed(1);
  console.log(`${good ? 'ok' : 'FAILED'} ${size} of ${most / KIB} KiB: ${what}${why}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
