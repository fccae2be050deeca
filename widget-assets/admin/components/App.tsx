// The root: sign-in or the app, and the work that follows from being signed in.
import { useEffect } from 'react';
import { leaveAccounts, loadAccounts } from '../state/accounts';
import { route } from '../route';
import { session } from '../state/session';
import { useStore } from '../store';
import { Crash } from './Crash';
import { later } from './later';
import { Shell } from './Shell';
import { Toasts } from './Toasts';

const InvitationPage = later(() => import('./Invitation'), null);
const SecondFactor = later(() => import('./SecondFactor'), null);
const SignIn = later(() => import('./SignIn'), null);

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
    else if (phase === 'out' || phase === 'half') document.title = 'Sign in · ChatPad';
  }, [phase, invitation]);

  if (phase === 'starting') return null;
  if (phase === 'half') return <Crash><SecondFactor /></Crash>;
  if (invitation) {
    return (
      <>
        <Crash><InvitationPage token={invitation} key={invitation} /></Crash>
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
