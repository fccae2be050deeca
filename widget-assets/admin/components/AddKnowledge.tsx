// The ways to add knowledge: files dropped or chosen, a page or a site by its address, a question with its
// answer or a table of them, a text. What goes wrong stands where it was tried.
import { useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { api, ApiError, messageOf } from '../api';
import { useAct } from '../state/settings';
import { toast } from '../state/toasts';
import type { AgentRow } from '../types';
import { Drop } from './Drop';
import { QuestionTable } from './QuestionTable';
import { Choice, Field } from './settings';

const KINDS = [
  ['file', 'Files'], ['url', 'A page of the web'], ['site', 'A site'], ['faq', 'A question with its answer'],
  ['table', 'A table of questions'], ['text', 'A text'],
] as const;
const SCHEDULES = [['', 'Only now'], ['0 4 * * *', 'Every night'], ['0 4 * * 1', 'Every week'], ['0 */4 * * *', 'Every four hours']] as const;
const ACCEPTED = '.pdf,.docx,.pptx,.xlsx,.html,.htm,.md,.markdown,.txt,.csv,.json';

interface Props {
  agent: AgentRow;
  onAdded: () => void;
}

export function AddKnowledge(props: Props) {
  const [kind, setKind] = useState<string>('file');
  return (
    <div className="knowledge-add" role="group" aria-label="Add knowledge">
      <Choice label="Add" value={kind} options={KINDS} onChange={setKind} />
      {kind === 'file' && <Files {...props} />}
      {(kind === 'url' || kind === 'site') && <Address key={kind} kind={kind} {...props} />}
      {kind === 'faq' && <Question {...props} />}
      {kind === 'table' && <QuestionTable {...props} />}
      {kind === 'text' && <Text {...props} />}
    </div>
  );
}

function Files({ agent, onAdded }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [waiting, setWaiting] = useState(0);
  const [failures, setFailures] = useState<string[]>([]);
  const hint = useId();

  // One after the other: each has an answer of its own.
  async function send(files: File[]) {
    setFailures([]);
    for (const [index, file] of files.entries()) {
      setWaiting(files.length - index);
      try {
        const { duplicate } = await api.upload(agent.id, file);
        if (duplicate) toast(`${file.name} is there already`);
      } catch (error) {
        setFailures((before) => [...before, `${file.name}: ${messageOf(error)}`]);
      }
      onAdded();
    }
    setWaiting(0);
  }
  return (
    <Drop onFiles={(files) => void send(files)}>
      <p id={hint}>Drop files here: PDF, Word, PowerPoint, Excel, HTML, Markdown, text, CSV or JSON, up to 25 MB each.</p>
      <Button className="button" data-look="primary" data-busy={waiting > 0 || undefined} aria-describedby={hint}
        onPress={() => input.current?.click()}>Choose files</Button>
      <input ref={input} className="sr-only" type="file" multiple accept={ACCEPTED} tabIndex={-1} aria-hidden="true"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = '';
          void send(files);
        }} />
      <span role="status" className="muted">{waiting > 0 ? `Uploading ${waiting === 1 ? 'a file' : `${waiting} files`}` : ''}</span>
      {failures.map((text) => <p key={text} className="settings-note" role="alert" data-tone="bad">{text}</p>)}
    </Drop>
  );
}

// A form that says what went wrong and empties itself when it worked.
function useSubmit(onAdded: () => void) {
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();
  const submit = (event: FormEvent, missing: string, act: () => Promise<unknown>, done: () => void) => {
    event.preventDefault();
    setFailure(missing);
    if (missing) return;
    void run(async () => {
      await act();
      done();
      onAdded();
    }, setFailure);
  };
  return { failure, busy, submit };
}

function Frame({ label, busy, failure, word, onSubmit, children }: {
  label: string; busy: boolean; failure: string; word: string; onSubmit: (event: FormEvent) => void; children: ReactNode;
}) {
  return (
    <Form className="settings-form" aria-label={label} validationBehavior="aria" onSubmit={onSubmit}>
      {children}
      <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>{word}</Button>
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
    </Form>
  );
}

function Address({ agent, kind, onAdded }: Props & { kind: 'url' | 'site' }) {
  const [url, setUrl] = useState('');
  const [schedule, setSchedule] = useState('');
  const { failure, busy, submit } = useSubmit(onAdded);
  const add = async () => {
    const { duplicate } = await api.addSource(agent.id, kind === 'url' ? 'url' : 'web_crawl', url.trim(), schedule);
    if (duplicate) toast('This address is there already');
  };
  return (
    <Frame label={kind === 'url' ? 'Add a page' : 'Add a site'} busy={busy} failure={failure} word="Add"
      onSubmit={(event) => submit(event, url.trim() ? '' : 'Give the address, with https:// in front.', add, () => setUrl(''))}>
      <Field label={kind === 'url' ? 'Address of the page' : 'Address of the site or its sitemap'} name="url" autoComplete="off"
        required value={url} onChange={setUrl} />
      <Choice label="Read it" value={schedule} options={SCHEDULES} onChange={setSchedule} />
    </Frame>
  );
}

function Question({ agent, onAdded }: Props) {
  const [question, setQuestion] = useState('');
  const [answer, setAnswer] = useState('');
  const { failure, busy, submit } = useSubmit(onAdded);
  const add = async () => {
    const { stored, results } = await api.addQuestions(agent.id, [{ question: question.trim(), answer: answer.trim() }]);
    const wrong = results.find((one) => one.error)?.error;
    if (wrong) throw new ApiError('validation_failed', wrong.message);
    if (stored === 0) toast('This question is there already');
  };
  return (
    <Frame label="Add a question" busy={busy} failure={failure} word="Add"
      onSubmit={(event) => submit(event, question.trim() && answer.trim() ? '' : 'Write a question and its answer.', add, () => {
        setQuestion('');
        setAnswer('');
      })}>
      <Field label="Question" name="question" autoComplete="off" required value={question} onChange={setQuestion} />
      <Long label="Answer" value={answer} onChange={setAnswer} rows={3} />
    </Frame>
  );
}

function Text({ agent, onAdded }: Props) {
  const [title, setTitle] = useState('');
  const [content, setContent] = useState('');
  const { failure, busy, submit } = useSubmit(onAdded);
  return (
    <Frame label="Add a text" busy={busy} failure={failure} word="Add"
      onSubmit={(event) => submit(event, title.trim() && content.trim() ? '' : 'Write a title and a text.',
        () => api.addText(agent.id, title.trim(), content), () => {
          setTitle('');
          setContent('');
        })}>
      <Field label="Title" name="title" autoComplete="off" required value={title} onChange={setTitle} />
      <Long label="Text" value={content} onChange={setContent} rows={8} />
    </Frame>
  );
}

function Long({ label, value, onChange, rows }: { label: string; value: string; onChange: (text: string) => void; rows: number }) {
  const id = useId();
  return (
    <div className="field long">
      <label htmlFor={id} className="field-label">{label}</label>
      <textarea id={id} className="input" rows={rows} value={value} required onChange={(event) => onChange(event.target.value)} />
    </div>
  );
}
