// The objects of the HTTP contract (docs/api/functions.md, "Objects") and of the realtime events
// (docs/protocol.md, "Events") as this app reads them. Nothing here is computed.

export type Status = 'active' | 'human_takeover' | 'closed' | 'archived';
export type Role = 'owner' | 'admin' | 'manager' | 'member' | 'client';

export interface Account {
  id: string;
  name: string;
  slug: string;
  role: Role;
  plan: string;
  isOwner: boolean;
}

export interface Citation {
  sourceId: string;
  title: string;
  url: string;
  page: number | string | null;
  snippet: string;
}

export interface Message {
  id: string;
  seq: number;
  role: 'visitor' | 'assistant' | 'human' | 'system' | 'tool';
  content: string;
  citations: Citation[];
  cutOff: boolean;
  createdAt: string;
  conversationId: string;
  author: { name: string } | null;
  running: boolean;
}

export interface Conversation {
  id: string;
  agentId: string;
  agentName: string;
  status: Status;
  escalated: boolean;
  epoch: number;
  lastSeq: number;
  messageCount: number;
  preview: string;
  visitorLabel: string;
  channel: string;
  createdAt: string;
  updatedAt: string;
  // Null while nobody has written, as when only contact details were left.
  lastMessageAt: string | null;
  leadId: string | null;
  takenOverBy: { id: string; name: string } | null;
  metadata: Record<string, unknown> | null;
}

export interface LeadReason {
  criterion: string;
  points: number;
  note: string;
}

export interface Lead {
  id: string;
  score: number;
  status: string;
  reasons: LeadReason[];
  name: string | null;
  email: string | null;
  phone: string | null;
  company: string | null;
  jobTitle: string | null;
  message: string | null;
  customFields: Record<string, unknown> | null;
  conversationId: string | null;
  agentId: string;
  createdAt: string;
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
  meta?: { id?: string; seq?: number };
}
