// The objects that only people see, beside those that every page reads (../shared/types.ts).
export type { Citation, Conversation, Lead, LeadReason, Message, Status, Takeover } from '../shared/types.ts';

export type Role = 'owner' | 'admin' | 'manager' | 'member' | 'client';

export interface Account {
  id: string;
  name: string;
  slug: string;
  role: Role;
  plan: string;
  isOwner: boolean;
}

export interface RunningAnswer {
  messageId: string;
  seq: number;
  text: string;
}

// What comes over a channel: the event's name, its payload, and for durable events a meta part.
export interface LiveEvent {
  event: string;
  payload: Record<string, unknown>;
  meta?: { id?: string; seq?: number; horizon?: string; replayed?: boolean };
}
