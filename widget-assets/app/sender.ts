// Sends the visitor's messages, one after the other and each exactly once: every attempt of a message
// carries the same clientMessageId, so the server stores it once however often it is repeated.
//
// An answer whose stream broke goes on behind its last event (Last-Event-ID): what is shown stays.
//
// Repeats by itself while the server or the network is away; gives up with a sentence a person can
// act on. retry() starts again.

import { ApiError, events, post, retryable, tokenRefused } from '../shared/api.ts';
import { backoffMs } from '../shared/backoff.ts';
import { pagePart } from '../shared/links.ts';
import type { AnswerEvent } from '../shared/types.ts';
import type { Host } from './host.ts';
import type { Store } from './store.ts';

/** Attempts that follow each other by themselves: more than two minutes with the pauses between. */
const ATTEMPTS_MAX = 12;
/** Of the page's address, which goes with every message. */
/** An answer may take this long, and no piece of it longer than the server's deadline. */
const ANSWER_MS = 125_000;

export interface Sender {
  send(content: string): void;
  retry(clientMessageId: string): void;
  /** Is or was this answer streamed to us? Then its pieces on other ways are not wanted. */
  streamed(messageId: string): boolean;
}

export interface SenderEvents {
  conversationStarted(id: string): void;
  sent(content: string): void;
}

export function createSender(agentId: string, host: Host, store: Store, told: SenderEvents): Sender {
  const queue: string[] = [];
  let running = false;
  let streamed = '';
  let lastEventId = ''; // of the answer that is shown half

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    for (let id = queue.shift(); id; id = queue.shift()) await deliver(id);
    running = false;
  }

  async function deliver(clientMessageId: string): Promise<void> {
    let freshToken = false;
    lastEventId = '';
    for (let attempt = 0; ; attempt += 1) {
      const draft = store.get().drafts.find((one) => one.clientMessageId === clientMessageId);
      if (!draft) return;
      store.dispatch({ type: 'draft_state', clientMessageId, state: 'sending' });
      try {
        await ask(clientMessageId, draft.content, freshToken);
        return;
      } catch (error) {
        // Half an answer stays in sight as long as the rest of it may come.
        if (!lastEventId || !retryable(error)) {
          store.dispatch({ type: 'answer_broken' });
          lastEventId = '';
        }
        if (tokenRefused(error) && !freshToken) {
          freshToken = true;
          continue;
        }
        if (error instanceof ApiError && error.code === 'not_found' && store.get().conversationId) {
          forgetConversation();
          continue;
        }
        if (!retryable(error) || attempt + 1 >= ATTEMPTS_MAX) {
          store.dispatch({ type: 'draft_state', clientMessageId, state: 'failed', error: advice(error) });
          return;
        }
        store.dispatch({ type: 'draft_state', clientMessageId, state: 'waiting', error: waitingFor(error) });
        await pause(Math.max(backoffMs(attempt + 1), (error as ApiError).retryAfterMs));
      }
    }
  }

  /** The conversation was archived or belongs to a visitor of before: the message opens another. */
  function forgetConversation(): void {
    host.remember(null);
    store.dispatch({ type: 'conversation', id: null });
  }

  async function ask(clientMessageId: string, message: string, freshToken: boolean): Promise<void> {
    const body = {
      agentId,
      conversationId: store.get().conversationId ?? undefined,
      message,
      clientMessageId,
      metadata: { pageUrl: pagePart(host.pageUrl()), referrer: pagePart(host.referrer()) },
      stream: true,
    };
    const token = await host.token(freshToken);
    // Somebody else may have brought the whole answer meanwhile.
    if (store.get().live?.messageId !== streamed) lastEventId = '';
    const response = await post('widget-chat', body, token, AbortSignal.timeout(ANSWER_MS), lastEventId);
    // Whoever leaves the page before the end finds the conversation on the next one.
    if (!body.conversationId) host.remember(response.headers.get('X-Conversation-Id'));
    const person = store.get().person;
    let finished = false;
    for await (const event of events<AnswerEvent>(response, (id) => (lastEventId = id))) {
      if (event.type === 'token') {
        streamed = event.messageId;
        store.dispatch({ type: 'token', messageId: event.messageId, text: event.content });
      } else if (event.type === 'citation') {
        store.dispatch({ type: 'citations', citations: event.citations });
      } else if (event.type === 'done') {
        finished = true;
        done(clientMessageId, event, person !== null);
      } else if (event.type === 'error') {
        lastEventId = '';
        throw new ApiError(event.code, event.message, '', event.code === 'internal' ? 500 : 503);
      }
    }
    if (!finished) throw new ApiError('network', 'The connection broke.');
  }

  function done(clientMessageId: string, event: AnswerEvent & { type: 'done' }, byPerson: boolean): void {
    const isNew = store.get().conversationId !== event.conversationId;
    store.dispatch({ type: 'accepted', clientMessageId, message: event.userMessage });
    store.dispatch({ type: 'answered', reply: event.reply });
    // An answer that began before a takeover does not end it: the channel knows better.
    if (byPerson || event.status === 'human_takeover') store.dispatch({ type: 'status', status: event.status });
    if (isNew) told.conversationStarted(event.conversationId);
    told.sent(event.userMessage.content);
  }

  return {
    send(content) {
      const clientMessageId = randomId();
      store.dispatch({ type: 'draft', clientMessageId, content });
      queue.push(clientMessageId);
      void run();
    },
    retry(clientMessageId) {
      queue.push(clientMessageId);
      void run();
    },
    streamed: (messageId) => streamed === messageId,
  };
}

/** 128 random bits; randomUUID is not there on pages without a secure context. */
function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

/** Ends early when the network comes back. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener('online', end);
  });
}

function waitingFor(error: unknown): string {
  if ((error as ApiError).code === 'too_many_requests') return 'That was fast. It goes out in a moment.';
  return 'It goes out as soon as the chat is back.';
}

/** What a person can do about it. */
export function advice(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something went wrong. Please try again.';
  if (error.status === 0) return 'The chat cannot be reached. Please check your connection.';
  if (tokenRefused(error)) return 'Your session has ended. Please reload the page.';
  if (error.status >= 500) return 'The chat is busy. Please try again in a moment.';
  return error.message;
}
