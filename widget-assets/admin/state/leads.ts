// The leads of the account, newest first: the leads page shows them, and the inbox takes names of
// visitors from them. Kept current by `lead.created`.
import { api, messageOf } from '../api';
import { createStore } from '../store';
import type { Lead } from '../types';

export interface LeadsState {
  accountId: string | null;
  items: readonly Lead[];
  byConversation: ReadonlyMap<string, Lead>;
  phase: 'loading' | 'ready' | 'error';
  error: string;
  cursor: string | null;
  loadingMore: boolean;
  // Came while this page was open: shown with a highlight.
  arrived: ReadonlySet<string>;
}

const NONE: LeadsState = {
  accountId: null, items: [], byConversation: new Map(), phase: 'loading', error: '', cursor: null,
  loadingMore: false, arrived: new Set(),
};
export const leads = createStore<LeadsState>(NONE);

let request = 0;
// Which reload was the latest when a lead came live: that one may have read an older state of it.
const cameDuring = new Map<string, number>();

export function showLeadsOf(accountId: string): void {
  cameDuring.clear();
  leads.set({ ...NONE, accountId });
}

function put(list: readonly Lead[]): void {
  const all = new Map(leads.get().items.map((lead) => [lead.id, lead]));
  for (const lead of list) all.set(lead.id, lead);
  const items = [...all.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const byConversation = new Map<string, Lead>();
  for (const lead of items) {
    const id = lead.conversationId;
    if (id && !byConversation.has(id)) byConversation.set(id, lead);
  }
  leads.set({ items, byConversation });
}

// False when the server could not be asked.
export async function reloadLeads(): Promise<boolean> {
  const { accountId, items, cursor } = leads.get();
  if (!accountId) return true;
  const mine = ++request;
  try {
    const page = await api.leads(accountId);
    if (leads.get().accountId !== accountId) return true;
    put(page.leads.filter((lead) => (cameDuring.get(lead.id) ?? 0) < mine));
    // Further pages that are loaded already keep their cursor.
    leads.set({ phase: 'ready', error: '', cursor: items.length > 100 ? cursor : page.nextCursor });
    return true;
  } catch (error) {
    if (leads.get().accountId !== accountId) return true;
    leads.set({ phase: items.length > 0 ? 'ready' : 'error', error: messageOf(error) });
    return false;
  }
}

export async function loadMoreLeads(): Promise<void> {
  const { accountId, cursor, loadingMore } = leads.get();
  if (!accountId || !cursor || loadingMore) return;
  leads.set({ loadingMore: true });
  try {
    const page = await api.leads(accountId, cursor);
    if (leads.get().accountId === accountId) {
      put(page.leads);
      leads.set({ cursor: page.nextCursor });
    }
  } catch {
    // The button stays.
  } finally {
    leads.set({ loadingMore: false });
  }
}

export function putLead(lead: Lead, live: boolean): void {
  cameDuring.set(lead.id, request);
  put([lead]);
  if (live) leads.set({ arrived: new Set([...leads.get().arrived, lead.id]) });
}
