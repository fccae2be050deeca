// Which addresses from answers and sources may become links, and how they open. Everything else stays
// text. Pure, apart from the URL parser of the platform.

const SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:']);
const URL_CHARS_MAX = 2_000;

/** Where a page is, without its query and fragment: they may hold what is the visitor's alone. */
export const pagePart = (address: string): string => address.split(/[?#]/, 1)[0]!.slice(0, URL_CHARS_MAX);

/** The address as an absolute one, or null when it may not be a link. */
export function safeUrl(address: string, base: string): URL | null {
  const text = address.trim();
  if (!text || text.length > URL_CHARS_MAX || /[\u0000-\u001f\u007f]/.test(text)) return null;
  try {
    const url = new URL(text, base);
    // A name and password before the host make an address look like another one.
    return SCHEMES.has(url.protocol) && !url.username && !url.password ? url : null;
  } catch {
    return null;
  }
}

/** Makes an <a> lead to `url`: a part of the page we stand on opens in place, the rest beside it. */
export function aim(link: HTMLAnchorElement, url: URL, base: string): void {
  link.href = url.href;
  link.target = samePage(url, base) ? '_top' : '_blank';
  link.rel = 'noopener noreferrer nofollow';
}

export function samePage(url: URL, base: string): boolean {
  return url.hash !== '' && url.href.split('#')[0] === base.split('#')[0];
}

/** Where a link leads, short enough to be shown beside its text. */
export function destination(url: URL): string {
  if (url.protocol === 'http:' || url.protocol === 'https:') return url.host;
  return url.href.slice(url.protocol.length);
}
