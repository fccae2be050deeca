// Where the app lives: in the loader's frame on a shop's page, or alone on the hosted page. The app
// sees only this interface; who fetches the configuration, who renews the visitor's token and where
// the conversation's id is kept differs.

import type { EventName } from '../shared/bridge.ts';
import type { ThemeMode, WidgetConfig } from '../shared/types.ts';

export interface Start {
  config: WidgetConfig;
  conversationId: string | null;
  theme: ThemeMode | null;
}

export interface Host {
  /** True inside a frame that can be closed. */
  framed: boolean;
  /** The shop's page: where relative links of sources lead, and what people in the inbox see. */
  pageUrl(): string;
  referrer(): string;
  start(): Promise<Start>;
  /** A visitor token that is valid for a while; `fresh` asks for another one than the current. */
  token(fresh?: boolean): Promise<string>;
  /** Called with every token after the first. */
  onToken(listener: (token: string) => void): void;
  /** Called when the visitor has become another, with the newest conversation of whom they are now. */
  onVisitor(listener: (conversationId: string | null) => void): void;
  /** Told when the visitor opens or closes the panel; the hosted page is always open. */
  onOpen(listener: (open: boolean, focus: boolean) => void): void;
  remember(conversationId: string | null): void;
  unread(count: number): void;
  close(): void;
  emit(name: EventName, detail: unknown): void;
}
