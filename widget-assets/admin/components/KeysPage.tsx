// The API keys of the account: made, replaced, revoked. A secret is shown once, when it is made.
import { useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { api } from '../api';
import { ago, timeFull } from '../format';
import { useNow } from '../hooks';
import { accounts } from '../state/accounts';
import { useAct, useLoaded } from '../state/settings';
import { useStore } from '../store';
import type { Account, ApiKey } from '../types';
import { Empty } from './bits';
import { Asking, Choice, Field, Secret, SettingsPage } from './settings';

const SCOPES: readonly (readonly [string, string])[] = [
  ['chat:write', 'Chat as a visitor'], ['conversations:read', 'Read conversations'],
  ['leads:write', 'Make leads'], ['knowledge:write', 'Add knowledge'], ['analytics:read', 'Read usage'],
];
const DAY_MS = 86_400_000;
const ENDS = [['', 'Never'], ['30', 'In 30 days'], ['90', 'In 90 days'], ['365', 'In a year']] as const;
const OVERLAPS = [['0', 'Stop the old one now'], ['3600', 'Keep the old one for an hour'], ['86400', 'Keep the old one for a day']] as const;

export default function KeysPage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <Keys key={account.id} account={account} /> : null;
}

function Keys({ account }: { account: Account }) {
  const loaded = useLoaded(account.id, () => api.keys(account.id), (event) => event === 'api_key.updated');
  const [secret, setSecret] = useState<{ name: string; key: string } | null>(null);
  const show = (name: string, key: string) => {
    setSecret({ name, key });
    loaded.reload();
  };
  return (
    <SettingsPage title="API keys" about={`What programs use to act for ${account.name}`} loaded={loaded}>
      {({ apiKeys }) => (
        <>
          {secret ? (
            <Secret title={`The key ${secret.name}`} text={secret.key} label="API key" onDone={() => setSecret(null)}>
              Copy it now and keep it where nobody else reads: it is not shown again.
            </Secret>
          ) : <Make account={account} onMade={show} />}
          <section aria-label="Keys">
            {apiKeys.length === 0 ? <Empty icon="key" title="No keys yet">Programs need one to call the API.</Empty> : (
              <ul className="rows">
                {apiKeys.map((key) => <KeyRow key={key.id} item={key} onRotated={show} onDone={loaded.reload} />)}
              </ul>
            )}
          </section>
        </>
      )}
    </SettingsPage>
  );
}

function Make({ account, onMade }: { account: Account; onMade: (name: string, key: string) => void }) {
  const [name, setName] = useState('');
  const [ends, setEnds] = useState('');
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set(['chat:write']));
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();

  const toggle = (scope: string) => {
    const next = new Set(scopes);
    if (!next.delete(scope)) next.add(scope);
    setScopes(next);
  };
  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure('');
    if (!name.trim()) return setFailure('Give the key a name by which you know it again.');
    if (scopes.size === 0) return setFailure('Choose at least one thing that the key may do.');
    await run(async () => {
      const expiresAt = ends ? new Date(Date.now() + Number(ends) * DAY_MS).toISOString() : undefined;
      const { apiKey, key } = await api.makeKey(account.id, {
        name: name.trim(), scopes: [...scopes], ...(expiresAt ? { expiresAt } : {}),
      });
      setName('');
      onMade(apiKey.name, key);
    }, setFailure);
  }

  return (
    <Form className="settings-form" onSubmit={(event) => void submit(event)} validationBehavior="aria" aria-label="Make a key">
      <Field label="Name of a new key" name="name" autoComplete="off" required value={name} onChange={setName}
        isInvalid={failure !== '' && !name.trim()} />
      <Choice label="Ends" value={ends} options={ENDS} onChange={setEnds} />
      <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>Make key</Button>
      <fieldset className="checks">
        <legend className="field-label">It may</legend>
        {SCOPES.map(([scope, word]) => (
          <label className="check" key={scope}>
            <input type="checkbox" checked={scopes.has(scope)} onChange={() => toggle(scope)} />{word}
          </label>
        ))}
      </fieldset>
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
    </Form>
  );
}

interface KeyRowProps {
  item: ApiKey;
  onRotated: (name: string, key: string) => void;
  onDone: () => void;
}

function KeyRow({ item, onRotated, onDone }: KeyRowProps) {
  const now = useNow();
  const [replacing, setReplacing] = useState(false);
  const [overlap, setOverlap] = useState('3600');
  const [busy, run] = useAct();
  const rotate = () => run(async () => {
    const { key } = await api.rotateKey(item.id, Number(overlap));
    setReplacing(false);
    onRotated(item.name, key);
  });
  const revoke = () => run(() => api.revokeKey(item.id)).then(onDone);
  const facts = [
    `made ${ago(item.createdAt, now)}${item.createdBy ? ` by ${item.createdBy}` : ''}`,
    item.lastUsedAt ? `last used ${ago(item.lastUsedAt, now)}` : 'never used',
    item.expiresAt && item.status === 'active' ? `ends ${timeFull(item.expiresAt)}` : '',
    item.previousUntil ? `the former secret works until ${timeFull(item.previousUntil)}` : '',
  ].filter(Boolean);
  return (
    <li className="row" aria-busy={busy || undefined} data-off={item.status !== 'active' || undefined}>
      <div className="row-main">
        <span className="row-title" dir="auto">
          {item.name}
          {item.status !== 'active' && <span className="chip" data-tone="alert">{item.status === 'revoked' ? 'Revoked' : 'Expired'}</span>}
        </span>
        <span className="muted"><code>{item.prefix}…</code> {item.scopes.join(', ')}</span>
        <span className="muted">{facts.join(', ')}</span>
      </div>
      {item.status === 'active' && (
        <div className="row-side">
          {replacing ? (
            <div className="asking" role="group" aria-label={`Replace the secret of ${item.name}`}>
              <Choice label={`The old secret of ${item.name}`} hideLabel value={overlap} options={OVERLAPS} onChange={setOverlap} />
              <Button className="button" data-size="small" data-look="primary" autoFocus onPress={() => void rotate()}>Make a new one</Button>
              <Button className="button" data-size="small" onPress={() => setReplacing(false)}>Keep</Button>
            </div>
          ) : (
            <>
              <Button className="button" data-size="small" aria-label={`Replace the secret of ${item.name}`}
                onPress={() => setReplacing(true)}>Replace</Button>
              <Asking word="Revoke" label={`Revoke ${item.name}`} question="Revoke for good?" yes="Revoke"
                onYes={() => void revoke()} />
            </>
          )}
        </div>
      )}
    </li>
  );
}
