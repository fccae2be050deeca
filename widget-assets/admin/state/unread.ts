// What this person has not looked at yet, kept per browser: the last sequence number seen of each
// conversation, and the moment from which on this browser counts at all. Bounded to the newest.
import { activityAt } from '../format';
import { createStore } from '../store';
import { readJson, writeJson } from '../prefs';
import type { Conversation } from '../types';

interface Seen {
  since: string;
  seq: Record<string, number>;
}

const KEY = 'chatpad-seen';
const SEEN_MAX = 500;

export const seen = createStore<Seen>(readJson<Seen>(KEY, { since: new Date().toISOString(), seq: {} }));
writeJson(KEY, seen.get());

export function isUnread(state: Seen, conversation: Conversation): boolean {
  const last = state.seq[conversation.id];
  if (last !== undefined) return conversation.lastSeq > last;
  return activityAt(conversation) > state.since;
}

export function markSeen(id: string, seq: number): void {
  const now = seen.get();
  if ((now.seq[id] ?? -1) >= seq) return;
  const { [id]: _, ...rest } = now.seq;
  const entries = [...Object.entries(rest), [id, seq] as const].slice(-SEEN_MAX);
  seen.set({ seq: Object.fromEntries(entries) });
  writeJson(KEY, seen.get());
}
