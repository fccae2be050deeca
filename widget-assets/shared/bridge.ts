// The messages between the loader on the shop's page and the app in its frame. Both sides post to an
// exact origin and accept only messages whose source and origin are the other side's.

import type { ThemeMode, Visitor, WidgetConfig } from './types.ts';

export interface Init {
  type: 'init';
  config: WidgetConfig;
  conversationId?: string | null;
  referrer: string;
  theme?: ThemeMode;
}

export type ToApp =
  | Init
  | { type: 'visitor'; visitor: Visitor }
  | { type: 'open'; pageUrl: string; focus: boolean }
  | { type: 'close' }
  | { type: 'command'; name: string; args: unknown[] };

export type ToLoader =
  | { type: 'ready' }
  | { type: 'renew' }
  | { type: 'state'; conversationId: string | null }
  | { type: 'unread'; count: number }
  | { type: 'close' }
  | { type: 'event'; name: EventName; detail: unknown };

/** What ChatPad('on', name, fn) can listen to. */
export type EventName = 'message' | 'lead' | 'takeover' | 'conversation_started' | 'conversation_ended';

/** Marks a message as one of this bridge, and its version. */
export const BRIDGE = { chatpad: 1 } as const;
