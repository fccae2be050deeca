// Adding an authenticator app: with a picture or a text to copy, and good only once its first code was typed.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { enroll, giveCode, giveUp, type Enrolling } from '../state/factors';
import { useAct } from '../state/settings';
import { Field } from './settings';

// `onDone`: it was added, or given up.
export function AddFactor({ onDone }: { onDone: () => void }) {
  const [adding, setAdding] = useState<Enrolling | null>(null);
  if (!adding) return <Begin onBegun={setAdding} />;
  return (
    <Finish adding={adding} onDone={() => {
      setAdding(null);
      onDone();
    }} />
  );
}

function Begin({ onBegun }: { onBegun: (adding: Enrolling) => void }) {
  const [name, setName] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();
  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure('');
    if (!name.trim()) return setFailure('Give the app a name by which you know it again.');
    await run(async () => onBegun(await enroll(name.trim())), setFailure);
  }
  return (
    <Form className="settings-form" onSubmit={(event) => void submit(event)} validationBehavior="aria"
      aria-label="Add an authenticator app">
      <Field label="Name of the authenticator app" name="name" autoComplete="off" required value={name} onChange={setName}
        isInvalid={failure !== '' && !name.trim()} />
      <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>Add app</Button>
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
    </Form>
  );
}

function Finish({ adding, onDone }: { adding: Enrolling; onDone: () => void }) {
  const [code, setCode] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure('');
    if (!code.trim()) return setFailure('Type the code the app shows.');
    if (await run(() => giveCode(adding.id, code), setFailure)) onDone();
  }
  return (
    <section className="secret" aria-label="A new authenticator app">
      <h2 tabIndex={-1} ref={heading}>Scan this with your app</h2>
      <p>Or type the key into it. Then type the six digits it shows. Every other session of yours ends.</p>
      <img className="qr" src={adding.qr} alt="A picture of the key, for the camera of your phone" width={208} height={208} />
      <Form className="settings-form" onSubmit={(event) => void submit(event)} validationBehavior="aria">
        <Field label="Key" name="key" value={adding.secret} isReadOnly />
        <Field label="Code" name="code" autoComplete="one-time-code" required value={code} onChange={setCode}
          isInvalid={failure !== ''} />
        <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>Turn on</Button>
        <Button className="button" onPress={() => void giveUp(adding.id).then(onDone)}>Cancel</Button>
        {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
      </Form>
    </section>
  );
}
