// The app's state is held in a few small stores outside React; components read them with `useStore`
// and re-render when the selected part changes identity. A store is an immutable value, `set`
// replaces it. Actions live beside each store in state/*.ts, so they can be called from anywhere.
import { useSyncExternalStore } from 'react';

export interface Store<T> {
  get(): T;
  set(next: Partial<T> | ((now: T) => Partial<T>)): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T extends object>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      const part = typeof next === 'function' ? next(value) : next;
      value = { ...value, ...part };
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

// `select` must return something stable while nothing changed: a field, not a fresh object.
export function useStore<T extends object, S>(store: Store<T>, select: (value: T) => S): S {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
