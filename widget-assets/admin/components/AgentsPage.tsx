// The agents of the account: made here, and opened to change what they say, where they show and what is
// kept out of answers.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { api } from '../api';
import { accounts } from '../state/accounts';
import { useAct, useLoaded } from '../state/settings';
import { useStore } from '../store';
import type { Account, AgentRow } from '../types';
import { AgentEditor } from './AgentEditor';
import { Empty } from './bits';
import { Field, SettingsPage } from './settings';

export default function AgentsPage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <Agents key={account.id} account={account} /> : null;
}

function Agents({ account }: { account: Account }) {
  const [open, setOpen] = useState<string | null>(null);
  const last = useRef<string | null>(null);
  const loaded = useLoaded(account.id, () => api.agents(account.id), (event) => event === 'config.updated');
  if (open) {
    return <AgentEditor agentId={open} onClose={() => {
      last.current = open;
      setOpen(null);
      loaded.reload();
    }} />;
  }
  return (
    <SettingsPage title="Agents" about={`Who answers for ${account.name}`} loaded={loaded}>
      {({ agents }) => (
        <>
          <Make account={account} onMade={setOpen} />
          <section aria-label="Agents">
            {agents.length === 0 ? <Empty icon="spark" title="No agents yet">Create one to put a chat on your site.</Empty> : (
              <ul className="rows">
                {agents.map((agent) => <Row key={agent.id} agent={agent} focused={agent.id === last.current} onOpen={setOpen} />)}
              </ul>
            )}
          </section>
        </>
      )}
    </SettingsPage>
  );
}

function Row({ agent, focused, onOpen }: { agent: AgentRow; focused: boolean; onOpen: (id: string) => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focused) button.current?.focus();
  }, [focused]);
  return (
    <li className="row" data-off={!agent.isActive || undefined}>
      <div className="row-main">
        <span className="row-title" dir="auto">
          {agent.name}{!agent.isActive && <span className="chip" data-tone="alert">Off</span>}
        </span>
        <span className="muted">
          {agent.allowedOrigins.length === 0 ? 'On every site' : agent.allowedOrigins.join(', ')}
        </span>
      </div>
      <div className="row-side">
        <Button ref={button} className="button" data-size="small" aria-label={`Change ${agent.name}`} onPress={() => onOpen(agent.id)}>Change</Button>
      </div>
    </li>
  );
}

function Make({ account, onMade }: { account: Account; onMade: (id: string) => void }) {
  const [name, setName] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();
  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure('');
    if (!name.trim()) return setFailure('Give the agent a name; visitors see it.');
    await run(async () => onMade((await api.makeAgent(account.id, name.trim())).agent.id), setFailure);
  }
  return (
    <Form className="settings-form" onSubmit={(event) => void submit(event)} validationBehavior="aria" aria-label="Make an agent">
      <Field label="Name of a new agent" name="name" autoComplete="off" required value={name} onChange={setName}
        isInvalid={failure !== '' && !name.trim()} />
      <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>Create agent</Button>
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
    </Form>
  );
}
