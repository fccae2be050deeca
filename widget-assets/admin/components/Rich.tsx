// An answer's Markdown, put on the page as DOM nodes by the shared renderer: no markup is parsed and
// nothing is loaded. A text that only grows is fed on; any other change starts it anew.
import { useLayoutEffect, useRef } from 'react';
import { createMarkdown, type Markdown } from '../../shared/markdown.ts';
import type { Message } from '../types';
import { sourceId } from './Sources';

export function Rich({ text, message }: { text: string; message?: Message }) {
  const box = useRef<HTMLDivElement>(null);
  const writer = useRef<{ markdown: Markdown; written: string } | null>(null);

  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    let now = writer.current;
    if (!now || message || !text.startsWith(now.written)) {
      node.replaceChildren();
      now = { markdown: createMarkdown(node, { base: location.href, cite: (n) => cite(n, message) }), written: '' };
      writer.current = now;
    }
    now.markdown.write(text.slice(now.written.length));
    now.written = text;
    // A finished message will not grow: what the parser still holds back belongs to it.
    if (message) now.markdown.end();
  }, [text, message]);

  return <div className="rich" ref={box} />;
}

// A footnote mark that leads to the source below; moving there must not change the address.
function cite(number: number, message: Message | undefined): Node | null {
  if (!message?.citations[number - 1]) return null;
  const mark = document.createElement('sup');
  const link = document.createElement('a');
  const target = sourceId(message.id, number);
  link.href = `#${target}`;
  link.textContent = String(number);
  link.setAttribute('aria-label', `Source ${number}`);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    document.getElementById(target)?.focus();
  });
  mark.append(link);
  return mark;
}
