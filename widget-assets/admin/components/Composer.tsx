// Below the transcript: the reply field for whoever is in charge, and for everybody else the sentence
// that says why there is none. Enter sends, Shift+Enter makes a new line.
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { TextArea } from 'react-aria-components/TextArea';
import { TextField } from 'react-aria-components/TextField';
import { accounts, mayWrite } from '../state/accounts';
import { send } from '../state/actions';
import { tellTyping } from '../state/follow';
import { session } from '../state/session';
import { useStore } from '../store';
import type { Conversation } from '../types';
import { Icon, type IconName } from './Icon';

const CHARS_MAX = 8_000;
const CHARS_SHOWN_FROM = 7_000;
const HEIGHT_MAX_PX = 220;

// What was begun in a conversation is there when somebody comes back to it.
const drafts = new Map<string, string>();

export function Composer({ conversation }: { conversation: Conversation }) {
  const account = useStore(accounts, (state) => state.open);
  const myId = useStore(session, (state) => state.user?.id);
  const { id, status, takenOverBy, agentName } = conversation;
  const mine = status === 'human_takeover' && takenOverBy?.id === myId;

  if (mine && mayWrite(account)) return <Reply id={id} key={id} />;
  if (!mayWrite(account)) return <Note icon="chat">You can read along. Writing needs another role.</Note>;
  if (status === 'closed') return <Note icon="check">Closed. It opens again by itself when the visitor writes.</Note>;
  if (status === 'archived') return <Note icon="archive">Archived.</Note>;
  if (status === 'human_takeover') {
    return <Note icon="person">{takenOverBy?.name ?? 'A colleague'} is in charge. Take over to write yourself.</Note>;
  }
  return <Note icon="spark">{agentName} is answering. Take over to write yourself.</Note>;
}

function Note({ icon, children }: { icon: IconName; children: React.ReactNode }) {
  return <p className="composer-note"><Icon name={icon} size={18} /><span>{children}</span></p>;
}

function Reply({ id }: { id: string }) {
  const [text, setText] = useState(drafts.get(id) ?? '');
  const field = useRef<HTMLTextAreaElement>(null);
  const blank = text.trim() === '';
  const length = [...text].length;

  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    return () => tellTyping(false);
  }, []);
  useLayoutEffect(() => {
    const node = field.current;
    if (!node) return;
    node.style.height = 'auto';
    node.style.height = `${Math.min(node.scrollHeight, HEIGHT_MAX_PX)}px`;
  }, [text]);

  function change(next: string) {
    setText(next);
    if (next) drafts.set(id, next);
    else drafts.delete(id);
    tellTyping(next.trim() !== '');
  }

  function submit() {
    if (blank || length > CHARS_MAX) return;
    send(id, text.trim());
    change('');
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape') return field.current?.blur();
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  }

  return (
    <form className="composer" onSubmit={(event) => {
      event.preventDefault();
      submit();
    }}>
      <TextField className="composer-field" aria-label="Reply" value={text} onChange={change} onKeyDown={onKeyDown}
        isInvalid={length > CHARS_MAX}>
        <TextArea ref={field} rows={1} placeholder="Write a reply" dir="auto" enterKeyHint="send" />
      </TextField>
      <div className="composer-foot">
        <span className="composer-hint">
          {length >= CHARS_SHOWN_FROM
            ? `${length.toLocaleString('en')} of ${CHARS_MAX.toLocaleString('en')} characters`
            : <><kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> new line</>}
        </span>
        <Button type="submit" className="send" aria-label="Send reply" isDisabled={blank || length > CHARS_MAX}>
          <Icon name="send" />
        </Button>
      </div>
    </form>
  );
}
