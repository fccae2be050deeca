// The accounts this person belongs to and the one that is open. Opening one loads the list and the leads
// and joins its channel, which keeps both current.
import { api, messageOf } from '../api';
import { prefs } from '../prefs';
import { createStore } from '../store';
import type { Account, LiveEvent, Role } from '../types';
import { current } from './current';
import { applyAccountEvent } from './events';
import { inbox, reload, showAccount } from './inbox';
import { leads, reloadLeads, showLeadsOf } from './leads';
import { fresh, link, watch, whenBack, type Watch } from './live';
import { session } from './session';
import { tellKnowledge } from './knowledge';
import { tellSettings } from './settings';
import { forgetThreads } from './threads';
import { toast } from './toasts';

export interface AccountsState {
  items: readonly Account[];
  open: Account | null;
  // Of the whole platform, whatever the role in an account.
  superAdmin: boolean;
  phase: 'loading' | 'ready' | 'error';
  error: string;
}

export const accounts = createStore<AccountsState>({
  items: [], open: null, superAdmin: false, phase: 'loading', error: '',
});

// An event may come a moment before what it tells of can be read.
const SETTLE_MS = 150;

let watching: Watch | null = null;

let loads = 0;

// The list asked for last counts: one from before an invitation was accepted may come after it.
export async function loadAccounts(): Promise<void> {
  const load = ++loads;
  accounts.set({ phase: 'loading', error: '' });
  try {
    const { accounts: items, superAdmin } = await api.accounts();
    if (load !== loads) return;
    accounts.set({ items, superAdmin, phase: 'ready' });
    const wanted = prefs.get().accountId;
    const first = items.find((item) => item.id === wanted) ?? items[0];
    if (first) openAccount(first);
    else close();
  } catch (error) {
    if (load === loads) accounts.set({ phase: 'error', error: messageOf(error) });
  }
}

function close(): void {
  watching?.stop();
  watching = null;
  accounts.set({ open: null });
}

export function openAccount(account: Account): void {
  if (accounts.get().open?.id === account.id && watching && !account.secondFactorMissing) {
    accounts.set({ open: account });
    return;
  }
  watching?.stop();
  watching = null;
  forgetThreads();
  accounts.set({ open: account });
  prefs.set({ accountId: account.id });
  // It lets this session in with a second factor only: the screen asks for it, then accounts are loaded again.
  if (account.secondFactorMissing) return;
  showAccount(account.id);
  showLeadsOf(account.id);
  watching = watch({
    topic: `account:${account.id}`,
    onEvent: (event) => {
      if (!fresh(event)) return;
      applyAccountEvent(event);
      onSettings(account.id, event);
      tellKnowledge(event);
    },
    load: refresh,
    onLink: (state) => link.set({ account: state }),
  });
  // The screen need not wait for the socket.
  void refresh();
}

function onSettings(accountId: string, event: LiveEvent): void {
  if (event.event === 'member.updated') {
    const member = event.payload.member as { id: string; role: Role | null };
    if (member.id === session.get().user?.id) myRoleIs(accountId, member.role);
  }
  if (event.event === 'account.updated') {
    const { secondFactorRequired } = event.payload.account as { secondFactorRequired: boolean };
    const said = () => accounts.get().open?.id !== accountId || accounts.get().open?.secondFactorRequired === secondFactorRequired;
    if (!said()) setTimeout(() => { if (!said()) void loadAccounts(); }, SETTLE_MS);
  }
  tellSettings(event);
}

async function refresh(): Promise<boolean> {
  tellSettings(null);
  const done = await Promise.all([reload(), reloadLeads()]);
  return done.every(Boolean);
}

whenBack(() => {
  if (inbox.get().error || leads.get().error) void refresh();
});

// Signing out: nothing of this person stays in memory.
export function leaveAccounts(): void {
  ++loads;
  watching?.stop();
  watching = null;
  accounts.set({ items: [], open: null, superAdmin: false, phase: 'loading', error: '' });
  inbox.set({ accountId: null, items: new Map(), phase: 'loading' });
  leads.set({ accountId: null, items: [], byConversation: new Map(), phase: 'loading' });
  current.set({ id: null, conversation: null });
  forgetThreads();
}

// Without asking: the event may come a moment before the server's list says it as well.
function leaveAccount(id: string): void {
  ++loads;
  const { open, items } = accounts.get();
  const left = items.filter((item) => item.id !== id);
  accounts.set({ items: left, phase: 'ready' });
  if (open?.id !== id) return;
  const first = left[0];
  if (first) openAccount(first);
  else close();
}

// What an event says of the own membership.
export function myRoleIs(accountId: string, role: Role | null): void {
  const { open, items } = accounts.get();
  if (role === null) {
    const name = items.find((item) => item.id === accountId)?.name;
    toast(`You are no longer a member of ${name ?? 'the account'}.`, 'bad');
    leaveAccount(accountId);
    return;
  }
  const renewed = items.map((item) => (item.id === accountId ? { ...item, role } : item));
  accounts.set({
    items: renewed, open: open?.id === accountId ? { ...open, role } : open,
  });
}

const RANKS: Account['role'][] = ['client', 'member', 'manager', 'admin', 'owner', 'super_admin'];
export const isAtLeast = (account: Account | null, role: Role) =>
  account !== null && RANKS.indexOf(account.role) >= RANKS.indexOf(role);

export const mayWrite = (account: Account | null) => account !== null && account.role !== 'client';
