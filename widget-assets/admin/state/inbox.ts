// The conversation list: what the filter shows, page by page, kept current by the account's events.
// A reload replaces the first page; what came live in the meantime stays, and wins where it is newer.
import { api, messageOf } from '../api';
import { activityAt } from '../format';
import { createStore } from '../store';
import type { Conversation, Message } from '../types';

export type Filter = 'all' | 'waiting' | 'open' | 'human_takeover' | 'closed';

export interface InboxState {
  accountId: string | null;
  filter: Filter;
  search: string;
  items: ReadonlyMap<string, Conversation>;
  phase: 'loading' | 'ready' | 'error';
  error: string;
  cursor: string | null;
  loadingMore: boolean;
}

const EMPTY: ReadonlyMap<string, Conversation> = new Map();
export const inbox = createStore<InboxState>({
  accountId: null, filter: 'all', search: '', items: EMPTY, phase: 'loading', error: '', cursor: null,
  loadingMore: false,
});

let request = 0;
// Which reload was the latest when a conversation came live: one begun before may not have read it.
const cameDuring = new Map<string, number>();

export function showAccount(accountId: string): void {
  cameDuring.clear();
  inbox.set({ accountId, items: EMPTY, phase: 'loading', cursor: null, search: '', filter: 'all' });
}

export function matches(conversation: Conversation, filter: Filter): boolean {
  const { status } = conversation;
  if (filter === 'waiting') return status === 'active' && conversation.escalated;
  if (filter === 'open') return status === 'active' || status === 'human_takeover';
  if (filter === 'all') return status !== 'archived';
  return status === filter;
}

export function setFilter(filter: Filter): void {
  if (inbox.get().filter === filter) return;
  inbox.set({ filter, phase: 'loading', cursor: null });
  void reload();
}

export function setSearch(search: string): void {
  if (inbox.get().search === search) return;
  inbox.set({ search, phase: 'loading', cursor: null, items: EMPTY });
  void reload();
}

function query(state: InboxState) {
  return {
    accountId: state.accountId as string,
    ...(state.filter === 'all' ? {} : { status: state.filter }),
    ...(state.search.trim() ? { search: state.search.trim() } : {}),
  };
}

// False when the server could not be asked. What another call or another account has overtaken is done.
export async function reload(): Promise<boolean> {
  const state = inbox.get();
  if (!state.accountId) return true;
  const mine = ++request;
  try {
    const page = await api.conversations(query(state));
    if (mine !== request) return true;
    const items = new Map<string, Conversation>();
    for (const item of page.conversations) items.set(item.id, newer(inbox.get().items.get(item.id), item));
    // What lies further down than this page stays as it is.
    const oldest = page.nextCursor ? page.conversations.at(-1) : undefined;
    for (const [id, item] of inbox.get().items) {
      if (items.has(id)) continue;
      const further = oldest && activityAt(item) < activityAt(oldest);
      if (further || cameDuring.get(id) === mine) items.set(id, item);
    }
    cameDuring.clear();
    inbox.set({ items, phase: 'ready', error: '', cursor: page.nextCursor });
    return true;
  } catch (error) {
    if (mine !== request) return true;
    const { items } = inbox.get();
    inbox.set({ phase: items.size > 0 ? 'ready' : 'error', error: messageOf(error) });
    return false;
  }
}

export async function loadMore(): Promise<void> {
  const state = inbox.get();
  if (!state.cursor || state.loadingMore || state.phase !== 'ready') return;
  const mine = request;
  inbox.set({ loadingMore: true });
  try {
    const page = await api.conversations({ ...query(state), cursor: state.cursor });
    if (mine !== request) return;
    const items = new Map(inbox.get().items);
    for (const item of page.conversations) items.set(item.id, newer(items.get(item.id), item));
    inbox.set({ items, cursor: page.nextCursor });
  } catch {
    // The button stays, the person may press it again.
  } finally {
    inbox.set({ loadingMore: false });
  }
}

// Of two views of one conversation the later one: sequence numbers first, then epoch, then time.
export function newer(a: Conversation | undefined, b: Conversation): Conversation {
  if (!a) return b;
  if (a.epoch !== b.epoch) return a.epoch > b.epoch ? a : b;
  if (a.lastSeq !== b.lastSeq) return a.lastSeq > b.lastSeq ? a : b;
  return a.updatedAt > b.updatedAt ? a : b;
}

export function putConversation(conversation: Conversation): void {
  const state = inbox.get();
  const known = state.items.get(conversation.id);
  // While somebody searches, the server alone says what else is found.
  if (!known && (state.search || !matches(conversation, state.filter))) return;
  cameDuring.set(conversation.id, request);
  const items = new Map(state.items);
  items.set(conversation.id, newer(known, conversation));
  inbox.set({ items });
}

export function patchConversation(id: string, part: Partial<Conversation>): void {
  const known = inbox.get().items.get(id);
  if (!known) return;
  const items = new Map(inbox.get().items);
  items.set(id, { ...known, ...part });
  inbox.set({ items });
}

export function noteMessage(conversation: Conversation, message: Message): Partial<Conversation> {
  if (message.seq < conversation.lastSeq) return {};
  const before = conversation.lastMessageAt ?? '';
  const at = message.createdAt > before ? message.createdAt : before;
  return {
    lastSeq: message.seq, preview: message.content.slice(0, 200), lastMessageAt: at,
    messageCount: Math.max(conversation.messageCount, message.seq),
  };
}

export function shown(state: InboxState): Conversation[] {
  return [...state.items.values()]
    .filter((item) => matches(item, state.filter))
    .sort((a, b) => {
      const [one, two] = [activityAt(a), activityAt(b)];
      return one < two ? 1 : one > two ? -1 : 0;
    });
}
