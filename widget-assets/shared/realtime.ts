// One channel of the server's realtime hub over one websocket: joins a private topic, stays joined.
//
// For the widget, which follows a single conversation. Whoever needs presence, several topics or
// database changes uses supabase-js (the admin does). Whoever opens a channel closes it; after close()
// it does nothing any more.
//
// What was sent meanwhile comes at the next join, in order and each event once, or word of a gap
// (docs/protocol.md, "Coming back"). Ephemeral events of that time are gone.

import { decodeFrame, encodeFrame, type Frame } from './frames.ts';

const HEARTBEAT_MS = 25_000;
/** A connection, join or heartbeat that is not answered in this time ends the socket. */
const ANSWER_MS = 8_000;
/** Ids of events remembered, since a history may begin a little before what was missed. */
const KNOWN_MAX = 1_000;
/** Reasons that another token may cure; with any other the server is only busy (docs/errors.md). */
const TOKEN_REFUSED = /^(Unauthorized|InvalidJWT)/;

export interface ChannelOptions {
  /** ws(s)://host/realtime/v1 */
  url: string;
  /** Without the prefix `realtime:`. */
  topic: string;
  /** A token that is valid now; asked for before every connection. */
  token(): Promise<string>;
  /** The newest message that is here, where the first join continues from. */
  lastSeq(): number;
  onJoined(): void;
  /** Behind the events missed, if any. */
  onCaughtUp(): void;
  /** What was missed cannot be had: load the state again. */
  onGap(): void;
  /** The pause before the n-th attempt after the channel was lost, n from 0. */
  retryMs(attempt: number): number;
  /** The channel was joined or tried to be, and is not any more. It comes back by itself. */
  onLost(): void;
  /** The server did not accept the token: fetch another before the next attempt. */
  onRefused(): void;
  onEvent(event: string, payload: Record<string, unknown>, replayed: boolean): void;
}

interface Meta {
  id?: string;
  horizon?: string;
  replayed?: boolean;
}

export interface Channel {
  /** Sends an ephemeral event; does nothing while the channel is not joined. */
  send(event: string, payload: Record<string, unknown>): void;
  /** A renewed token for a channel that is joined; a later join asks token() itself. */
  setToken(token: string): void;
  close(): void;
}

export function openChannel(options: ChannelOptions): Channel {
  const topic = `realtime:${options.topic}`;
  let socket: WebSocket | null = null;
  let joined = false;
  let closed = false;
  let horizon = '';
  let lastRef = 0;
  let joinRef = '';
  let heartbeatRef = '';
  let attempt = 0;
  let retryTimer = 0;
  let answerTimer = 0;
  let heartbeatTimer = 0;
  const known = new Set<string>();

  async function connect(): Promise<void> {
    clearTimeout(retryTimer);
    retryTimer = 0;
    const token = await options.token().catch(() => '');
    if (closed || socket) return;
    if (!token) {
      again();
      return;
    }
    const query = new URLSearchParams({ apikey: token, vsn: '2.0.0' });
    const mine = (socket = new WebSocket(`${options.url}/websocket?${query}`));
    mine.binaryType = 'arraybuffer';
    expectAnswer();
    mine.onopen = () => join(token);
    mine.onmessage = (message) => {
      const frame = mine === socket && decodeFrame(message.data as string | ArrayBuffer);
      if (frame) receive(frame);
    };
    mine.onclose = () => {
      if (mine === socket) lost();
    };
  }

  function join(token: string): void {
    joinRef = nextRef();
    const config = {
      private: true,
      broadcast: { ack: false, self: false, recover: horizon ? { horizon } : { seq: options.lastSeq() } },
      presence: { enabled: false, key: '' },
      postgres_changes: [],
    };
    push('phx_join', { config, access_token: token }, joinRef);
    expectAnswer();
    heartbeatTimer = window.setInterval(heartbeat, HEARTBEAT_MS);
  }

  function receive(frame: Frame): void {
    const { event, payload } = frame;
    if (frame.topic === 'phoenix') {
      if (frame.ref === heartbeatRef) answered();
      return;
    }
    if (frame.topic !== topic || (frame.joinRef && frame.joinRef !== joinRef)) return;
    if (event === 'phx_reply' && frame.ref === joinRef) joinAnswered(payload);
    else if (event === 'phx_error' || event === 'phx_close') lost();
    else if (event === 'system' && payload.extension === 'recover') recovered(payload);
    else if (event === 'broadcast' && joined && typeof payload.event === 'string') heard(payload);
  }

  function heard(broadcast: Record<string, unknown>): void {
    const { id, replayed = false, ...meta } = (broadcast.meta ?? {}) as Meta;
    if (id) {
      if (known.has(id)) return;
      known.add(id);
      if (known.size > KNOWN_MAX) known.delete(known.values().next().value!);
    }
    options.onEvent(broadcast.event as string, (broadcast.payload ?? {}) as Record<string, unknown>, replayed);
    // Each event's is a safe place to go on from, also in the middle of a history.
    horizon = meta.horizon || horizon;
  }

  function recovered(told: Record<string, unknown>): void {
    horizon = (told.horizon as string) || horizon;
    if (told.gap) options.onGap();
    else options.onCaughtUp();
  }

  function joinAnswered(reply: Record<string, unknown>): void {
    if (reply.status !== 'ok') {
      const { reason } = (reply.response ?? {}) as { reason?: string };
      if (TOKEN_REFUSED.test(reason ?? '')) options.onRefused();
      lost();
      return;
    }
    answered();
    joined = true;
    attempt = 0;
    options.onJoined();
  }

  /** The page was hidden, asleep or offline: find out at once whether the socket still lives. */
  function wake(): void {
    if (document.hidden) return;
    if (joined) heartbeat();
    else if (retryTimer) {
      attempt = 0;
      void connect();
    }
  }

  function heartbeat(): void {
    if (answerTimer) return;
    heartbeatRef = nextRef();
    push('heartbeat', {}, heartbeatRef, null, 'phoenix');
    expectAnswer();
  }

  function expectAnswer(): void {
    answered();
    answerTimer = window.setTimeout(lost, ANSWER_MS);
  }

  function answered(): void {
    clearTimeout(answerTimer);
    answerTimer = 0;
  }

  function nextRef(): string {
    return String(++lastRef);
  }

  function push(
    event: string,
    payload: Record<string, unknown>,
    ref = nextRef(),
    from: string | null = joinRef,
    to = topic,
  ): void {
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(encodeFrame({ joinRef: from, ref, topic: to, event, payload }));
  }

  function lost(): void {
    drop();
    if (closed) return;
    options.onLost();
    again();
  }

  function again(): void {
    clearTimeout(retryTimer);
    retryTimer = window.setTimeout(connect, options.retryMs(attempt++));
  }

  /** Ends the socket. A close frame may never be answered on a dead network: nobody waits for it. */
  function drop(): void {
    const old = socket;
    socket = null;
    joined = false;
    answered();
    clearInterval(heartbeatTimer);
    old?.close();
  }

  function listen(change: typeof addEventListener): void {
    change('online', wake);
    change('pageshow', wake);
    change.call(document, 'visibilitychange', wake);
  }

  listen(addEventListener);
  void connect();
  return {
    send(event, payload) {
      if (joined) push('broadcast', { type: 'broadcast', event, payload });
    },
    setToken(token) {
      if (joined) push('access_token', { access_token: token });
    },
    close() {
      closed = true;
      listen(removeEventListener);
      clearTimeout(retryTimer);
      drop();
    },
  };
}
