// The text of an answer: Markdown, written piece by piece into an element that Preact makes and then
// leaves alone. A text that did not simply grow is written anew.

import { Component, createRef, h } from 'preact';
import { createMarkdown, type Markdown } from '../shared/markdown.ts';
import type { Citation } from '../shared/types.ts';
import { citeLink } from './sources.tsx';

interface Props {
  id: string;
  text: string;
  done: boolean;
  base: string;
  citations: Citation[];
}

export class Answer extends Component<Props> {
  box = createRef<HTMLDivElement>();
  markdown: Markdown | null = null;
  written = '';
  cited = 0;
  finished = false;

  override componentDidMount() {
    this.write();
  }

  override componentDidUpdate() {
    this.write();
  }

  override render() {
    return h('div', { class: 'answer', ref: this.box });
  }

  write(): void {
    const { id, text, done, base, citations } = this.props;
    const marked = /\[\d/.test(text);
    if (this.finished && text === this.written && this.cited === citations.length) return;
    // The numbers in a text become links when its sources are known, which is near its end.
    if (!this.markdown || this.finished || !text.startsWith(this.written) || (marked && this.cited !== citations.length)) {
      this.box.current!.replaceChildren();
      this.markdown = createMarkdown(this.box.current!, { base, cite: (number) => citeLink(citations, number, id) });
      this.written = '';
    }
    this.markdown.write(text.slice(this.written.length));
    this.written = text;
    this.cited = citations.length;
    this.finished = done;
    if (!done) return;
    this.markdown.end();
    if (!marked && citations.length) this.appendReferences();
  }

  /** An answer without marks of its own names its sources at its end. */
  appendReferences(): void {
    const { id, citations } = this.props;
    const box = this.box.current!;
    const last = box.lastElementChild;
    const end = last?.matches('p') ? last : box.appendChild(document.createElement('p'));
    citations.forEach((_, index) => end.append(citeLink(citations, index + 1, id)!));
  }
}
