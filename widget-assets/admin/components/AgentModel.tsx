// Who writes an agent's answers: the server's service, nobody but the agent's own knowledge, or a service of
// the account's choice with its own key. A key goes in and is never shown again; who may not keep secrets
// sees no field for it. What stands in the chain behind the first service stays.
import { api } from '../api';
import { useLoaded } from '../state/settings';
import type { Account, Agent } from '../types';
import { Check, Part } from './form_parts';
import { Choice, Field } from './settings';

const SERVICES = [
  ['server', 'The service of this server'], ['builtin', 'No language model, only what it knows'], ['openai', 'OpenAI'],
  ['anthropic', 'Anthropic'], ['gateway', 'Another model of the server’s gateway'], ['custom', 'A service of your own'],
] as const;
const KEYED = ['openai', 'anthropic', 'custom'];

export interface ModelDraft {
  service: string;
  model: string;
  baseUrl: string;
  key: string;
  tools: string[];
}

const TOOLS = [['search_knowledge', 'It may search the knowledge again while it answers'], ['request_human', 'It may call a person'], ['capture_lead', 'It may note what visitors write about themselves']] as const;

export function modelDraftOf(agent: Agent): ModelDraft {
  const first = agent.ai.chain?.[0];
  const service = first ? first.provider : agent.model === 'builtin' ? 'builtin' : 'server';
  const named = service === 'server' && agent.model !== 'auto' ? agent.model : '';
  return { service, model: first?.model ?? named, baseUrl: first?.baseUrl ?? '', key: '', tools: agent.ai.tools ?? [] };
}

export function modelChangesOf(agent: Agent, draft: ModelDraft): object {
  const { chain = [], tools, ...others } = agent.ai;
  const rest = draft.tools.length > 0 || tools ? { ...others, tools: draft.tools } : others;
  const model = draft.model.trim();
  if (draft.service === 'server') return { model: model || 'auto', ai: rest };
  if (draft.service === 'builtin') return { model: 'builtin', ai: rest };
  const [first, ...behind] = chain;
  const kept = first?.provider === draft.service ? first : {};
  const own = { ...kept, provider: draft.service, model, ...(draft.service === 'custom' ? { baseUrl: draft.baseUrl.trim() } : {}) };
  return { model: 'auto', ai: { ...rest, chain: [own, ...behind] } };
}

const secretOf = (agent: Agent, service: string) =>
  agent.ai.chain?.find((one) => one.provider === service)?.secret ?? `${service}.api_key`;

// Before the agent, which names it.
export async function storeKey(account: Account, agent: Agent, draft: ModelDraft): Promise<void> {
  if (!draft.key || !KEYED.includes(draft.service)) return;
  await api.setSecret(account.id, secretOf(agent, draft.service), draft.key);
}

const mayKeepSecrets = (account: Account) => account.role !== 'manager' && account.role !== 'member' && account.role !== 'client';

interface Props {
  account: Account;
  agent: Agent;
  draft: ModelDraft;
  onChange: (draft: ModelDraft) => void;
}

export function ModelPart({ account, agent, draft, onChange }: Props) {
  const put = (name: 'model' | 'baseUrl' | 'key') => (value: string) => onChange({ ...draft, [name]: value });
  const { service } = draft;
  const behind = (agent.ai.chain?.length ?? 0) - 1;
  return (
    <Part title="Language model">
      <Choice label="Who writes the answers" value={service} options={SERVICES}
        onChange={(value) => onChange({ ...draft, service: value, model: '', key: '' })} />
      {service !== 'builtin' && (
        <Field label={service === 'server' ? 'Model; empty: the usual one' : 'Model'} name="model" autoComplete="off" required={service !== 'server'} value={draft.model} onChange={put('model')} />
      )}
      {service === 'custom' && <Field label="Address of the service, up to /v1" name="base-url" type="url" required value={draft.baseUrl} onChange={put('baseUrl')} />}
      {KEYED.includes(service) && (mayKeepSecrets(account)
        ? <Key account={account} name={secretOf(agent, service)} value={draft.key} onChange={put('key')} />
        : <p className="muted">An admin of the account keeps the key.</p>)}
      {service !== 'builtin' && TOOLS.map(([name, words]) => (
        <Check key={name} label={words} value={draft.tools.includes(name)}
          onChange={(on) => onChange({ ...draft, tools: on ? [...draft.tools, name] : draft.tools.filter((one) => one !== name) })} />
      ))}
      {behind > 0 && <p className="muted">{`When it fails, ${behind === 1 ? 'one more service is' : `${behind} more services are`} asked.`}</p>}
    </Part>
  );
}

function Key({ account, name, value, onChange }: { account: Account; name: string; value: string; onChange: (value: string) => void }) {
  const loaded = useLoaded(account.id, () => api.secrets(account.id), () => false);
  const kept = loaded.value?.secrets.find((one) => one.name === name);
  return (
    <>
      <Field label={kept ? 'New key' : 'Key'} name="api-key" type="password" autoComplete="off" value={value} onChange={onChange} />
      <p className="muted">{kept ? `A key is kept${kept.last4 ? `, it ends in ${kept.last4}` : ''}.` : 'Kept sealed for the whole account. Without one, a key of the server is used where it has one.'}</p>
    </>
  );
}
