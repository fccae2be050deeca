// The host of the hosted page /chat/<agent-id>: it asks for configuration and tokens itself and keeps
// the visitor's id and conversation in this origin's own storage. Without storage (blocked, full) the
// conversation lasts as long as the page. It imports nothing, so that frames do not fetch it.

import { pagePart } from '../shared/links.ts';
import type { Visitor, WidgetConfig } from '../shared/types.ts';
import type { Host } from './host.ts';

interface Memory {
  visitorId?: string;
  conversationId?: string | null;
}

/** A token is renewed this long before its end. */
const SPARE_MS = 60_000;

type Call = (name: string, body: unknown) => Promise<unknown>;

export function pageHost(agentId: string, call: Call): Host {
  const key = `chatpad:${agentId}`;
  const title = document.title;
  const memory = load();
  let visitor: Visitor | null = null;
  let renewing: Promise<WidgetConfig> | null = null;
  let timer = 0;
  let tokenListener = (_token: string) => {};

  function load(): Memory {
    try {
      return (JSON.parse(localStorage.getItem(key) ?? '{}') as Memory) ?? {};
    } catch {
      return {};
    }
  }

  function save(): void {
    try {
      localStorage.setItem(key, JSON.stringify(memory));
    } catch {
      // The page goes on without a memory.
    }
  }

  async function fetchConfig(): Promise<WidgetConfig> {
    const body = { agentId, visitorId: memory.visitorId };
    const config = (await call('get-widget-config', body)) as WidgetConfig;
    // Another visitor cannot read the conversation of the one before.
    if (memory.visitorId && memory.visitorId !== config.visitor.id) memory.conversationId = null;
    memory.visitorId = config.visitor.id;
    save();
    const renewed = visitor !== null;
    visitor = config.visitor;
    clearTimeout(timer);
    const left = Date.parse(visitor.expiresAt) - Date.now() - SPARE_MS;
    timer = window.setTimeout(() => void renew().catch(() => {}), Math.max(left, SPARE_MS));
    if (renewed) tokenListener(visitor.token);
    return config;
  }

  function renew(): Promise<WidgetConfig> {
    renewing ??= fetchConfig().finally(() => (renewing = null));
    return renewing;
  }

  return {
    framed: false,
    pageUrl: () => pagePart(location.href),
    referrer: () => pagePart(document.referrer),
    async start() {
      const config = await renew();
      return { config, conversationId: memory.conversationId ?? null, theme: null };
    },
    async token(fresh) {
      if (!fresh && visitor && Date.parse(visitor.expiresAt) - Date.now() > SPARE_MS / 3) return visitor.token;
      return (await renew()).visitor.token;
    },
    onToken: (listener) => (tokenListener = listener),
    onVisitor() {}, // nobody vouches for anybody here
    onOpen: (listener) => {
      const told = () => listener(document.visibilityState === 'visible', false);
      document.addEventListener('visibilitychange', told);
    },
    remember(conversationId) {
      memory.conversationId = conversationId;
      save();
    },
    unread(count) {
      document.title = count ? `(${count}) ${title}` : title;
    },
    close() {},
    emit() {},
  };
}
