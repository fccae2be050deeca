// The answer that the assistant is writing right now. Deltas are live and unnumbered, so somebody who
// opens a conversation mid-answer has to join two views: the text stored so far, and what was heard
// since joining. The longest overlap of the stored text's end with the heard text's start decides.
import { patchThread, threadOf } from './threads';
import type { RunningAnswer } from '../types';

const HEARD_MAX = 40;

// By message: what was heard since the channel was joined; null for an answer that has ended.
const heard = new Map<string, string | null>();

export function joinTexts(stored: string, live: string): string {
  for (let size = Math.min(stored.length, live.length); size > 0; size--) {
    if (stored.endsWith(live.slice(0, size))) return stored + live.slice(size);
  }
  // Heard from the very start, or everything heard lies inside what is stored.
  if (live.startsWith(stored)) return live;
  return stored.includes(live) ? stored : stored + live;
}

export function hearDelta(conversationId: string, messageId: string, text: string): void {
  const before = heard.get(messageId);
  const thread = threadOf(conversationId);
  if (before === null || thread.messages.some((message) => message.id === messageId)) return;
  heard.set(messageId, (before ?? '') + text);
  if (heard.size > HEARD_MAX) heard.delete(heard.keys().next().value as string);
  const shown = thread.running?.messageId === messageId ? thread.running.text : '';
  patchThread(conversationId, { running: { messageId, text: shown + text } });
}

export function showStored(conversationId: string, running: RunningAnswer | null): void {
  const thread = threadOf(conversationId);
  if (!running) {
    // Nothing runs in the database: what is still shown here ended while nobody listened.
    if (thread.running && !heard.has(thread.running.messageId)) {
      patchThread(conversationId, { running: null });
    }
    return;
  }
  const { messageId } = running;
  if (heard.get(messageId) === null || thread.messages.some((m) => m.id === messageId)) return;
  patchThread(conversationId, {
    running: { messageId, text: joinTexts(running.text, heard.get(messageId) ?? '') },
  });
}

// After a takeover or a failure no word of this answer may appear any more.
export function endAnswer(conversationId: string): void {
  const { running } = threadOf(conversationId);
  if (!running) return;
  heard.set(running.messageId, null);
  patchThread(conversationId, { running: null });
}

// A new join starts a new hearing: what came before may have a hole at its end.
export function forgetHeard(conversationId: string): void {
  const { running } = threadOf(conversationId);
  if (running && heard.get(running.messageId) !== null) heard.delete(running.messageId);
}
