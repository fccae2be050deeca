// The transcript: greeting, messages, unconfirmed messages, the answer being written, who is typing.
// It follows the newest line while the reader is at the end, and never moves a reader who is not.

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Host } from './host.ts';
import { Icon } from './icons.tsx';
import { Bubble, DraftNote, type BubbleProps } from './bubble.tsx';
import type { Session } from './session.ts';
import type { Entry, State } from './state.ts';

/** So close to the end counts as being there. */
const AT_END_PX = 60;

interface Props {
  state: State;
  host: Host;
  session: Session;
  onContact(): void;
  children: ComponentChildren;
}

export function Log({ state, host, session, onContact, children }: Props) {
  const { agent, config } = state.config!;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [behind, setBehind] = useState(false);
  const mine = state.drafts.length;
  const count = state.messages.length + mine + (state.live ? 1 : 0);

  const toEnd = () => {
    const box = scroller.current!;
    box.scrollTop = box.scrollHeight;
    atEnd.current = true;
    setBehind(false);
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => atEnd.current && toEnd());
    observer.observe(content.current!);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!atEnd.current && count > 0) setBehind(true);
  }, [count]);
  useEffect(() => {
    if (mine) toEnd();
  }, [mine]);

  const onScroll = () => {
    const box = scroller.current!;
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < AT_END_PX;
    if (atEnd.current) setBehind(false);
  };
  const base = host.pageUrl();
  const common = { agentName: agent.name, base, showSources: config.behavior.showSources !== false };
  const typing = state.typing ?? (state.thinking ? agent.name : null);
  const unknown = state.drafts.filter((draft) => draft.seq === 0);

  return (
    <div class="scroller" ref={scroller} onScroll={onScroll}>
      <div class="content" ref={content}>
        <div role="log" aria-label="Messages" aria-live="polite" aria-busy={state.live !== null || state.loadingHistory} class="log">
          {agent.greeting && <Bubble {...common} role="assistant" text={agent.greeting} done />}
          {state.messages.map((entry, index) => {
            const draft = state.drafts.find((one) => one.clientMessageId === entry.key);
            return (
              <Bubble key={entry.key} {...common} {...fromEntry(entry)} follows={follows(state.messages, index)}>
                {draft && <DraftNote draft={draft} onRetry={() => session.retry(draft.clientMessageId)} />}
                {entry.content === agent.fallbackMessage && config.features.leadCapture !== false && (
                  <button type="button" class="offer" onClick={onContact}>Leave my details</button>
                )}
              </Bubble>
            );
          })}
          {unknown.map((draft) => (
            <Bubble key={draft.clientMessageId} {...common} role="visitor" text={draft.content} done state={draft.state}>
              <DraftNote draft={draft} onRetry={() => session.retry(draft.clientMessageId)} />
            </Bubble>
          ))}
          {state.live && (
            <Bubble key={state.live.messageId} {...common} role="assistant" text={state.live.text} citations={state.live.citations} />
          )}
        </div>
        <div role="status" class="typing" dir="auto">
          {typing && (
            <>
              <span class="dots" aria-hidden="true"><i /><i /><i /></span>
              <span>{typing} is typing</span>
            </>
          )}
        </div>
        {children}
      </div>
      {behind && (
        <button type="button" class="pill" onClick={toEnd}>
          <Icon name="down" size={16} />New messages
        </button>
      )}
    </div>
  );
}

function fromEntry(entry: Entry): Partial<BubbleProps> & Pick<BubbleProps, 'role' | 'text'> {
  return {
    role: entry.role,
    text: entry.content,
    citations: entry.citations,
    author: entry.author,
    cutOff: entry.cutOff,
    createdAt: entry.createdAt,
    done: true,
  };
}

/** Is this message of the same writer as the one before? */
function follows(messages: Entry[], index: number): boolean {
  const [before, here] = [messages[index - 1], messages[index]];
  return before?.role === here?.role && before?.author === here?.author;
}
