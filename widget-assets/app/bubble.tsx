// One message. What visitors and people write is text as it was typed; answers of the assistant are
// Markdown, written piece by piece into an element Preact does not look into.

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { createMarkdown, type Markdown } from '../shared/markdown.ts';
import type { Citation, Role } from '../shared/types.ts';
import { Icon } from './icons.tsx';
import { citeLink, Sources } from './sources.tsx';
import type { Draft } from './state.ts';

export interface BubbleProps {
  role: Role;
  text: string;
  agentName: string;
  base: string;
  showSources: boolean;
  /** False while the text grows. */
  done?: boolean;
  citations?: Citation[];
  author?: string | null;
  cutOff?: boolean;
  createdAt?: string;
  follows?: boolean;
  state?: Draft['state'];
  children?: ComponentChildren;
}

const NO_CITATIONS: Citation[] = [];

export function Bubble(props: BubbleProps) {
  const { role, text, agentName, createdAt, children } = props;
  const id = useId();
  const citations = (props.showSources && props.citations) || NO_CITATIONS;
  const mine = role === 'visitor';
  const writer = role === 'human' ? props.author || 'Our team' : agentName;
  const label = mine ? 'You said' : `${writer} ${role === 'human' ? 'wrote' : 'answered'}`;
  const classes = ['message', mine ? 'mine' : role, props.follows && 'follows', props.state === 'waiting' && 'waiting'];
  return (
    <article aria-label={label} class={classes.filter(Boolean).join(' ')} title={createdAt && timeOf(createdAt)}>
      {role === 'human' && !props.follows && <p class="writer" dir="auto">{writer}</p>}
      <div class="bubble" dir="auto">
        {mine || role === 'human' ? <p class="typed">{text}</p> : <Answer {...props} id={id} citations={citations} />}
        {props.cutOff && <p class="cut">Stopped here</p>}
        {citations.length > 0 && <Sources citations={citations} id={id} base={props.base} />}
      </div>
      {children}
    </article>
  );
}

function Answer({ text, done, base, citations, id }: BubbleProps & { id: string; citations: Citation[] }) {
  const box = useRef<HTMLDivElement>(null);
  const writing = useRef<{ markdown: Markdown; text: string; cited: Citation[] } | null>(null);
  useLayoutEffect(() => {
    let now = writing.current;
    const marks = /\[\d/.test(text);
    // A text that did not simply grow is written anew; so is one whose references are known now.
    if (!now || !text.startsWith(now.text) || (marks && now.cited !== citations)) {
      box.current!.replaceChildren();
      const cite = (number: number) => citeLink(citations, number, id);
      now = { markdown: createMarkdown(box.current!, { base, cite }), text: '', cited: citations };
      writing.current = now;
    }
    now.markdown.write(text.slice(now.text.length));
    now.text = text;
    if (!done) return;
    now.markdown.end();
    if (!marks) appendReferences(box.current!, citations, id);
    writing.current = { ...now, text: '\u0000' };
  }, [text, done, citations]);
  return <div class="answer" ref={box} />;
}

/** An answer without marks of its own names its sources at its end. */
function appendReferences(box: HTMLElement, citations: Citation[], id: string): void {
  const last = box.lastElementChild;
  const end = last?.matches('p') ? last : box.appendChild(document.createElement('p'));
  citations.forEach((_, index) => end.append(citeLink(citations, index + 1, id)!));
}

export function DraftNote({ draft, onRetry }: { draft: Draft; onRetry(): void }) {
  if (draft.state === 'sending') return null;
  if (draft.state === 'waiting') return <p class="note" role="status"><Icon name="clock" size={14} />{draft.error}</p>;
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
