// Where the visitor writes. Enter sends, Shift+Enter makes a line; a half-composed character of an
// input method is never sent. What was begun is there again when the tab comes to another page.

import { Component, type RefObject } from 'preact';
import { Icon } from './icons.tsx';
import type { Session } from './session.ts';

/** The server counts Unicode code points. */
const CHARS_MAX = 8_000;
const COUNTER_FROM = 7_500;
const HEIGHT_MAX_PX = 144;
const KEY = `chatpad-draft:${document.documentElement.dataset.agentId}`;

interface Props {
  box: RefObject<HTMLTextAreaElement | null>;
  session: Session;
  /** Who is written to. */
  name: string;
  /** Null when no details can be left now. */
  onContact: (() => void) | null;
}

export class Composer extends Component<Props, { text: string }> {
  override state = { text: begun() };

  override componentDidMount() {
    if (this.state.text) this.componentDidUpdate();
  }

  override componentDidUpdate() {
    const area = this.props.box.current!;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, HEIGHT_MAX_PX)}px`;
  }

  submit = (event: Event) => {
    event.preventDefault();
    const { box, session } = this.props;
    const text = this.state.text.trim();
    if (!text || count(this.state.text) > CHARS_MAX) return;
    session.send(text);
    this.write('');
    box.current!.focus();
  };

  onKeyDown = (event: KeyboardEvent) => {
    // 229: some browsers end a composition before they report its Enter.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) this.submit(event);
  };

  onInput = (event: Event) => {
    const text = (event.target as HTMLTextAreaElement).value;
    this.write(text);
    this.props.session.typing(text !== '');
  };

  write(text: string) {
    this.setState({ text });
    try {
      if (text) sessionStorage.setItem(KEY, text);
      else sessionStorage.removeItem(KEY);
    } catch {
      // A browser that keeps nothing for frames.
    }
  }

  override render({ box, session, name, onContact }: Props, { text }: { text: string }) {
    const length = count(text);
    const tooLong = length > CHARS_MAX;
    const counted = length >= COUNTER_FROM;
    return (
      <>
        <form class="composer" onSubmit={this.submit}>
          <textarea
            ref={box}
            rows={1}
            value={text}
            dir="auto"
            aria-label="Message"
            aria-describedby={counted ? 'counter' : undefined}
            aria-invalid={tooLong}
            placeholder={`Message ${name}`}
            enterkeyhint="send"
            onInput={this.onInput}
            onKeyDown={this.onKeyDown}
            onBlur={() => session.typing(false)}
          />
          <button type="submit" class="send" aria-label="Send message" aria-disabled={!text.trim() || tooLong}>
            <Icon name="send" />
          </button>
        </form>
        <div class="below">
          {onContact && !counted && (
            <button type="button" class="text" onClick={onContact}>
              <Icon name="mail" size={16} />Leave contact details
            </button>
          )}
          {counted && (
            <p id="counter" role="status" class={tooLong ? 'counter over' : 'counter'}>
              {tooLong ? `${length - CHARS_MAX} characters too many` : `${CHARS_MAX - length} characters left`}
            </p>
          )}
        </div>
      </>
    );
  }
}

function begun(): string {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

/** Code points; a short text is not worth counting exactly. */
function count(text: string): number {
  return text.length < COUNTER_FROM ? text.length : [...text].length;
}
