// What a person does to a conversation. Each is shown at once and taken back when the server refuses.
// Messages go out one after another, so they keep their order; each has a client id, so a repeat after
// a lost answer cannot double it.
import { api, ApiError, messageOf } from '../api';
import type { Conversation } from '../types';
import { current, patchCurrent, putCurrent } from './current';
import { inbox, patchConversation, putConversation } from './inbox';
import { endAnswer } from './running';
import { personName, session } from './session';
import { addMessages, dropPending, putPending, threadOf, type Pending } from './threads';
import { toast } from './toasts';

const SEND_RETRY_MS = [800, 2_000, 4_000];

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

function find(id: string): Conversation | undefined {
  const { conversation } = current.get();
  return conversation?.id === id ? conversation : inbox.get().items.get(id);
}

async function change(
  id: string, part: Partial<Conversation>, call: () => Promise<{ conversation: Conversation }>,
): Promise<boolean> {
  const before = find(id);
  if (!before) return false;
  patchConversation(id, part);
  patchCurrent(id, part);
  try {
    const { conversation } = await call();
    putConversation(conversation);
    putCurrent(conversation);
    return true;
  } catch (error) {
    const back = { status: before.status, takenOverBy: before.takenOverBy };
    patchConversation(id, back);
    patchCurrent(id, back);
    toast(messageOf(error), 'bad');
    return false;
  }
}

// Sending waits for a takeover that is under way.
const takeovers = new Map<string, Promise<boolean>>();

export function takeOver(id: string): Promise<boolean> {
  const { user } = session.get();
  if (!user) return Promise.resolve(false);
  const me = { id: user.id, name: personName(user) };
  const done = change(id, { status: 'human_takeover', takenOverBy: me }, () => api.takeOver(id));
  takeovers.set(id, done);
  void done.then((ok) => {
    if (ok) endAnswer(id);
    if (takeovers.get(id) === done) takeovers.delete(id);
  });
  return done;
}

export function handBack(id: string): Promise<boolean> {
  return change(id, { status: 'active', takenOverBy: null }, () => api.handBack(id));
}

export function setClosed(id: string, status: 'active' | 'closed'): Promise<boolean> {
  return change(id, { status, takenOverBy: null }, () => api.setStatus(id, status));
}

const queues = new Map<string, Promise<void>>();

export function send(id: string, content: string): void {
  enqueue(id, {
    clientId: crypto.randomUUID(), content, at: new Date().toISOString(), state: 'sending', error: '',
    transient: false,
  });
}

export function retry(id: string, item: Pending): void {
  enqueue(id, { ...item, state: 'sending', error: '' });
}

export function discard(id: string, item: Pending): void {
  dropPending(id, item.clientId);
}

// The connection is back: what failed only for want of it goes out by itself.
export function retryPending(id: string): void {
  for (const item of threadOf(id).pending) {
    if (item.state === 'failed' && item.transient) retry(id, item);
  }
}

function enqueue(id: string, item: Pending): void {
  putPending(id, item);
  const before = queues.get(id) ?? Promise.resolve();
  const mine = before.then(() => deliver(id, item));
  queues.set(id, mine);
  void mine.then(() => {
    if (queues.get(id) === mine) queues.delete(id);
  });
}

async function deliver(id: string, item: Pending): Promise<void> {
  await takeovers.get(id);
  for (let tries = 0; ; tries++) {
    try {
      const { message } = await api.send(id, item.content, item.clientId);
      dropPending(id, item.clientId);
      addMessages(id, [message]);
      return;
    } catch (error) {
      const transient = error instanceof ApiError && error.transient;
      const pause = SEND_RETRY_MS[tries];
      if (transient && pause !== undefined) {
        await wait(pause);
        continue;
      }
      // It may have come back by the channel meanwhile.
      if (!threadOf(id).pending.some((other) => other.clientId === item.clientId)) return;
      putPending(id, { ...item, state: 'failed', error: messageOf(error), transient });
      return;
    }
  }
}
