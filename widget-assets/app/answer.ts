// The text of an answer, written piece by piece into an element that Preact makes and then leaves
// alone. Most answers are plain paragraphs; the parser of Markdown is fetched with the first one that
// is more, which is shown as plain text until then. A text that did not simply grow is written anew.

import { Component, createRef, h } from 'preact';
import { aim, destination, safeUrl } from '../shared/links.ts';
import type { Markdown } from '../shared/markdown_core.ts';
import type { Citation } from '../shared/types.ts';
import { citeLink } from './sources.tsx';

interface Props {
  id: string;
  text: string;
  done: boolean;
  base: string;
  citations: Citation[];
}

/** Whatever could be more than plain paragraphs. */
const MARKUP = /[*_`[\]#>|~\\$<]|:\/\/|^\s*([-+]|\d+\.)\s|^(\t| {4})/m;

const links = { aim, destination, safeUrl };

let core: typeof import('../shared/markdown_core.ts') | undefined;

export class Answer extends Component<Props> {
  box = createRef<HTMLDivElement>();
  markdown: Markdown | null = null;
  rich = false;
  written = '';
  cited = 0;
  finished = false;
  fetching = false;

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
    const { text, done, citations } = this.props;
    const same = text === this.written && this.cited === citations.length;
    if (!this.box.current || (this.finished && same)) return;
    this.rich ||= MARKUP.test(text);
    if (this.rich && !core && !this.fetching) void this.fetchCore();
    if (this.rich && core) this.writeMarkdown();
    else this.writePlain();
    this.written = text;
    this.cited = citations.length;
    this.finished = done;
    // An answer without marks of its own names its sources at its end.
    if (done && !/\[\d/.test(text)) this.appendReferences();
  }

  async fetchCore(): Promise<void> {
    this.fetching = true;
    try {
      core = await import('../shared/markdown_core.ts');
    } catch {
      // It stays plain text, which can be read as well.
      return;
    }
    this.finished = false;
    this.written = '';
    this.write();
  }

  writeMarkdown(): void {
    const { id, text, done, base, citations } = this.props;
    const box = this.box.current!;
    // The numbers in a text become links when its sources are known, which is near its end.
    const anew = this.finished || this.cited !== citations.length || !text.startsWith(this.written) || !this.written;
    if (!this.markdown || anew) {
      box.replaceChildren();
      const cite = (number: number) => citeLink(citations, number, id);
      this.markdown = core!.createMarkdown(box, { base, cite, links });
      this.written = '';
    }
    this.markdown.write(text.slice(this.written.length));
    if (done) this.markdown.end();
  }

  writePlain(): void {
    const box = this.box.current!;
    const parts = this.props.text.split(/\n{2,}/);
    parts.forEach((part, index) => {
      const paragraph = box.children[index] ?? box.appendChild(document.createElement('p'));
      if (paragraph.textContent !== part) paragraph.textContent = part;
    });
    while (box.children.length > parts.length) box.lastElementChild!.remove();
  }

  appendReferences(): void {
    const { id, citations } = this.props;
    if (citations.length === 0) return;
    const box = this.box.current!;
    const last = box.lastElementChild;
    const end = last?.matches('p') ? last : box.appendChild(document.createElement('p'));
    citations.forEach((_, index) => end.append(citeLink(citations, index + 1, id)!));
  }
}
