// Builds everything a browser gets from the program:
//
//   node widget-assets/build.mjs OUTDIR
//
// OUTDIR/files/      the final bytes; beside a text of more than 256 bytes its .gz and .br
// OUTDIR/manifest.json   what there is: name, kind, type, sizes, which name stands for which, whose chunk
//                        is which, and which scripts a script imports before it runs
// OUTDIR/assets_bundle.{S,cc}   the same for the program's linker (runtime/edge/assets.h)
//
// The same sources give the same bytes. Runs on node 18 and newer. cmake/assets.cmake calls it; by
// hand it is good for looking at sizes.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const COMPRESS_BYTES_MIN = 256; // below it the headers outweigh what is saved

const TYPES = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};
const isText = (type) => /^text\/|svg|json/.test(type) || type === 'image/x-icon';
// Files of site/ with an address of their own; the others are found by their hash only.
const OWN_ADDRESS = new Set(['favicon.ico', 'favicon.svg', 'robots.txt']);

// What page shells may ask the program for (functions/pages/, runtime/edge/page.cc).
const FILLED_IN = new Set([
  'agentId', 'agentName', 'publicUrl', 'anonKey', 'nonce', 'title', 'message', 'code', 'requestId',
]);

const files = []; // {name, kind, type, bytes}
const names = new Map(); // what {{asset:...}} may say -> served name
const chunks = []; // {of: application, name, source: the module whose import() loads it, or null}
const imports = new Map(); // served name of a script -> those of the scripts it imports
const used = new Set(); // third-party packages whose code is in the bundles

function fail(message) {
  console.error(`widget-assets: ${message}`);
  process.exit(1);
}

// kind: 'hashed' (under /assets/, never changes), 'plain' (under /assets/, may change), 'own' (an
// endpoint serves it, or fills it in).
function add(name, kind, bytes) {
  const type = TYPES[path.extname(name)] ?? fail(`${name}: no content type is known for it`);
  const twin = files.find((file) => file.name === name);
  if (twin?.bytes.equals(bytes)) return; // a picture that two style sheets use
  if (twin) fail(`two files are called ${name}`);
  files.push({ name, kind, type, bytes });
}

function hashed(name, bytes) {
  const { name: stem, ext } = path.parse(name);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return `${stem}-${hash}${ext}`;
}

function addHashed(name, bytes) {
  const served = hashed(name, bytes);
  add(served, 'hashed', bytes);
  names.set(name, served);
}

// What the scripts import before they run: a page may ask for all of it at once.
function noteImports(outputs) {
  const direct = (file) => (outputs[file]?.imports ?? [])
    .filter(({ kind, external }) => kind === 'import-statement' && !external).map((one) => one.path);
  for (const file of Object.keys(outputs)) {
    const seen = new Set(direct(file));
    for (const next of seen) direct(next).forEach((one) => seen.add(one));
    imports.set(path.basename(file), [...seen].filter((one) => outputs[one]?.bytes !== 0).map((one) => path.basename(one)).sort());
  }
}

function noteLicences(metafile) {
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) used.add(found[1]);
  }
}

// React Aria empties its announcer with innerHTML, which trusted types refuse; the text property does
// the same.
const withoutMarkupSinks = {
  name: 'without-markup-sinks',
  setup(builder) {
    builder.onLoad({ filter: /react-aria\/.*LiveAnnouncer\.m?js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replaceAll(".innerHTML = ''", ".textContent = ''"),
    }));
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  legalComments: 'none', // licences.txt has them whole
  charset: 'utf8',
  logLevel: 'warning',
  loader: { '.svg': 'file', '.png': 'file', '.webp': 'file', '.woff2': 'file' },
  publicPath: '/assets/',
  assetNames: '[name]-[hash]',
  outdir: path.join(root, 'assets'),
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [withoutMarkupSinks],
};

async function bundle(options) {
  let result;
  try {
    result = await build({ ...common, ...options });
  } catch {
    fail('the scripts and styles do not build; the lines above say where');
  }
  noteLicences(result.metafile);
  noteImports(result.metafile.outputs);
  // A chunk that has nothing left in it is not asked for.
  const hollow = result.outputFiles.filter((file) => file.contents.length === 0).map((file) => path.basename(file.path));
  const needed = (file) => hollow.reduce((text, name) => text.replaceAll(`import"${common.publicPath}${name}";`, ''), file.text);
  return result.outputFiles
    .filter((file) => file.contents.length > 0)
    .map((file) => ({
      name: path.basename(file.path),
      bytes: hollow.length > 0 && file.path.endsWith('.js') ? Buffer.from(needed(file)) : Buffer.from(file.contents),
      source: result.metafile.outputs[path.relative(root, file.path)]?.entryPoint ?? null,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const source = (name) => path.join(here, name);
const present = (name) => existsSync(source(name)) || fail(`${name} is missing`);

// The one script of foreign pages, as small as can be. It needs constructed style sheets; whoever has
// them has all of es2022.
async function loader() {
  present('loader/loader.ts');
  const [script] = await bundle({
    entryPoints: [source('loader/loader.ts')], format: 'iife', target: 'es2022', entryNames: 'loader',
  });
  add('loader.js', 'own', script.bytes);
}

// One entry and what it leads to. Its first script and style sheet are known as <name>.js and .css.
async function application(name, entry, options) {
  present(entry);
  const style = entry.replace(/main\.tsx$/, `${name === 'widget' ? 'app' : name}.css`);
  const parts = await bundle({
    entryPoints: [{ in: source(entry), out: name }], format: 'esm', jsx: 'automatic',
    entryNames: '[name]-[hash]', chunkNames: 'chunk-[hash]', ...options,
  });
  for (const part of parts) {
    add(part.name, 'hashed', part.bytes);
    if (part.name.startsWith('chunk-')) chunks.push({ of: name, name: part.name, source: part.source });
    const own = new RegExp(`^${name}-[A-Z0-9]{8}(\\.\\w+)$`).exec(part.name);
    if (own) names.set(name + own[1], part.name);
  }
  if (names.has(`${name}.css`)) return;
  present(style);
  await styleSheet(style, `${name}.css`);
}

async function styleSheet(file, name) {
  const parts = await bundle({ entryPoints: [source(file)], target: ['es2022', 'safari15'] });
  for (const part of parts) {
    if (part.name === path.basename(file)) addHashed(name, part.bytes);
    else add(part.name, 'hashed', part.bytes);
  }
}

async function site() {
  const pages = [];
  for (const name of readdirSync(source('site')).sort()) {
    const file = `site/${name}`;
    if (name.endsWith('.css')) await styleSheet(file, name);
    else if (name.endsWith('.html')) pages.push(file);
    else if (OWN_ADDRESS.has(name)) add(name, 'own', readFileSync(source(file)));
    else if (TYPES[path.extname(name)]) addHashed(name, readFileSync(source(file)));
    else if (!name.startsWith('.')) fail(`${file}: nobody would serve it`);
  }
  return pages;
}

// Page shells: names of assets are filled in here, everything about a request when it comes.
function page(file) {
  let text = readFileSync(source(file), 'utf8');
  text = text.replace(/<!--[\s\S]*?-->\n?/g, '');
  if (!/<(?:pre|textarea)\b/i.test(text)) text = text.replace(/^\s+/gm, '');
  text = text.replace(/\{\{asset:([^}]+)\}\}/g, (_, name) => {
    if (!names.has(name)) fail(`${file} names the asset ${name}, which there is not`);
    return `/assets/${names.get(name)}`;
  });
  text = text.replace(/<script type="module" src="\/assets\/([^"]+)">/g, (script, name) => {
    const early = (imports.get(name) ?? []).map((one) => `<link rel="modulepreload" href="/assets/${one}">\n`);
    return early.join('') + script;
  });
  const open = [...text.matchAll(/\{\{([^}]*)\}\}/g)].map((match) => match[1]).find((name) => !FILLED_IN.has(name));
  if (open !== undefined) fail(`${file} has {{${open}}}, which nobody fills in`);
  if (/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i.test(text)) {
    fail(`${file}: inline scripts and styles do not run under the pages' content security policy`);
  }
  add(path.basename(file), 'own', Buffer.from(text));
}

function licences() {
  const parts = ['ChatPad is distributed with parts of the following packages.\n'];
  for (const name of [...used].sort()) {
    const folder = path.join(root, 'node_modules', name);
    const about = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).sort().find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? readFileSync(path.join(folder, file), 'utf8').trim() : 'See the licence named above.';
    parts.push(`${'-'.repeat(80)}\n${name} ${about.version} (${about.license})\n\n${text}\n`);
  }
  add('licences.txt', 'plain', Buffer.from(parts.join('\n')));
}

const compressed = (bytes) => ({
  gzip: gzipSync(bytes, { level: 9 }),
  br: brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }),
});

function write(out) {
  const folder = path.join(out, 'files');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = {
    names: Object.fromEntries([...names].sort()), chunks, imports: Object.fromEntries([...imports].sort()), files: [],
  };
  const blobs = [];
  const declarations = [];
  const rows = [];
  const blob = (file, symbol) => {
    blobs.push(`.balign 16\n.global ${symbol}\n${symbol}:\n.incbin "${file}"\n.global ${symbol}_end\n${symbol}_end:\n`);
    declarations.push(`extern const char ${symbol}[], ${symbol}_end[];`);
    return `{${symbol}, static_cast<size_t>(${symbol}_end - ${symbol})}`;
  };
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  files.forEach((file, index) => {
    const plain = path.join(folder, file.name);
    writeFileSync(plain, file.bytes);
    const views = [blob(plain, `chatpad_asset_${index}`)];
    const entry = { name: file.name, kind: file.kind, type: file.type, bytes: file.bytes.length };
    if (isText(file.type) && file.bytes.length > COMPRESS_BYTES_MIN) {
      for (const [coding, bytes] of Object.entries(compressed(file.bytes))) {
        if (bytes.length >= file.bytes.length) {
          views.push('{}');
          continue;
        }
        const name = `${plain}.${coding === 'gzip' ? 'gz' : 'br'}`;
        writeFileSync(name, bytes);
        views.push(blob(name, `chatpad_asset_${index}_${coding}`));
        entry[coding] = bytes.length;
      }
    } else {
      views.push('{}', '{}');
    }
    manifest.files.push(entry);
    const hash = createHash('sha256').update(file.bytes).digest('hex').slice(0, 24);
    rows.push(
      `      {"${file.name}",\n       AssetKind::${file.kind},\n       "${file.type}",\n       "${hash}",\n` +
        views.map((view) => `       ${view}`).join(',\n') + '},',
    );
  });
  writeFileSync(path.join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    path.join(out, 'assets_bundle.S'),
    `.section .rodata\n${blobs.join('')}.section .note.GNU-stack,"",%progbits\n`,
  );
  writeFileSync(
    path.join(out, 'assets_bundle.cc'),
    `// Generated by widget-assets/build.mjs, in name order.
#include "runtime/edge/assets.h"

extern "C" {
${declarations.join('\n')}
}

namespace chatpad::edge {
std::span<const Asset> asset_bundle() {
  static const Asset files[] = {
${rows.join('\n')}
  };
  return files;
}
}  // namespace chatpad::edge
`,
  );
  return manifest;
}

function report(manifest) {
  const kib = (bytes) => (bytes === undefined ? '-' : (bytes / 1024).toFixed(1)).padStart(8);
  console.log(`${'file'.padEnd(34)} ${'KiB'.padStart(8)} ${'gzip'.padStart(8)} ${'brotli'.padStart(8)}`);
  for (const { name, bytes, gzip, br } of manifest.files) {
    console.log(`${name.padEnd(34)} ${kib(bytes)} ${kib(gzip)} ${kib(br)}`);
  }
}

const out = path.resolve(process.argv[2] ?? fail('say where to: node widget-assets/build.mjs OUTDIR'));
await loader();
// The parser of Markdown asserts at every character; its assertions are left out.
await application('widget', 'app/main.tsx', {
  target: 'es2022', jsxImportSource: 'preact', splitting: true, pure: ['console.assert'],
});
await application('admin', 'admin/main.tsx', { target: 'es2022', jsxImportSource: 'react', splitting: true });
const pages = await site();
licences();
pages.forEach(page);
report(write(out));
