// Figures on the screen, and the verdict: a missed hold ends the program with exit code 1.
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const seconds = Number(process.env.BENCH_SECONDS ?? 5);
export const rounds = Number(process.env.BENCH_ROUNDS ?? 5);

const round = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));

// One line: the median, and the spread of the rounds behind it.
export function figure(what, values, unit) {
  const spread = values.length > 1 ? `  (${round(Math.min(...values))} to ${round(Math.max(...values))}, ${values.length} rounds)` : '';
  console.log(`  ${what.padEnd(52)} ${round(median(values)).padStart(9)} ${unit}${spread}`);
}

let missed = 0;
// `atMost` or `atLeast` is the hold.
export function judge(what, value, { atMost, atLeast, goal, unit = '' }) {
  const holds = atMost !== undefined ? value <= atMost : value >= atLeast;
  const limit = atMost !== undefined ? `<= ${atMost}` : `>= ${atLeast}`;
  const aim = goal === undefined ? '' : `, goal ${goal}`;
  console.log(`${holds ? 'holds ' : 'MISSED'}  ${what}: ${value.toFixed(value < 10 ? 2 : 0)}${unit}  (hold ${limit}${unit}${aim}${goal === undefined ? '' : unit})`);
  if (!holds) missed += 1;
}

export function verdict() {
  process.exit(missed > 0 ? 1 : 0);
}

// Ratios of the runs of one round, then their median: what disturbs a round disturbs both sides.
export function ratios(ours, theirs) {
  return ours.map((value, i) => value / theirs[i]);
}
