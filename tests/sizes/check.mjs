// The byte budgets of what browsers load, as gzip sends it. The build is deterministic, so this is a
// test and no measurement.
//
//   node tests/sizes/check.mjs build/<preset>/generated/assets/manifest.json
import { readFileSync } from 'node:fs';

const KIB = 1024;
// A get-widget-config reply with a visitor token, a theme and opening hours.
const CONFIG_REPLY_BYTES = 1 * KIB;

const manifest = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const sizeOf = ({ bytes, gzip }) => gzip ?? bytes;
const file = (name) => {
  const served = manifest.names[name] ?? name;
  const found = manifest.files.find((candidate) => candidate.name === served);
  if (!found || found.bytes === 0) throw new Error(`${name} is not there or empty`);
  return sizeOf(found);
};
// With every chunk, also those a page may load later.
const chunks = () => manifest.files.filter(({ name }) => name.startsWith('chunk-')).reduce((sum, one) => sum + sizeOf(one), 0);

const budgets = [
  ['the loader', 3 * KIB, () => file('loader.js')],
  ['a widget that is opened: loader, page, script, style and configuration', 25 * KIB,
    () => file('loader.js') + file('widget.html') + file('widget.js') + file('widget.css') + CONFIG_REPLY_BYTES],
  ['the inbox: page, scripts and style', 250 * KIB,
    () => file('admin.html') + file('admin.js') + file('admin.css') + chunks()],
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
