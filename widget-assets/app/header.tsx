// Who answers: the agent, or the person who has taken over; and the way out of the frame.

import type { WidgetConfig } from '../shared/types.ts';
import type { Host } from './host.ts';
import { Icon } from './icons.tsx';

interface Props {
  host: Host;
  config: WidgetConfig;
  person: { name: string } | null;
}

export function Header({ host, config, person }: Props) {
  const name = person ? person.name || 'Our team' : config.agent.name;
  const below = person ? config.agent.name : 'Assistant, answers right away';
  return (
    <header>
      <Avatar name={name} human={person !== null} />
      <div class="who">
        <h1 dir="auto">{name}</h1>
        <p dir="auto">{below}</p>
      </div>
      {host.framed && (
        <button type="button" class="plain" aria-label="Close chat" onClick={() => host.close()}>
          <Icon name="close" />
        </button>
      )}
    </header>
  );
}

export function Avatar({ name, human }: { name: string; human: boolean }) {
  const first = [...name.trim()][0] ?? '';
  return (
    <span class={human ? 'avatar human' : 'avatar'} aria-hidden="true">
      {/\p{L}|\p{N}/u.test(first) ? first.toUpperCase() : <Icon name="person" size={18} />}
    </span>
  );
}
