// The one Supabase client of the app, the unmodified supabase-js. The server is where this page came
// from; the anon key stands in the page (`<html data-anon-key>`) and is public by design. The session
// is kept in localStorage, so a reload and other tabs stay signed in.
import { createClient } from '@supabase/supabase-js';

// First retry soon (a server that restarts is back in a second), then slower.
const RECONNECT_MS = [300, 700, 1500, 3000];
const RECONNECT_MS_LAST = 5000;

export const SESSION_KEY = 'chatpad-session';

export const supabase = createClient(
  location.origin,
  document.documentElement.dataset.anonKey || 'missing-anon-key',
  {
    auth: { storageKey: SESSION_KEY, detectSessionInUrl: false, flowType: 'pkce' },
    realtime: {
      reconnectAfterMs: (tries: number) => RECONNECT_MS[tries - 1] ?? RECONNECT_MS_LAST,
    },
  },
);
