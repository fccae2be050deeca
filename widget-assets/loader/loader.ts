// The one script of a shop's page:
//
//   <script src="https://chat.example/functions/v1/serve-widget" data-agent-id="..." async></script>
//
// It fetches the agent's configuration (so that the shop's origin is the one that is checked), shows
// a button, makes the frame with the app when somebody wants to chat, and brings it tokens. No
// dependency, no cookie, no request to another server. The visitor's id and conversation are kept in
// the page's localStorage under chatpad:<agent-id>.
//
// window.ChatPad(command, ...): open, close, toggle, destroy, on(name, fn), off(name, fn),
// identify({identifier, identifierHash, name, email, phone, customAttributes, groups}); calls made before
// this script ran wait in ChatPad.q. Loading the script again changes nothing.

import type { ToApp, ToLoader } from '../shared/bridge.ts';
import type { ThemeMode, WidgetConfig } from '../shared/types.ts';
import { CSS } from './style.ts';

interface ChatPad {
  (...args: unknown[]): void;
  q?: ArrayLike<unknown>[];
  agent?: string;
}

type Listener = (detail: unknown) => void;

interface Memory {
  visitorId?: string;
  conversationId?: string | null;
  /** When the visitor last used the chat. */
  at?: number;
}

const SVG = 'http://www.w3.org/2000/svg';
const warn = (text: string) => void console.warn(`ChatPad: ${text}`);

const RENEW_BEFORE_MS = 60_000;
/** A conversation this fresh is followed on the next page without being opened. */
const FRESH_MS = 1_800_000;

declare global {
  interface Window {
    ChatPad?: ChatPad;
  }
}

const found = (document.currentScript ?? document.querySelector('script[data-agent-id]')) as HTMLScriptElement | null;
const agentId = found?.dataset.agentId;
if (!found || !agentId) warn('data-agent-id is missing.');
else if (window.ChatPad?.agent !== agentId) run(found, agentId);

function run(script: HTMLScriptElement, agentId: string): void {
  const before = window.ChatPad;
  if (before?.agent) before('destroy');
  const server = new URL(script.src).origin;
  const { position, theme, label } = script.dataset;
  const key = `chatpad:${agentId}`;
  const listeners: Record<string, Set<Listener>> = {};
  const ended = new AbortController();
  const { signal } = ended;
  const page = document.documentElement;
  const host = document.createElement('chatpad-widget');
  const root = host.attachShadow({ mode: 'open' });
  const button = document.createElement('button');
  const badge = document.createElement('i');
  const path = document.createElementNS(SVG, 'path');
  let kept: Memory = {};
  /** Who the visitor is, by the script's attributes or the newest call. */
  let said: object = script.dataset;
  let config: WidgetConfig | undefined;
  let loading: Promise<void> | undefined;
  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let isOpen = false;
  let inline = false;
  let unread = 0;
  let timer = 0;
  let overflow = '';

  /** Without storage (blocked, full) it lasts as long as the page. */
  function memory(change?: Memory): Memory {
    try {
      kept = { ...JSON.parse(localStorage[key] || '{}'), ...change };
      if (change) localStorage[key] = JSON.stringify(kept);
    } catch {
      kept = { ...kept, ...change };
    }
    return kept;
  }

  const emit = (name: string, detail?: unknown) => listeners[name]?.forEach((listener) => listener(detail));

  /** Fetches the configuration with a fresh token; nothing when this page may not have it. */
  async function fetchConfig(): Promise<true | void> {
    const { visitorId } = memory();
    // A body of plain text needs no preflight; the server reads JSON from it all the same.
    const response = await fetch(`${server}/functions/v1/get-widget-config`, {
      method: 'POST',
      body: JSON.stringify({ ...said, agentId, visitorId }),
      signal,
    });
    if (response.status > 404) throw 0;
    const answer = await response.json();
    if (answer.hint) return warn(`${answer.hint} ${location.origin} data-agent-id ${agentId}`);
    config = answer as WidgetConfig;
    const { id, conversationId = null } = config.visitor;
    memory(id === visitorId ? {} : { visitorId: id, conversationId });
    return true;
  }

  /** After a failure it tries again, unless there is nothing to be had. */
  async function start(pause_ms: number): Promise<void> {
    try {
      if (await fetchConfig()) show();
    } catch {
      if (signal.aborted) return;
      await new Promise((resolve) => (timer = setTimeout(resolve, pause_ms)));
      await start(pause_ms * 2);
    }
  }

  const load = () => (loading ??= start(1000));
  const observer = new MutationObserver(attach);

  function show(): void {
    const { position: at, theme: look, behavior } = config!.config;
    const [accent, onAccent] = colours(look.primaryColor);
    const mode = theme || look.mode!;
    // Through the CSSOM, which no policy forbids.
    host.style.cssText = `--a:${accent};--b:${onAccent};color-scheme:${/^(light|dark)$/.test(mode) ? mode : 'light dark'}`;
    const place = position || at;
    inline = place === 'inline';
    host.setAttribute('at', place);
    attach();
    if (inline || script.dataset.open === 'true' || (behavior.openOnLoad && innerWidth > 479)) setOpen(true, false);
    else if (Date.now() - (memory().at || 0) < FRESH_MS) makeFrame();
  }

  /** Puts the host on the page, again when a page of one document has replaced its body. */
  function attach(): void {
    if (signal.aborted || !config) return;
    if (!host.isConnected) {
      if (inline && document.body.contains(script)) script.after(host);
      else document.body.append(host);
    }
    for (const parent of [page, document.body]) observer.observe(parent, { childList: true });
  }

  function makeFrame(): void {
    if (frame || !config) return;
    frame = document.createElement('iframe');
    frame.title = `Chat with ${config.agent.name}`;
    frame.hidden = !isOpen;
    frame.src = `${server}/widget/${agentId}#${encodeURIComponent(location.origin)}`;
    root.append(frame);
    renewLater();
  }

  const tell = (message: ToApp) => frame?.contentWindow?.postMessage({ chatpad: 1, ...message }, server);

  /** Until the token is to be renewed. */
  const left = () => Date.parse(config!.visitor.expiresAt) - Date.now() - RENEW_BEFORE_MS;

  const opened = (focus: boolean) => tell({ type: 'open', pageUrl: location.href, focus });

  function renewLater(): void {
    clearTimeout(timer);
    timer = setTimeout(renew, Math.max(left(), RENEW_BEFORE_MS / 2));
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
      if (left() < 0) await renew();
      ready = true;
      const { conversationId } = memory();
      tell({ type: 'init', config: config!, conversationId, referrer: document.referrer, theme: theme as ThemeMode });
      if (isOpen) opened(document.activeElement === host);
    }
    if (message.type === 'renew') void renew();
    if (message.type === 'close') setOpen(false);
    if (message.type === 'state') memory({ conversationId: message.conversationId, at: Date.now() });
    if (message.type === 'event') emit(message.name, message.detail);
    if (message.type === 'unread') {
      unread = message.count;
      name();
    }
  }

  function name(): void {
    const news = unread ? `, ${unread} unread message${unread > 1 ? 's' : ''}` : '';
    button.ariaLabel = isOpen ? 'Close chat' : (label || 'Open chat') + news;
    button.ariaExpanded = `${isOpen}`;
    badge.textContent = `${unread || ''}`;
    path.setAttribute('d', isOpen ? 'm6 9 6 6 6-6' : 'm9 18-5 2 1-4a8 7 0 1 1 4 2Z');
  }

  async function setOpen(open: boolean, focus = true): Promise<void> {
    await load();
    if (!config || signal.aborted || open === isOpen) return;
    const within = document.activeElement === host;
    isOpen = open;
    // On a phone, upright or not, the chat has the whole screen.
    const full = open && Math.min(innerWidth, innerHeight) < 480;
    host.toggleAttribute('full', full || inline);
    makeFrame();
    frame!.hidden = !open;
    name();
    if (open) {
      overflow = page.style.overflow;
      if (full && !inline) page.style.overflow = 'hidden';
      if (focus) frame!.focus();
      if (ready) opened(focus);
    } else {
      page.style.overflow = overflow;
      tell({ type: 'close' });
      if (within) button.focus();
    }
    emit(open ? 'open' : 'close');
  }

  function destroy(): void {
    if (isOpen) page.style.overflow = overflow;
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
    identify(who: object) {
      // Nothing of one customer is said of the next.
      said = who;
      loading?.then(() => (config ? renew() : start(1000)));
    },
    on: (event: string, fn: Listener) => (listeners[event] ??= new Set()).add(fn),
    off: (event: string, fn: Listener) => listeners[event]?.delete(fn),
  };
  const api: ChatPad = (command, ...args) => commands[command as string]?.(...args);
  api.agent = agentId;
  window.ChatPad = api;

  const style = new CSSStyleSheet();
  style.replaceSync(CSS);
  root.adoptedStyleSheets = [style];
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.append(path);
  button.append(svg, badge);
  if (label) svg.after(label);
  name();
  root.append(button);
  button.onpointerenter = button.onfocus = button.ontouchstart = makeFrame;
  button.onclick = () => setOpen(!isOpen);
  addEventListener('message', receive, { signal });
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented && !inline) setOpen(false);
  }, { signal });

  for (const call of before?.q ?? []) api.apply(null, call as []);
  (window.requestIdleCallback ?? setTimeout)(load, { timeout: 500 } as never);
}

/** The agent's colour, and black or white: whichever can be read on it (by luminance, gamma 2). */
function colours(primary = ''): [string, string] {
  const accent = /^#[0-9a-f]{6}$/i.test(primary) ? primary : '#0f6e5d';
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(accent.substr(at, 2), 16) ** 2) as [number, number, number];
  return [accent, 3 * r + 10 * g + b > 165e3 ? '#000' : '#fff'];
}
