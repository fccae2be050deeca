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
import { tellSettings } from './settings';
import { forgetThreads } from './threads';
import { toast } from './toasts';

export interface AccountsState {
  items: readonly Account[];
  open: Account | null;
  phase: 'loading' | 'ready' | 'error';
  error: string;
}

export const accounts = createStore<AccountsState>({
  items: [], open: null, phase: 'loading', error: '',
});

let watching: Watch | null = null;

export async function loadAccounts(): Promise<void> {
  accounts.set({ phase: 'loading', error: '' });
  try {
    const { accounts: items } = await api.accounts();
    accounts.set({ items, phase: 'ready' });
    const wanted = prefs.get().accountId;
    const first = items.find((item) => item.id === wanted) ?? items[0];
    if (first) openAccount(first);
    else {
      watching?.stop();
      watching = null;
      accounts.set({ open: null });
    }
  } catch (error) {
    accounts.set({ phase: 'error', error: messageOf(error) });
  }
}

export function openAccount(account: Account): void {
  if (accounts.get().open?.id === account.id && watching) return;
  watching?.stop();
  forgetThreads();
  accounts.set({ open: account });
  prefs.set({ accountId: account.id });
  showAccount(account.id);
  showLeadsOf(account.id);
  watching = watch({
    topic: `account:${account.id}`,
    onEvent: (event) => {
      if (!fresh(event)) return;
      applyAccountEvent(event);
      onSettings(account.id, event);
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
  watching?.stop();
  watching = null;
  accounts.set({ items: [], open: null, phase: 'loading', error: '' });
  inbox.set({ accountId: null, items: new Map(), phase: 'loading' });
  leads.set({ accountId: null, items: [], byConversation: new Map(), phase: 'loading' });
  current.set({ id: null, conversation: null });
  forgetThreads();
}

// What an event says of the own membership.
export function myRoleIs(accountId: string, role: Role | null): void {
  const { open, items } = accounts.get();
  if (role === null) {
    const name = items.find((item) => item.id === accountId)?.name;
    toast(`You are no longer a member of ${name ?? 'the account'}.`, 'bad');
    void loadAccounts();
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
