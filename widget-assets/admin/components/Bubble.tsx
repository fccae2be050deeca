// One message. Visitors stand on the left, the account's side on the right: the assistant tinted, a
// person in the accent colour. What visitors write is plain text, answers are Markdown.
import { memo } from 'react';
import { Button } from 'react-aria-components/Button';
import { shorterGaps } from '../../shared/text.ts';
import { timeFull, timeOfDay } from '../format';
import { discard, retry } from '../state/actions';
import type { Pending } from '../state/threads';
import type { Message } from '../types';
import { Dots } from './bits';
import { Icon } from './Icon';
import { Rich } from './Rich';
import { SafetyNotes } from './SafetyNotes';
import { Sources } from './Sources';

interface Props {
  message: Message;
  visitor: string;
  agent: string;
  follows: boolean;
}

function sideOf(role: Message['role']): 'visitor' | 'assistant' | 'human' | 'note' {
  return role === 'visitor' || role === 'assistant' || role === 'human' ? role : 'note';
}

export const Bubble = memo(function Bubble({ message, visitor, agent, follows }: Props) {
  const side = sideOf(message.role);
  const who = side === 'visitor' ? visitor : side === 'human' ? (message.author?.name ?? 'Support') : agent;
  const said = side === 'visitor' ? 'said' : side === 'human' ? 'wrote' : 'answered';
  return (
    <article className="message" data-side={side} data-follows={follows || undefined} aria-label={`${who} ${said}`}>
      {!follows && (
        <header className="message-head">
          {side === 'assistant' && <Icon name="spark" size={14} />}
          <span className="message-who">{who}</span>
          <time dateTime={message.createdAt} title={timeFull(message.createdAt)}>{timeOfDay(message.createdAt)}</time>
        </header>
      )}
      <div className="bubble" dir="auto">
        {side === 'assistant'
          ? <Rich text={message.content} message={message} />
          : <p className="plain">{shorterGaps(message.content)}</p>}
        {message.cutOff && <p className="cut"><Icon name="alert" size={14} />Stopped here</p>}
      </div>
      {message.citations.length > 0 && <Sources messageId={message.id} citations={message.citations} />}
      {message.safetyFlags && <SafetyNotes flags={message.safetyFlags} />}
    </article>
  );
});

export function Writing({ text, agent }: { text: string; agent: string }) {
  return (
    <article className="message" data-side="assistant" data-writing="" aria-busy="true"
      aria-label={`${agent} is writing`}>
      <header className="message-head">
        <Icon name="spark" size={14} />
        <span className="message-who">{agent}</span>
        <span className="message-state">writing</span>
      </header>
      <div className="bubble" dir="auto">
        {text ? <Rich text={text} /> : <Dots />}
      </div>
    </article>
  );
}

export function Unsent({ id, item }: { id: string; item: Pending }) {
  return (
    <article className="message" data-side="human" data-state={item.state} aria-label="You wrote">
      <div className="bubble" dir="auto"><p className="plain">{shorterGaps(item.content)}</p></div>
      {item.state === 'sending'
        ? <p className="message-foot">Sending</p>
        : (
          <p className="message-foot" data-tone="bad" role="alert">
            <span>Not sent. {item.error}</span>
            <Button className="link-button" onPress={() => retry(id, item)}>Try again</Button>
            <Button className="link-button" onPress={() => discard(id, item)}>Discard</Button>
          </p>
        )}
    </article>
  );
}
