// What a durable event changes. The same event comes on the account's topic and on the open
// conversation's; whoever calls has dropped the second one already.
import { api } from '../api';
import { chime } from '../sound';
import type { Conversation, Lead, LiveEvent, Message, SafetyFlag, Takeover, Visitor } from '../types';
import { current, patchCurrent, putCurrent } from './current';
import { inbox, noteMessage, patchConversation, putConversation, reload } from './inbox';
import { putLead } from './leads';
import { begun, handedBack } from './marks';
import { endAnswer } from './running';
import { addMark, addMessages, patchThread, putFlags, threadOf, threads } from './threads';

export function applyAccountEvent({ event, payload }: LiveEvent): void {
  const conversation = payload.conversation as Conversation | undefined;
  if (conversation) {
    putConversation(conversation);
    putCurrent(conversation);
  }
  if (event === 'message.created') onMessage(payload.message as Message);
  else if (event === 'takeover.started' || event === 'takeover.ended') onTakeover(event, payload);
  else if (event === 'lead.created') onLead(payload.lead as Lead, true);
  else if (event === 'lead.updated') onLead(payload.lead as Lead, false);
  else if (event === 'visitor.updated') onVisitor(payload.visitor as Visitor, payload.conversationIds as string[]);
  else if (event === 'answer.failed') onFailed(payload);
  else if (event === 'safety.alert') onSafety(payload);
  if (event === 'conversation.created' || event === 'conversation.escalated') chime();
}

function onMessage(message: Message): void {
  const id = message.conversationId;
  if (threads.get().byId.has(id)) addMessages(id, [message]);
  const listed = inbox.get().items.get(id);
  if (listed) patchConversation(id, noteMessage(listed, message));
  else noteUnlisted(id);
  const open = current.get().conversation;
  if (open?.id === id) patchCurrent(id, noteMessage(open, message));
  if (message.role === 'visitor') chime();
}

// Something moved in conversations further down than what is loaded. Behind an absence that may be many.
const UNLISTED_MS = 100;
const UNLISTED_MAX = 5;
const unlisted = new Set<string>();

function noteUnlisted(id: string): void {
  if (inbox.get().search) return;
  if (unlisted.size === 0) setTimeout(fetchAllUnlisted, UNLISTED_MS);
  unlisted.add(id);
}

function fetchAllUnlisted(): void {
  const ids = [...unlisted];
  unlisted.clear();
  if (ids.length > UNLISTED_MAX) void reload();
  else for (const id of ids) void fetchUnlisted(id);
}

async function fetchUnlisted(id: string): Promise<void> {
  try {
    const { conversation } = await api.conversation(id);
    putConversation(conversation);
  } catch {
    // The next reload of the list has it.
  }
}

function onTakeover(event: string, payload: Record<string, unknown>): void {
  const { id, status } = payload.conversation as Conversation;
  if (!threads.get().byId.has(id)) return;
  const takeover = payload.takeover as Takeover;
  if (event === 'takeover.started') {
    endAnswer(id);
    addMark(id, begun(takeover));
  } else if (status === 'active') {
    // One person taking over from another ends a takeover too, but hands nothing back.
    addMark(id, handedBack(takeover));
  }
}

function onLead(lead: Lead, isNew: boolean): void {
  putLead(lead, isNew);
  const id = lead.conversationId;
  if (!id) return;
  const name = lead.name || lead.email;
  const part = { leadId: lead.id, ...(name ? { visitorLabel: name } : {}) };
  patchConversation(id, part);
  patchCurrent(id, part);
  if (threads.get().byId.has(id)) patchThread(id, { lead });
}

// What the list calls them may follow from it.
function onVisitor(visitor: Visitor, conversationIds: string[]): void {
  for (const id of conversationIds) {
    if (threads.get().byId.has(id)) patchThread(id, { visitor });
    if (inbox.get().items.has(id)) noteUnlisted(id);
  }
}

function onSafety(payload: Record<string, unknown>): void {
  const id = String(payload.conversationId);
  if (!threads.get().byId.has(id)) return;
  const list = payload.messages as { id: string; safetyFlags: SafetyFlag[] }[];
  putFlags(id, new Map(list.map((message) => [message.id, message.safetyFlags])));
}

function onFailed(payload: Record<string, unknown>): void {
  const id = String(payload.conversationId);
  if (!threads.get().byId.has(id)) return;
  addMark(id, {
    key: `failed:${String(payload.messageId)}`, kind: 'failed',
    // By the clock of the server, like all others.
    at: threadOf(id).messages.at(-1)?.createdAt ?? '',
    text: 'The AI provider failed, so the visitor got the fallback message',
  });
}
