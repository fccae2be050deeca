// What the pages about an account - team, keys, audit log - share: a value that is loaded when its page
// opens and again when an event says that it changed, and what is asked of the server once at a time.
import { useCallback, useEffect, useRef, useState } from 'react';
import { messageOf } from '../api';
import type { LiveEvent } from '../types';
import { toast } from './toasts';

// Several events often come from one act.
const SETTLE_MS = 150;

const listeners = new Set<(event: LiveEvent | null) => void>();

// Null: everything may have changed.
export function tellSettings(event: LiveEvent | null): void {
  for (const listener of [...listeners]) listener(event);
}

export interface Loaded<T> {
  value: T | null;
  error: string;
  reload: () => void;
}

// `key` names what is loaded: another one starts over. `concerns` says which events are about it.
export function useLoaded<T>(
  key: string, load: () => Promise<T>, concerns: (event: string) => boolean,
): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; error: string }>({ key, value: null, error: '' });
  const latest = useRef({ load, concerns });
  latest.current = { load, concerns };
  const round = useRef(0);
  const reload = useCallback(() => {
    const mine = ++round.current;
    void latest.current.load().then(
      (value) => {
        if (mine === round.current) setState({ key, value, error: '' });
      },
      (error: unknown) => {
        if (mine !== round.current) return;
        setState((now) => ({ key, value: now.key === key ? now.value : null, error: messageOf(error) }));
      },
    );
  }, [key]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const listener = (event: LiveEvent | null) => {
      if (event && !latest.current.concerns(event.event)) return;
      clearTimeout(timer);
      timer = setTimeout(reload, SETTLE_MS);
    };
    reload();
    listeners.add(listener);
    return () => {
      round.current++;
      clearTimeout(timer);
      listeners.delete(listener);
    };
  }, [reload]);
  return { value: state.key === key ? state.value : null, error: state.key === key ? state.error : '', reload };
}

// One act at a time; what goes wrong is said, in a notice or, with `onFailure`, where the person looks.
export function useAct(): [boolean, (act: () => Promise<unknown>, onFailure?: (text: string) => void) => Promise<boolean>] {
  const [busy, setBusy] = useState(false);
  const running = useRef(false);
  const run = useCallback(async (act: () => Promise<unknown>, onFailure?: (text: string) => void) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    try {
      await act();
      return true;
    } catch (error) {
      const text = messageOf(error);
      if (onFailure) onFailure(text);
      else toast(text, 'bad');
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  return [busy, run];
}
