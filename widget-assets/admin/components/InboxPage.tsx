// The inbox: list, transcript and details side by side, one at a time on a phone. Keys: j and k or the
// arrows walk through the list, / searches, Escape goes back to the list.
import { useEffect } from 'react';
import { openConversation, route } from '../route';
import { accounts } from '../state/accounts';
import { follow } from '../state/follow';
import { inbox, shown } from '../state/inbox';
import { uncover, usePanel } from '../state/panel';
import { useStore } from '../store';
import { Empty, Skeleton } from './bits';
import { later } from './later';
import { ListPane } from './ListPane';

const Conversation = later(() => import('./Conversation'), (
  <section className="thread" aria-label="Conversation">
    <div className="thread-head" />
    <div className="transcript" aria-busy="true"><Skeleton rows={5} kind="chat" /></div>
  </section>
));

export function InboxPage() {
  const id = useStore(route, (state) => state.conversationId);
  const account = useStore(accounts, (state) => state.open?.id);
  const { shown: panel } = usePanel();
  useKeys();

  useEffect(() => {
    if (id && account) return follow(id);
  }, [id, account]);
  useEffect(() => void uncover(), [id]);
  // Fetched behind the list: the first conversation opens at once.
  useEffect(() => void Conversation.load().catch(() => {}), []);

  return (
    <div className="inbox" data-view={id ? 'thread' : 'list'} data-details={id && panel ? '' : undefined}>
      <ListPane />
      {id
        ? <Conversation id={id} key={id} />
        : <section className="thread" aria-label="Conversation">
            <Empty icon="chat" title="Pick a conversation">
              <span className="keys"><kbd>j</kbd><kbd>k</kbd> walk through the list <kbd>/</kbd> search</span>
            </Empty>
          </section>}
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}

function useKeys(): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) return;
      if (event.key === 'j' || event.key === 'k') step(event.key === 'j' ? 1 : -1);
      else if (event.key === '/') focusOn('.search input');
      else if (event.key === 'r') focusOn('.composer textarea');
      else if (event.key === 'Escape' && route.get().conversationId) {
        if (!uncover()) openConversation(null);
      } else return;
      event.preventDefault();
    }
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function step(by: 1 | -1): void {
  const list = shown(inbox.get());
  const at = list.findIndex((item) => item.id === route.get().conversationId);
  const next = at < 0 ? list[0] : list[at + by];
  if (!next) return;
  openConversation(next.id);
  document.querySelector(`[data-key="${next.id}"]`)?.scrollIntoView({ block: 'nearest' });
}
