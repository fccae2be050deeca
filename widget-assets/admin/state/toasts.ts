// Short notices at the edge of the screen. A failure stays longer than good news; none needs an answer.
import { createStore } from '../store';

export interface Toast {
  id: number;
  tone: 'info' | 'bad';
  text: string;
}

const SHOWN_MAX = 3;
const INFO_MS = 4_000;
const BAD_MS = 8_000;

export const toasts = createStore<{ items: readonly Toast[] }>({ items: [] });
let last = 0;

export function toast(text: string, tone: Toast['tone'] = 'info'): void {
  const id = ++last;
  toasts.set((now) => ({ items: [...now.items, { id, tone, text }].slice(-SHOWN_MAX) }));
  setTimeout(() => dismiss(id), tone === 'bad' ? BAD_MS : INFO_MS);
}

export function dismiss(id: number): void {
  toasts.set((now) => ({ items: now.items.filter((item) => item.id !== id) }));
}
