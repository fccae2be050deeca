// Where the visitor writes. Enter sends, Shift+Enter makes a line; a half-composed character of an
// input method is never sent.

import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';
import type { Session } from './session.ts';

/** The server counts Unicode code points. */
const CHARS_MAX = 8_000;
const COUNTER_FROM = 7_500;
const HEIGHT_MAX_PX = 144;

interface Props {
  box: RefObject<HTMLTextAreaElement | null>;
  session: Session;
  agentName: string;
  /** Null when no details can be left. */
  onContact: (() => void) | null;
}

export function Composer({ box, session, agentName, onContact }: Props) {
  const [text, setText] = useState('');
  const length = text.length < COUNTER_FROM ? text.length : [...text].length;
  const tooLong = length > CHARS_MAX;
  const ready = text.trim() !== '' && !tooLong;

  useLayoutEffect(() => {
    const area = box.current!;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, HEIGHT_MAX_PX)}px`;
  }, [text]);

  const submit = (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    session.send(text.trim());
    setText('');
    box.current!.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    submit(event);
  };
  const onInput = (event: Event) => {
    const value = (event.target as HTMLTextAreaElement).value;
    setText(value);
    session.typing(value !== '');
  };
  return (
    <>
      <form class="composer" onSubmit={submit}>
        <textarea
          ref={box}
          rows={1}
          value={text}
          dir="auto"
          aria-label="Message"
          aria-describedby={length >= COUNTER_FROM ? 'counter' : undefined}
          aria-invalid={tooLong}
          placeholder={`Message ${agentName}`}
          enterkeyhint="send"
          onInput={onInput}
          onKeyDown={onKeyDown}
          onBlur={() => session.typing(false)}
        />
        <button type="submit" class="send" aria-label="Send message" aria-disabled={!ready}>
          <Icon name="send" />
        </button>
      </form>
      <div class="below">
        {onContact && (
          <button type="button" class="text" onClick={onContact}>
            <Icon name="mail" size={16} />Leave contact details
          </button>
        )}
        {length >= COUNTER_FROM && (
          <p id="counter" role="status" class={tooLong ? 'counter over' : 'counter'}>
            {tooLong ? `${length - CHARS_MAX} characters too long` : `${CHARS_MAX - length} characters left`}
          </p>
        )}
      </div>
    </>
  );
}
