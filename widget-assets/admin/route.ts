// Where the person is: `#/inbox`, `#/inbox/<conversation>` or `#/leads`. The hash is the only truth,
// so links, the back button and a reload all lead to the same place.
import { createStore } from './store';

export interface Route {
  page: 'inbox' | 'leads';
  conversationId: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function parseRoute(hash: string): Route {
  const [, page, id] = hash.split('/');
  if (page === 'leads') return { page: 'leads', conversationId: null };
  return { page: 'inbox', conversationId: id && UUID.test(id.toLowerCase()) ? id.toLowerCase() : null };
}

export const route = createStore<Route>(parseRoute(location.hash));
addEventListener('hashchange', () => route.set(parseRoute(location.hash)));

export function hrefOf(page: 'inbox' | 'leads', conversationId?: string | null): string {
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
