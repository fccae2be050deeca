// Files as somebody sends them who means harm: bombs by name, and good files cut off and changed at
// random, the same ones each time.
import { deflateSync, gzipSync } from 'node:zlib';
import { docx, docxEntries, pdf, pptx, xlsx, zip } from './files.mjs';

const MiB = 1024 * 1024;

const GOOD = {
  'a.pdf': () => pdf([{ heading: 'One', lines: ['Some words of a page.'] }, { lines: ['More words.'] }], { title: 'T' }),
  'a.docx': () => docx([{ style: 'H1', text: 'One' }, { text: 'Some words.' }, { row: ['a', 'b'] }]),
  'a.pptx': () => pptx([{ title: 'One', text: 'Some words.' }]),
  'a.xlsx': () => xlsx('Sheet', [['Name', 'Price'], ['Lamp', '12']]),
  'a.html': () => Buffer.from('<!doctype html><title>T</title><main><h1>One</h1><p>Some <b>words</b>.<table><tr><td>a<td>b</table></main>'),
  'a.md': () => Buffer.from('# One\n\nSome *words* [and](http://x.example).\n\n- a\n- b\n\n```\ncode\n```\n'),
  'a.csv': () => Buffer.from('Question,Answer\n"How, so?","Like ""this""."\nWhy?,So\n'),
  'a.json': () => Buffer.from('{"a": [{"question": "How?", "answer": "So."}], "b": {"c": 1.5, "d": "\\u00e9"}}'),
};

// xorshift: the files of one seed are the same everywhere.
export function random(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function changed(bytes, next) {
  const out = Buffer.from(bytes);
  switch (next(4)) {
    case 0: return out.subarray(0, next(out.length));
    case 1:
      for (let i = 1 + next(20); i > 0; --i) out[next(out.length)] = next(256);
      return out;
    case 2: {
      const at = next(out.length);
      return Buffer.concat([out.subarray(0, at), Buffer.alloc(1 + next(2000), next(256)), out.subarray(at)]);
    }
    default: {
      const [a, b] = [next(out.length), next(out.length)];
      return Buffer.concat([out.subarray(0, a), out.subarray(b), out.subarray(Math.min(a, b), Math.max(a, b))]);
    }
  }
}

const stream = (bytes, filter) => Buffer.concat([Buffer.from(`<< /Length ${bytes.length} /Filter ${filter} >>\nstream\n`), bytes, Buffer.from('\nendstream')]);
const pages = (spoil) => pdf([{ lines: ['Words.'] }], { spoil });
const word = (body) => zip({ ...docxEntries([{ text: 'x' }]), 'word/document.xml': body });

// The one that uses up its computing time.
export const SLOWEST = 'deep.html';
// Each ends one way or another; what they have in common is that nothing else notices.
export const BOMBS = {
  'flate bomb.pdf': () => pages((o) => [...o.slice(0, 3), stream(deflateSync(Buffer.alloc(400 * MiB, 0x20)), '/FlateDecode'), ...o.slice(4)]),
  'nested filters.pdf': () => {
    let bytes = Buffer.alloc(64 * MiB, 0x20);
    for (let i = 0; i < 40; ++i) bytes = deflateSync(bytes);
    return pages((o) => [...o.slice(0, 3), stream(bytes, `[${'/FlateDecode '.repeat(40)}]`), ...o.slice(4)]);
  },
  'a million pages.pdf': () => pages((o) => o.map((one, i) => (i === 1 ? '<< /Type /Pages /Count 1000000 /Kids [5 0 R] >>' : one))),
  'page tree cycle.pdf': () => pages((o) => o.map((one, i) => (i === 1 ? '<< /Type /Pages /Count 3 /Kids [2 0 R 2 0 R 5 0 R] >>' : one))),
  'xref loop.pdf': () => Buffer.from('%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF'),
  'deep arrays.pdf': () => pages((o) => [...o, `${'['.repeat(200_000)}${']'.repeat(200_000)}`].map((one, i) => (i === 0 ? `<< /Type /Catalog /Pages 2 0 R /Names ${'['.repeat(100_000)} >>` : one))),
  'a zip bomb.docx': () => word(Buffer.alloc(300 * MiB, 0x20)),
  'a lying zip.docx': () => zip(docxEntries([{ text: 'x'.repeat(100_000) }]), { lie: () => 10 }),
  'many entries.docx': () => zip(Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`e${i}`, '']))),
  'deep xml.docx': () => word('<w:p>'.repeat(2_000_000)),
  'entities.docx': () => word(`<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 12 }, (_, i) => `<!ENTITY ${'abcdefghijklm'[i + 1]} "${`&${'abcdefghijklm'[i]};`.repeat(10)}">`).join('')}]><w:document><w:p><w:t>&m;</w:t></w:p></w:document>`),
  'external entity.docx': () => word('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document><w:p><w:t>&x;</w:t></w:p></w:document>'),
  'slip.docx': () => zip({ '../../../../tmp/chatpad-slip': 'x', 'word/document.xml': '<w:document><w:p><w:t>Words.</w:t></w:p></w:document>' }),
  'wide sheet.xlsx': () => zip({
    'xl/workbook.xml': '<workbook><sheets><sheet name="s" r:id="r1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': '<R><Relationship Id="r1" Target="worksheets/sheet1.xml"/></R>',
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${'<row><c r="XFD1"><v>1</v></c><c r="ZZZZZZZ1"><v>1</v></c></row>'.repeat(50_000)}</sheetData></worksheet>`,
  }),
  'deep.html': () => Buffer.from(`<html><body>${'<div>'.repeat(1_000_000)}Words.`),
  'deep formatting.html': () => Buffer.from(`<html><body>${'<b><i><a>'.repeat(20_000)}Words.`),
  'attributes.html': () => Buffer.from(`<html><body><p ${Array.from({ length: 40_000 }, (_, i) => `a${i}=1`).join(' ')}>Words.`),
  'entities.html': () => Buffer.from(`<html><body><p>${'&CounterClockwiseContourIntegral;'.repeat(100_000)}`),
  'deep.json': () => Buffer.from('['.repeat(3_000_000)),
  'wide.csv': () => Buffer.from(`a,b\n${'x,'.repeat(300_000)}\n`),
  'unclosed.csv': () => Buffer.from(`a,b\n"${'x'.repeat(1_000_000)}`),
  'deep.md': () => Buffer.from(`${'> '.repeat(50_000)}words\n\n${'['.repeat(100_000)}\n${'*a _'.repeat(50_000)}`),
  'one line.txt': () => Buffer.from('word '.repeat(500_000)),
  'nul.txt': () => Buffer.from('a\0b'),
  'image.pdf': () => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0]),
  'picture.csv': () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><text>Words</text></svg>'),
  'gzip.txt': () => gzipSync(Buffer.alloc(100 * MiB)),
  'empty.zip': () => zip({}),
};

// [name, bytes]: the bombs, and as many changed files as are missing to `count`.
export function* hostileFiles(count, seed = 20_260) {
  const next = random(seed);
  for (const [name, make] of Object.entries(BOMBS)) yield [name, make()];
  const names = Object.keys(GOOD);
  for (let i = Object.keys(BOMBS).length; i < count; ++i) {
    const name = names[i % names.length];
    yield [`${i} ${name}`, changed(GOOD[name](), next)];
  }
}
