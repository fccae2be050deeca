// The accounts this person belongs to and the one that is open. Opening one loads the list and the leads
// and joins its channel, which keeps both current.
import { api, messageOf } from '../api';
import { prefs } from '../prefs';
import { createStore } from '../store';
import type { Account } from '../types';
import { current } from './current';
import { applyAccountEvent } from './events';
import { inbox, reload, showAccount } from './inbox';
import { leads, reloadLeads, showLeadsOf } from './leads';
import { fresh, link, watch, whenBack, type Watch } from './live';
import { forgetThreads } from './threads';

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
      if (fresh(event)) applyAccountEvent(event);
    },
    load: refresh,
    onLink: (state) => link.set({ account: state }),
  });
  // The screen need not wait for the socket.
  void refresh();
}

async function refresh(): Promise<boolean> {
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

export const mayWrite = (account: Account | null) => account !== null && account.role !== 'client';
