// Markdown of answers as DOM nodes, for pages that have everything at once. What may exist is decided
// in markdown_core.ts; the widget fetches that when an answer needs it.

import { aim, destination, safeUrl } from './links.ts';
import { createMarkdown as create, type Markdown, type MarkdownOptions } from './markdown_core.ts';

export { TEXT_CHARS_MAX, type Markdown } from './markdown_core.ts';

const links = { aim, destination, safeUrl };

export function createMarkdown(container: HTMLElement, options: Omit<MarkdownOptions, 'links'>): Markdown {
  return create(container, { ...options, links });
}

/** A whole text at once, in place of what the container held. */
export function renderMarkdown(container: HTMLElement, text: string, options: Omit<MarkdownOptions, 'links'>): void {
  container.replaceChildren();
  const markdown = createMarkdown(container, options);
  markdown.write(text);
  markdown.end();
}
