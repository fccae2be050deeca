// Markdown of answers as DOM nodes, piece by piece while it is written.
//
// The parser is a kept library; the renderer here decides what may exist. Elements come from an
// allow-list and are made by createElement, text goes in as text nodes: no markup is ever parsed, no
// image is ever loaded (its alternative text stands there as a link), and a link leads to http,
// https, mailto or tel only, with its destination in sight. The caller owns the container.
//
// Limits: TEXT_CHARS_MAX per text, DEPTH_MAX levels; beyond them the rest is plain text.

import {
  parser, parser_end, parser_write,
  CHECKED, CODE_BLOCK, CODE_FENCE, EQUATION_BLOCK, HREF, IMAGE, LINK, PARAGRAPH, RAW_URL, SRC, START, TABLE,
  type Parser,
} from 'streaming-markdown';
import type * as Links from './links.ts';

/** Longer texts go on unformatted. */
export const TEXT_CHARS_MAX = 32_000;
/** Of nested elements; the parser's own tables end at 24. */
const DEPTH_MAX = 12;
/** Checked after so many characters, which cannot open more levels than the tables have left. */
const STEP_CHARS = 8;
/** What the parser holds back while a construct is open; more is no construct but an attack. */
const PENDING_CHARS_MAX = 2_500;

export interface MarkdownOptions {
  /** shared/links.ts; handed in, so that whoever fetches this file later does not fetch that again. */
  links: Pick<typeof Links, 'aim' | 'destination' | 'safeUrl'>;
  /** Relative links lead from here. */
  base: string;
  /** Makes the reference for `[1]` in a text; null leaves the text as it is. */
  cite?: (number: number) => Node | null;
}

export interface Markdown {
  write(piece: string): void;
  end(): void;
}

/**
 * The element of each token, in the order of the parser's numbers from PARAGRAPH on. A link is a span
 * until its destination is known; a dash has no element.
 */
const ELEMENTS = (
  'p h3 h3 h4 h4 h5 h5 pre pre code em em strong strong s span span span blockquote br hr ul ol li - table tr td'
).split(' ');

interface Level {
  token: number;
  node: Node;
  href: string;
}

export function createMarkdown(container: HTMLElement, options: MarkdownOptions): Markdown {
  const levels: Level[] = [{ token: 0, node: container, href: '' }];
  const top = () => levels[levels.length - 1]!;
  let chars = 0;
  let plain: Text | null = null;

  function open(token: number): void {
    const node = element(token);
    if (node) top().node.appendChild(node.outer);
    levels.push({ token, node: node?.inner ?? top().node, href: '' });
    if (token >= EQUATION_BLOCK) addText('$');
  }

  function close(): void {
    const level = levels.pop()!;
    if (isLink(level.token)) finishLink(level, options);
    if (level.token >= EQUATION_BLOCK) addText('$');
  }

  function addText(text: string): void {
    top().node.appendChild(document.createTextNode(text));
  }

  function setAttribute(attribute: number, value: string): void {
    const level = top();
    if (attribute === HREF || attribute === SRC) level.href = value;
    else if (attribute === START && level.node instanceof HTMLOListElement) level.node.start = Number(value) || 1;
    else if (attribute === CHECKED) addText('\u2611 ');
  }

  const state: Parser = parser({
    data: null,
    add_token: (_, token) => open(token),
    end_token: close,
    add_text: (_, text) => addText(text),
    set_attr: (_, attribute, value) => setAttribute(attribute, value),
  });

  // From here on text is only text. Whatever the parser still held back comes first.
  function writePlain(text: string): void {
    if (!plain) {
      plain = document.createTextNode(state.text + state.pending);
      const rest = document.createElement('p');
      rest.append(plain);
      container.append(rest);
    }
    plain.appendData(text);
  }

  return {
    write(piece) {
      // In steps, so that the limits hold for a text that comes in one piece as well.
      for (let at = 0; at < piece.length; ) {
        const length = safeCut(piece, at, STEP_CHARS);
        const step = piece.slice(at, at + length);
        chars += length;
        at += length;
        const tooMuch = chars > TEXT_CHARS_MAX || state.len > DEPTH_MAX || state.pending.length > PENDING_CHARS_MAX;
        if (plain || tooMuch) writePlain(step);
        else parser_write(state, step);
      }
    },
    end() {
      if (plain) return;
      parser_end(state);
      // What never became a link or a picture is text like any other.
      for (const level of levels) if (isLink(level.token)) (level.node as Element).prepend('[');
      const rest = state.pending.trim();
      if (rest) addText(rest);
    },
  };
}

/** `outer` goes into the page, `inner` takes the content; null for what has no element of its own. */
function element(token: number): { outer: Node; inner: Node } | null {
  const tag = ELEMENTS[token - PARAGRAPH];
  if (!tag || tag === '-') return null;
  const node = document.createElement(tag);
  if (token !== TABLE && token !== CODE_BLOCK && token !== CODE_FENCE) return { outer: node, inner: node };
  const other = document.createElement(token === TABLE ? 'div' : 'code');
  if (token !== TABLE) {
    node.append(other);
    return { outer: node, inner: other };
  }
  other.className = 'table';
  other.append(node);
  return { outer: other, inner: node };
}

function isLink(token: number): boolean {
  return token === LINK || token === RAW_URL || token === IMAGE;
}

/** A link is a span until its destination is known and found harmless. */
function finishLink(level: Level, options: MarkdownOptions): void {
  const span = level.node as HTMLElement;
  const text = span.textContent ?? '';
  if (!level.href) {
    const number = /^\d{1,2}$/.test(text) ? Number(text) : 0;
    const reference = number ? options.cite?.(number) : null;
    if (reference) span.replaceWith(reference);
    else if (level.token === LINK) {
      span.prepend('[');
      span.append(']');
    }
    return;
  }
  const { aim, destination, safeUrl } = options.links;
  // The full stop behind a bare address ends the sentence, not the address.
  const stop = level.token === RAW_URL ? (/[.,;:!?]+$/.exec(level.href)?.[0] ?? '') : '';
  if (stop) {
    level.href = level.href.slice(0, -stop.length);
    span.textContent = text.slice(0, -stop.length);
    span.after(stop);
  }
  const url = safeUrl(level.href, options.base);
  if (!url) {
    if (level.token !== RAW_URL) span.append(` (${level.href})`);
    return;
  }
  const link = document.createElement('a');
  aim(link, url, options.base);
  link.append(...span.childNodes);
  const shown = destination(url);
  if (!text.trim()) link.textContent = shown;
  span.replaceWith(link);
  if (!text.toLowerCase().includes(shown.toLowerCase()) && !sameSite(url, options.base)) {
    const note = document.createElement('span');
    note.className = 'destination';
    note.textContent = ` (${shown})`;
    link.after(note);
  }
}

function sameSite(url: URL, base: string): boolean {
  return url.origin === new URL(base).origin;
}

/** Not between the halves of a character. */
function safeCut(text: string, at: number, length: number): number {
  const last = text.charCodeAt(at + length - 1);
  return last >= 0xd800 && last <= 0xdbff ? length + 1 : Math.min(length, text.length - at);
}
