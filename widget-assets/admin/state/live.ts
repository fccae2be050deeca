// Realtime channels, held by topic. `watch` joins a private topic and keeps it joined: supabase-js
// joins again by itself after a lost socket; a channel that the server closed is made anew here.
// `onJoined` is called after every join, the moment to catch up: from then on nothing is missed.
// Durable events carry an id and come once per topic; `fresh` drops the second of two.
import type { RealtimeChannel } from '@supabase/supabase-js';
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
const SEEN_EVENTS_MAX = 2_000;

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
  onJoined: () => void;
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
    const mine = supabase.channel(watcher.topic, { config: { private: true } });
    channel = mine;
    mine
      .on('broadcast', { event: '*' }, (event) => {
        if (!stopped) watcher.onEvent(event as unknown as LiveEvent);
      })
      .subscribe((status) => {
        if (stopped || channel !== mine) return;
        if (status === 'SUBSCRIBED') {
          joined = true;
          watcher.onLink('live');
          watcher.onJoined();
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

// A network that was gone and is back may have left the socket standing, and then nothing joins again:
// whoever follows something catches up by themselves.
const backs = new Set<() => void>();
export function whenBack(handler: () => void): () => void {
  backs.add(handler);
  return () => backs.delete(handler);
}

addEventListener('offline', () => link.set({ online: false }));
addEventListener('online', () => {
  link.set({ online: true });
  if (!supabase.realtime.isConnected() && supabase.getChannels().length > 0) {
    supabase.realtime.connect();
  }
  for (const handler of [...backs]) handler();
});
