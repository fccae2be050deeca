// The plan of the account: what it may have, what it has used, and the way to another plan. Owners and
// admins buy and change it at Stripe; everybody of the team sees how far it goes.
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { safeUrl } from '../../shared/links.ts';
import { api } from '../api';
import { bytesText, dayLong, numberText } from '../format';
import { accounts, isAtLeast } from '../state/accounts';
import { useAct, useLoaded } from '../state/settings';
import { useStore } from '../store';
import type { Account, Limit, Plan, Subscription, Usage } from '../types';
import { Icon } from './Icon';
import { SettingsPage } from './settings';

// The name of a limit, and how one and many of it read in the list of plans.
const LIMITS: Record<string, readonly [name: string, one: string, many: string]> = {
  conversations_per_month: ['Conversations', 'conversation a month', 'conversations a month'],
  messages_per_month: ['Messages', 'message a month', 'messages a month'],
  agents: ['Agents', 'agent', 'agents'],
  sources: ['Knowledge sources', 'knowledge source', 'knowledge sources'],
  members: ['Colleagues', 'colleague', 'colleagues'],
  storage_bytes: ['Storage', 'of storage', 'of storage'],
};
const METRICS: readonly (readonly [string, string])[] = [
  ['conversations', 'Conversations'], ['messages', 'Messages'], ['tokens', 'Tokens of answers'], ['api_calls', 'Calls with API keys'],
];
const NEAR = 0.8;

const amount = (limit: string, value: number) => (limit === 'storage_bytes' ? bytesText(value) : numberText(value));
const sentence = (text: string) => text.replace(/^./, (letter) => letter.toUpperCase());
const words = (name: string) => sentence(name.replaceAll('_', ' ').replace(/\bapi\b/, 'API'));

// "5 agents", "unlimited colleagues": the ones this page knows first, in its order.
function inWords(limits: Plan['limits']): string {
  const known = Object.keys(LIMITS).filter((name) => name in limits);
  const others = Object.keys(limits).filter((name) => !(name in LIMITS));
  return sentence([...known, ...others].map((name) => {
    const max = limits[name] ?? null;
    const shown = max === null ? 'unlimited' : amount(name, max);
    const [, one, many] = LIMITS[name] ?? ['', words(name), words(name)];
    return `${shown} ${max === 1 ? one : many}`;
  }).join(', '));
}

export default function PlanPage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <PlanOf key={account.id} account={account} /> : null;
}

async function load(accountId: string): Promise<{ usage: Usage; plans: Plan[] }> {
  const [usage, { plans }] = await Promise.all([api.usage(accountId), api.plans()]);
  return { usage, plans };
}

function PlanOf({ account }: { account: Account }) {
  const loaded = useLoaded(account.id, () => load(account.id), () => false);
  const pays = isAtLeast(account, 'admin');
  return (
    <SettingsPage title="Plan and usage" about={`What ${account.name} may have, and what it has used`} loaded={loaded}>
      {({ usage, plans }) => (
        <>
          <Current account={account} usage={usage} pays={pays} />
          <section aria-label="Limits">
            <h2>Used so far</h2>
            <ul className="meters">{usage.limits.map((limit) => <Meter key={limit.limit} limit={limit} />)}</ul>
          </section>
          <section aria-label="This month">
            <h2>This month</h2>
            <dl className="numbers">
              {METRICS.map(([name, word]) => (
                <div key={name}><dt>{word}</dt><dd>{numberText(usage.metrics[name] ?? 0)}</dd></div>
              ))}
            </dl>
          </section>
          <section aria-label="Plans">
            <h2>Plans</h2>
            <ul className="rows">
              {plans.map((plan) => (
                <PlanRow key={plan.id} plan={plan} account={account} current={plan.id === usage.plan.id}
                  mayBuy={pays && !isPaid(usage.subscription)} />
              ))}
            </ul>
          </section>
        </>
      )}
    </SettingsPage>
  );
}

const isPaid = (subscription: Subscription | null | undefined) =>
  subscription !== null && subscription !== undefined && ['active', 'trialing', 'past_due'].includes(subscription.status);

// To Stripe's page: it leads back to this one.
function useLeave(ask: () => Promise<{ url: string }>): [busy: boolean, failure: string, leave: () => void] {
  const [busy, run] = useAct();
  const [failure, setFailure] = useState('');
  const leave = () => {
    setFailure('');
    void run(async () => {
      const url = safeUrl((await ask()).url, location.href);
      if (url) location.assign(url);
      else setFailure('The payment service gave no address to go to.');
    }, setFailure);
  };
  return [busy, failure, leave];
}

function Current({ account, usage, pays }: { account: Account; usage: Usage; pays: boolean }) {
  const { subscription } = usage;
  const [busy, failure, leave] = useLeave(() => api.billingPortal(account.id));
  return (
    <section className="plan-now" aria-label="Your plan">
      <div className="row-main">
        <h2>{usage.plan.name}</h2>
        {subscription?.paymentFailedAt && (
          <p className="settings-note" data-tone="bad">
            The last payment failed on {dayLong(subscription.paymentFailedAt)}. Check the card in the billing portal.
          </p>
        )}
        <p className="muted">{stateOf(subscription, usage)}</p>
      </div>
      {pays && subscription && (
        <Button className="button" data-busy={busy || undefined} onPress={leave}>Manage payment</Button>
      )}
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
    </section>
  );
}

function stateOf(subscription: Subscription | null | undefined, usage: Usage): string {
  const month = `What counts by the month starts anew on ${dayLong(usage.period.end)} (UTC).`;
  if (!subscription?.periodEnd || !isPaid(subscription)) return month;
  const day = dayLong(subscription.periodEnd);
  return `${subscription.cancelAtPeriodEnd ? `Ends on ${day}.` : `Renews on ${day}.`} ${month}`;
}

function Meter({ limit }: { limit: Limit }) {
  const { limit: name, used, max } = limit;
  const part = max === null ? 0 : max === 0 ? 1 : Math.min(1, used / max);
  const level = max === null || part < NEAR ? undefined : part < 1 ? 'near' : 'full';
  const left = level === 'full' ? 'Used up' : level === 'near' ? `${amount(name, max! - used)} left` : '';
  return (
    <li className="meter" data-level={level}>
      <span className="meter-name">{LIMITS[name]?.[0] ?? words(name)}</span>
      <span className="meter-used">
        <b>{amount(name, used)}</b> {max === null ? 'without a limit' : `of ${amount(name, max)}`}
      </span>
      {max !== null && (
        <svg className="meter-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
          <rect className="meter-track" width="100" height="6" />
          <rect className="meter-fill" width={part * 100} height="6" />
        </svg>
      )}
      {(left || limit.resets_at) && (
        <span className="meter-note muted">
          {sentence([left, limit.resets_at ? `starts anew on ${dayLong(limit.resets_at)}` : ''].filter(Boolean).join(', '))}
        </span>
      )}
    </li>
  );
}

interface PlanRowProps {
  plan: Plan;
  account: Account;
  current: boolean;
  mayBuy: boolean;
}

function PlanRow({ plan, account, current, mayBuy }: PlanRowProps) {
  const [busy, failure, leave] = useLeave(() => api.checkout(account.id, plan.id));
  const features = Object.entries(plan.features).filter(([, has]) => has).map(([name]) => words(name));
  return (
    <li className="row plan">
      <div className="row-main">
        <span className="row-title">{plan.name}{current && <span className="chip" data-tone="lead">Your plan</span>}</span>
        <span className="muted">{inWords(plan.limits)}</span>
        {features.length > 0 && (
          <span className="plan-features">
            {features.map((word) => <span key={word}><Icon name="check" size={14} />{word}</span>)}
          </span>
        )}
        {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
      </div>
      {mayBuy && !current && (
        <div className="row-side">
          <Button className="button" data-size="small" aria-label={`Buy ${plan.name}`} data-busy={busy || undefined}
            onPress={leave}>Buy</Button>
        </div>
      )}
    </li>
  );
}
