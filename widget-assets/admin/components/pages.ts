// The pages of the admin, in the order of route.ts: the word and the icon of each, where it is listed, who
// may open it, and what loads it. A new page is a row here and a name in route.ts.
import type { ComponentType } from 'react';
import { PAGE_NAMES, type Page } from '../route';
import { isAtLeast, type AccountsState } from '../state/accounts';
import type { Role } from '../types';
import type { IconName } from './Icon';
import { InboxPage } from './InboxPage';
import { later } from './later';

interface PageRow {
  word: string;
  icon: IconName;
  // `work`: always in sight. `account`: about the account; on a phone behind `settings`. `own`: the person's,
  // whatever the account: reached through their menu.
  group: 'work' | 'account' | 'phone' | 'own';
  // The role from which on it is open.
  least: Role;
  View: ComponentType;
}

export const PAGES: Record<Page, PageRow> = {
  inbox: { word: 'Inbox', icon: 'inbox', group: 'work', least: 'client', View: InboxPage },
  leads: { word: 'Leads', icon: 'leads', group: 'work', least: 'client', View: later(() => import('./LeadsPage')) },
  knowledge: { word: 'Knowledge', icon: 'book', group: 'work', least: 'client', View: later(() => import('./KnowledgePage')) },
  agents: { word: 'Agents', icon: 'spark', group: 'account', least: 'manager', View: later(() => import('./AgentsPage')) },
  team: { word: 'Team', icon: 'team', group: 'account', least: 'member', View: later(() => import('./TeamPage')) },
  keys: { word: 'API keys', icon: 'key', group: 'account', least: 'admin', View: later(() => import('./KeysPage')) },
  providers: { word: 'Sign-in', icon: 'door', group: 'account', least: 'owner', View: later(() => import('./ProvidersPage')) },
  plan: { word: 'Plan and usage', icon: 'plan', group: 'account', least: 'member', View: later(() => import('./PlanPage')) },
  identity: { word: 'Customers', icon: 'badge', group: 'account', least: 'admin', View: later(() => import('./IdentityPage')) },
  outbox: { word: 'Outbox', icon: 'mail', group: 'account', least: 'admin', View: later(() => import('./MailsPage')) },
  audit: { word: 'Audit log', icon: 'log', group: 'account', least: 'admin', View: later(() => import('./AuditPage')) },
  settings: { word: 'Settings', icon: 'sliders', group: 'phone', least: 'member', View: later(() => import('./SettingsIndex')) },
  security: { word: 'Security', icon: 'lock', group: 'own', least: 'client', View: later(() => import('./SecurityPage')) },
};

export const mayOpen = ({ open }: AccountsState, name: Page) => {
  const { least } = PAGES[name];
  return least === 'client' || isAtLeast(open, least);
};

export const listed = (state: AccountsState, group: PageRow['group']) =>
  PAGE_NAMES.filter((name) => PAGES[name].group === group && mayOpen(state, name));
