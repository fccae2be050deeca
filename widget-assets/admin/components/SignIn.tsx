// The sign-in: two labelled fields that password managers know, clear words when it fails, and where to
// find the demo's address and password.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { TextField } from 'react-aria-components/TextField';
import { goByAddress, goTo, offers, type Offers } from '../state/providers';
import { session, signIn, type SignInFailure } from '../state/session';
import { useStore } from '../store';
import { Icon, Logo } from './Icon';

const WORDS: Record<SignInFailure, string> = {
  credentials: 'E-mail and password do not match. Check both and try again.',
  rate: 'Too many attempts. Wait a minute, then try again.',
  offline: 'The server cannot be reached. Check the connection and try again.',
  other: 'Something went wrong on our side. Try again in a moment.',
};

export default function SignIn() {
  const expired = useStore(session, (state) => state.expired);
  const problem = useStore(session, (state) => state.problem);
  const [failure, setFailure] = useState<SignInFailure | 'empty' | null>(null);
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const password = useRef<HTMLInputElement>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const data = new FormData(event.currentTarget);
    const email = String(data.get('email')).trim();
    const secret = String(data.get('password'));
    if (!email || !secret) return setFailure('empty');
    setBusy(true);
    setFailure(null);
    const result = await signIn(email, secret);
    setBusy(false);
    setFailure(result);
    if (result === 'credentials') password.current?.select();
  }

  return (
    <main className="signin">
      <div className="signin-card">
        <div className="signin-brand"><Logo size={36} /><span>ChatPad</span></div>
        <h1>Welcome back</h1>
        <p className="signin-lead">Sign in to watch your conversations and step in when it matters.</p>
        {expired && !failure && (
          <p className="notice" role="status">
            <Icon name="alert" size={18} />
            Your session has ended. Sign in again and you are back where you were.
          </p>
        )}
        {problem && !failure && (
          <p className="notice" data-tone="bad" role="alert"><Icon name="alert" size={18} />{problem}</p>
        )}
        {failure && (
          <p className="notice" data-tone="bad" role="alert">
            <Icon name="alert" size={18} />
            {failure === 'empty' ? 'Fill in your e-mail address and your password.' : WORDS[failure]}
          </p>
        )}
        <Form onSubmit={submit} validationBehavior="aria" className="signin-form">
          <TextField name="email" type="email" autoComplete="username" autoFocus
            isInvalid={failure === 'credentials'} className="field">
            <Label>E-mail</Label>
            <Input className="input" inputMode="email" spellCheck="false" autoCapitalize="none" />
          </TextField>
          <TextField name="password" type={shown ? 'text' : 'password'} autoComplete="current-password"
            isInvalid={failure === 'credentials'} className="field">
            <Label>Password</Label>
            <div className="input-with-button">
              <Input className="input" ref={password} />
              <Button className="input-button" type="button" onPress={() => setShown(!shown)}
                aria-label={shown ? 'Hide what you type' : 'Show what you type'}>
                {shown ? 'Hide' : 'Show'}
              </Button>
            </div>
          </TextField>
          <Button type="submit" className="button" data-look="primary" data-size="large"
            data-busy={busy || undefined}>
            {busy ? 'Signing in…' : 'Sign in'}
          </Button>
        </Form>
        <Elsewhere />
        <p className="signin-hint">
          Trying the demo? The terminal that runs <code>./dev up</code> prints the address and the
          password under <strong>Admin</strong>.
        </p>
      </div>
    </main>
  );
}

// The providers of this server, when it has any.
function Elsewhere() {
  const [found, setFound] = useState<Offers>({ providers: [], sso: false });
  const [email, setEmail] = useState('');
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    offers().then((some) => gone || setFound(some), () => {});
    return () => {
      gone = true;
    };
  }, []);
  if (found.providers.length === 0 && !found.sso) return null;
  return (
    <section className="signin-form" aria-label="Sign in elsewhere">
      {found.providers.map(({ provider, name }) => (
        <Button key={provider} className="button" data-size="large" onPress={() => void goTo(provider)}>
          Continue with {name}
        </Button>
      ))}
      {found.sso && (
        <Form className="signin-form" validationBehavior="aria" onSubmit={(event) => {
          event.preventDefault();
          void goByAddress(email).then(setFailure);
        }}>
          <TextField name="work-email" type="email" value={email} onChange={setEmail} className="field">
            <Label>Work e-mail</Label>
            <Input className="input" inputMode="email" spellCheck="false" autoCapitalize="none" />
          </TextField>
          <Button type="submit" className="button" data-size="large">Continue with your organisation</Button>
          {failure && <p className="notice" data-tone="bad" role="alert">{failure}</p>}
        </Form>
      )}
    </section>
  );
}
