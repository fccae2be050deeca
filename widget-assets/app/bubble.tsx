// One message. What visitors and people write is text as it was typed; answers of the assistant are
// Markdown.

import type { ComponentChildren } from 'preact';
import { shorterGaps } from '../shared/text.ts';
import { Answer } from './answer.ts';
import { Icon } from './icons.tsx';
import type { Row } from './rows.ts';
import { Sources } from './sources.tsx';
import type { Draft } from './state.ts';

interface Props {
  row: Row;
  agentName: string;
  base: string;
  showSources: boolean;
  children: ComponentChildren;
}

export function Bubble({ row, agentName, base, showSources, children }: Props) {
  const { role, author, follows, createdAt, draft } = row;
  const citations = showSources ? row.citations : [];
  const mine = role === 'visitor';
  const human = role === 'human';
  const writer = human ? author || 'Our team' : agentName;
  const label = mine ? 'You said' : `${writer} ${human ? 'wrote' : 'answered'}`;
  const classes = ['message', mine ? 'mine' : role, follows && 'follows', draft?.state === 'waiting' && 'waiting'];
  return (
    <article aria-label={label} class={classes.filter(Boolean).join(' ')}>
      {human && !follows && <p class="writer" dir="auto">{writer}</p>}
      <div class="bubble" dir="auto" title={createdAt && timeOf(createdAt)}>
        {mine || human
          ? <p class="typed">{shorterGaps(row.text)}</p>
          : <Answer id={row.key} text={row.text} done={row.done} base={base} citations={citations} />}
        {row.cutOff && <p class="cut">Stopped here</p>}
        {citations.length > 0 && <Sources citations={citations} id={row.key} base={base} />}
      </div>
      {children}
    </article>
  );
}

export function DraftNote({ draft, onRetry }: { draft: Draft; onRetry(): void }) {
  if (draft.state === 'waiting') return <p class="note" role="status"><Icon name="clock" size={14} /><span>{draft.error}</span></p>;
  if (draft.state !== 'failed') return null;
  return (
    <p class="note failed" role="alert">
      <Icon name="alert" size={14} />
      <span><b>{draft.seq ? 'Not answered' : 'Not sent'}</b> {draft.error}</span>
      <button type="button" class="text" onClick={onRetry}>Try again</button>
    </p>
  );
}

function timeOf(iso: string): string {
  const time = new Date(iso);
  const today = time.toDateString() === new Date().toDateString();
  return time.toLocaleString('en-GB', { ...(today ? {} : { day: 'numeric', month: 'short' }), hour: '2-digit', minute: '2-digit' });
}
