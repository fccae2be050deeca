// The objects of docs/api/functions.md and the events of docs/protocol.md, as the pages read them.
// Types only: nothing here checks what a server sends. Fields that no page reads are left out.

export interface Citation {
  sourceId: string;
  title: string;
  /** May be empty, relative to the shop's page, or absolute. */
  url: string;
  page: number | null;
  snippet: string;
}

export type Role = 'visitor' | 'assistant' | 'human' | 'system' | 'tool';
export type Status = 'active' | 'human_takeover' | 'closed' | 'archived';

export interface Message {
  id: string;
  /** 1, 2, 3 in its conversation without a hole. */
  seq: number;
  role: Role;
  content: string;
  citations: Citation[];
  cutOff: boolean;
  createdAt: string;
  conversationId: string;
  author: { name: string } | null;
  running: boolean;
  /** For people only, where something was noticed. */
  safetyFlags?: SafetyFlag[];
}

/** What was noticed about a message (docs/safety.md); never what it said. */
export interface SafetyFlag {
  kind: string;
  action: string;
  where: string;
  detail: string;
  sourceId?: string;
  title?: string;
}

export interface Person {
  id: string;
  name: string;
}

export interface Conversation {
  id: string;
  agentId: string;
  agentName: string;
  status: Status;
  /** It waits for a person. */
  escalated: boolean;
  escalatedAt: string | null;
  escalationReason: 'request' | 'keyword' | 'topic' | 'assistant' | 'person' | 'api' | null;
  epoch: number;
  lastSeq: number;
  messageCount: number;
  subject: string | null;
  preview: string;
  lastMessageRole: Role | null;
  visitorLabel: string;
  /** Their site vouches for who they are. */
  visitorVerified: boolean;
  channel: string;
  createdAt: string;
  updatedAt: string;
  /** Null while nobody has written, as when only contact details were left. */
  lastMessageAt: string | null;
  closedAt: string | null;
  leadId: string | null;
  takenOverBy: Person | null;
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
  /** For people only. */
  conversationContext?: { summary: string; journeyStage: string };
  assignedTo?: Person | null;
}

export interface Takeover {
  id: string;
  memberId: string;
  memberName: string;
  startedAt: string;
  endedAt: string | null;
}

export interface Visitor {
  id: string;
  token: string;
  expiresAt: string;
  /** An identified visitor's newest conversation, on whatever device it was. */
  conversationId?: string;
}

/** What get-widget-config answers. */
export interface WidgetConfig {
  agent: { id: string; name: string; greeting: string | null; fallbackMessage: string | null };
  config: {
    theme: { primaryColor?: string; textColor?: string; radius?: number; mode?: ThemeMode };
    behavior: { openOnLoad?: boolean; showSources?: boolean };
    position: string;
    features: { leadCapture?: boolean };
    personality: { tone?: string };
    /** What the account's plan says. */
    branding: { poweredBy: boolean };
  };
  operatingHours: { isOpen: boolean; nextOpenTime: string | null; timezone: string };
  visitor: Visitor;
  realtime: { url: string };
}

export type ThemeMode = 'light' | 'dark' | 'auto';

/** What get-messages answers. */
export interface MessagePage {
  messages: Message[];
  lastSeq: number;
  hasMore: boolean;
  /** Of the conversation: whoever was away may have missed a takeover. */
  status: Status;
  escalated: boolean;
  takenOverBy: Person | null;
}

/** Payload of a `typing` event. */
export interface Typing {
  who: 'visitor' | 'human';
  name?: string;
  active: boolean;
}

/** Events of a conversation's topic, by name. */
export interface ConversationEvents {
  'message.created': { message: Message; conversationId: string; agentId: string };
  'takeover.started': { conversation: Conversation; takeover: Takeover };
  'takeover.ended': { conversation: Conversation; takeover: Takeover };
  'conversation.updated': { conversation: Conversation };
  'conversation.escalated': { conversation: Conversation };
  'lead.created': { lead: Lead };
  'answer.delta': { message_id: string; text: string; offset: number };
  typing: Typing;
}

/** Events of widget-chat with `stream: true`. */
export type AnswerEvent =
  | { type: 'token'; content: string; messageId: string }
  | { type: 'tool_call'; tool: string; args: Record<string, unknown> }
  | { type: 'tool_result'; tool: string; result: Record<string, unknown> }
  | { type: 'citation'; citations: Citation[] }
  | { type: 'safety'; reason: string; messageId: string }
  | { type: 'done'; conversationId: string; userMessage: Message; reply: Message | null; status: Status; cutOff: boolean }
  | { type: 'error'; code: string; message: string };
