// Where an answer comes from: small numbers in its text, and a list they lead to.

import { aim, safeUrl } from '../shared/links.ts';
import type { Citation } from '../shared/types.ts';

/** The number `[n]` of a text as a link to its source; null when there is no such source. */
export function citeLink(citations: Citation[], number: number, id: string): Node | null {
  const citation = citations[number - 1];
  if (!citation) return null;
  const mark = document.createElement('sup');
  const link = document.createElement('a');
  link.href = `#${id}-${number}`;
  link.textContent = String(number);
  link.setAttribute('aria-label', `Source ${number}: ${citation.title}`);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    const item = document.getElementById(`${id}-${number}`);
    item?.scrollIntoView({ block: 'nearest' });
    item?.querySelector<HTMLElement>('a, span')?.focus();
  });
  mark.append(link);
  return mark;
}

export function Sources({ citations, id, base }: { citations: Citation[]; id: string; base: string }) {
  return (
    <ol class="sources" aria-label="Sources">
      {citations.map((citation, index) => (
        <li id={`${id}-${index + 1}`} key={index}>
          <SourceTitle citation={citation} base={base} />
          {citation.snippet && <p dir="auto">{citation.snippet}</p>}
        </li>
      ))}
    </ol>
  );
}

function SourceTitle({ citation, base }: { citation: Citation; base: string }) {
  const text = citation.page ? `${citation.title}, page ${citation.page}` : citation.title;
  const url = safeUrl(citation.url, base);
  if (!url) return <span tabIndex={-1} dir="auto">{text}</span>;
  return <a dir="auto" ref={(link) => { if (link) aim(link, url, base); }}>{text}</a>;
}
