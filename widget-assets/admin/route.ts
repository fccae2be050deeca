// Where the person is: `#/inbox`, `#/inbox/<conversation>`, `#/<page>` or `#/invitation/<token>`. The hash is the
// only truth, so links, the back button and a reload all lead to the same place.
import { createStore } from './store';

export const PAGE_NAMES = ['inbox', 'leads', 'knowledge', 'agents', 'team', 'keys', 'providers', 'plan', 'identity', 'outbox', 'audit', 'settings', 'security'] as const;
export type Page = (typeof PAGE_NAMES)[number];

export interface Route {
  page: Page;
  conversationId: string | null;
  invitation: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function parseRoute(hash: string): Route {
  const [, word, id] = hash.split('/');
  const page = PAGE_NAMES.find((name) => name === word) ?? 'inbox';
  const conversationId = word === 'inbox' && id && UUID.test(id.toLowerCase()) ? id.toLowerCase() : null;
  return {
    page,
    conversationId,
    invitation: word === 'invitation' && id ? id : null,
  };
}

export const route = createStore<Route>(parseRoute(location.hash));
addEventListener('hashchange', () => route.set(parseRoute(location.hash)));

export function hrefOf(page: Page, conversationId?: string | null): string {
  return conversationId ? `#/${page}/${conversationId}` : `#/${page}`;
}

// Walking through the list replaces the entry: Back leaves the list, it does not replay every step.
export function openConversation(id: string | null): void {
  const now = route.get();
  if (now.page === 'inbox' && now.conversationId === id) return;
  const href = hrefOf('inbox', id);
  if (now.conversationId && id) {
    history.replaceState(null, '', href);
    route.set(parseRoute(href));
  } else {
    location.hash = href;
  }
}
