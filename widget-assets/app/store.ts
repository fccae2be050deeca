// The one store of the app: a value, its reducer, and the surface that is told of changes.

import { initial, reduce, type Action, type State } from './state.ts';

export interface Store {
  get(): State;
  dispatch(action: Action): void;
  /** Told soon after one or several changes. */
  onChange: () => void;
}

export function createStore(): Store {
  let state = initial;
  let scheduled = 0;
  const store: Store = {
    get: () => state,
    dispatch(action) {
      state = reduce(state, action);
      // Not an animation frame: a hidden page has none.
      scheduled ||= window.setTimeout(() => {
        scheduled = 0;
        store.onChange();
      });
    },
    onChange() {},
  };
  return store;
}
