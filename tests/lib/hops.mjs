// A browser as far as redirects go: it keeps cookies per host, follows Location from hop to hop, and
// stops where nobody of ours answers.
//
//   const landed = await new Hops().go(url);       // {page, query, fragment, trail, status, text}
export class Hops {
  cookies = new Map(); // host -> Map(name -> value)

  #header(url) {
    const jar = this.cookies.get(url.host);
    return jar?.size ? { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } : {};
  }

  #keep(url, reply) {
    for (const line of reply.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const at = pair.indexOf('=');
      const jar = this.cookies.get(url.host) ?? new Map();
      this.cookies.set(url.host, jar);
      const gone = attributes.some((text) => /^(max-age=0|expires=Thu, 01 Jan 1970)/i.test(text));
      if (gone) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  // What a script of a page of that origin does: cookies go along and are kept.
  fetch = async (target, options = {}) => {
    const url = new URL(target);
    const headers = new Headers(options.headers);
    const { cookie } = this.#header(url);
    if (cookie) headers.set('cookie', cookie);
    const reply = await fetch(url, { ...options, headers });
    this.#keep(url, reply);
    return reply;
  };

  // `visit(url)` may stop it early by returning true, with the URL as where it landed.
  async go(start, { visit, method = 'GET', body } = {}) {
    let url = new URL(start);
    const trail = [];
    for (let hop = 0; hop < 20; hop += 1) {
      trail.push(url.href);
      const ours = url.hostname === '127.0.0.1' || url.hostname === 'localhost';
      if (!ours || visit?.(url)) return { ...parts(url), trail };
      const reply = await fetch(url, {
        method, body, redirect: 'manual',
        headers: { accept: 'text/html', ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}), ...this.#header(url) },
      });
      this.#keep(url, reply);
      const location = reply.headers.get('location');
      if (!location) return { ...parts(url), trail, status: reply.status, text: await reply.text() };
      await reply.body?.cancel();
      url = new URL(location, url);
      method = 'GET';
      body = undefined;
    }
    throw new Error(`too many redirects: ${trail.join(' -> ')}`);
  }
}

const parts = (url) => ({
  url: url.href, page: url.origin + url.pathname, query: Object.fromEntries(url.searchParams),
  fragment: Object.fromEntries(new URLSearchParams(url.hash.slice(1))),
});
