// The conversation that is open, whether or not the list's filter shows it.
import { createStore } from '../store';
import type { Conversation } from '../types';
import { newer } from './inbox';

export const current = createStore<{ id: string | null; conversation: Conversation | null }>({
  id: null, conversation: null,
});

export function putCurrent(conversation: Conversation): void {
  const now = current.get();
  if (now.id !== conversation.id) return;
  current.set({ conversation: newer(now.conversation ?? undefined, conversation) });
}

export function patchCurrent(id: string, part: Partial<Conversation>): void {
  const { conversation } = current.get();
  if (conversation?.id === id) current.set({ conversation: { ...conversation, ...part } });
}
