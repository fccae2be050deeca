// The text of a simple HTML document as a person would paste it: headings and paragraphs on lines of
// their own, list items with a dash, everything else dropped. For test documents, not for the web.
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', mdash: '-', ndash: '-', copy: '(c)' };

export function htmlText(html) {
  const verbatim = []; // <pre> keeps its lines, fenced
  const text = html
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<pre\b[^>]*>([\s\S]*?)<\/pre>/gi, (all, inside) => `<p>\u0001${verbatim.push(plain(inside)) - 1}\u0002</p>`)
    .replace(/[ \t\r\n]+/g, ' ')
    .replace(/<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1>/gi, (all, level, text) => `\n\n${'#'.repeat(Number(level))} ${text}\n\n`)
    .replace(/<\/?(p|div|dl|dt|dd|ul|ol|table|tr|hr|blockquote)\b[^>]*>/gi, '\n\n')
    .replace(/<li\b[^>]*>/gi, '\n- ')
    .replace(/<br\b[^>]*>/gi, '\n');
  return plain(text)
    .replace(/ +/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n-\n+/g, '\n- ')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .replace(/\u0001(\d+)\u0002/g, (all, index) => `\`\`\`\n${verbatim[index].replace(/^\n+|\s+$/g, '')}\n\`\`\``);
}

// Without tags, with entities resolved.
function plain(html) {
  return html.replace(/<[^>]+>/g, '').replace(/&(#x?[0-9a-f]+|\w+);/gi, (all, name) => {
    if (name[0] !== '#') return ENTITIES[name] ?? all;
    return String.fromCodePoint(name[1] === 'x' ? parseInt(name.slice(2), 16) : Number(name.slice(1)));
  });
}
