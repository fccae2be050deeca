// The objects that only people see, beside those that every page reads (../shared/types.ts).
export type { Citation, Conversation, Lead, LeadReason, Message, SafetyFlag, Status, Takeover } from '../shared/types.ts';

export type Role = 'owner' | 'admin' | 'manager' | 'member' | 'client';

export interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  joinedAt: string;
  isFounder: boolean;
  isYou: boolean;
  secondFactor?: boolean; // to admins
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

export interface Limit {
  limit: string;
  used: number;
  max: number | null;
  resets_at: string | null;
}

export interface Subscription {
  status: string;
  plan: string | null;
  periodEnd: string | null;
  cancelAtPeriodEnd: boolean;
  paymentFailedAt: string | null;
}

// `subscription` is there for owners and admins only.
export interface Usage {
  plan: { id: string; name: string };
  period: { start: string; end: string };
  limits: Limit[];
  metrics: Record<string, number>;
  subscription?: Subscription | null;
}

export interface Plan {
  id: string;
  name: string;
  limits: Record<string, number | null>;
  features: Record<string, boolean>;
}

export interface Mail {
  id: string;
  kind: string;
  recipient: string;
  confidential: boolean;
  status: 'waiting' | 'sent' | 'failed' | 'expired';
  attempts: number;
  lastError: string | null;
  createdAt: string;
  sentAt: string | null;
  expiresAt: string;
  subject?: string;
  text?: string;
  link?: string;
  code?: string;
}

export interface Job {
  id: string;
  status: 'queued' | 'running' | 'cancelling' | 'done' | 'failed' | 'cancelled';
  progress: { done: number; total: number | null; note: string | null };
  error: { code: string; message: string } | null;
}

export interface Source {
  id: string;
  agent_id: string;
  name: string;
  source_type: 'text' | 'file' | 'url' | 'site' | 'items';
  url: string | null;
  file_name: string | null;
  status: 'pending' | 'processing' | 'ready' | 'failed';
  error: { code: string; message: string } | null;
  pages: number | null;
  chunks: number;
  last_synced_at: string | null;
  created_at: string;
  job: Job | null;
  settings: { item_type?: string };
}

export interface Item {
  id: string;
  title: string;
  content: string;
  metadata: { tags?: unknown };
}

// Whom their site vouches for, and what it says of them.
export interface Visitor {
  identifier: string;
  name: string | null;
  email: string | null;
  phone: string | null;
  customAttributes: Record<string, string | number | boolean>;
  groups: string[];
  verifiedAt: string;
}

export interface Identity {
  secret: string;
  previousValidUntil: string | null;
  required: boolean;
}

export interface Account {
  id: string;
  name: string;
  slug: string;
  role: Role | 'super_admin';
  plan: string;
  isOwner: boolean;
  secondFactorRequired: boolean;
  // It keeps this session out.
  secondFactorMissing: boolean;
}

export interface AgentRow {
  id: string;
  name: string;
  isActive: boolean;
  allowedOrigins: string[];
}

// What get-agent tells; only what the form reads is spelled out.
export interface Agent extends AgentRow {
  greeting: string;
  fallbackMessage: string;
  instructions: string;
  model: string;
  ai: { tools?: string[]; chain?: { provider: string; model?: string; baseUrl?: string; secret?: string }[] };
  personality: {
    tone?: string;
    responseStyle?: { length?: string; emojiUsage?: string; followUpQuestions?: boolean; proactiveOffering?: boolean };
    conversationFlow?: { escalationMessage?: string; endConversationMessage?: string };
  };
  operatingHours: { timezone?: string; businessHours?: unknown };
  safety: {
    injection?: string;
    pii?: { redactInModelOutput?: boolean; redactInModelInput?: boolean; redactInStorage?: boolean; redactInLogs?: boolean };
    secrets?: { scanModelOutput?: boolean };
    dlp?: { blockPatterns?: string[] };
    enableHumanHandoff?: boolean;
    escalationRules?: { keywords?: string[] };
  };
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

export interface SignInProvider {
  id: string;
  protocol: 'oidc' | 'saml';
  name: string;
  issuer: string | null;
  domains: string[];
  enabled: boolean;
}
