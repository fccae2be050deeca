// Sentences above the transcript that tell the state of things: a lost connection, a person in
// charge, the assistant's return, opening hours. Each stands in an element that is always there, so
// that a screen reader says it when it changes.

import { hoursLine } from './hours.ts';
import { Icon } from './icons.tsx';
import type { State } from './state.ts';

export function Notices({ state }: { state: State }) {
  const { agent, operatingHours } = state.config!;
  const lost = state.connection === 'lost' || state.drafts.some((draft) => draft.state === 'waiting');
  const hours = state.person || state.handedBack ? '' : hoursLine(operatingHours);
  return (
    <div class="notices">
      <p role="status" class="notice lost">{lost && <><Icon name="clock" size={16} />Reconnecting…</>}</p>
      <p role="status" class="notice joined" dir="auto">
        {state.person && <><Icon name="person" size={16} /><span>{state.person.name || 'A person'} has joined the conversation</span></>}
        {state.handedBack && <><Icon name="check" size={16} /><span>{agent.name} is back</span></>}
      </p>
      {hours && <p class="notice hours"><Icon name="clock" size={16} /><span>{hours} The assistant answers.</span></p>}
    </div>
  );
}
