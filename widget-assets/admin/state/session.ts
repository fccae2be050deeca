// Who is signed in. supabase-js keeps and renews the session; this store mirrors it for the screens.
// When a session ends without the person asking for it, the sign-in says so and the hash keeps the
// place to come back to.
import type { User } from '@supabase/supabase-js';
import { SESSION_KEY, supabase } from '../client';
import { whenSessionEnds } from '../api';
import { createStore } from '../store';
import { isDue } from './factors';
import { whenBack } from './live';
import { comeBack } from './providers';

export interface SessionState {
  phase: 'starting' | 'out' | 'half' | 'in'; // half: the second factor is due
  user: User | null;
  expired: boolean;
  problem: string | null; // of a sign-in at a provider
}

export const session = createStore<SessionState>({
  phase: 'starting', user: null, expired: false, problem: null,
});

let leaving = false;

export function personName(user: User | null): string {
  const data = (user?.user_metadata ?? {}) as Record<string, string | undefined>;
  return data.display_name || data.full_name || data.name || user?.email || 'You';
}

// A token outlives its session by up to an hour, so coming back asks whether the session still lives.
const CHECK_EVERY_MS = 60_000;
let checkedAt = 0;

async function check(): Promise<void> {
  if (session.get().phase !== 'in' || Date.now() - checkedAt < CHECK_EVERY_MS) return;
  checkedAt = Date.now();
  const { error } = await supabase.auth.getUser();
  if (error?.code === 'session_not_found' || error?.name === 'AuthSessionMissingError') await expire();
}

export function startSession(): void {
  void comeBack().then((problem) => problem && session.set({ ...session.get(), problem }));
  whenSessionEnds(() => void expire());
  whenBack(() => void check());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void check();
  });
  supabase.auth.onAuthStateChange((_event, now) => {
    const before = session.get();
    if (now && isDue(now)) {
      session.set({ phase: 'half', user: null, expired: false });
    } else if (now) {
      if (before.user?.id === now.user.id && before.phase === 'in') return;
      session.set({ phase: 'in', user: now.user, expired: false, problem: null });
      // Outside this callback: supabase-js holds its lock while it runs.
      setTimeout(() => void check());
    } else {
      checkedAt = 0;
      session.set({
        phase: 'out', user: null, expired: (before.phase === 'in' && !leaving) || before.expired,
        problem: before.problem,
      });
      leaving = false;
    }
  });
}

export type SignInFailure = 'credentials' | 'rate' | 'offline' | 'other';

export async function signIn(email: string, password: string): Promise<SignInFailure | null> {
  const { error } = await supabase.auth.signInWithPassword({ email, password });
  if (!error) return null;
  if (error.code === 'invalid_credentials') return 'credentials';
  if (error.status === 429) return 'rate';
  return error.name === 'AuthRetryableFetchError' ? 'offline' : 'other';
}

// Null when the person is signed in now; else what to tell them.
// `invitation`: what the link of an invitation ends with; it lets its address in.
export async function signUp(email: string, password: string, invitation: string): Promise<string | null> {
  const { data, error } = await supabase.auth.signUp({ email, password, options: { data: { invitation } } });
  if (error) return error.message;
  return data.session ? null : 'We have sent you a mail. Follow its link, then open this one again.';
}

export async function signOut(): Promise<void> {
  leaving = true;
  const { error } = await supabase.auth.signOut({ scope: 'local' });
  // Without a connection the server keeps the session, but this browser must forget it anyway.
  if (error) forget();
}

async function expire(): Promise<void> {
  await supabase.auth.signOut({ scope: 'local' }).catch(() => {});
  if (session.get().phase === 'in' || session.get().phase === 'half') forget();
}

function forget(): void {
  try {
    localStorage.removeItem(SESSION_KEY);
  } catch {
    // Nothing was stored then.
  }
  session.set({ phase: 'out', user: null, expired: !leaving, problem: null });
  leaving = false;
}
