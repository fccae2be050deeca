// The transcript: messages by day, what happened between them, the answer being written, and words on
// their way. Stays at the end while somebody is at the end; otherwise says that there is more below.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { dayKey, dayName, timeOfDay } from '../format';
import { useNow } from '../hooks';
import { placeOf, type Mark } from '../state/marks';
import type { Thread } from '../state/threads';
import type { Message } from '../types';
import { Dots } from './bits';
import { Bubble, Unsent, Writing } from './Bubble';
import { Icon } from './Icon';

const NEAR_END_PX = 80;
// Messages of one author within this time stand under one name.
const GROUP_MS = 5 * 60_000;

interface Props {
  id: string;
  thread: Thread;
  visitor: string;
  agent: string;
}

export function Transcript({ id, thread, visitor, agent }: Props) {
  const { messages, marks, pending, running, visitorTyping, personTyping } = thread;
  const { box, content, atEnd, toEnd } = useStickToEnd();
  const now = useNow();
  return (
    <div className="transcript-frame">
      <div className="transcript" role="log" aria-label="Transcript" aria-live="polite" tabIndex={0} ref={box}>
        <div className="transcript-content" ref={content}>
          {messages.map((message, index) => {
            const before = messages[index - 1];
            const newDay = !before || dayKey(before.createdAt) !== dayKey(message.createdAt);
            const marksHere = marks.filter((mark) => placeOf(mark, messages) === index);
            return (
              <div className="entry" key={message.id}>
                <Marks marks={marksHere} />
                {newDay && <p className="day"><span>{dayName(message.createdAt, now)}</span></p>}
                <Bubble message={message} visitor={visitor} agent={agent}
                  follows={!newDay && marksHere.length === 0 && sameAuthor(before, message)} />
              </div>
            );
          })}
          {messages.length === 0 && !running && <p className="day"><span>No message yet</span></p>}
          <Marks marks={marks.filter((mark) => placeOf(mark, messages) === messages.length)} />
          {running && <Writing key={running.messageId} text={running.text} agent={agent} />}
          {pending.map((item) => <Unsent key={item.clientId} id={id} item={item} />)}
        </div>
      </div>
      <p className="typing" role="status">
        {visitorTyping && <><span>{visitor} is typing</span><Dots /></>}
        {!visitorTyping && personTyping && <><span>{personTyping} is typing</span><Dots /></>}
      </p>
      {!atEnd && (
        <Button className="to-end" onPress={toEnd}><Icon name="chevron" size={16} />Newest</Button>
      )}
    </div>
  );
}

function sameAuthor(a: Message | undefined, b: Message): boolean {
  return a !== undefined && a.role === b.role && a.author?.name === b.author?.name
    && Date.parse(b.createdAt) - Date.parse(a.createdAt) < GROUP_MS;
}

function Marks({ marks }: { marks: readonly Mark[] }) {
  return marks.map((mark) => (
    <p className="mark" data-kind={mark.kind} key={mark.key}>
      <Icon name={mark.kind === 'takeover' ? 'person' : mark.kind === 'handback' ? 'spark' : 'alert'} size={15} />
      <span>{mark.text}</span>
      <time dateTime={mark.at}>{timeOfDay(mark.at)}</time>
    </p>
  ));
}

function useStickToEnd() {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    sticks.current = true;
    setAtEnd(true);
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, []);

  useLayoutEffect(toEnd, [toEnd]);
  useEffect(() => {
    const outer = box.current;
    const inner = content.current;
    if (!outer || !inner) return;
    const onScroll = () => {
      sticks.current = outer.scrollHeight - outer.scrollTop - outer.clientHeight < NEAR_END_PX;
      setAtEnd(sticks.current);
    };
    const resized = new ResizeObserver(() => {
      if (sticks.current) outer.scrollTop = outer.scrollHeight;
    });
    resized.observe(inner);
    resized.observe(outer);
    outer.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      resized.disconnect();
      outer.removeEventListener('scroll', onScroll);
    };
  }, []);
  return { box, content, atEnd, toEnd };
}
