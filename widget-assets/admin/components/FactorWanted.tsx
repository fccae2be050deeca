// Instead of every page of an account that lets nobody in without a second step: the way to add one.
import { loadAccounts } from '../state/accounts';
import type { Account } from '../types';
import { AddFactor } from './AddFactor';

export default function FactorWanted({ account }: { account: Account }) {
  return (
    <div className="settings">
      <header className="settings-head">
        <h1>{account.name} asks for a second step</h1>
        <p className="muted">Its owners let in only who signs in with an authenticator app as well. Add one to go on.</p>
      </header>
      <AddFactor onDone={() => void loadAccounts()} />
    </div>
  );
}
