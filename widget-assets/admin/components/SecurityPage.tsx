// What guards the person's own sign-in: authenticator apps as a second step.
import { ago } from '../format';
import { useNow } from '../hooks';
import { loadAccounts } from '../state/accounts';
import { listFactors, removeFactor, type Factor } from '../state/factors';
import { useAct, useLoaded } from '../state/settings';
import { AddFactor } from './AddFactor';
import { Empty } from './bits';
import { Asking, SettingsPage } from './settings';

export default function SecurityPage() {
  const loaded = useLoaded('security', listFactors, () => false);
  return (
    <SettingsPage title="Security" about="Your own sign-in, in every account" loaded={loaded}>
      {(factors) => (
        <>
          <AddFactor onDone={() => {
            loaded.reload();
            void loadAccounts();
          }} />
          <section aria-label="Authenticator apps">
            {factors.length === 0
              ? <Empty icon="key" title="Your password alone signs you in">With an authenticator app on your phone, a stolen password opens nothing.</Empty>
              : (
                <ul className="rows">
                  {factors.map((factor) => <FactorRow key={factor.id} factor={factor} onDone={loaded.reload} />)}
                </ul>
              )}
          </section>
        </>
      )}
    </SettingsPage>
  );
}

function FactorRow({ factor, onDone }: { factor: Factor; onDone: () => void }) {
  const now = useNow();
  const [busy, run] = useAct();
  return (
    <li className="row" aria-busy={busy || undefined}>
      <div className="row-main">
        <span className="row-title" dir="auto">{factor.name}</span>
        <span className="muted">added {ago(factor.createdAt, now)}</span>
      </div>
      <div className="row-side">
        <Asking word="Remove" label={`Remove ${factor.name}`} question="Sign in without it?" yes="Remove"
          onYes={() => void run(() => removeFactor(factor.id)).then(onDone)} />
      </div>
    </li>
  );
}
