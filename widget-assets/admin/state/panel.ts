// Whether the details panel shows. Where there is room it is the person's choice and remembered; on a
// narrow screen it covers the transcript, so it opens on demand only.
import { useMedia } from '../hooks';
import { prefs } from '../prefs';
import { createStore, useStore } from '../store';

const ROOM = '(min-width: 1180px)';
const cover = createStore({ open: false });

export function showPanel(open: boolean): void {
  if (matchMedia(ROOM).matches) prefs.set({ details: open });
  else cover.set({ open });
}

// Another conversation starts with its transcript in sight. True when there was something to uncover.
export function uncover(): boolean {
  if (!cover.get().open) return false;
  cover.set({ open: false });
  return true;
}

export function usePanel(): { shown: boolean; covers: boolean } {
  const room = useMedia(ROOM);
  const wanted = useStore(prefs, (state) => state.details);
  const open = useStore(cover, (state) => state.open);
  return { shown: room ? wanted : open, covers: !room };
}
