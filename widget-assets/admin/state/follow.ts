// Follows the open conversation: loads it, joins its channel, applies its events, and tells the visitor
// when somebody here types.
import { api, ApiError, messageOf, type About } from '../api';
import type { LiveEvent } from '../types';
import { fresh, link, watch, whenBack, type Watch } from './live';
import { applyAccountEvent } from './events';
import { marksOf } from './marks';
import { inbox, putConversation } from './inbox';
import { retryPending } from './actions';
import { endAnswer, forgetHeard, hearDelta, showStored } from './running';
import { putLead } from './leads';
import { addMark, addMessages, contiguousSeq, patchThread, threadOf } from './threads';
import { current, putCurrent } from './current';

const TYPING_SHOWN_MS = 6_000;
const TYPING_SENT_EVERY_MS = 2_000;
// The stored text of an answer trails by a fraction of a second: so soon it fills a hole.
const LOOK_MS = 450;
// An answer that falls silent this long has ended unheard.
const SILENCE_MS = 15_000;

let open: { id: string; watch: Watch } | null = null;
let silence: ReturnType<typeof setTimeout> | undefined;
let looking: ReturnType<typeof setTimeout> | undefined;
let typingSentAt = 0;

export function follow(id: string): () => void {
  patchThread(id, { phase: threadOf(id).phase === 'ready' ? 'ready' : 'loading', error: '' });
  current.set({ id, conversation: current.get().id === id ? current.get().conversation : null });
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const watching = watch({
    topic: `conversation:${id}`,
    onEvent: (event) => onEvent(id, event, timers),
    load: () => catchUp(id),
    onJoined: forgetHeard,
    onCaughtUp: () => {
      retryPending(id);
      // The pieces of an answer are never sent again.
      if (threadOf(id).running) void look(id);
    },
    onLink: (state) => link.set({ thread: state }),
  });
  open = { id, watch: watching };
  const notBack = whenBack(() => {
    if (threadOf(id).error) void catchUp(id);
    retryPending(id);
  });
  // The transcript need not wait for the socket.
  void catchUp(id);
  return () => {
    clearTimeout(silence);
    clearTimeout(looking);
    looking = undefined;
    for (const timer of timers.values()) clearTimeout(timer);
    notBack();
    watching.stop();
    link.set({ thread: 'live' });
    patchThread(id, { visitorTyping: false, personTyping: null });
    if (open?.watch === watching) open = null;
  };
}

// False when the server could not be asked.
export async function catchUp(id: string): Promise<boolean> {
  try {
    const [about] = await Promise.all([api.conversation(id), loadMessages(id)]);
    putAbout(id, about);
    patchThread(id, { phase: 'ready', error: '' });
    return true;
  } catch (error) {
    const missing = error instanceof ApiError && ['not_found', 'validation_failed'].includes(error.code);
    const phase = missing ? 'missing' : threadOf(id).phase === 'ready' ? 'ready' : 'error';
    patchThread(id, { phase, error: messageOf(error) });
    return missing;
  }
}

function putAbout(id: string, { conversation, lead, visitor, running, takeovers }: About): void {
  putCurrent(conversation);
  // Listed by its account alone: a link may lead into another account of this person.
  if (inbox.get().items.has(id)) putConversation(conversation);
  if (lead) putLead(lead, false);
  patchThread(id, { lead, visitor });
  for (const mark of marksOf(takeovers, conversation)) addMark(id, mark);
  if (!showStored(id, running)) lookSoon(id);
}

// What is stored of an answer that is being written here in part only.
async function look(id: string): Promise<void> {
  try {
    putAbout(id, await api.conversation(id));
  } catch {
    // The whole answer comes when it is complete.
  }
}

function lookSoon(id: string): void {
  if (open?.id !== id) return;
  looking ??= setTimeout(() => {
    looking = undefined;
    void look(id);
  }, LOOK_MS);
}

async function afterSilence(id: string): Promise<void> {
  const before = threadOf(id).running;
  await look(id);
  const after = threadOf(id).running;
  if (before && after?.messageId === before.messageId && after.text === before.text) endAnswer(id);
}

async function loadMessages(id: string): Promise<void> {
  for (let after = contiguousSeq(threadOf(id)); ; ) {
    const page = await api.messages(id, after);
    addMessages(id, page.messages);
    if (!page.hasMore || page.lastSeq <= after) return;
    after = page.lastSeq;
  }
}

function onEvent(id: string, event: LiveEvent, timers: Map<string, ReturnType<typeof setTimeout>>): void {
  const { payload } = event;
  if (event.event === 'answer.delta') {
    const whole = hearDelta(id, String(payload.message_id), Number(payload.offset ?? 0), String(payload.text ?? ''));
    if (!whole) lookSoon(id);
    clearTimeout(silence);
    silence = setTimeout(() => void afterSilence(id), SILENCE_MS);
  } else if (event.event === 'typing') {
    onTyping(id, payload, timers);
  } else if (event.event !== 'lead.created' && fresh(event)) {
    // The visitor reads this topic too, so its lead is a shorter one; the account's brings the whole.
    applyAccountEvent(event);
  }
}

function onTyping(
  id: string, payload: Record<string, unknown>, timers: Map<string, ReturnType<typeof setTimeout>>,
): void {
  const who = payload.who === 'visitor' ? 'visitor' : 'human';
  const active = payload.active !== false;
  const show = (on: boolean) =>
    patchThread(id, who === 'visitor'
      ? { visitorTyping: on }
      : { personTyping: on ? String(payload.name || 'A colleague') : null });
  clearTimeout(timers.get(who));
  show(active);
  if (active) timers.set(who, setTimeout(() => show(false), TYPING_SHOWN_MS));
}

export function tellTyping(active: boolean): void {
  const now = Date.now();
  if (active && now - typingSentAt < TYPING_SENT_EVERY_MS) return;
  if (!active && typingSentAt === 0) return;
  typingSentAt = active ? now : 0;
  open?.watch.send('typing', { active });
}
