// One channel of the server's realtime hub over one websocket: joins a private topic, stays joined.
//
// For the widget, which follows a single conversation. Whoever needs presence, several topics or
// database changes uses supabase-js (the admin does). It is made, started once, and stopped by its
// owner; after stop() it does nothing any more.
//
// What was sent while no channel was joined is gone: after every onJoined the owner asks
// get-messages for what it missed (docs/protocol.md, "Coming back").

import { backoffMs } from './backoff.ts';
import { decodeFrame, encodeFrame, type Frame } from './frames.ts';

const HEARTBEAT_MS = 25_000;
/** A join or a probe that is not answered in this time ends the socket. */
const ANSWER_MS = 8_000;

export interface RealtimeOptions {
  /** ws(s)://host/realtime/v1 */
  url: string;
  /** Without the prefix `realtime:`. */
  topic: string;
  /** A token that is valid now; asked for before every connection. */
  token(): Promise<string>;
  onJoined(): void;
  /** The channel was joined or tried to be, and is not any more. It comes back by itself. */
  onLost(): void;
  /** The server did not accept the token: fetch another before the next attempt. */
  onRefused(): void;
  onEvent(event: string, payload: Record<string, unknown>): void;
}

export class Realtime {
  #options: RealtimeOptions;
  #topic: string;
  #socket: WebSocket | null = null;
  #joined = false;
  #stopped = false;
  #ref = 0;
  #joinRef = '';
  #attempt = 0;
  #retryTimer = 0;
  #answerTimer = 0;
  #heartbeatTimer = 0;
  #heartbeatRef = '';

  constructor(options: RealtimeOptions) {
    this.#options = options;
    this.#topic = `realtime:${options.topic}`;
  }

  get joined(): boolean {
    return this.#joined;
  }

  start(): void {
    addEventListener('online', this.#wake);
    addEventListener('pageshow', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    removeEventListener('online', this.#wake);
    removeEventListener('pageshow', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    clearTimeout(this.#retryTimer);
    this.#drop();
  }

  /** Sends an ephemeral event; says nothing when the channel is not joined. */
  send(event: string, payload: Record<string, unknown>): void {
    if (this.#joined) this.#push('broadcast', { type: 'broadcast', event, payload }, this.#joinRef);
  }

  /** A renewed token for a channel that is joined; a later join asks token() itself. */
  setToken(token: string): void {
    if (this.#joined) this.#push('access_token', { access_token: token }, this.#joinRef);
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    if (this.#stopped || this.#socket) return;
    let token = '';
    try {
      token = await this.#options.token();
    } catch {
      this.#again();
      return;
    }
    if (this.#stopped || this.#socket) return;
    const socket = new WebSocket(
      `${this.#options.url}/websocket?apikey=${encodeURIComponent(token)}&vsn=2.0.0`,
    );
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#expectAnswer();
    socket.onopen = () => this.#join(token);
    socket.onmessage = (message) => {
      if (this.#socket !== socket) return;
      const frame = decodeFrame(message.data as string | ArrayBuffer);
      if (frame) this.#receive(frame);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #join(token: string): void {
    this.#joinRef = String(++this.#ref);
    const config = {
      private: true,
      broadcast: { ack: false, self: false },
      presence: { enabled: false, key: '' },
      postgres_changes: [],
    };
    this.#push('phx_join', { config, access_token: token }, this.#joinRef, this.#joinRef);
    this.#expectAnswer();
    clearInterval(this.#heartbeatTimer);
    this.#heartbeatTimer = window.setInterval(() => this.#heartbeat(), HEARTBEAT_MS);
  }

  #receive(frame: Frame): void {
    if (frame.topic === 'phoenix') {
      if (frame.ref === this.#heartbeatRef) this.#answered();
      return;
    }
    if (frame.topic !== this.#topic) return;
    if (frame.joinRef && frame.joinRef !== this.#joinRef) return;
    if (frame.event === 'phx_reply' && frame.ref === this.#joinRef) this.#joinAnswered(frame.payload);
    else if (frame.event === 'phx_error' || frame.event === 'phx_close') this.#lost();
    else if (frame.event === 'broadcast' && this.#joined) {
      const { event, payload } = frame.payload;
      if (typeof event !== 'string' || !payload || typeof payload !== 'object') return;
      this.#options.onEvent(event, payload as Record<string, unknown>);
    }
  }

  #joinAnswered(reply: Record<string, unknown>): void {
    if (reply.status !== 'ok') {
      this.#options.onRefused();
      this.#lost();
      return;
    }
    this.#answered();
    this.#joined = true;
    this.#attempt = 0;
    this.#options.onJoined();
  }

  /** The page was hidden, asleep or offline: find out at once whether the socket still lives. */
  #wake = (): void => {
    if (document.visibilityState === 'hidden') return;
    if (this.#joined) {
      this.#heartbeat();
    } else if (this.#retryTimer) {
      this.#attempt = 0;
      void this.#connect();
    }
  };

  #heartbeat(): void {
    if (this.#answerTimer) return;
    this.#heartbeatRef = String(++this.#ref);
    this.#push('heartbeat', {}, null, this.#heartbeatRef, 'phoenix');
    this.#expectAnswer();
  }

  #expectAnswer(): void {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = window.setTimeout(() => this.#lost(), ANSWER_MS);
  }

  #answered(): void {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = 0;
  }

  #push(
    event: string,
    payload: Record<string, unknown>,
    joinRef: string | null,
    ref = String(++this.#ref),
    topic = this.#topic,
  ): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(encodeFrame({ joinRef, ref, topic, event, payload }));
  }

  #lost(): void {
    this.#drop();
    if (this.#stopped) return;
    this.#options.onLost();
    this.#again();
  }

  #again(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(() => void this.#connect(), backoffMs(this.#attempt++));
  }

  /** Ends the socket. A close frame may never be answered on a dead network: nobody waits for it. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#joined = false;
    this.#answered();
    clearInterval(this.#heartbeatTimer);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
