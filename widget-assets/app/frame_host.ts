// The host inside the loader's frame. The loader owns configuration, tokens and memory, because the
// shop's origin is the one that counts and a frame's own storage is partitioned or blocked.

import { BRIDGE, type EventName, type Init, type ToApp, type ToLoader } from '../shared/bridge.ts';
import { ApiError } from '../shared/api.ts';
import type { Visitor } from '../shared/types.ts';
import type { Host, Start } from './host.ts';

/** How long the loader may take to bring a new token. */
const RENEW_MS = 15_000;
/** A token this close to its end is not used for a new request. */
const SPARE_MS = 20_000;

export function frameHost(): Host {
  const origin = decodeURIComponent(location.hash.slice(1));
  // A page without an origin (a file, a sandbox) cannot be named; it gets the same few messages.
  const named = origin.startsWith('http');
  const target = named ? origin : '*';
  let visitor: Visitor | null = null;
  let init: Init | null = null;
  // The page's own address comes when the panel is opened.
  let pageUrl = named ? origin : location.origin;
  let started: (start: Start) => void;
  const start = new Promise<Start>((resolve) => (started = resolve));
  let waiting: ((token: string) => void)[] = [];
  let tokenListener = (_token: string) => {};
  let visitorListener = (_conversationId: string | null) => {};
  let openListener = (_open: boolean, _focus: boolean) => {};

  const tell = (message: ToLoader) => parent.postMessage({ ...BRIDGE, ...message }, target);

  function receive(message: ToApp): void {
    if (message.type === 'init') {
      if (init) return;
      init = message;
      visitor = message.config.visitor;
      const { config, conversationId = null, theme = null } = message;
      started({ config, conversationId, theme });
    } else if (message.type === 'visitor') {
      const same = visitor?.id === message.visitor.id;
      visitor = message.visitor;
      if (!same) visitorListener(visitor.conversationId ?? null);
      waiting.forEach((resolve) => resolve(message.visitor.token));
      waiting = [];
      tokenListener(message.visitor.token);
    } else if (message.type === 'open') {
      pageUrl = message.pageUrl;
      openListener(true, message.focus);
    } else if (message.type === 'close') {
      openListener(false, false);
    }
  }

  addEventListener('message', (event: MessageEvent) => {
    if (event.source !== parent || (named ? event.origin !== origin : event.origin.startsWith('http')) || event.data?.chatpad !== 1) return;
    receive(event.data as ToApp);
  });
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented && !event.isComposing) tell({ type: 'close' });
  });

  return {
    framed: true,
    pageUrl: () => pageUrl,
    referrer: () => init?.referrer ?? '',
    start() {
      tell({ type: 'ready' });
      return start;
    },
    token(fresh) {
      if (!fresh && visitor && Date.parse(visitor.expiresAt) - Date.now() > SPARE_MS) {
        return Promise.resolve(visitor.token);
      }
      tell({ type: 'renew' });
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        setTimeout(() => reject(new ApiError('network', 'The chat cannot be reached right now.')), RENEW_MS);
      });
    },
    onToken: (listener) => (tokenListener = listener),
    onVisitor: (listener) => (visitorListener = listener),
    onOpen: (listener) => (openListener = listener),
    remember: (conversationId) => tell({ type: 'state', conversationId }),
    unread: (count) => tell({ type: 'unread', count }),
    close: () => tell({ type: 'close' }),
    emit: (name: EventName, detail) => tell({ type: 'event', name, detail }),
  };
}
