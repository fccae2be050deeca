// Where the person is: `#/inbox`, `#/inbox/<conversation>`, `#/leads`, `#/team`, `#/keys`, `#/audit`, or
// `#/invitation/<token>`. The hash is the only truth, so links, the back button and a reload all lead to
// the same place.
import { createStore } from './store';

export type Page = 'inbox' | 'leads' | 'team' | 'keys' | 'audit';

export interface Route {
  page: Page;
  conversationId: string | null;
  invitation: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function parseRoute(hash: string): Route {
  const [, page, id] = hash.split('/');
  const conversationId = page === 'inbox' && id && UUID.test(id.toLowerCase()) ? id.toLowerCase() : null;
  const known = page === 'leads' || page === 'team' || page === 'keys' || page === 'audit';
  return {
    page: known ? page : 'inbox',
    conversationId,
    invitation: page === 'invitation' && id ? id : null,
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
