// The smallest pieces: avatar, status chip, score ring, empty and error states, skeleton lines.
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { hueOf, scoreWord, statusWord } from '../format';
import type { Conversation } from '../types';
import { Icon, type IconName } from './Icon';

export function Avatar({ id, name, known }: { id: string; name: string; known: boolean }) {
  return (
    <span className="avatar" data-hue={hueOf(id)} aria-hidden="true">
      {known ? initials(name) : <Icon name="person" size={18} />}
    </span>
  );
}

export function initials(name: string): string {
  const words = name.replace(/@.*/, '').split(/[\s._-]+/).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

export function StatusChip({ conversation, myId }: { conversation: Conversation; myId?: string }) {
  const { status } = conversation;
  const tone = status === 'active' ? 'ai' : status === 'human_takeover' ? 'person' : 'closed';
  const icon: IconName = tone === 'ai' ? 'spark' : tone === 'person' ? 'person' : 'check';
  return (
    <span className="chip" data-tone={tone}>
      <Icon name={icon} size={13} />
      <span className="chip-text">{statusWord(conversation, myId)}</span>
    </span>
  );
}

export function ScoreRing({ score, size = 40 }: { score: number; size?: number }) {
  const round = Math.max(0, Math.min(100, score));
  return (
    <span className="score" data-heat={scoreWord(score)}>
      <svg viewBox="0 0 40 40" width={size} height={size} aria-hidden="true" focusable="false">
        <circle className="score-track" cx="20" cy="20" r="17" pathLength={100} />
        <circle className="score-bar" cx="20" cy="20" r="17" pathLength={100} strokeDasharray={`${round} 100`} />
      </svg>
      <span className="score-number">{score}</span>
    </span>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-icon"><Icon name={icon} size={24} /></span>
      <p className="empty-title">{title}</p>
      {children && <div className="empty-text">{children}</div>}
    </div>
  );
}

export function Failure({ text, onRetry }: { text: string; onRetry: () => void }) {
  return (
    <div className="empty" role="alert">
      <span className="empty-icon" data-tone="bad"><Icon name="alert" size={24} /></span>
      <p className="empty-title">That did not load</p>
      <p className="empty-text">{text}</p>
      <Button className="button" onPress={onRetry}>Try again</Button>
    </div>
  );
}

export function Skeleton({ rows, kind }: { rows: number; kind: 'list' | 'chat' | 'table' }) {
  return (
    <div className="skeleton" data-kind={kind} aria-hidden="true">
      {Array.from({ length: rows }, (_, index) => (
        <div className="skeleton-row" key={index}>
          <span className="skeleton-dot" />
          <span className="skeleton-lines"><span /><span /></span>
        </div>
      ))}
    </div>
  );
}

// A page that is on its way.
export function Loading({ rows = 6, word = 'Loading' }: { rows?: number; word?: string }) {
  return (
    <div aria-busy="true">
      <span className="sr-only" role="status">{word}</span>
      <Skeleton rows={rows} kind="table" />
    </div>
  );
}

export function Dots() {
  return <span className="dots" aria-hidden="true"><i /><i /><i /></span>;
}
