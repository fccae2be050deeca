// Many questions at once: a table is chosen, what was found in it is shown, then it is added in parts. Each row
// has an answer of its own.
import { useEffect, useId, useRef, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { api } from '../api';
import type { Fault, Question, QuestionTable as Table } from '../state/questions';
import { useAct } from '../state/settings';
import type { AgentRow } from '../types';
import { Drop } from './Drop';

const PART_ROWS_MAX = 200;
const PART_CHARS_MAX = 1_000_000; // of at most three bytes each: a request may have 8 MiB
const FAULTS_SHOWN_MAX = 5;

interface Found extends Table {
  name: string;
}
interface Outcome {
  stored: number;
  duplicates: number;
  refused: Fault[];
}

const counted = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'question' : 'questions'}`;

export function QuestionTable({ agent, onAdded }: { agent: AgentRow; onAdded: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const isShown = useRef(true);
  const [found, setFound] = useState<Found | null>(null);
  const [sent, setSent] = useState(0);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();
  const hint = useId();
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);

  const read = (file: File) => run(async () => {
    setFailure('');
    setOutcome(null);
    setFound(null);
    const { readQuestions } = await import('../state/questions');
    const table = readQuestions(await file.arrayBuffer());
    if (table.refusal) setFailure(table.refusal);
    else setFound({ name: file.name, ...table });
  }, setFailure);

  // What was stored before something failed stays, and is found to be there already when it is tried again.
  const add = ({ questions }: Found) => run(async () => {
    setFailure('');
    setSent(0);
    const done: Outcome = { stored: 0, duplicates: 0, refused: [] };
    for (let at = 0; at < questions.length && isShown.current;) {
      const part = partFrom(questions, at);
      const answer = await api.addQuestions(agent.id, part);
      done.stored += answer.stored;
      done.duplicates += answer.duplicates;
      for (const { index, error } of answer.results) {
        if (error) done.refused.push({ row: part[index]?.row ?? 0, why: error.message });
      }
      at += part.length;
      setSent(at);
      onAdded();
    }
    setFound(null);
    setOutcome(done);
  }, setFailure);

  const isAdding = busy && found !== null;
  return (
    <Drop onFiles={([file]) => file && !busy && void read(file)}>
      <p id={hint}>Drop a table here: saved as CSV with the columns question and answer, and tags if you like; or the same as JSON. Up to 5,000 questions.</p>
      <Button className="button" data-look={found ? undefined : 'primary'} data-busy={(busy && !found) || undefined}
        isDisabled={isAdding} aria-describedby={hint} onPress={() => input.current?.click()}>Choose a table</Button>
      <input ref={input} className="sr-only" type="file" accept=".csv,.tsv,.txt,.json" tabIndex={-1} aria-hidden="true"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = '';
          if (file) void read(file);
        }} />
      <div role="status">
        {found && !isAdding && <p dir="auto">{`${found.name}: ${counted(found.questions.length)}`}</p>}
        {outcome && <p>{wordsOf(outcome)}</p>}
      </div>
      {found && <Faults faults={found.faults} lead="Left out" />}
      {outcome && <Faults faults={outcome.refused} lead="Refused" />}
      {found && found.questions.length > 0 && (
        <Button className="button" data-look="primary" data-busy={isAdding || undefined} onPress={() => void add(found)}>
          {`Add ${counted(found.questions.length)}`}
        </Button>
      )}
      {isAdding && (
        <span className="progress">
          <progress max={found.questions.length} value={sent} aria-label="Adding questions" />
          <span className="muted">{`${sent.toLocaleString('en')} of ${counted(found.questions.length)}`}</span>
        </span>
      )}
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
    </Drop>
  );
}

function Faults({ faults, lead }: { faults: Fault[]; lead: string }) {
  if (faults.length === 0) return null;
  const more = faults.length - FAULTS_SHOWN_MAX;
  return (
    <ul className="faults" aria-label={lead}>
      {faults.slice(0, FAULTS_SHOWN_MAX).map(({ row, why }) => <li key={row}>{`${lead}, row ${row}: ${why}`}</li>)}
      {more > 0 && <li>{`${lead}: ${more} more`}</li>}
    </ul>
  );
}

function partFrom(questions: Question[], start: number): Question[] {
  let end = start;
  for (let chars = 0; end < questions.length && end - start < PART_ROWS_MAX; ++end) {
    chars += questions[end]!.question.length + questions[end]!.answer.length;
    if (end > start && chars > PART_CHARS_MAX) break;
  }
  return questions.slice(start, end);
}

function wordsOf({ stored, duplicates, refused }: Outcome): string {
  const words = [`${counted(stored)} added`];
  if (duplicates) words.push(`${duplicates.toLocaleString('en')} there already`);
  if (refused.length) words.push(`${refused.length.toLocaleString('en')} refused`);
  return words.join(', ');
}
