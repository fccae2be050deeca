// Realtime channels, held by topic. `watch` joins a private topic and keeps it joined: supabase-js
// joins again by itself after a lost socket; a channel that the server closed is made anew here.
// Whatever was missed meanwhile comes with the next join (shared/recover.ts); only after the first join,
// and when the server has no history any more, the state is loaded: from then on nothing is missed.
// Durable events carry an id and come once per topic; `fresh` drops the second of two.
import type { RealtimeChannel } from '@supabase/supabase-js';
import { recoverable, type RecoverOptions } from '../../shared/recover.ts';
import { supabase } from '../client';
import { createStore } from '../store';
import type { LiveEvent } from '../types';

export type Link = 'connecting' | 'live' | 'reconnecting';
export interface LinkState {
  account: Link;
  thread: Link;
  online: boolean;
}

export const link = createStore<LinkState>({
  account: 'connecting', thread: 'connecting', online: navigator.onLine,
});

const REJOIN_MS = 1_000;
// A load that failed is tried again.
const RELOAD_MS = 5_000;
// A socket that does not answer this long is dead.
const PROBE_MS = 5_000;
// Two histories of one length: the account's and the open conversation's.
const SEEN_EVENTS_MAX = 20_000;

const seen = new Set<string>();
export function fresh(event: LiveEvent): boolean {
  const id = event.meta?.id;
  if (!id) return true;
  if (seen.has(id)) return false;
  seen.add(id);
  if (seen.size > SEEN_EVENTS_MAX) seen.delete(seen.values().next().value as string);
  return true;
}

export interface Watcher {
  topic: string;
  onEvent: (event: LiveEvent) => void;
  // Loads the state; false when that failed.
  load: () => Promise<boolean>;
  onJoined?: () => void;
  // All that was missed is here.
  onCaughtUp?: () => void;
  onLink: (link: Link) => void;
}

export interface Watch {
  stop: () => void;
  send: (event: string, payload: object) => void;
}

// A topic can be watched again only after its earlier channel has left.
const leaving = new Map<string, Promise<unknown>>();

export function watch(watcher: Watcher): Watch {
  let channel: RealtimeChannel | null = null;
  let stopped = false;
  let joined = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let loadTimer: ReturnType<typeof setTimeout> | undefined;
  let complete = false;
  let loads = 0;
  // Outlives the channel.
  let cursor: RecoverOptions['cursor'] = {};

  async function load(): Promise<void> {
    clearTimeout(loadTimer);
    complete = false;
    const mine = ++loads;
    const done = await watcher.load();
    if (stopped || mine !== loads) return;
    complete = done;
    if (done) watcher.onCaughtUp?.();
    else loadTimer = setTimeout(() => void load(), RELOAD_MS);
  }

  const lost = () => {
    if (!stopped) watcher.onLink(joined ? 'reconnecting' : 'connecting');
  };
  const again = () => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void join(), REJOIN_MS);
  };

  async function join(): Promise<void> {
    await leaving.get(watcher.topic);
    await supabase.realtime.setAuth();
    if (stopped) return;
    const room = recoverable(supabase, watcher.topic, {
      cursor,
      onGap: () => {
        if (!stopped) void load();
      },
      onCaughtUp: () => {
        if (stopped) return;
        if (complete) watcher.onCaughtUp?.();
        else void load();
      },
    });
    cursor = room.cursor;
    room.on('*', (event) => {
      if (!stopped) watcher.onEvent(event);
    });
    const mine = (channel = room.channel);
    mine.subscribe((status) => {
      if (stopped || channel !== mine) return;
      if (status === 'SUBSCRIBED') {
        joined = true;
        watcher.onLink('live');
        watcher.onJoined?.();
      } else {
        lost();
        if (status === 'CLOSED') {
          channel = null;
          again();
        }
      }
    });
  }

  watcher.onLink('connecting');
  void join();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearTimeout(loadTimer);
      if (!channel) return;
      const done = supabase.removeChannel(channel).catch(() => {});
      leaving.set(watcher.topic, done);
      void done.then(() => {
        if (leaving.get(watcher.topic) === done) leaving.delete(watcher.topic);
      });
    },
    send(event, payload) {
      if (channel?.state === 'joined') void channel.send({ type: 'broadcast', event, payload });
    },
  };
}

// A network that was gone, or a machine that slept, may have left a dead socket standing: one heartbeat
// asks, and a second one, while the first is unanswered, makes supabase-js connect anew.
function probe(): void {
  const { realtime } = supabase;
  if (!realtime.isConnected()) {
    if (supabase.getChannels().length > 0) realtime.connect();
    return;
  }
  if (!realtime.pendingHeartbeatRef) void realtime.sendHeartbeat();
  const asked = realtime.pendingHeartbeatRef;
  setTimeout(() => {
    if (asked && realtime.pendingHeartbeatRef === asked) void realtime.sendHeartbeat();
  }, PROBE_MS);
}

// The network is back: whatever failed for want of it is tried again.
const backs = new Set<() => void>();
export function whenBack(handler: () => void): () => void {
  backs.add(handler);
  return () => backs.delete(handler);
}

addEventListener('offline', () => link.set({ online: false }));
addEventListener('online', () => {
  link.set({ online: true });
  probe();
  for (const handler of [...backs]) handler();
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') probe();
});
