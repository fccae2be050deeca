// The answer that the assistant is writing right now. Deltas are live, each with its offset in the
// text, so somebody who opens a conversation mid-answer starts from the text stored so far and puts
// the pieces where they belong; a piece behind a hole waits until the hole is filled.
import { patchThread, threadOf } from './threads';
import type { RunningAnswer } from '../types';

interface Answer {
  text: string;
  ahead: Map<number, string>;
}

const ANSWERS_MAX = 40;
const AHEAD_MAX = 500;

// By message; null for an answer that has ended.
const answers = new Map<string, Answer | null>();
// The answers heard since the channel was joined.
const heard = new Set<string>();

export function place(answer: Answer, offset: number, piece: string): void {
  if (answer.ahead.size < AHEAD_MAX) answer.ahead.set(offset, piece);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [at, text] of answer.ahead) {
      if (at > answer.text.length) continue;
      answer.ahead.delete(at);
      answer.text += text.slice(answer.text.length - at);
      grown = true;
    }
  }
}

function find(conversationId: string, messageId: string): Answer | null {
  const known = answers.get(messageId);
  if (known === null || threadOf(conversationId).messages.some(({ id }) => id === messageId)) return null;
  const answer = known ?? { text: '', ahead: new Map() };
  answers.set(messageId, answer);
  if (answers.size > ANSWERS_MAX) answers.delete(answers.keys().next().value as string);
  return answer;
}

// False while a piece waits behind a hole.
export function hearDelta(conversationId: string, messageId: string, offset: number, text: string): boolean {
  const answer = find(conversationId, messageId);
  if (!answer) return true;
  heard.add(messageId);
  place(answer, offset, text);
  if (answer.text) patchThread(conversationId, { running: { messageId, text: answer.text } });
  return answer.ahead.size === 0;
}

// False while a piece waits behind a hole.
export function showStored(conversationId: string, running: RunningAnswer | null): boolean {
  const shown = threadOf(conversationId).running;
  if (!running) {
    // Nothing runs in the database: what is still shown here ended while nobody listened.
    if (shown && !heard.has(shown.messageId)) patchThread(conversationId, { running: null });
    return true;
  }
  const answer = find(conversationId, running.messageId);
  if (!answer) return true;
  place(answer, 0, running.text);
  patchThread(conversationId, { running: { messageId: running.messageId, text: answer.text } });
  return answer.ahead.size === 0;
}

// After a takeover or a failure no word of this answer may appear any more.
export function endAnswer(conversationId: string): void {
  const { running } = threadOf(conversationId);
  if (!running) return;
  answers.set(running.messageId, null);
  patchThread(conversationId, { running: null });
}

// After a new join only what is heard from now on proves that an answer is still being written.
export function forgetHeard(): void {
  heard.clear();
}
