// Calls of the server's functions, typed. Every failure becomes one `ApiError` with a stable code and
// a sentence that can be shown; a session that has ended is noticed here and reported once through
// `onSessionEnd`. Nothing is retried here: who calls knows whether that is safe.
import { FunctionsHttpError } from '@supabase/supabase-js';
import { supabase } from './client';
import type {
  Account, Agent, AgentRow, ApiKey, AuditRow, Conversation, Identity, Invitation, Item, Lead, Mail, Member, Message, Plan,
  Role, RunningAnswer, SignInProvider, Source, Takeover, Usage, Visitor,
} from './types';

const REQUEST_MS_MAX = 15_000;
const UPLOAD_MS_MAX = 120_000;
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

// The endpoints outside /functions/v1.
async function ask<T>(method: string, path: string, body?: object, renewed = false): Promise<T> {
  const form = body instanceof FormData;
  const { data } = await supabase.auth.getSession();
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: AbortSignal.timeout(form ? UPLOAD_MS_MAX : REQUEST_MS_MAX),
      headers: {
        authorization: `Bearer ${data.session?.access_token ?? ''}`,
        ...(body && !form ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: form ? body : JSON.stringify(body) } : {}),
    });
  } catch {
    throw new ApiError('offline', 'The server cannot be reached.');
  }
  if (response.ok) return (await response.json()) as T;
  const failure = await failureIn(response);
  if (!renewed && SESSION_CODES.has(failure.code) && (await renewSession())) {
    return ask<T>(method, path, body, true);
  }
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
  return failureIn(error.context as Response);
}

async function failureIn(response: Response): Promise<ApiError> {
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
  visitor: Visitor | null;
  running: RunningAnswer | null;
  takeovers: Takeover[];
}

export interface AuditQuery {
  tenant_id: string;
  action?: string;
  from?: string;
  to?: string;
  cursor?: string;
}

export const api = {
  accounts: () => invoke<{ accounts: Account[]; superAdmin: boolean }>('list-accounts', {}),
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
  changeLead: (leadId: string, changes: { status?: string }) =>
    invoke<{ lead: Lead }>('update-lead', { leadId, ...changes }),
  exportLeads: (accountId: string) => invoke<string>('export-leads', { accountId }),
  agents: (accountId: string) => invoke<{ agents: AgentRow[] }>('list-agents', { accountId }),
  agent: (agentId: string) => invoke<{ agent: Agent }>('get-agent', { agentId }),
  makeAgent: (accountId: string, name: string) => invoke<{ agent: Agent }>('create-agent', { accountId, name }),
  changeAgent: (agentId: string, changes: object) => invoke<{ agent: Agent }>('update-agent', { agentId, ...changes }),
  secrets: (accountId: string) => invoke<{ secrets: { name: string; last4: string }[] }>('list-secrets', { accountId }),
  setSecret: (accountId: string, name: string, value: string) => invoke<object>('set-secret', { accountId, name, value }),
  takeOver: (conversationId: string) =>
    invoke<{ conversation: Conversation }>('start-takeover', { conversationId }),
  handBack: (conversationId: string) =>
    invoke<{ conversation: Conversation }>('end-takeover', { conversationId }),
  setStatus: (conversationId: string, status: 'active' | 'closed') =>
    invoke<{ conversation: Conversation }>('update-conversation', { conversationId, status }),
  team: (accountId: string) =>
    invoke<{ members: Member[]; invitations: Invitation[] }>('list-team-members', { accountId }),
  invite: (accountId: string, email: string, role: Role) =>
    invoke<{ invitation: Invitation; link: string }>('invite-team-member', { accountId, email, role }),
  revokeInvitation: (invitationId: string) => invoke('revoke-team-invitation', { invitationId }),
  setRole: (accountId: string, memberId: string, role: Role) =>
    invoke<{ member: Member }>('change-member-role', { accountId, memberId, role }),
  removeMember: (accountId: string, memberId: string) =>
    invoke('remove-team-member', { accountId, memberId }),
  invitation: (token: string) =>
    invoke<{ invitation: { accountName: string; email: string; role: Role; invitedBy: string | null } }>(
      'get-team-invitation', { token }),
  accept: (token: string) => invoke<{ account: { id: string } }>('accept-team-invitation', { token }),
  requireFactor: (accountId: string, required: boolean) =>
    invoke<{ required: boolean }>('require-second-factor', { accountId, required }),
  keys: (accountId: string) => invoke<{ apiKeys: ApiKey[] }>('list-api-keys', { accountId }),
  makeKey: (accountId: string, key: { name: string; scopes: string[]; expiresAt?: string }) =>
    invoke<{ apiKey: ApiKey; key: string }>('create-api-key', { accountId, ...key }),
  rotateKey: (keyId: string, overlapS: number) =>
    invoke<{ apiKey: ApiKey; key: string }>('rotate-api-key', { keyId, overlapS }),
  revokeKey: (keyId: string) => invoke<{ apiKey: ApiKey }>('revoke-api-key', { keyId }),
  identity: (agentId: string) => invoke<Identity>('get-identity-secret', { agentId }),
  rotateIdentity: (agentId: string, overlapSeconds: number) =>
    invoke<Identity>('rotate-identity-secret', { agentId, overlapSeconds }),
  requireIdentity: (agentId: string, required: boolean) =>
    invoke<Identity>('require-identity', { agentId, required }),
  usage: (accountId: string) => invoke<Usage>('get-usage', { accountId }),
  plans: () => invoke<{ plans: Plan[] }>('list-plans', {}),
  checkout: (accountId: string, plan: string) => invoke<{ url: string }>('create-checkout', { accountId, plan }),
  billingPortal: (accountId: string) => invoke<{ url: string }>('create-billing-portal', { accountId }),
  mails: (accountId: string | null) =>
    invoke<{ mails: Mail[] }>('list-mails', accountId ? { accountId } : {}),
  providers: (accountId: string) =>
    invoke<{ providers: SignInProvider[] }>('list-sign-in-providers', { accountId }),
  addProvider: (accountId: string, provider: object) =>
    invoke<{ provider: SignInProvider }>('create-sign-in-provider', { accountId, ...provider }),
  setProvider: (providerId: string, change: { enabled: boolean }) =>
    invoke('update-sign-in-provider', { providerId, ...change }),
  removeProvider: (providerId: string) => invoke('delete-sign-in-provider', { providerId }),
  audit: (query: AuditQuery) =>
    ask<{ data: AuditRow[]; next_cursor: string | null }>(
      'GET', `/v1/admin/audit-logs?${new URLSearchParams({ ...query })}`),
  exportAudit: (query: AuditQuery, format: 'csv' | 'jsonl') =>
    ask<{ export: { id: string }; download_url: string }>(
      'POST', '/v1/admin/audit-logs/export', { ...query, format }),
  exportStatus: (id: string) =>
    ask<{ status: string }>('GET', `/v1/admin/audit-logs/exports/${id}`),
  sources: (agentId: string, cursor?: string) =>
    ask<{ sources: Source[]; next_cursor: string | null }>(
      'GET', `/v1/knowledge/sources?${new URLSearchParams({ agent_id: agentId, limit: '100', ...(cursor ? { cursor } : {}) })}`),
  upload: (agentId: string, file: File) => {
    const form = new FormData();
    form.set('agent_id', agentId);
    form.set('file', file);
    return ask<Source & { duplicate?: boolean }>('POST', '/v1/knowledge/upload', form);
  },
  addSource: (agentId: string, type: 'url' | 'web_crawl', url: string, schedule: string) =>
    ask<Source & { duplicate?: boolean }>('POST', '/v1/knowledge/sources', {
      agent_id: agentId, source_type: type, url, ...(schedule ? { sync_schedule: schedule } : {}) }),
  addQuestions: (agentId: string, questions: { question: string; answer: string; tags?: string[] }[]) =>
    ask<{ stored: number; duplicates: number; results: { index: number; error?: { message: string } }[] }>('POST', '/v1/knowledge/items', {
      agent_id: agentId, items: questions.map(({ question, answer, tags }) => ({
        title: question, content: answer, type: 'faq', ...(tags?.length ? { metadata: { tags } } : {}) })) }),
  questions: (agentId: string, cursor: string | null) =>
    ask<{ items: Item[]; next_cursor: string | null }>(
      'GET', `/v1/knowledge/items?${new URLSearchParams({ agent_id: agentId, type: 'faq', limit: '100', ...(cursor ? { cursor } : {}) })}`),
  addText: (agentId: string, title: string, content: string) =>
    invoke('add-knowledge-text', { agentId, title, content }),
  syncSource: (id: string) => ask<Source>('POST', `/v1/knowledge/sources/${id}/sync`, {}),
  deleteSource: (id: string) => ask<{ deleted: boolean }>('DELETE', `/v1/knowledge/sources/${id}`),
  cancelJob: (id: string) => ask('DELETE', `/v1/jobs/${id}`),
  send: (conversationId: string, content: string, clientMessageId: string) =>
    invoke<{ message: Message }>('send-human-message', { conversationId, content, clientMessageId }),
};
