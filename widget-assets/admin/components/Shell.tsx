// The frame of the signed-in app: sidebar (a tab bar on phones), connection state, the page itself, and
// the title with the number of unread conversations.
import { useEffect, useRef } from 'react';
import { hrefOf, route, type Page as PageName } from '../route';
import { accounts, loadAccounts } from '../state/accounts';
import { inbox } from '../state/inbox';
import { leads } from '../state/leads';
import { isUnread, seen } from '../state/unread';
import { useStore } from '../store';
import { Empty, Failure } from './bits';
import { ConnectionStatus } from './ConnectionStatus';
import { Icon, Logo } from './Icon';
import { later } from './later';
import { listed, mayOpen, PAGES } from './pages';

const FactorWanted = later(() => import('./FactorWanted'));
const Person = later(() => import('./Person'), <div className="me" />);

export function useUnreadCount(): number {
  const items = useStore(inbox, (state) => state.items);
  const state = useStore(seen, (value) => value);
  return [...items.values()].filter((item) => isUnread(state, item)).length;
}

export function Shell() {
  const page = useStore(route, (state) => state.page);
  const main = useRef<HTMLElement>(null);
  const unread = useUnreadCount();
  const { word } = PAGES[page];

  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${word} · ChatPad`;
  }, [unread, word]);

  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        main.current?.focus();
      }}>Skip to content</a>
      <Sidebar unread={unread} />
      <main className="page" id="main" ref={main} tabIndex={-1}>
        <Page page={page} />
      </main>
    </div>
  );
}

function Page({ page }: { page: PageName }) {
  const state = useStore(accounts, (value) => value);
  const { phase, open, error } = state;
  const { group, View } = PAGES[page];
  if (group === 'own') return <View key={page} />;
  if (phase === 'error' && !open) return <Failure text={error} onRetry={() => void loadAccounts()} />;
  if (phase === 'ready' && !open) {
    return <Empty icon="building" title="No account yet">Ask somebody to add you to theirs.</Empty>;
  }
  if (open?.secondFactorMissing) return <FactorWanted key={open.id} account={open} />;
  if (open && !mayOpen(state, page)) {
    return <Empty icon="alert" title="Not for your role">Ask an admin of {open.name} to open this to you.</Empty>;
  }
  return <View key={page} />;
}

function Sidebar({ unread }: { unread: number }) {
  const page = useStore(route, (state) => state.page);
  const state = useStore(accounts, (value) => value);
  const arrived = useStore(leads, (state) => state.arrived.size);
  const counts: Partial<Record<PageName, number>> = { inbox: unread, leads: page === 'leads' ? 0 : arrived };
  return (
    <header className="sidebar">
      <div className="brand">
        <Logo />
        <span className="brand-text">
          <span className="brand-name">ChatPad</span>
          <span className="brand-account">{state.open?.name ?? '\u00a0'}</span>
        </span>
      </div>
      <nav className="nav" aria-label="Main">
        {(['work', 'account', 'phone'] as const).map((group) => listed(state, group).map((name) => (
          <NavLink key={name} name={name} here={name === page || (name === 'settings' && PAGES[page].group === 'account')} count={counts[name] ?? 0} />
        )))}
      </nav>
      <div className="sidebar-foot">
        <ConnectionStatus />
        <Person />
      </div>
    </header>
  );
}

function NavLink({ name, here, count }: { name: PageName; here: boolean; count: number }) {
  const { word, icon, group } = PAGES[name];
  return (
    <a className="nav-link" data-group={group} href={hrefOf(name)} aria-current={here ? 'page' : undefined}>
      <Icon name={icon} />
      <span className="nav-word">{word}</span>
      {count > 0 && (
        <span className="badge">{count > 99 ? '99+' : count}<span className="sr-only"> new</span></span>
      )}
    </a>
  );
}
