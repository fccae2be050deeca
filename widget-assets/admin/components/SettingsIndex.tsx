// On a phone: the way to the pages about the account, which the bar at the bottom has no room for.
import { hrefOf } from '../route';
import { accounts } from '../state/accounts';
import { useStore } from '../store';
import { Icon } from './Icon';
import { listed, PAGES } from './pages';

export default function SettingsIndex() {
  const state = useStore(accounts, (value) => value);
  return (
    <div className="settings">
      <header className="settings-head">
        <h1>Settings</h1>
        {state.open && <p className="muted">{state.open.name}</p>}
      </header>
      <nav aria-label="Settings">
        <ul className="rows">
          {listed(state, 'account').map((name) => (
            <li key={name}>
              <a className="row index-link" href={hrefOf(name)}>
                <Icon name={PAGES[name].icon} /><span>{PAGES[name].word}</span><Icon name="chevron" size={16} />
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}
