// What the tests of signing in share: addresses of their own, browsers that follow a link, clients.
import { randomBytes } from 'node:crypto';
import { createClient } from '@supabase/supabase-js';

export const fresh = (name = 'ann') => `${name}-${randomBytes(4).toString('hex')}@example.test`;

// supabase-js with the options that matter here; `storage` may be shared by several ("tabs").
export function client(server, { flowType = 'implicit', storage, key = server.env.SUPABASE_ANON_KEY, fetch: via } = {}) {
  return createClient(server.url, key, {
    auth: {
      flowType, autoRefreshToken: false, detectSessionInUrl: false, persistSession: storage !== undefined,
      ...(storage ? { storage, storageKey: 'session' } : {}),
    },
    ...(via ? { global: { fetch: via } } : {}),
  });
}

export class Storage {
  items = new Map();
  getItem(key) {
    return this.items.get(key) ?? null;
  }
  setItem(key, value) {
    this.items.set(key, value);
  }
  removeItem(key) {
    this.items.delete(key);
  }
}

// Opens a link as a browser does and says where it leads: {status, page, query, fragment}.
export async function follow(link, method = 'GET') {
  const reply = await fetch(link, { method, redirect: 'manual' });
  const location = reply.headers.get('location');
  if (!location) return { status: reply.status, text: await reply.text() };
  const url = new URL(location);
  return {
    status: reply.status, location, page: url.origin + url.pathname,
    query: Object.fromEntries(url.searchParams), fragment: Object.fromEntries(new URLSearchParams(url.hash.slice(1))),
  };
}
