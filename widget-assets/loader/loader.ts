// The one script of a shop's page:
//
//   <script src="https://chat.example/functions/v1/serve-widget" data-agent-id="..." async></script>
//
// It fetches the agent's configuration (so that the shop's origin is the one that is checked), shows
// a button, makes the frame with the app when somebody wants to chat, and brings it tokens. No
// dependency, no cookie, no request to another server. The visitor's id and conversation are kept in
// the page's localStorage under chatpad:<agent-id>.
//
// window.ChatPad(command, ...): open, close, toggle, destroy, on(name, fn), off(name, fn); calls made
// before this script ran wait in ChatPad.q. Loading the script again changes nothing.

import type { ToApp, ToLoader } from '../shared/bridge.ts';
import type { ThemeMode, WidgetConfig } from '../shared/types.ts';
import { CSS } from './style.ts';

interface ChatPad {
  (...args: unknown[]): void;
  q?: ArrayLike<unknown>[];
  agent?: string;
}

type Listener = (detail: unknown) => void;

const RENEW_BEFORE_MS = 60_000;
/** Attempts to fetch the configuration; the pause doubles from one second. */
const ATTEMPTS_MAX = 6;
/** A conversation this fresh is followed on the next page without being opened. */
const FRESH_MS = 1_800_000;

declare global {
  interface Window {
    ChatPad?: ChatPad;
  }
}

const found = (document.currentScript ?? document.querySelector('script[data-agent-id]')) as HTMLScriptElement | null;
const agentId = found?.dataset.agentId;
if (!found || !agentId) console.warn('ChatPad: the script line needs data-agent-id.');
else if (window.ChatPad?.agent !== agentId) run(found, agentId);

function run(script: HTMLScriptElement, agentId: string): void {
  const before = window.ChatPad;
  if (before?.agent) before('destroy');
  const server = new URL(script.src).origin;
  const { position, theme, label } = script.dataset;
  const key = `chatpad:${agentId}`;
  const listeners: Record<string, Set<Listener>> = {};
  const ended = new AbortController();
  const signal = ended.signal;
  const host = document.createElement('chatpad-widget');
  const root = host.attachShadow({ mode: 'open' });
  const button = document.createElement('button');
  const badge = document.createElement('i');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  let config: WidgetConfig | null = null;
  let loading: Promise<void> | null = null;
  let frame: HTMLIFrameElement | null = null;
  let ready = false;
  let isOpen = false;
  let unread = 0;
  let timer = 0;
  let scroll = '';

  function memory(change?: object): { visitorId?: string; conversationId?: string | null; at?: number } {
    let known = {};
    try {
      known = JSON.parse(localStorage.getItem(key) || '{}') || {};
      if (change) localStorage.setItem(key, JSON.stringify({ ...known, ...change }));
    } catch {
      // Without storage the conversation lasts as long as the page.
    }
    return { ...known, ...change };
  }

  const emit = (name: string, detail?: unknown) => listeners[name]?.forEach((listener) => listener(detail));

  /** Fetches the configuration with a fresh token; false when this page may not have it. */
  async function fetchConfig(): Promise<boolean> {
    const visitorId = memory().visitorId;
    const response = await fetch(`${server}/functions/v1/get-widget-config`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ agentId, visitorId }),
      signal,
    });
    if (response.status === 403 || response.status === 404) {
      const why = response.status === 403
        ? `${location.origin} may not show this chat. Add it to the agent's allowed origins.`
        : `there is no agent with data-agent-id="${agentId}".`;
      console.warn(`ChatPad: ${why}`);
      return false;
    }
    if (!response.ok) throw 0;
    config = (await response.json()) as WidgetConfig;
    const { id } = config.visitor;
    memory(visitorId && visitorId !== id ? { visitorId: id, conversationId: null } : { visitorId: id });
    return true;
  }

  async function start(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX && !signal.aborted; attempt += 1) {
      try {
        if (await fetchConfig()) show();
        return;
      } catch {
        await new Promise((resolve) => (timer = window.setTimeout(resolve, 1000 * 2 ** attempt)));
      }
    }
  }

  const load = () => (loading ??= start());
  const observer = new MutationObserver(attach);

  function show(): void {
    const { position: at, theme: look, behavior } = config!.config;
    const [accent, onAccent] = colours(look.primaryColor);
    host.style.setProperty('--accent', accent);
    host.style.setProperty('--on-accent', onAccent);
    host.setAttribute('at', position || at);
    attach();
    if (inline() || script.dataset.open === 'true' || (behavior.openOnLoad && innerWidth > 479)) setOpen(true, false);
    else if (memory().conversationId && Date.now() - (memory().at || 0) < FRESH_MS) makeFrame();
    emit('ready');
  }

  const inline = () => host.getAttribute('at') === 'inline';

  /** Puts the host on the page, again when a page of one document has replaced its body. */
  function attach(): void {
    if (signal.aborted || !config) return;
    if (!host.isConnected) {
      if (inline() && document.body.contains(script)) script.after(host);
      else document.body.append(host);
    }
    observer.observe(document.documentElement, { childList: true });
    observer.observe(document.body, { childList: true });
  }

  function makeFrame(): void {
    if (frame || !config) return;
    frame = document.createElement('iframe');
    frame.title = `Chat with ${config.agent.name}`;
    frame.allow = 'clipboard-write';
    frame.hidden = !isOpen;
    frame.src = `${server}/widget/${agentId}#${encodeURIComponent(location.origin)}`;
    root.append(frame);
    renewLater();
  }

  const tell = (message: ToApp) => frame?.contentWindow?.postMessage({ chatpad: 1, ...message }, server);

  function renewLater(): void {
    clearTimeout(timer);
    const left = Date.parse(config!.visitor.expiresAt) - Date.now() - RENEW_BEFORE_MS;
    timer = window.setTimeout(renew, Math.max(left, RENEW_BEFORE_MS / 2));
  }

  async function renew(): Promise<void> {
    try {
      if (!(await fetchConfig())) return;
      tell({ type: 'visitor', visitor: config!.visitor });
    } catch {
      // The next time, or when the app asks.
    }
    renewLater();
  }

  async function receive({ data, source, origin }: MessageEvent): Promise<void> {
    if (!frame || source !== frame.contentWindow || origin !== server || data?.chatpad !== 1) return;
    const message = data as ToLoader;
    if (message.type === 'ready') {
      if (Date.parse(config!.visitor.expiresAt) - Date.now() < RENEW_BEFORE_MS) await renew();
      ready = true;
      const { conversationId = null } = memory();
      const { href: pageUrl } = location;
      const { referrer } = document;
      tell({ type: 'init', config: config!, conversationId, pageUrl, referrer, theme: (theme as ThemeMode) || null });
      if (isOpen) tell({ type: 'open', pageUrl, focus: document.activeElement === host });
    } else if (message.type === 'renew') void renew();
    else if (message.type === 'state') memory({ conversationId: message.conversationId, at: Date.now() });
    else if (message.type === 'close') setOpen(false);
    else if (message.type === 'event') emit(message.name, message.detail);
    else if (message.type === 'unread') {
      unread = message.count;
      name();
      emit('unread', unread);
    }
  }

  function name(): void {
    const many = unread > 1 ? 's' : '';
    const news = unread ? `, ${unread} unread message${many}` : '';
    button.ariaLabel = isOpen ? 'Close chat' : (label || 'Open chat') + news;
    button.ariaExpanded = String(isOpen);
    badge.textContent = unread && !isOpen ? String(unread) : '';
    path.setAttribute('d', isOpen ? 'M6 9l6 6 6-6' : 'M4 11.500C4 7.400 7.600 4.500 12 4.500s8 2.900 8 7-3.600 7-8 7c-1 0-2-.15-2.900-.45L4.500 19.500l1.300-3.300A6.700 6.700 0 0 1 4 11.500Z');
  }

  async function setOpen(open: boolean, focus = true): Promise<void> {
    await load();
    if (!config || signal.aborted || open === isOpen) return;
    isOpen = open;
    host.toggleAttribute('open', open);
    makeFrame();
    frame!.hidden = !open;
    name();
    const page = document.documentElement.style;
    if (open) {
      scroll = page.overflow;
      if (innerWidth < 480 && !inline()) page.overflow = 'hidden';
      if (focus) frame!.focus();
      if (ready) tell({ type: 'open', pageUrl: location.href, focus });
    } else {
      page.overflow = scroll;
      tell({ type: 'close' });
      if (document.activeElement === host) button.focus();
    }
    emit(open ? 'open' : 'close');
  }

  function destroy(): void {
    if (isOpen) document.documentElement.style.overflow = scroll;
    ended.abort();
    observer.disconnect();
    clearTimeout(timer);
    host.remove();
    if (window.ChatPad === api) delete window.ChatPad;
  }

  const commands: Record<string, (...args: any[]) => void> = {
    open: () => setOpen(true),
    close: () => setOpen(false),
    toggle: () => setOpen(!isOpen),
    destroy,
    on: (event: string, fn: Listener) => (listeners[event] ??= new Set()).add(fn),
    off: (event: string, fn: Listener) => listeners[event]?.delete(fn),
  };
  const api: ChatPad = (command, ...args) => commands[command as string]?.(...args);
  api.agent = agentId;
  window.ChatPad = api;

  const style = new CSSStyleSheet();
  style.replaceSync(CSS);
  root.adoptedStyleSheets = [style];
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.ariaHidden = 'true';
  svg.append(path);
  button.type = 'button';
  button.append(svg, badge);
  if (label) {
    button.className = 'wide';
    svg.after(label);
  }
  name();
  root.append(button);
  const intents = ['pointerenter', 'focus', 'touchstart'];
  intents.forEach((intent) => button.addEventListener(intent, makeFrame, { signal, passive: true }));
  button.addEventListener('click', () => setOpen(!isOpen), { signal });
  addEventListener('message', receive, { signal });
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && isOpen && !inline() && !event.defaultPrevented) setOpen(false);
  }, { signal });

  for (const call of Array.from(before?.q ?? [])) api(...Array.from(call));
  const idle = window.requestIdleCallback ?? setTimeout;
  idle(load, { timeout: 500 } as never);
}

/** The agent's colour, and black or white: whichever can be read on it. */
function colours(primary = ''): [string, string] {
  const accent = /^#[0-9a-f]{6}$/i.test(primary) ? primary : '#0f6e5d';
  const [r, g, b] = [1, 3, 5].map((at) => (parseInt(accent.slice(at, at + 2), 16) / 255) ** 2.2) as [number, number, number];
  return [accent, 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#101816' : '#fff'];
}
