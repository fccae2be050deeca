// Behind an invitation's link: what it is about, and joining with the address it was sent to, as a new
// person or as one who has signed in before.
import { useEffect, useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { api, ApiError, messageOf } from '../api';
import { prefs } from '../prefs';
import { hrefOf } from '../route';
import { loadAccounts } from '../state/accounts';
import { session, signIn, signOut, signUp } from '../state/session';
import { useAct } from '../state/settings';
import { useStore } from '../store';
import { Logo } from './Icon';
import { Field } from './settings';

type About = Awaited<ReturnType<typeof api.invitation>>['invitation'];

export default function InvitationPage({ token }: { token: string }) {
  const [about, setAbout] = useState<About | null>(null);
  const [failure, setFailure] = useState('');
  const user = useStore(session, (state) => state.user);
  useEffect(() => {
    api.invitation(token).then(({ invitation }) => setAbout(invitation), (error: unknown) => setFailure(
      error instanceof ApiError && error.code === 'not_found'
        ? 'This invitation does not work any more. Ask for another one.' : messageOf(error)));
  }, [token]);

  return (
    <main className="signin">
      <div className="signin-card">
        <div className="signin-brand"><Logo size={36} /><span>ChatPad</span></div>
        {failure && (
          <>
            <h1>No such invitation</h1>
            <p className="signin-lead" role="alert">{failure}</p>
            <a className="button" href={hrefOf('inbox')}>Go to the inbox</a>
          </>
        )}
        {about && (
          <>
            <h1>Join {about.accountName}</h1>
            <p className="signin-lead">
              {about.invitedBy ?? 'Somebody'} invited {about.email} as {about.role}.
            </p>
            {user?.email === about.email ? <Join token={token} name={about.accountName} />
              : user ? <Other email={user.email ?? ''} wanted={about.email} /> : <Enter token={token} about={about} />}
          </>
        )}
      </div>
    </main>
  );
}

async function join(token: string): Promise<void> {
  const { account } = await api.accept(token);
  prefs.set({ accountId: account.id });
  location.hash = hrefOf('inbox');
  await loadAccounts();
}

function Join({ token, name }: { token: string; name: string }) {
  const [busy, run] = useAct();
  const [failure, setFailure] = useState('');
  return (
    <>
      {failure && <p className="notice" data-tone="bad" role="alert">{failure}</p>}
      <Button className="button" data-look="primary" data-size="large" data-busy={busy || undefined}
        onPress={() => void run(() => join(token), setFailure)}>Join {name}</Button>
    </>
  );
}

function Other({ email, wanted }: { email: string; wanted: string }) {
  return (
    <>
      <p className="notice" role="status">You are signed in as {email}. Sign out and come back as {wanted}.</p>
      <Button className="button" data-look="primary" data-size="large" onPress={() => void signOut()}>Sign out</Button>
    </>
  );
}

function Enter({ token, about }: { token: string; about: About }) {
  const [known, setKnown] = useState(false);
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();

  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure('');
    await run(async () => {
      if (known) {
        const refused = await signIn(about.email, password);
        if (refused) return setFailure(refused === 'credentials' ? 'The password is not the one of this address.' : 'That did not work. Try again in a moment.');
      } else {
        const refused = await signUp(about.email, password, token);
        if (refused) return setFailure(refused);
      }
      await join(token);
    }, setFailure);
  }

  return (
    <>
      {failure && <p className="notice" data-tone="bad" role="alert">{failure}</p>}
      <Form className="signin-form" onSubmit={(event) => void submit(event)} validationBehavior="aria">
        <Field label="E-mail" name="email" type="email" autoComplete="username" value={about.email} isReadOnly />
        <Field label={known ? 'Password' : 'Choose a password'} name="password" type="password" required
          autoComplete={known ? 'current-password' : 'new-password'} value={password} onChange={setPassword} />
        <Button type="submit" className="button" data-look="primary" data-size="large" data-busy={busy || undefined}>
          {known ? `Sign in and join` : `Sign up and join`}
        </Button>
        <Button className="link-button" onPress={() => setKnown(!known)}>
          {known ? 'I am new here' : 'I have signed in here before'}
        </Button>
      </Form>
    </>
  );
}
