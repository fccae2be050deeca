// What an answer cites, as footnotes below it. An address becomes a link only when it is a harmless one.
import { safeUrl } from '../../shared/links.ts';
import type { Citation } from '../types';

export const sourceId = (messageId: string, number: number) => `source-${messageId}-${number}`;

export function Sources({ messageId, citations }: { messageId: string; citations: readonly Citation[] }) {
  return (
    <ol className="sources" aria-label="Sources">
      {citations.map((citation, index) => {
        const url = safeUrl(citation.url ?? '', location.origin);
        const title = citation.title || url?.host || 'Source';
        return (
          <li className="source" id={sourceId(messageId, index + 1)} tabIndex={-1} key={index}>
            <span className="source-number" aria-hidden="true">{index + 1}</span>
            <span className="source-body">
              {url
                ? <a href={url.href} target="_blank" rel="noopener noreferrer nofollow">{title}</a>
                : <span className="source-title">{title}</span>}
              {citation.page !== null && <span className="source-page"> page {citation.page}</span>}
              {citation.snippet && <span className="source-snippet">{citation.snippet}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
