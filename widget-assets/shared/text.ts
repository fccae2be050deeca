// What people typed, as it is shown. Pure.

/** Lines of spaces or of characters nobody sees are blank as well. */
const MANY_LINES = /\n(?:(?:[^\S\n]|\p{Cf})*\n){2,}/gu;

/** Blank lines beyond the first say nothing and make a bubble as high as the screen. */
export function shorterGaps(text: string): string {
  return text.replace(MANY_LINES, '\n\n');
}
