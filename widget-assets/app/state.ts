// What the app knows, and the one function that changes it. Pure: no clock, no network, no DOM.
//
// The transcript is `messages` (stored by the server, ordered by seq, each once) followed by `drafts`
// (the visitor's own messages the server has not confirmed, in the order they were written) and
// `live` (the answer being written). A confirmed draft keeps its key, so its element stays.

import type { Citation, Message, Role, Status, ThemeMode, WidgetConfig } from '../shared/types.ts';

export interface Entry {
  /** Stable for the life of the element. */
  key: string;
  seq: number;
  role: Role;
  content: string;
  citations: Citation[];
  author: string | null;
  cutOff: boolean;
  createdAt: string;
}

export interface Draft {
  clientMessageId: string;
  content: string;
  /** The stored message it has become, 0 until that is known; its answer may still be missing. */
  seq: number;
  /** queued: an earlier message goes first. waiting: the next attempt comes by itself. */
  state: 'queued' | 'sending' | 'waiting' | 'failed';
  /** What a person can do about a failure. */
  error: string;
}

export interface Live {
  messageId: string;
  text: string;
  citations: Citation[];
}

export interface State {
  phase: 'loading' | 'ready' | 'refused';
  /** Why the chat cannot be shown. */
  refusal: string;
  config: WidgetConfig | null;
  theme: ThemeMode | null;
  conversationId: string | null;
  messages: Entry[];
  drafts: Draft[];
  live: Live | null;
  /** A draft was accepted or is on its way, and nothing of the answer has come. */
  thinking: boolean;
  /** Who has taken over; the name is empty until it is known. */
  person: { name: string } | null;
  /** The assistant took over again just now. */
  handedBack: boolean;
  /** A person was called and is not there yet. */
  waiting: boolean;
  typing: string | null;
  connection: 'idle' | 'live' | 'lost';
  ended: boolean;
  loadingHistory: boolean;
}

export const initial: State = {
  phase: 'loading',
  refusal: '',
  config: null,
  theme: null,
  conversationId: null,
  messages: [],
  drafts: [],
  live: null,
  thinking: false,
  person: null,
  handedBack: false,
  waiting: false,
  typing: null,
  connection: 'idle',
  ended: false,
  loadingHistory: false,
};

export type Action =
  | { type: 'started'; config: WidgetConfig; conversationId: string | null; theme: ThemeMode | null }
  | { type: 'refused'; text: string }
  | { type: 'history'; loading: boolean }
  | { type: 'messages'; messages: Message[] }
  | { type: 'draft'; clientMessageId: string; content: string }
  | { type: 'draft_state'; clientMessageId: string; state: Draft['state']; error?: string }
  | { type: 'accepted'; clientMessageId: string; message: Message }
  | { type: 'token'; messageId: string; text: string }
  | { type: 'citations'; citations: Citation[] }
  | { type: 'answered'; reply: Message | null }
  | { type: 'answer_broken' }
  | { type: 'conversation'; id: string | null }
  /** `waiting`: left out by who does not know. */
  | { type: 'status'; status: Status; name?: string; waiting?: boolean }
  | { type: 'typing'; name: string | null }
  | { type: 'connection'; connection: State['connection'] };

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'started':
      return { ...state, phase: 'ready', config: action.config, conversationId: action.conversationId, theme: action.theme };
    case 'refused':
      return { ...state, phase: 'refused', refusal: action.text };
    case 'history':
      return { ...state, loadingHistory: action.loading };
    case 'messages':
      return withMessages(state, action.messages);
    case 'draft': {
      const { clientMessageId, content } = action;
      const draft: Draft = { clientMessageId, content, seq: 0, state: 'queued', error: '' };
      return { ...state, drafts: [...state.drafts, draft], handedBack: false };
    }
    case 'draft_state': {
      const drafts = state.drafts.map((draft) =>
        draft.clientMessageId === action.clientMessageId
          ? { ...draft, state: action.state, error: action.error ?? '' }
          : draft,
      );
      return { ...state, drafts, thinking: action.state === 'sending' && !state.person };
    }
    case 'accepted': {
      const drafts = state.drafts.filter((draft) => draft.clientMessageId !== action.clientMessageId);
      return { ...state, drafts, messages: merge(state.messages, [entry(action.message, action.clientMessageId)]) };
    }
    case 'token': {
      const before = state.live?.messageId === action.messageId ? state.live.text : '';
      const citations = state.live?.citations ?? [];
      return { ...state, thinking: false, live: { messageId: action.messageId, text: before + action.text, citations } };
    }
    case 'citations':
      return state.live ? { ...state, live: { ...state.live, citations: action.citations } } : state;
    case 'answered':
      return { ...withMessages(state, action.reply ? [action.reply] : []), live: null, thinking: false };
    case 'answer_broken':
      return { ...state, live: null, thinking: false };
    case 'conversation':
      if (action.id) return { ...state, conversationId: action.id };
      return {
        ...initial,
        phase: state.phase,
        config: state.config,
        theme: state.theme,
        drafts: state.drafts.map((draft) => ({ ...draft, seq: 0 })),
      };
    case 'status':
      return withStatus(state, action.status, action.name, action.waiting);
    case 'typing':
      return { ...state, typing: action.name };
    case 'connection':
      return { ...state, connection: action.connection };
  }
}

/** What get-messages continues from: up to here there is no hole, whatever came ahead on the channel. */
export function lastSeq(state: State): number {
  const hole = state.messages.findIndex((message, index) => message.seq !== index + 1);
  return hole < 0 ? state.messages.length : hole;
}

function withMessages(state: State, messages: Message[]): State {
  const next = { ...state };
  const fresh = messages.map((message) => entry(message, adopt(next, message) ?? message.id));
  next.messages = merge(state.messages, fresh);
  const last = messages.at(-1);
  if (last && last.role !== 'visitor') {
    next.typing = null;
    if (last.author && state.person && !state.person.name) next.person = { name: last.author.name };
  }
  if (state.live && messages.some((message) => message.id === state.live!.messageId)) next.live = null;
  return next;
}

/**
 * A message of the visitor that comes on the channel before the answer to its own request is the
 * first unconfirmed draft of the same text. Returns that draft's id.
 */
function adopt(state: State, message: Message): string | null {
  if (message.role !== 'visitor' || state.messages.some((known) => known.seq === message.seq)) return null;
  const draft = state.drafts.find((one) => one.seq === 0 && one.content === message.content);
  if (!draft) return null;
  state.drafts = state.drafts.map((one) => (one === draft ? { ...one, seq: message.seq } : one));
  return draft.clientMessageId;
}

function withStatus(state: State, status: Status, name?: string, waiting = state.waiting): State {
  const ended = status === 'closed' || status === 'archived';
  if (status === 'human_takeover') {
    const known = name || state.person?.name || lastAuthor(state);
    return { ...state, ended: false, person: { name: known }, handedBack: false, waiting: false, thinking: false };
  }
  const handedBack = !ended && (state.handedBack || state.person !== null);
  return { ...state, ended, person: null, typing: null, handedBack, waiting: !ended && waiting };
}

function lastAuthor(state: State): string {
  return state.messages.findLast((message) => message.role === 'human')?.author ?? '';
}

/** Both lists by seq, each seq once. An entry that is here keeps its key. */
export function merge(old: Entry[], fresh: Entry[]): Entry[] {
  if (fresh.length === 0) return old;
  const bySeq = new Map(old.map((one) => [one.seq, one]));
  for (const one of fresh) {
    const known = bySeq.get(one.seq);
    bySeq.set(one.seq, known ? { ...one, key: known.key } : one);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

function entry(message: Message, key: string): Entry {
  return {
    key,
    seq: message.seq,
    role: message.role,
    content: message.content,
    citations: message.citations ?? [],
    author: message.author?.name ?? null,
    cutOff: message.cutOff,
    createdAt: message.createdAt,
  };
}
