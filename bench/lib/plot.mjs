// The picture of bench/personas.mjs: cost of a row against personas, one line per number of
// subscribers, both axes logarithmic. Plain SVG, readable without colour.
const WIDTH = 640;
const HEIGHT = 420;
const LEFT = 72;
const RIGHT = 130;
const TOP = 48;
const BOTTOM = 92;
const STYLES = [['#1f4e79', ''], ['#b5541c', '6 3'], ['#3f7d3a', '2 3'], ['#6b3f87', '8 3 2 3']];

const text = (x, y, what, more = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${what}</text>`;

export function costPlot(points, { rate, seconds }) {
  const cost = (point) => Math.max(1, point.program + point.postgres);
  const xEnd = Math.max(...points.map((point) => point.personas), 10);
  const yFrom = 10 ** Math.floor(Math.log10(Math.min(...points.map(cost))));
  const yEnd = 10 ** Math.ceil(Math.log10(Math.max(...points.map(cost))));
  const x = (personas) => LEFT + (Math.log10(personas) / Math.log10(xEnd)) * (WIDTH - LEFT - RIGHT);
  const y = (us) => HEIGHT - BOTTOM - (Math.log10(us / yFrom) / Math.log10(yEnd / yFrom)) * (HEIGHT - TOP - BOTTOM);
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">`,
    '<title>CPU per row change against personas</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 20, 'CPU of ChatPad and PostgreSQL per row, above a table nobody listens to', 'font-size="14"'),
    text(LEFT, 37, 'postgres_changes, policy has_account_access, every persona may see every row', 'fill="#555"'),
  ];
  for (let us = yFrom; us <= yEnd; us *= 10) {
    out.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(us).toFixed(1)}" y2="${y(us).toFixed(1)}" stroke="#ddd"/>`);
    out.push(text(LEFT - 8, y(us) + 4, us >= 1000 ? `${us / 1000} ms` : `${us} µs`, 'text-anchor="end"'));
  }
  for (let personas = 1; personas <= xEnd; personas *= 10) {
    out.push(text(x(personas), HEIGHT - BOTTOM + 18, personas, 'text-anchor="middle"'));
  }
  out.push(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 36, 'personas (logins with rights of their own)', 'text-anchor="middle"'));
  [...new Set(points.map((point) => point.subscribers))].forEach((subscribers, i) => {
    const [colour, dashes] = STYLES[i % STYLES.length];
    const mine = points.filter((point) => point.subscribers === subscribers);
    const line = mine.map((point) => `${x(point.personas).toFixed(1)},${y(cost(point)).toFixed(1)}`).join(' ');
    out.push(`<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes}"/>`);
    for (const point of mine) out.push(`<circle cx="${x(point.personas).toFixed(1)}" cy="${y(cost(point)).toFixed(1)}" r="3.5" fill="${colour}"/>`);
    const end = mine.at(-1);
    out.push(text(x(end.personas) + 8, y(cost(end)) + [16, 14, -4][i % 3], `${subscribers.toLocaleString('en')} subscribers`, `fill="${colour}"`));
  });
  out.push(text(LEFT, HEIGHT - 34, `Measured by bench/personas.mjs: ${rate} rows per second, each in a transaction of its own, ${seconds} s a point,`, 'font-size="11" fill="#555"'));
  out.push(text(LEFT, HEIGHT - 20, 'one machine for server, database and load; one run, no mean. Rows that come together share their', 'font-size="11" fill="#555"'));
  out.push(text(LEFT, HEIGHT - 6, 'questions, so a row costs less at higher rates; a subscriber costs the write to its socket.', 'font-size="11" fill="#555"'));
  return `${out.join('\n')}\n</svg>\n`;
}
