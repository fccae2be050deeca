// The lines between the messages of a transcript: who took over, who handed back, an answer that failed.
// Pure. What comes live and what is loaded make the same marks, and each is kept once by its key.
import type { Conversation, Message, Takeover } from '../types';

export interface Mark {
  key: string;
  // Behind the messages written before; by the server's clock.
  at: string;
  kind: 'takeover' | 'handback' | 'failed';
  text: string;
}

export const begun = ({ id, memberName, startedAt }: Takeover): Mark =>
  ({ key: `begun:${id}`, at: startedAt, kind: 'takeover', text: `${memberName} took over` });

export const handedBack = ({ id, endedAt }: Takeover): Mark =>
  ({ key: `ended:${id}`, at: endedAt ?? '', kind: 'handback', text: 'Handed back to the assistant' });

// Of the takeovers of a conversation, oldest first. One that ended because another person took over, or
// because the conversation was closed, handed nothing back.
export function marksOf(takeovers: readonly Takeover[], { status }: Conversation): Mark[] {
  return takeovers.flatMap((takeover, index) => {
    const next = takeovers[index + 1];
    const back = takeover.endedAt !== null && (next ? next.startedAt !== takeover.endedAt : status === 'active');
    return back ? [begun(takeover), handedBack(takeover)] : [begun(takeover)];
  });
}

// Before which message of the transcript a mark stands.
export function placeOf(mark: Mark, messages: readonly Message[]): number {
  const after = messages.findIndex((message) => message.createdAt > mark.at);
  return after < 0 ? messages.length : after;
}
