// Lets rows glide to their new place when the order of a list changes, so that a conversation that
// moves to the top can be followed by eye. Nothing moves for people who ask for less motion.
import { useLayoutEffect, useRef, type RefObject } from 'react';

const GLIDE_MS = 180;
// Beyond this a glide is only a blur.
const ROWS_MAX = 60;

export function useGlide(list: RefObject<HTMLElement | null>, order: string): void {
  const tops = useRef(new Map<string, number>());
  useLayoutEffect(() => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-key]') ?? [])];
    const now = new Map(rows.map((row) => [row.dataset.key ?? '', row.offsetTop]));
    const before = tops.current;
    tops.current = now;
    if (rows.length > ROWS_MAX || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    for (const row of rows) {
      const key = row.dataset.key ?? '';
      const from = before.get(key);
      const to = now.get(key) ?? 0;
      if (from === undefined || from === to) continue;
      row.animate(
        [{ transform: `translateY(${from - to}px)` }, { transform: 'none' }],
        { duration: GLIDE_MS, easing: 'cubic-bezier(0.2, 0, 0, 1)' },
      );
    }
  }, [list, order]);
}
