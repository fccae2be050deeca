// The one store of the app: a value, a reducer, listeners that are told at most once per frame.

import { useEffect, useState } from 'preact/hooks';
import { initial, reduce, type Action, type State } from './state.ts';

export interface Store {
  get(): State;
  dispatch(action: Action): void;
  subscribe(listener: () => void): () => void;
}

export function createStore(): Store {
  let state = initial;
  let scheduled = false;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    dispatch(action) {
      state = reduce(state, action);
      if (scheduled) return;
      scheduled = true;
      // Not an animation frame: a hidden page must go on too.
      setTimeout(() => {
        scheduled = false;
        listeners.forEach((listener) => listener());
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore(store: Store): State {
  const [state, set] = useState(store.get());
  useEffect(() => {
    const told = () => set(store.get());
    told();
    return store.subscribe(told);
  }, [store]);
  return state;
}
