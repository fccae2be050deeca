// The life of one visitor's chat: starts, loads its conversation, follows it over the realtime hub,
// which also tells what happened in an absence, and offers what the surface can do. Owns the channel
// and its timers; lives as long as the page.

import { ApiError, call, retryable, tokenRefused } from '../shared/api.ts';
import { backoffMs } from '../shared/backoff.ts';
import type { Channel } from '../shared/realtime.ts';
import type { Conversation, ConversationEvents, Lead, MessagePage, Message, Status, Typing } from '../shared/types.ts';
import type { LeadFields } from './contact_form.ts';
import type { Host } from './host.ts';
import { createSender, type Sender } from './sender.ts';
import { lastSeq } from './state.ts';
import type { Store } from './store.ts';

/** Without a channel the server is asked this often. */
const POLL_MS = 6_000;
/** A channel that was there is usually back before, and brings what was missed. */
const LOST_POLL_MS = 30_000;
/** A person who stops typing without saying so is believed this long. */
const TYPING_MS = 6_000;
/** At most one `typing` event in this time while the visitor types. */
const TYPING_EVERY_MS = 2_500;
/** Shorter interruptions are not worth a word. */
const LOST_AFTER_MS = 900;

export interface Session {
  start(): Promise<void>;
  send: Sender['send'];
  retry: Sender['retry'];
  typing(active: boolean): void;
  leaveDetails(fields: LeadFields): Promise<void>;
  startOver(): void;
  setOpen(open: boolean): void;
}

export function createSession(agentId: string, host: Host, store: Store): Session {
  let channel: Channel | null = null;
  let catchingUp: Promise<void> | null = null;
  let open = !host.framed;
  let unread = 0;
  /** How many events have told who is in charge. */
  let statusesHeard = 0;
  /** The conversation was here before this page: what comes until it is loaded is no news. */
  let behind = false;
  /** The first join has told what came before it; of who was in charge then only the last counts. */
  let settled = false;
  let earlier: Conversation | null = null;
  let typingSentAt = 0;
  let typingTimer = 0;
  let typingStopTimer = 0;
  let lostTimer = 0;
  let pollTimer = 0;

  const sender = createSender(agentId, host, store, {
    conversationStarted(id) {
      follow(id);
      host.emit('conversation_started', { conversationId: id });
    },
    sent: (content) => host.emit('message', { role: 'visitor', content }),
  });

  async function start(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { config, conversationId, theme } = await host.start();
        store.dispatch({ type: 'started', config, conversationId, theme });
        if (conversationId) resume(conversationId);
        return;
      } catch (error) {
        if (!retryable(error)) {
          const known = error instanceof ApiError && error.code === 'not_found';
          const text = known ? 'This chat does not exist any more.' : 'This chat is not available here.';
          store.dispatch({ type: 'refused', text });
          return;
        }
        store.dispatch({ type: 'connection', connection: 'lost' });
        await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
      }
    }
  }

  /** A conversation that began before this page, or on another device. */
  function resume(conversationId: string): void {
    follow(conversationId);
    behind = true;
    store.dispatch({ type: 'history', loading: true });
    void catchUp();
  }

  function follow(conversationId: string): void {
    unfollow();
    host.remember(conversationId);
    store.dispatch({ type: 'conversation', id: conversationId });
    behind = settled = false;
    earlier = null;
    void listen(conversationId).catch(() => {});
  }

  function poll(everyMs: number): void {
    pollTimer ||= window.setInterval(catchUp, everyMs);
  }

  function stopPolling(): void {
    clearInterval(pollTimer);
    pollTimer = 0;
  }

  /** The channel's code comes when there is something to listen to; until then the server is asked. */
  async function listen(conversationId: string): Promise<void> {
    poll(POLL_MS);
    const { openChannel } = await import('../shared/realtime.ts');
    if (store.get().conversationId !== conversationId || channel) return;
    channel = openChannel({
      url: `${location.origin.replace(/^http/, 'ws')}/realtime/v1`,
      topic: `conversation:${conversationId}`,
      async token() {
        await catchingUp;
        return host.token();
      },
      lastSeq: () => lastSeq(store.get()),
      retryMs: (attempt) => backoffMs(attempt),
      onRefused: () => void host.token(true).catch(() => {}),
      onJoined() {
        clearTimeout(lostTimer);
        stopPolling();
        store.dispatch({ type: 'connection', connection: 'live' });
      },
      onCaughtUp() {
        behind = false;
        settled = true;
        if (earlier) told(earlier);
        earlier = null;
      },
      onGap() {
        settled = true;
        poll(POLL_MS);
        void catchUp();
      },
      onLost() {
        clearTimeout(lostTimer);
        lostTimer = window.setTimeout(() => store.dispatch({ type: 'connection', connection: 'lost' }), LOST_AFTER_MS);
        poll(LOST_POLL_MS);
      },
      onEvent(event, payload, replayed) {
        if (replayed && !settled && payload.conversation) earlier = payload.conversation as Conversation;
        else receive(event as keyof ConversationEvents, payload);
      },
    });
  }

  function unfollow(): void {
    channel?.close();
    channel = null;
    clearTimeout(lostTimer);
    stopPolling();
    store.dispatch({ type: 'connection', connection: 'idle' });
  }

  /** Everything after the last seq that is here. One at a time; errors leave it to the next call. */
  function catchUp(): Promise<void> {
    catchingUp ??= readMissed().finally(() => (catchingUp = null));
    return catchingUp;
  }

  async function readMissed(): Promise<void> {
    const conversationId = store.get().conversationId;
    if (!conversationId) return;
    try {
      for (let more = true; more; ) {
        const body = { conversationId, afterSeq: lastSeq(store.get()) };
        const heard = statusesHeard;
        const page = await call<MessagePage>('get-messages', body, await host.token());
        if (store.get().conversationId !== conversationId) return;
        arrived(page.messages);
        more = page.hasMore && page.messages.length > 0;
        // What was heard meanwhile is newer than what was read.
        if (heard === statusesHeard) setStatus(page.status, page.takenOverBy?.name, page.escalated);
      }
      behind = false;
      if (store.get().connection === 'live') stopPolling();
    } catch (error) {
      if (tokenRefused(error)) await host.token(true).catch(() => {});
      else if (error instanceof ApiError && error.code === 'not_found') startOver();
    }
    store.dispatch({ type: 'history', loading: false });
  }

  function arrived(messages: Message[]): void {
    const known = new Set(store.get().messages.map((message) => message.seq));
    store.dispatch({ type: 'messages', messages });
    const fresh = messages.filter((message) => !known.has(message.seq));
    const news = behind ? [] : fresh.filter((message) => message.role !== 'visitor');
    for (const { role, content } of news) host.emit('message', { role, content });
    if (!open && news.length) host.unread((unread += news.length));
  }

  function receive(event: keyof ConversationEvents, payload: Record<string, unknown>): void {
    const data = payload as unknown as ConversationEvents[typeof event];
    if (event === 'message.created') {
      arrived([(data as ConversationEvents['message.created']).message]);
    } else if (event === 'takeover.started' || event === 'takeover.ended') {
      const { conversation, takeover } = data as ConversationEvents['takeover.started'];
      showTyping(null);
      told(conversation);
      host.emit('takeover', { active: event === 'takeover.started', name: takeover.memberName });
    } else if (event === 'conversation.updated') {
      told((data as ConversationEvents['conversation.updated']).conversation);
    } else if (event === 'typing') {
      const { who, name, active } = data as Typing;
      if (who === 'human') showTyping(active ? name || store.get().person?.name || 'Somebody' : null);
    } else if (event === 'answer.delta') {
      const { message_id } = data as ConversationEvents['answer.delta'];
      if (!sender.streamed(message_id) && !store.get().person) showTyping(store.get().config!.agent.name);
    }
  }

  function told({ status, takenOverBy, escalated }: Conversation): void {
    statusesHeard += 1;
    setStatus(status, takenOverBy?.name, escalated);
  }

  function setStatus(status: Status, name?: string, waiting?: boolean): void {
    const wasEnded = store.get().ended;
    store.dispatch({ type: 'status', status, name, waiting });
    if (store.get().ended && !wasEnded) host.emit('conversation_ended', { status });
  }

  function showTyping(name: string | null): void {
    clearTimeout(typingTimer);
    store.dispatch({ type: 'typing', name });
    if (name) typingTimer = window.setTimeout(() => store.dispatch({ type: 'typing', name: null }), TYPING_MS);
  }

  function startOver(): void {
    unfollow();
    unread = 0;
    host.remember(null);
    store.dispatch({ type: 'conversation', id: null });
  }

  host.onToken((token) => channel?.setToken(token));
  host.onVisitor((conversationId) => {
    if (conversationId === store.get().conversationId) return;
    startOver();
    if (conversationId) resume(conversationId);
  });

  return {
    start,
    send(content) {
      typingSentAt = 0;
      clearTimeout(typingStopTimer);
      sender.send(content);
    },
    retry: sender.retry,
    typing(active) {
      clearTimeout(typingStopTimer);
      if (active) {
        typingStopTimer = window.setTimeout(() => this.typing(false), TYPING_EVERY_MS * 2);
        if (Date.now() - typingSentAt < TYPING_EVERY_MS) return;
        typingSentAt = Date.now();
      } else {
        if (!typingSentAt) return;
        typingSentAt = 0;
      }
      channel?.send('typing', { active });
    },
    async leaveDetails(fields) {
      const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
      const body = { agentId, conversationId: store.get().conversationId ?? undefined, ...given };
      const answer = await withToken((token) =>
        call<{ lead: Lead; conversationId: string }>('create-widget-lead', body, token),
      );
      if (store.get().conversationId !== answer.conversationId) {
        follow(answer.conversationId);
        host.emit('conversation_started', { conversationId: answer.conversationId });
      }
      host.emit('lead', { leadId: answer.lead.id });
    },
    startOver,
    setOpen(now) {
      open = now;
      if (open) host.unread((unread = 0));
    },
  };

  async function withToken<T>(work: (token: string) => Promise<T>): Promise<T> {
    try {
      return await work(await host.token());
    } catch (error) {
      if (!tokenRefused(error)) throw error;
      return work(await host.token(true));
    }
  }
}
