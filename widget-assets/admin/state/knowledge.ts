// How far the jobs of knowledge are, as the server says it about once a second. Such events are not kept
// anywhere: what was missed is in the next one, or in the source itself.
import type { LiveEvent } from '../types';

export interface Progress {
  done: number;
  total: number | null;
  note: string | null;
}

const listeners = new Map<string, Set<(progress: Progress) => void>>();

export function tellKnowledge(event: LiveEvent): void {
  if (event.event !== 'knowledge.progress') return;
  const job = event.payload.job as { subjectId: string; progress: Progress } | undefined;
  for (const listener of listeners.get(job?.subjectId ?? '') ?? []) if (job) listener(job.progress);
}

export function onKnowledgeProgress(sourceId: string, listener: (progress: Progress) => void): () => void {
  const all = listeners.get(sourceId) ?? new Set();
  listeners.set(sourceId, all.add(listener));
  return () => {
    all.delete(listener);
    if (all.size === 0) listeners.delete(sourceId);
  };
}
