// Signed-in customers: the secret with which a site's server vouches for them, the lines that do it, and
// whether an agent talks to nobody else.
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { api } from '../api';
import { timeFull } from '../format';
import { accounts } from '../state/accounts';
import { useAct, useLoaded } from '../state/settings';
import { toast } from '../state/toasts';
import { useStore } from '../store';
import type { Account, AgentRow, Identity } from '../types';
import { Empty, Failure, Loading } from './bits';
import { Asking, Choice, CopyButton, SettingsPage } from './settings';

const OVERLAPS = [
  ['86400', 'Let the old one count for a day'], ['604800', 'Let the old one count for a week'], ['0', 'Stop the old one now'],
] as const;
const HIDDEN = '•'.repeat(24);
// The same lines as in docs/embedding.md.
const SNIPPETS: Record<string, readonly [word: string, lines: string]> = {
  node: ['Node', `import { createHmac } from 'node:crypto';

const identifierHash = createHmac('sha256', process.env.CHATPAD_IDENTITY_SECRET).update(String(user.id)).digest('hex');`],
  php: ['PHP', "$identifierHash = hash_hmac('sha256', (string) $user->id, getenv('CHATPAD_IDENTITY_SECRET'));"],
  python: ['Python', `import hashlib, hmac, os

identifier_hash = hmac.new(os.environ['CHATPAD_IDENTITY_SECRET'].encode(), str(user.id).encode(), hashlib.sha256).hexdigest()`],
};
const pageLine = (agentId: string) => `<script src="${location.origin}/functions/v1/serve-widget" data-agent-id="${agentId}"
  data-identifier="USER_ID" data-identifier-hash="IDENTIFIER_HASH" async></script>`;

export default function IdentityPage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <Agents key={account.id} account={account} /> : null;
}

function Agents({ account }: { account: Account }) {
  const loaded = useLoaded(account.id, () => api.agents(account.id), () => false);
  const [chosen, setChosen] = useState('');
  return (
    <SettingsPage title="Signed-in customers" about="Your site knows its customers; the chat can know them, too" loaded={loaded}>
      {({ agents }) => {
        const agent = agents.find((one) => one.id === chosen) ?? agents[0];
        if (!agent) return <Empty icon="badge" title="No agent yet">An agent has the secret that vouches for customers.</Empty>;
        return (
          <>
            {agents.length > 1 && (
              <Choice label="Agent" value={agent.id} options={agents.map(({ id, name }) => [id, name] as const)} onChange={setChosen} />
            )}
            <OfAgent key={agent.id} agent={agent} />
          </>
        );
      }}
    </SettingsPage>
  );
}

function OfAgent({ agent }: { agent: AgentRow }) {
  const loaded = useLoaded(agent.id, () => api.identity(agent.id), () => false);
  if (!loaded.value) return loaded.error ? <Failure text={loaded.error} onRetry={loaded.reload} /> : <Loading rows={3} />;
  return (
    <>
      <SecretOf agent={agent} identity={loaded.value} onDone={loaded.reload} />
      <Required agent={agent} identity={loaded.value} onDone={loaded.reload} />
      <Lines agent={agent} />
    </>
  );
}

interface PartProps {
  agent: AgentRow;
  identity: Identity;
  onDone: () => void;
}

function SecretOf({ agent, identity, onDone }: PartProps) {
  const [shown, setShown] = useState(false);
  const [overlap, setOverlap] = useState<string>(OVERLAPS[0][0]);
  const [busy, run] = useAct();
  const rotate = () => run(async () => {
    await api.rotateIdentity(agent.id, Number(overlap));
    toast('There is a new secret: put it on your server.');
  }).then(onDone);
  return (
    <section className="card-box" aria-label="Secret" aria-busy={busy || undefined}>
      <h2>The secret of {agent.name}</h2>
      <p className="muted">Your server signs with it who somebody is. Keep it there: who has it can be any of your customers.</p>
      <div className="secret-line">
        <input className="input" readOnly aria-label="Identity secret" value={shown ? identity.secret : HIDDEN}
          onFocus={(event) => event.currentTarget.select()} />
        <Button className="button" aria-pressed={shown} onPress={() => setShown(!shown)}>{shown ? 'Hide' : 'Show'}</Button>
        <CopyButton text={identity.secret} word="Copy" label="Copy the secret" />
      </div>
      {identity.previousValidUntil && (
        <p className="settings-note">The secret before counts until {timeFull(identity.previousValidUntil)}.</p>
      )}
      <div className="secret-line">
        <Choice label="The old secret" hideLabel value={overlap} options={OVERLAPS} onChange={setOverlap} />
        <Asking word="Replace" label="Replace the secret" question="Make a new secret?" yes="Replace" onYes={() => void rotate()} />
      </div>
    </section>
  );
}

function Required({ agent, identity, onDone }: PartProps) {
  const [busy, run] = useAct();
  // What was chosen shows at once, until the server refuses it.
  const [chosen, choose] = useState(identity.required);
  async function set(required: boolean) {
    choose(required);
    if (await run(() => api.requireIdentity(agent.id, required))) onDone();
    else choose(!required);
  }
  return (
    <section aria-label="Who may chat" aria-busy={busy || undefined}>
      <label className="check">
        <input type="checkbox" checked={chosen} onChange={(event) => void set(event.target.checked)} />
        Customers only: turn visitors away who are not signed in
      </label>
    </section>
  );
}

function Lines({ agent }: { agent: AgentRow }) {
  const [language, setLanguage] = useState('node');
  const code = SNIPPETS[language]?.[1] ?? '';
  return (
    <section aria-label="Lines to copy">
      <h2>On your server</h2>
      <div className="secret-line">
        <Choice label="Language" hideLabel value={language} options={Object.entries(SNIPPETS).map(([key, [word]]) => [key, word] as const)}
          onChange={setLanguage} />
        <CopyButton text={code} word="Copy" label="Copy the lines for the server" />
      </div>
      <pre className="code" tabIndex={0} role="region" aria-label="Lines for the server">{code}</pre>
      <h2>On your page</h2>
      <p className="muted">With the id of who is signed in and what your server made of it. Leave both out when nobody is.</p>
      <div className="secret-line"><CopyButton text={pageLine(agent.id)} word="Copy" label="Copy the line for the page" /></div>
      <pre className="code" tabIndex={0} role="region" aria-label="Line for the page">{pageLine(agent.id)}</pre>
    </section>
  );
}
