// The second step of signing in: the code of an authenticator app.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { TextField } from 'react-aria-components/TextField';
import { messageOf } from '../api';
import { giveCode, listFactors, type Factor } from '../state/factors';
import { signOut } from '../state/session';
import { Icon, Logo } from './Icon';
import { Choice } from './settings';

export default function SecondFactor() {
  const [factors, setFactors] = useState<Factor[]>([]);
  const [chosen, setChosen] = useState('');
  const [code, setCode] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    listFactors().then(setFactors, (error: unknown) => setFailure(messageOf(error)));
  }, []);
  const factor = factors.find((item) => item.id === chosen) ?? factors[0];

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy || !factor) return;
    if (!code.trim()) return setFailure('Type the code your authenticator app shows.');
    setBusy(true);
    setFailure('');
    try {
      await giveCode(factor.id, code);
    } catch (error) {
      setFailure(messageOf(error));
      input.current?.select();
    }
    setBusy(false);
  }

  return (
    <main className="signin">
      <div className="signin-card">
        <div className="signin-brand"><Logo size={36} /><span>ChatPad</span></div>
        <h1>One more step</h1>
        <p className="signin-lead">Open your authenticator app and type the six digits it shows for ChatPad.</p>
        {failure && (
          <p className="notice" data-tone="bad" role="alert"><Icon name="alert" size={18} />{failure}</p>
        )}
        <Form onSubmit={(event) => void submit(event)} validationBehavior="aria" className="signin-form">
          {factors.length > 1 && factor && (
            <Choice label="App" value={factor.id} onChange={setChosen}
              options={factors.map((item) => [item.id, item.name] as const)} />
          )}
          <TextField name="code" autoFocus autoComplete="one-time-code" value={code} onChange={setCode}
            isInvalid={failure !== ''} className="field">
            <Label>Code</Label>
            <Input className="input" ref={input} inputMode="numeric" spellCheck="false" maxLength={12} />
          </TextField>
          <Button type="submit" className="button" data-look="primary" data-size="large"
            data-busy={busy || undefined}>
            {busy ? 'Checking…' : 'Sign in'}
          </Button>
          <Button className="link-button" onPress={() => void signOut()}>Sign in as somebody else</Button>
        </Form>
        <p className="signin-hint">Lost the device? Whoever runs this server can remove it from your sign-in.</p>
      </div>
    </main>
  );
}
