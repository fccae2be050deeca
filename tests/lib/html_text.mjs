// The text of a simple HTML document as a person would paste it: headings and paragraphs on lines of
// their own, list items with a dash, everything else dropped. For test documents, not for the web.
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', mdash: '-', ndash: '-', copy: '(c)' };

export function htmlText(html) {
  return html
    .replace(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/[ \t\r\n]+/g, ' ')
    .replace(/<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1>/gi, (all, level, text) => `\n\n${'#'.repeat(Number(level))} ${text}\n\n`)
    .replace(/<(p|div|dl|dt|dd|ul|ol|table|tr|pre|hr|blockquote)\b[^>]*>/gi, '\n\n')
    .replace(/<li\b[^>]*>/gi, '\n- ')
    .replace(/<br\b[^>]*>/gi, '\n')
    .replace(/<[^>]+>/g, '')
    .replace(/&(#x?[0-9a-f]+|\w+);/gi, (all, name) => {
      if (name[0] !== '#') return ENTITIES[name] ?? all;
      return String.fromCodePoint(name[1] === 'x' ? parseInt(name.slice(2), 16) : Number(name.slice(1)));
    })
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n- \n+/g, '\n- ')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
