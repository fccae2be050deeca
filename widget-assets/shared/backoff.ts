// How long to wait before the next attempt: doubling pauses with jitter, so that a thousand pages
// do not come back in the same second after a restart. Pure; the caller owns the timer.

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** `attempt` counts from 0. `random` is 0..1: the pause is between half and all of its value. */
export function backoffMs(attempt: number, random = Math.random()): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + random / 2));
}
