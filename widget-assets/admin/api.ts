// Calls of the server's functions, typed. Every failure becomes one `ApiError` with a stable code and
// a sentence that can be shown; a session that has ended is noticed here and reported once through
// `onSessionEnd`. Nothing is retried here: who calls knows whether that is safe.
import { FunctionsHttpError } from '@supabase/supabase-js';
import { supabase } from './client';
import type { Account, Conversation, Lead, Message, RunningAnswer, Takeover } from './types';

const REQUEST_MS_MAX = 15_000;
// Codes that mean: the credential itself is no longer good.
const SESSION_CODES = new Set(['bad_jwt', 'no_authorization', 'session_not_found']);

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
  // True when the same request may well succeed a little later.
  get transient(): boolean {
    return ['offline', 'overloaded', 'draining', 'database_unavailable', 'deadline_exceeded',
      'too_many_requests', 'internal'].includes(this.code);
  }
}

let onSessionEnd: () => void = () => {};
export function whenSessionEnds(handler: () => void): void {
  onSessionEnd = handler;
}

async function invoke<T>(name: string, body: object, renewed = false): Promise<T> {
  const { data, error } = await supabase.functions.invoke(name, { body, timeout: REQUEST_MS_MAX });
  if (!error) return data as T;
  const failure = await failureOf(error);
  if (!SESSION_CODES.has(failure.code)) throw failure;
  if (!renewed && (await renewSession())) return invoke<T>(name, body, true);
  throw failure;
}

// A token may have expired while the machine slept: one refresh decides whether the session lives.
// A refresh that fails for want of a connection decides nothing.
async function renewSession(): Promise<boolean> {
  const { data, error } = await supabase.auth.refreshSession();
  if (data.session) return true;
  if (error && error.name !== 'AuthRetryableFetchError') onSessionEnd();
  return false;
}

async function failureOf(error: unknown): Promise<ApiError> {
  if (!(error instanceof FunctionsHttpError)) {
    return new ApiError('offline', 'The server cannot be reached.');
  }
  const response = error.context as Response;
  try {
    const body = (await response.json()) as { code?: string; message?: string };
    return new ApiError(body.code ?? String(response.status), body.message ?? 'Something went wrong.');
  } catch {
    // No answer of ours: a proxy that stands in while the server is away, or a page that is none.
    if (response.status >= 500) return new ApiError('offline', 'The server cannot be reached.');
    return new ApiError(String(response.status), 'Something went wrong.');
  }
}

export function messageOf(error: unknown): string {
  return error instanceof ApiError ? error.message : 'Something went wrong.';
}

export interface ConversationQuery {
  accountId: string;
  status?: string;
  search?: string;
  cursor?: string;
  limit?: number;
}

export interface About {
  conversation: Conversation;
  lead: Lead | null;
  running: RunningAnswer | null;
  takeovers: Takeover[];
}

export const api = {
  accounts: () => invoke<{ accounts: Account[] }>('list-accounts', {}),
  conversations: (query: ConversationQuery) =>
    invoke<{ conversations: Conversation[]; nextCursor: string | null }>('list-conversations', query),
  conversation: (conversationId: string) =>
    invoke<About>('get-conversation', { conversationId }),
  messages: (conversationId: string, afterSeq: number) =>
    invoke<{ messages: Message[]; lastSeq: number; hasMore: boolean }>('get-messages', {
      conversationId, afterSeq }),
  leads: (accountId: string, cursor?: string) =>
    invoke<{ leads: Lead[]; nextCursor: string | null }>('list-leads', {
      accountId, limit: 100, ...(cursor ? { cursor } : {}) }),
  takeOver: (conversationId: string) =>
    invoke<{ conversation: Conversation }>('start-takeover', { conversationId }),
  handBack: (conversationId: string) =>
    invoke<{ conversation: Conversation }>('end-takeover', { conversationId }),
  setStatus: (conversationId: string, status: 'active' | 'closed') =>
    invoke<{ conversation: Conversation }>('update-conversation', { conversationId, status }),
  send: (conversationId: string, content: string, clientMessageId: string) =>
    invoke<{ message: Message }>('send-human-message', { conversationId, content, clientMessageId }),
};
