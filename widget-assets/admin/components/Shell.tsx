// The frame of the signed-in app: sidebar (a tab bar on phones), connection state, the page itself, and
// the title with the number of unread conversations.
import { lazy, Suspense, useEffect, useRef } from 'react';
import { hrefOf, route, type Page as PageName } from '../route';
import { accounts, isAtLeast, loadAccounts } from '../state/accounts';
import { inbox } from '../state/inbox';
import { leads } from '../state/leads';
import { isUnread, seen } from '../state/unread';
import { useStore } from '../store';
import { Empty, Failure, Skeleton } from './bits';
import { ConnectionStatus } from './ConnectionStatus';
import { Icon, Logo, type IconName } from './Icon';
import { InboxPage } from './InboxPage';
import { Person } from './Person';

const LeadsPage = lazy(() => import('./LeadsPage'));
const TeamPage = lazy(() => import('./TeamPage'));
const KeysPage = lazy(() => import('./KeysPage'));
const AuditPage = lazy(() => import('./AuditPage'));

const WORDS: Record<PageName, string> = {
  inbox: 'Inbox', leads: 'Leads', team: 'Team', keys: 'API keys', audit: 'Audit log',
};
// Who may open the pages about the account.
const LEAST = { team: 'member', keys: 'admin', audit: 'admin' } as const;

export function useUnreadCount(): number {
  const items = useStore(inbox, (state) => state.items);
  const state = useStore(seen, (value) => value);
  return [...items.values()].filter((item) => isUnread(state, item)).length;
}

export function Shell() {
  const page = useStore(route, (state) => state.page);
  const main = useRef<HTMLElement>(null);
  const unread = useUnreadCount();
  const word = WORDS[page];

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
  const phase = useStore(accounts, (state) => state.phase);
  const open = useStore(accounts, (state) => state.open);
  const error = useStore(accounts, (state) => state.error);
  if (phase === 'error' && !open) return <Failure text={error} onRetry={() => void loadAccounts()} />;
  if (phase === 'ready' && !open) {
    return <Empty icon="building" title="No account yet">Ask somebody to add you to theirs.</Empty>;
  }
  if (page === 'inbox') return <InboxPage />;
  if (page !== 'leads' && open && !isAtLeast(open, LEAST[page])) {
    return <Empty icon="alert" title="Not for your role">Ask an admin of {open.name} to open this to you.</Empty>;
  }
  return (
    <Suspense fallback={<Skeleton rows={6} kind="table" />}>
      {page === 'leads' && <LeadsPage />}
      {page === 'team' && <TeamPage />}
      {page === 'keys' && <KeysPage />}
      {page === 'audit' && <AuditPage />}
    </Suspense>
  );
}

function Sidebar({ unread }: { unread: number }) {
  const page = useStore(route, (state) => state.page);
  const account = useStore(accounts, (state) => state.open);
  const arrived = useStore(leads, (state) => state.arrived.size);
  return (
    <header className="sidebar">
      <div className="brand">
        <Logo />
        <span className="brand-text">
          <span className="brand-name">ChatPad</span>
          <span className="brand-account">{account?.name ?? '\u00a0'}</span>
        </span>
      </div>
      <nav className="nav" aria-label="Main">
        <NavLink here={page === 'inbox'} href={hrefOf('inbox')} icon="inbox" word="Inbox" count={unread} />
        <NavLink here={page === 'leads'} href={hrefOf('leads')} icon="leads" word="Leads"
          count={page === 'leads' ? 0 : arrived} />
        {isAtLeast(account, LEAST.team) && (
          <NavLink here={page === 'team'} href={hrefOf('team')} icon="team" word="Team" count={0} />
        )}
        {isAtLeast(account, LEAST.keys) && (
          <>
            <NavLink here={page === 'keys'} href={hrefOf('keys')} icon="key" word="API keys" count={0} />
            <NavLink here={page === 'audit'} href={hrefOf('audit')} icon="log" word="Audit log" count={0} />
          </>
        )}
      </nav>
      <div className="sidebar-foot">
        <ConnectionStatus />
        <Person />
      </div>
    </header>
  );
}

interface NavLinkProps {
  here: boolean;
  href: string;
  icon: IconName;
  word: string;
  count: number;
}

function NavLink({ here, href, icon, word, count }: NavLinkProps) {
  return (
    <a className="nav-link" href={href} aria-current={here ? 'page' : undefined}>
      <Icon name={icon} />
      <span className="nav-word">{word}</span>
      {count > 0 && (
        <span className="badge">{count > 99 ? '99+' : count}<span className="sr-only"> new</span></span>
      )}
    </a>
  );
}
