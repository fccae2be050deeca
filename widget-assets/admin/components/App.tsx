// The root: sign-in or the app, and the work that follows from being signed in.
import { lazy, Suspense, useEffect } from 'react';
import { leaveAccounts, loadAccounts } from '../state/accounts';
import { route } from '../route';
import { session } from '../state/session';
import { useStore } from '../store';
import { Crash } from './Crash';
import { Shell } from './Shell';
import { SignIn } from './SignIn';
import { Toasts } from './Toasts';

const InvitationPage = lazy(() => import('./Invitation'));

export function App() {
  const phase = useStore(session, (state) => state.phase);
  const invitation = useStore(route, (state) => state.invitation);
  const userId = useStore(session, (state) => state.user?.id);

  useEffect(() => {
    if (!userId) return;
    void loadAccounts();
    return leaveAccounts;
  }, [userId]);

  useEffect(() => {
    if (invitation) document.title = 'Invitation · ChatPad';
    else if (phase === 'out') document.title = 'Sign in · ChatPad';
  }, [phase, invitation]);

  if (phase === 'starting') return null;
  if (invitation) {
    return (
      <>
        <Crash><Suspense fallback={null}><InvitationPage token={invitation} key={invitation} /></Suspense></Crash>
        <Toasts />
      </>
    );
  }
  return (
    <>
      <Crash>{phase === 'in' ? <Shell /> : <SignIn />}</Crash>
      <Toasts />
    </>
  );
}
