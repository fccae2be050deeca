// The lines of the transcript, in the order in which they are shown. Pure. A line keeps its key from
// draft to stored message and from streamed to stored answer, so its element stays where it is.

import type { Citation, Role } from '../shared/types.ts';
import type { Draft, State } from './state.ts';

export interface Row {
  key: string;
  role: Role;
  text: string;
  /** Name of the person who wrote it. */
  author: string | null;
  citations: Citation[];
  cutOff: boolean;
  createdAt: string;
  /** False while the text grows. */
  done: boolean;
  /** The same writer as the line before. */
  follows: boolean;
  /** Of a message that is not wholly delivered. */
  draft?: Draft;
}

const PLAIN = { author: null, citations: [], cutOff: false, createdAt: '', done: true, follows: false };

export function rows(state: State): Row[] {
  const { messages, drafts, live } = state;
  const greeting = state.config?.agent.greeting;
  const list: Row[] = [];
  if (greeting) list.push({ ...PLAIN, key: 'greeting', role: 'assistant', text: greeting });
  for (const message of messages) {
    const draft = drafts.find((one) => one.clientMessageId === message.key);
    list.push({ ...PLAIN, ...message, text: message.content, draft });
  }
  const unconfirmed = drafts.filter((draft) => !draft.seq).map(draftRow);
  list.push(...unconfirmed.filter((row) => row.draft!.state !== 'queued'));
  if (live) {
    const { messageId, text, citations } = live;
    list.push({ ...PLAIN, key: messageId, role: 'assistant', text, citations, done: false });
  }
  list.push(...unconfirmed.filter((row) => row.draft!.state === 'queued'));
  list.forEach((row, index) => {
    const before = list[index - 1];
    row.follows = before?.role === row.role && before.author === row.author;
  });
  return list;
}

function draftRow(draft: Draft): Row {
  return { ...PLAIN, key: draft.clientMessageId, role: 'visitor', text: draft.content, draft };
}
