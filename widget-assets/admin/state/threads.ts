// The transcripts this browser holds: one `Thread` per conversation opened lately, so that going back
// to one is instant. Pure changes only; who fetches and listens is state/follow.ts.
import { createStore } from '../store';
import type { Lead, Message, SafetyFlag, Visitor } from '../types';
import type { Mark } from './marks';

export interface Pending {
  clientId: string;
  content: string;
  at: string;
  state: 'sending' | 'failed';
  error: string;
  transient: boolean;
}

export interface Running {
  messageId: string;
  text: string;
}

export interface Thread {
  messages: readonly Message[];
  lead: Lead | null;
  visitor: Visitor | null;
  pending: readonly Pending[];
  marks: readonly Mark[];
  running: Running | null;
  visitorTyping: boolean;
  personTyping: string | null;
  phase: 'loading' | 'ready' | 'error' | 'missing';
  error: string;
}

const THREADS_MAX = 12;
const MARKS_MAX = 50;

export const NEW_THREAD: Thread = {
  messages: [], lead: null, visitor: null, pending: [], marks: [], running: null, visitorTyping: false,
  personTyping: null, phase: 'loading', error: '',
};

export const threads = createStore<{ byId: ReadonlyMap<string, Thread> }>({ byId: new Map() });

export function threadOf(id: string): Thread {
  return threads.get().byId.get(id) ?? NEW_THREAD;
}

export function patchThread(id: string, part: Partial<Thread>): void {
  const byId = new Map(threads.get().byId);
  const next = { ...threadOf(id), ...part };
  byId.delete(id);
  byId.set(id, next);
  // Unsent words are never thrown away; of the rest the least recently touched goes.
  for (const [old, thread] of byId) {
    if (byId.size <= THREADS_MAX) break;
    if (old !== id && thread.pending.length === 0) byId.delete(old);
  }
  threads.set({ byId });
}

export function forgetThreads(): void {
  threads.set({ byId: new Map() });
}

export function addMessages(id: string, added: readonly Message[]): void {
  const thread = threadOf(id);
  const byMessage = new Map(thread.messages.map((message) => [message.id, message]));
  let { running, pending, visitorTyping, personTyping } = thread;
  for (const message of added) {
    if (message.running) continue;
    const known = byMessage.has(message.id);
    const flags = message.safetyFlags ?? byMessage.get(message.id)?.safetyFlags;
    byMessage.set(message.id, flags ? { ...message, safetyFlags: flags } : message);
    if (running?.messageId === message.id) running = null;
    if (message.role === 'visitor') visitorTyping = false;
    if (message.role === 'human' && !known) {
      personTyping = null;
      // Our own words can come back by the channel before the answer to our request does.
      const sent = pending.find((item) => item.content.trim() === message.content.trim());
      if (sent) pending = pending.filter((item) => item !== sent);
    }
  }
  const messages = [...byMessage.values()].sort((a, b) => a.seq - b.seq);
  patchThread(id, { messages, running, pending, visitorTyping, personTyping });
}

// Events of messages do not hold their flags: visitors read those too.
export function putFlags(id: string, flagsOf: ReadonlyMap<string, SafetyFlag[]>): void {
  const messages = threadOf(id).messages.map((message) => {
    const safetyFlags = flagsOf.get(message.id);
    return safetyFlags ? { ...message, safetyFlags } : message;
  });
  patchThread(id, { messages });
}

// The cursor to catch up from: the end of the part without a hole.
export function contiguousSeq(thread: Thread): number {
  let seq = 0;
  for (const message of thread.messages) {
    if (message.seq !== seq + 1) break;
    seq = message.seq;
  }
  return seq;
}

export function addMark(id: string, mark: Mark): void {
  const { marks } = threadOf(id);
  if (marks.some((item) => item.key === mark.key)) return;
  const all = [...marks, mark].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  patchThread(id, { marks: all.slice(-MARKS_MAX) });
}

export function putPending(id: string, item: Pending): void {
  const rest = threadOf(id).pending;
  const known = rest.some((other) => other.clientId === item.clientId);
  patchThread(id, {
    pending: known
      ? rest.map((other) => (other.clientId === item.clientId ? item : other))
      : [...rest, item],
  });
}

export function dropPending(id: string, clientId: string): void {
  patchThread(id, { pending: threadOf(id).pending.filter((item) => item.clientId !== clientId) });
}
