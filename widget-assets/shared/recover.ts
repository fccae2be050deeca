// A private channel of supabase-js that misses nothing: it comes back with a cursor and is sent what
// happened meanwhile, in order and before anything live, or is told of a gap (docs/protocol.md).
//
//   const room = recoverable(supabase, `account:${id}`, { onGap: loadEverything });
//   room.on('message.created', ({ payload }) => show(payload)).channel.subscribe();
//
// For durable events; ephemeral ones pass through. `on('*', ...)` hears all of them. Whoever makes it
// loads the state once, behind the first onCaughtUp, and calls channel.unsubscribe() at the end.

import type { RealtimeChannel, SupabaseClient } from '@supabase/supabase-js';

/** Ids remembered, to drop what comes a second time. */
const KNOWN_MAX = 20_000;

export interface Heard {
  event: string;
  payload: Record<string, unknown>;
  meta?: { id: string; seq?: number; horizon?: string; replayed?: boolean };
}

export interface RecoverOptions {
  /** A cursor of an earlier page: `seq` for conversations, or a `horizon`. Default: from now on. */
  cursor?: { seq?: number; horizon?: string };
  /** What was missed cannot be had, or the page is not told what it missed: load the state again. */
  onGap(gap: { from: unknown; to: unknown }): void;
  /** Everything missed has been handed over; `horizon` may be stored as the next page's cursor. */
  onCaughtUp?(horizon: string): void;
}

export function recoverable(client: SupabaseClient, name: string, options: RecoverOptions) {
  // supabase-js sends this very object with every join, so the cursor in it is always the newest.
  const cursor: { seq?: number; horizon?: string } = { ...options.cursor };
  const broadcast = { ack: false, self: false, recover: cursor };
  const channel: RealtimeChannel = client.channel(name, { config: { private: true, broadcast } });
  const known = new Set<string>();
  const handlers: [string, (heard: Heard) => void][] = [];

  channel.on('broadcast', { event: '*' }, (message) => {
    const { meta } = message as unknown as Heard;
    if (meta && known.has(meta.id)) return;
    for (const [event, handler] of handlers) if ([message.event, '*'].includes(event)) handler(message as never);
    if (!meta) return;
    known.add(meta.id);
    if (known.size > KNOWN_MAX) known.delete(known.values().next().value as string);
    if (meta.horizon) cursor.horizon = meta.horizon;
  });
  channel.on('system', {}, (system: { extension: string; horizon?: string; gap?: never }) => {
    if (system.extension !== 'recover' || !system.horizon) return;
    cursor.horizon = system.horizon;
    if (system.gap) options.onGap(system.gap);
    else options.onCaughtUp?.(system.horizon);
  });
  const room = { channel, cursor, on };
  function on(event: string, handler: (heard: Heard) => void): typeof room {
    handlers.push([event, handler]);
    return room;
  }
  return room;
}
