// What a person chose for this browser: theme, sound, the details panel, the account. Kept in
// localStorage; where that is closed (a hardened browser) the choice lasts until the reload.
import { createStore } from './store';

export interface Prefs {
  theme: 'system' | 'light' | 'dark';
  sound: boolean;
  details: boolean;
  accountId: string | null;
}

const KEY = 'chatpad-prefs';
const START: Prefs = { theme: 'system', sound: false, details: true, accountId: null };

export function readJson<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(key);
    return text ? { ...fallback, ...(JSON.parse(text) as T) } : fallback;
  } catch {
    return fallback;
  }
}

export function writeJson(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or closed storage: the choice is not remembered, nothing else depends on it.
  }
}

export const prefs = createStore<Prefs>(readJson(KEY, START));

function apply(): void {
  const { theme } = prefs.get();
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
}

prefs.subscribe(() => {
  apply();
  writeJson(KEY, prefs.get());
});
apply();
