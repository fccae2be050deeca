// The objects that only people see, beside those that every page reads (../shared/types.ts).
export type { Citation, Conversation, Lead, LeadReason, Message, Status, Takeover } from '../shared/types.ts';

export type Role = 'owner' | 'admin' | 'manager' | 'member' | 'client';

export interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  joinedAt: string;
  isFounder: boolean;
  isYou: boolean;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  invitedBy: string | null;
  createdAt: string;
  expiresAt: string;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  ratePerMin: number | null;
  status: 'active' | 'expired' | 'revoked';
  createdAt: string;
  createdBy: string | null;
  expiresAt: string | null;
  lastUsedAt: string | null;
  previousUntil: string | null;
}

export interface AuditRow {
  id: string;
  actor_type: string;
  actor_id: string | null;
  actor_name: string | null;
  action: string;
  resource_type: string | null;
  resource_id: string | null;
  detail: Record<string, unknown>;
  ip_address: string | null;
  created_at: string;
  seq: number | null;
}

export interface Account {
  id: string;
  name: string;
  slug: string;
  role: Role | 'super_admin';
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
