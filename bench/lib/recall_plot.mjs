// The picture of bench/retrieval.mjs: for each kind of questions two bars, ours and ts_rank_cd's. Plain SVG, readable without colour.
const WIDTH = 640;
const HEIGHT = 340;
const LEFT = 60;
const TOP = 56;
const BOTTOM = 96;
const KINDS = {
  natural: ['as readers ask', 'tuned on'],
  tuned: ['paraphrased', 'tuned on'],
  hard: ['other words only', 'tuned on'],
  sealed: ['as readers ask', 'sealed'],
  untuned: ['another manual', 'sealed'],
};

const text = (x, y, what, more = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${what}</text>`;

export function recallPlot(bars, { among, hold }) {
  const y = (share) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  const step = (WIDTH - LEFT - 20) / bars.length;
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<title>Recall among the first ${among} passages</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    '<defs><pattern id="lines" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#f1d9c8"/><line x1="0" y1="0" x2="0" y2="6" stroke="#b5541c" stroke-width="3"/></pattern></defs>',
    text(LEFT, 20, `The passage that answers is among the first ${among}`, 'font-size="14"'),
    text(LEFT, 38, 'solid: built-in search; hatched: PostgreSQL ts_rank_cd; same passages, same run', 'fill="#555"'),
  ];
  for (let share = 0; share <= 1.001; share += 0.2) {
    out.push(`<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(share).toFixed(1)}" y2="${y(share).toFixed(1)}" stroke="#ddd"/>`);
    out.push(text(LEFT - 8, y(share) + 4, share.toFixed(1), 'text-anchor="end"'));
  }
  out.push(`<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(hold).toFixed(1)}" y2="${y(hold).toFixed(1)}" stroke="#222" stroke-dasharray="5 4"/>`);
  bars.forEach((bar, i) => {
    const middle = LEFT + step * (i + 0.5);
    const wide = Math.min(60, step / 3);
    [[bar.ours.recall_5, '#1f4e79', -wide - 2], [bar.theirs.recall_5, 'url(#lines)', 2]].forEach(([share, fill, at]) => {
      out.push(`<rect x="${(middle + at).toFixed(1)}" y="${y(share).toFixed(1)}" width="${wide.toFixed(1)}" height="${(y(0) - y(share)).toFixed(1)}" fill="${fill}"/>`);
      out.push(text(middle + at + wide / 2, y(share) - 4, share.toFixed(2), 'text-anchor="middle"'));
    });
    const [name, how] = KINDS[bar.kind];
    out.push(text(middle, HEIGHT - BOTTOM + 18, name, 'text-anchor="middle"'));
    out.push(text(middle, HEIGHT - BOTTOM + 34, `${how}, ${bar.asked} asked`, 'text-anchor="middle" font-size="11" fill="#555"'));
  });
  out.push(text(LEFT, HEIGHT - 30, 'Measured by bench/retrieval.mjs: paraphrased questions written from the documents alone (tests/knowledge).', 'font-size="11" fill="#555"'));
  out.push(text(LEFT, HEIGHT - 14, 'Dashed: the hold. No model, no key, no network.', 'font-size="11" fill="#555"'));
  return `${out.join('\n')}\n</svg>\n`;
}
