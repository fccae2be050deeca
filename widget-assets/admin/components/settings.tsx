// Pieces of the pages about an account: the page itself with its states, a field, a choice, a button that
// asks once more, and a secret that is shown once.
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { TextField } from 'react-aria-components/TextField';
import type { Loaded } from '../state/settings';
import { Failure, Loading } from './bits';
import { Icon } from './Icon';

interface PageProps<T> {
  title: string;
  about: string;
  loaded: Loaded<T>;
  children: (value: T) => ReactNode;
}

export function SettingsPage<T>({ title, about, loaded, children }: PageProps<T>) {
  return (
    <div className="settings">
      <header className="settings-head">
        <h1>{title}</h1>
        <p className="muted">{about}</p>
      </header>
      {loaded.value !== null ? children(loaded.value)
        : loaded.error ? <Failure text={loaded.error} onRetry={loaded.reload} />
          : <Loading rows={5} />}
    </div>
  );
}

interface FieldProps {
  label: string;
  name: string;
  type?: string;
  required?: boolean;
  autoComplete?: string;
  value?: string;
  onChange?: (value: string) => void;
  isReadOnly?: boolean;
  isInvalid?: boolean;
}

export function Field({ label, required, ...rest }: FieldProps) {
  return (
    <TextField className="field" isRequired={required ?? false} validationBehavior="aria" {...rest}>
      <Label>{label}</Label>
      <Input className="input" spellCheck="false" autoCapitalize="none" />
    </TextField>
  );
}

interface ChoiceProps {
  label: string;
  name?: string;
  value: string;
  options: readonly (readonly [value: string, word: string])[];
  onChange: (value: string) => void;
  hideLabel?: boolean;
  disabled?: boolean;
}

// The browser's own: it knows keyboards, screen readers and phones better than anything drawn by hand.
export function Choice({ label, options, onChange, hideLabel, ...rest }: ChoiceProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'field-label'}>{label}</label>
      <select id={id} className="input" onChange={(event) => onChange(event.target.value)} {...rest}>
        {options.map(([value, word]) => <option key={value} value={value}>{word}</option>)}
      </select>
    </div>
  );
}

interface AskingProps {
  word: string;
  label: string;
  question: string;
  yes: string;
  onYes: () => void;
}

// A first press asks, a second one acts; the focus is where it can be answered or taken back.
export function Asking({ word, label, question, yes, onYes }: AskingProps) {
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const no = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) no.current?.focus();
    else if (asked) first.current?.focus();
  }, [asking, asked]);
  if (!asking) {
    return (
      <Button ref={first} className="button" data-size="small" aria-label={label}
        onPress={() => {
          setAsking(true);
          setAsked(true);
        }}>{word}</Button>
    );
  }
  return (
    <div className="asking" role="group" aria-label={question}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setAsking(false);
      }}>
      <span>{question}</span>
      <Button className="button" data-size="small" data-look="danger" onPress={() => {
        setAsking(false);
        onYes();
      }}>{yes}</Button>
      <Button ref={no} className="button" data-size="small" onPress={() => setAsking(false)}>Keep</Button>
    </div>
  );
}

// Copies; a browser that does not let pages copy leaves the text to be selected.
function useCopy(text: string): [copied: boolean, copy: () => void] {
  const [copied, setCopied] = useState<string | null>(null);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(text), () => {});
  return [copied === text, copy];
}

interface CopyButtonProps {
  text: string;
  word: string;
  label: string;
}

export function CopyButton({ text, word, label }: CopyButtonProps) {
  const [copied, copy] = useCopy(text);
  return (
    <>
      <Button className="button" data-size="small" aria-label={label} onPress={copy}>
        <Icon name={copied ? 'check' : 'copy'} size={16} />{copied ? 'Copied' : word}
      </Button>
      <span className="sr-only" role="status">{copied ? 'Copied' : ''}</span>
    </>
  );
}

interface SecretProps {
  title: string;
  text: string;
  label: string;
  onDone: () => void;
  children: ReactNode;
}

export function Secret({ title, text, label, onDone, children }: SecretProps) {
  const [copied, copy] = useCopy(text);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [text]);
  return (
    <section className="secret" aria-label={title}>
      <h2 tabIndex={-1} ref={heading}>{title}</h2>
      <p>{children}</p>
      <div className="secret-line">
        <input className="input" readOnly aria-label={label} value={text}
          onFocus={(event) => event.currentTarget.select()} />
        <Button className="button" data-look="primary" onPress={copy}>
          {copied && <Icon name="check" size={16} />}{copied ? 'Copied' : 'Copy'}
        </Button>
        <Button className="button" onPress={onDone}>Done</Button>
      </div>
      <span className="sr-only" role="status">{copied ? 'Copied' : ''}</span>
    </section>
  );
}
