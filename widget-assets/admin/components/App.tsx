// The root: sign-in or the app, and the work that follows from being signed in.
import { useEffect } from 'react';
import { leaveAccounts, loadAccounts } from '../state/accounts';
import { session } from '../state/session';
import { useStore } from '../store';
import { Crash } from './Crash';
import { Shell } from './Shell';
import { SignIn } from './SignIn';
import { Toasts } from './Toasts';

export function App() {
  const phase = useStore(session, (state) => state.phase);
  const userId = useStore(session, (state) => state.user?.id);

  useEffect(() => {
    if (!userId) return;
    void loadAccounts();
    return leaveAccounts;
  }, [userId]);

  useEffect(() => {
    if (phase === 'out') document.title = 'Sign in · ChatPad';
  }, [phase]);

  if (phase === 'starting') return null;
  return (
    <>
      <Crash>{phase === 'in' ? <Shell /> : <SignIn />}</Crash>
      <Toasts />
    </>
  );
}
