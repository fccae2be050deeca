// Whether everybody in the account has to sign in with a second step; owners decide it.
import { Button } from 'react-aria-components/Button';
import { api } from '../api';
import { loadAccounts } from '../state/accounts';
import { useAct } from '../state/settings';
import type { Account, Member } from '../types';
import { Asking } from './settings';

export function RequireFactor({ account, members }: { account: Account; members: readonly Member[] }) {
  const [busy, run] = useAct();
  const set = (required: boolean) => void run(() => api.requireFactor(account.id, required)).then(loadAccounts);
  const without = members.filter((member) => member.secondFactor === false).length;
  return (
    <section aria-label="Second step" aria-busy={busy || undefined}>
      <h2>Second step at sign-in</h2>
      <div className="row">
        <div className="row-main">
          <span className="row-title">{account.secondFactorRequired ? 'Everybody needs one' : 'Up to each person'}</span>
          <span className="muted">
            {without === 0 ? 'Everybody has an authenticator app.'
              : `${without} of ${members.length} ${without === 1 ? 'has' : 'have'} none, and could not get in until they add one.`}
          </span>
        </div>
        <div className="row-side">
          {account.secondFactorRequired
            ? <Button className="button" data-size="small" onPress={() => set(false)}>Leave it to each person</Button>
            : (
              <Asking word="Ask everybody" label="Ask everybody for a second step" question="Let nobody in without?"
                yes="Ask everybody" onYes={() => set(true)} />
            )}
        </div>
      </div>
    </section>
  );
}
