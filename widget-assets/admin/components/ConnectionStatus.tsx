// Says whether what is on the screen is current: Live, Connecting, Reconnecting or Offline. A pill in
// the sidebar; on phones a strip that shows only when something is wrong.
import { link, type LinkState } from '../state/live';
import { useStore } from '../store';

function stateOf({ account, thread, online }: LinkState): 'live' | 'connecting' | 'reconnecting' | 'offline' {
  if (!online) return 'offline';
  if (account === 'reconnecting' || thread === 'reconnecting') return 'reconnecting';
  return account;
}

const WORDS = {
  live: 'Live', connecting: 'Connecting', reconnecting: 'Reconnecting', offline: 'Offline',
};
const MORE = {
  live: '', connecting: '', reconnecting: 'One moment, nothing gets lost.',
  offline: 'Messages go out when the connection is back.',
};

export function ConnectionStatus() {
  const state = useStore(link, stateOf);
  return (
    <div className="connection" role="status" data-state={state}>
      <span className="connection-dot" aria-hidden="true" />
      <span className="connection-word">{WORDS[state]}</span>
      {MORE[state] && <span className="connection-more">{MORE[state]}</span>}
    </div>
  );
}
