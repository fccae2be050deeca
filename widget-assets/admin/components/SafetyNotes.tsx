// What was noticed about a message, as quiet words below it. The words say what it was and what was done;
// what was written is not repeated.
import type { SafetyFlag } from '../types';
import { Icon } from './Icon';

const ENTITY: Record<string, string> = {
  ssn: 'social security number', credit_card: 'card number', dob: 'date of birth', phone: 'phone number',
  email: 'e-mail address', address: 'street address',
};

const DONE: Record<string, string> = {
  blocked: 'blocked', refused: 'refused', redacted: 'redacted', removed: 'removed', flagged: 'noticed',
  escalated: 'sent to a person',
};

function whatOf(flag: SafetyFlag): string {
  const words = flag.detail.replaceAll('_', ' ');
  switch (flag.kind) {
    case 'injection':
      return flag.where === 'document' ? `Orders in \u201c${flag.title || 'a document'}\u201d` : 'Orders to the assistant';
    case 'pii': return ENTITY[flag.detail] ?? words;
    case 'secret': return 'Secret';
    case 'topic': return `Topic \u201c${words}\u201d`;
    case 'dlp': return `Rule \u201c${ENTITY[flag.detail] ?? words}\u201d`;
    case 'link': return flag.detail === 'image' ? 'Image' : 'Unknown link';
    default: return 'Words of the instructions';
  }
}

export function SafetyNotes({ flags }: { flags: readonly SafetyFlag[] }) {
  return (
    <ul className="safety-notes" aria-label="Safety">
      {flags.map((flag) => {
        const what = whatOf(flag);
        return (
          <li key={`${flag.kind}:${flag.detail}:${flag.sourceId ?? ''}`} title={flag.kind === 'injection' ? flag.detail : undefined}>
            <Icon name="alert" size={12} />
            {`${what[0]!.toUpperCase()}${what.slice(1)} ${DONE[flag.action] ?? flag.action}`}
          </li>
        );
      })}
    </ul>
  );
}
