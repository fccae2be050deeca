// Files made by hand, for whoever reads them: PDF (ISO 32000-1, one page after the other in Helvetica),
// zip archives and the office files in them (ECMA-376).
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';

const escape = (text) => text.replace(/[\\()]/g, '\\$&');
const xml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

// pages: [{heading?, lines: [text]}]; objects can be added or spoiled by `more` and `spoil`.
export function pdf(pages, { title, more = [], spoil = (objects) => objects } = {}) {
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', '', '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>'];
  const kids = [];
  for (const { heading, lines } of pages) {
    let y = 780;
    let content = 'BT\n';
    if (heading) {
      content += `/F1 20 Tf 1 0 0 1 50 ${y} Tm (${escape(heading)}) Tj\n`;
      y -= 34;
    }
    for (const line of lines) {
      if (line) content += `/F1 10 Tf 1 0 0 1 50 ${y} Tm (${escape(line)}) Tj\n`;
      y -= line ? 12 : 10;
    }
    const stream = deflateSync(Buffer.from(`${content}ET`, 'latin1'));
    objects.push(Buffer.concat([Buffer.from(`<< /Length ${stream.length} /Filter /FlateDecode >>\nstream\n`), stream, Buffer.from('\nendstream')]));
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${objects.length} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`);
    kids.push(`${objects.length} 0 R`);
  }
  objects[1] = `<< /Type /Pages /Count ${kids.length} /Kids [${kids.join(' ')}] >>`;
  objects.push(...more);
  if (title) objects.push(`<< /Title (${escape(title)}) >>`);
  const all = spoil(objects);
  const parts = [Buffer.from('%PDF-1.7\n')];
  const places = [];
  let size = parts[0].length;
  for (const [index, object] of all.entries()) {
    const body = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object, 'latin1'), Buffer.from('\nendobj\n')]);
    places.push(size);
    size += body.length;
    parts.push(body);
  }
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const info = title ? ` /Info ${all.length} 0 R` : '';
  parts.push(Buffer.from(`xref\n0 ${all.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${all.length + 1} /Root 1 0 R${info} >>\nstartxref\n${size}\n%%EOF\n`));
  return Buffer.concat(parts);
}

// entries: {name: text or bytes}; `lie` changes the sizes the archive claims.
export function zip(entries, { lie = (size) => size } = {}) {
  const local = [];
  const central = [];
  let at = 0;
  for (const [name, content] of Object.entries(entries)) {
    const raw = Buffer.from(content);
    const packed = deflateRawSync(raw);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(crc32(raw), 14);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(lie(raw.length), 22);
    head.writeUInt16LE(Buffer.byteLength(name), 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    entry.writeUInt16LE(20, 6);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(crc32(raw), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(lie(raw.length), 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(at, 42);
    local.push(head, Buffer.from(name), packed);
    central.push(entry, Buffer.from(name));
    at += 30 + Buffer.byteLength(name) + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 8);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, directory, end]);
}

const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';
const rels = (list) => `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${list
  .map(([id, target]) => `<Relationship Id="${id}" Type="x" Target="${target}"/>`).join('')}</Relationships>`;

// blocks: [{style?, text}], {row: [cells]}.
export function docxEntries(blocks, { title = '' } = {}) {
  const paragraph = ({ style, text }) => `<w:p>${style ? `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>` : ''}<w:r><w:t>${xml(text)}</w:t></w:r></w:p>`;
  const body = blocks.map((block) => block.row
    ? `<w:tbl><w:tr>${block.row.map((text) => `<w:tc>${paragraph({ text })}</w:tc>`).join('')}</w:tr></w:tbl>` : paragraph(block)).join('');
  return {
    'word/document.xml': `<w:document ${W}><w:body>${body}</w:body></w:document>`,
    'word/styles.xml': `<w:styles ${W}>${[1, 2].map((n) => `<w:style w:styleId="H${n}"><w:name w:val="heading ${n}"/></w:style>`).join('')}</w:styles>`,
    'docProps/core.xml': `<c:coreProperties xmlns:c="x" xmlns:dc="y"><dc:title>${xml(title)}</dc:title></c:coreProperties>`,
  };
}
export const docx = (blocks, options) => zip(docxEntries(blocks, options));

export function pptx(slides) {
  const P = `xmlns:p="p" xmlns:a="a" ${R}`;
  const shape = (type, text) => `<p:sp><p:nvSpPr><p:nvPr>${type ? `<p:ph type="${type}"/>` : ''}</p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>${xml(text)}</a:t></a:r></a:p></p:txBody></p:sp>`;
  const entries = {
    'ppt/presentation.xml': `<p:presentation ${P}><p:sldIdLst>${slides.map((_, i) => `<p:sldId id="${256 + i}" r:id="r${i}"/>`).join('')}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': rels(slides.map((_, i) => [`r${i}`, `slides/slide${slides.length - i}.xml`])),
  };
  for (const [i, { title, text }] of slides.entries()) {
    entries[`ppt/slides/slide${slides.length - i}.xml`] = `<p:sld ${P}><p:cSld><p:spTree>${shape('title', title)}${shape('', text)}</p:spTree></p:cSld></p:sld>`;
  }
  return zip(entries);
}

// rows: [[cells]]; a Date is a date, everything else a shared string.
export function xlsx(name, rows) {
  const strings = [];
  const cell = (value, ref) => {
    if (value instanceof Date) return `<c r="${ref}" s="1"><v>${Math.round(value.getTime() / 86_400_000) + 25_569}</v></c>`;
    strings.push(String(value));
    return `<c r="${ref}" t="s"><v>${strings.length - 1}</v></c>`;
  };
  const data = rows.map((row, y) => `<row r="${y + 1}">${row.map((value, x) => cell(value, `${String.fromCharCode(65 + x)}${y + 1}`)).join('')}</row>`).join('');
  return zip({
    'xl/workbook.xml': `<workbook ${R}><sheets><sheet name="${xml(name)}" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': rels([['r1', 'worksheets/sheet1.xml']]),
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${data}</sheetData></worksheet>`,
    'xl/sharedStrings.xml': `<sst>${strings.map((text) => `<si><t>${xml(text)}</t></si>`).join('')}</sst>`,
    'xl/styles.xml': '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
  });
}
