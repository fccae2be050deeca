// One agent, to be changed: words, manner, hours, sites, safety, and the line that puts it on a page. What
// this form does not show - themes, rules, holidays - stays as it is.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { api } from '../api';
import { accounts } from '../state/accounts';
import { DAYS, hoursOf, isAlwaysOpen, type DayHours } from '../state/agent_hours';
import { useAct, useLoaded } from '../state/settings';
import { toast } from '../state/toasts';
import { useStore } from '../store';
import type { Account, Agent } from '../types';
import { ModelPart, modelChangesOf, modelDraftOf, storeKey, type ModelDraft } from './AgentModel';
import { Check, Part, Text, Time } from './form_parts';
import { Icon } from './Icon';
import { Choice, Field, SettingsPage } from './settings';

const TONES = [['professional', 'Professional'], ['friendly', 'Friendly'], ['casual', 'Casual'], ['formal', 'Formal']] as const;
const LENGTHS = [['concise', 'Short'], ['balanced', 'Some sentences'], ['detailed', 'In detail']] as const;
const EMOJI = [['none', 'None'], ['minimal', 'Rarely'], ['moderate', 'Now and then'], ['frequent', 'Often']] as const;
const INJECTION = [['block', 'Refuse attacks, mark the rest'], ['flag', 'Only mark'], ['off', 'Do not look']] as const;

interface Draft {
  name: string;
  isActive: boolean;
  greeting: string;
  fallbackMessage: string;
  instructions: string;
  model: ModelDraft;
  tone: string;
  length: string;
  emojiUsage: string;
  followUpQuestions: boolean;
  proactiveOffering: boolean;
  handoff: boolean;
  keywords: string;
  escalationMessage: string;
  endConversationMessage: string;
  timezone: string;
  alwaysOpen: boolean;
  days: DayHours[];
  daysChanged: boolean;
  origins: string;
  injection: string;
  redactOutput: boolean;
  redactInput: boolean;
  redactStored: boolean;
  redactLogs: boolean;
  scanSecrets: boolean;
  blockCards: boolean;
}

function draftOf(agent: Agent): Draft {
  const { responseStyle: style = {}, conversationFlow: flow = {}, tone } = agent.personality;
  const { pii = {}, secrets = {}, dlp = {}, injection, escalationRules: rules = {} } = agent.safety;
  return {
    name: agent.name, isActive: agent.isActive, greeting: agent.greeting, fallbackMessage: agent.fallbackMessage,
    instructions: agent.instructions, model: modelDraftOf(agent), tone: tone ?? 'professional', length: style.length ?? 'balanced',
    emojiUsage: style.emojiUsage ?? 'none', followUpQuestions: style.followUpQuestions ?? false,
    proactiveOffering: style.proactiveOffering ?? false, handoff: agent.safety.enableHumanHandoff ?? true,
    keywords: (rules.keywords ?? []).join('\n'), escalationMessage: flow.escalationMessage ?? '',
    endConversationMessage: flow.endConversationMessage ?? '',
    timezone: agent.operatingHours.timezone ?? 'UTC', alwaysOpen: isAlwaysOpen(agent.operatingHours),
    days: hoursOf(agent.operatingHours), daysChanged: false,
    origins: agent.allowedOrigins.join('\n'), injection: injection ?? 'block',
    redactOutput: pii.redactInModelOutput ?? true, redactInput: pii.redactInModelInput ?? false,
    redactStored: pii.redactInStorage ?? pii.redactInModelInput ?? false, redactLogs: pii.redactInLogs ?? true, scanSecrets: secrets.scanModelOutput ?? true,
    blockCards: dlp.blockPatterns?.includes(CARDS) ?? false,
  };
}

const CARDS = 'credit card numbers';

function changesOf(agent: Agent, draft: Draft): object {
  const { dlp = {} } = agent.safety;
  const blockPatterns = (dlp.blockPatterns ?? []).filter((pattern) => pattern !== CARDS);
  return {
    name: draft.name.trim(), isActive: draft.isActive, greeting: draft.greeting, fallbackMessage: draft.fallbackMessage,
    instructions: draft.instructions, ...modelChangesOf(agent, draft.model),
    personality: {
      ...agent.personality, tone: draft.tone,
      responseStyle: {
        length: draft.length, emojiUsage: draft.emojiUsage, followUpQuestions: draft.followUpQuestions,
        proactiveOffering: draft.proactiveOffering,
      },
      conversationFlow: { escalationMessage: draft.escalationMessage, endConversationMessage: draft.endConversationMessage },
    },
    operatingHours: hoursIn(agent, draft),
    allowedOrigins: draft.origins.split(/\s+/).filter(Boolean),
    safety: {
      ...agent.safety, injection: draft.injection, enableHumanHandoff: draft.handoff,
      escalationRules: { ...agent.safety.escalationRules, keywords: linesOf(draft.keywords) },
      pii: { ...agent.safety.pii, redactInModelOutput: draft.redactOutput, redactInModelInput: draft.redactInput, redactInStorage: draft.redactStored, redactInLogs: draft.redactLogs },
      secrets: { scanModelOutput: draft.scanSecrets },
      dlp: { ...dlp, blockPatterns: draft.blockCards ? [...blockPatterns, CARDS] : blockPatterns },
    },
  };
}

const linesOf = (text: string) => text.split('\n').map((line) => line.trim()).filter(Boolean);

function hoursIn(agent: Agent, draft: Draft): object {
  const { businessHours, ...rest } = agent.operatingHours;
  const hours = { ...rest, timezone: draft.timezone.trim() || 'UTC' };
  if (draft.alwaysOpen) return hours;
  if (!draft.daysChanged) return { ...hours, businessHours };
  return { ...hours, businessHours: draft.days.map((day, i) => ({ dayOfWeek: i, ...day })) };
}

export function AgentEditor({ agentId, onClose }: { agentId: string; onClose: () => void }) {
  // Somebody else's change does not touch what is being written here.
  const loaded = useLoaded(agentId, () => api.agent(agentId), () => false);
  const account = useStore(accounts, (state) => state.open);
  return (
    <SettingsPage title={loaded.value?.agent.name ?? 'Agent'} about="Counts from the next message on" loaded={loaded}>
      {({ agent }) => account && <Editor key={agent.id} account={account} agent={agent} onClose={onClose} onSaved={loaded.reload} />}
    </SettingsPage>
  );
}

function Editor({ account, agent, onClose, onSaved }: { account: Account; agent: Agent; onClose: () => void; onSaved: () => void }) {
  const [draft, setDraft] = useState(() => draftOf(agent));
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();
  const first = useRef<HTMLFormElement>(null);
  useEffect(() => first.current?.querySelector('input')?.focus(), []);
  const put = <K extends keyof Draft>(name: K) => (value: Draft[K]) => setDraft((now) => ({ ...now, [name]: value }));
  const putDay = (at: number, part: Partial<DayHours>) => setDraft((now) => ({
    ...now, daysChanged: true, days: now.days.map((day, i) => (i === at ? { ...day, ...part } : day)),
  }));
  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure('');
    if (!draft.name.trim()) return setFailure('Give the agent a name; visitors see it.');
    const saved = await run(async () => {
      await storeKey(account, agent, draft.model);
      return api.changeAgent(agent.id, changesOf(agent, draft));
    }, setFailure);
    if (saved) {
      put('model')({ ...draft.model, key: '' });
      toast('Saved');
      onSaved();
    }
  }
  return (
    <Form className="agent-form" ref={first} onSubmit={(event) => void submit(event)} validationBehavior="aria" aria-label="Agent">
      <Part title="Words">
        <Field label="Name" name="agent-name" autoComplete="off" required value={draft.name} onChange={put('name')} isInvalid={failure !== '' && !draft.name.trim()} />
        <Text label="Greeting" value={draft.greeting} onChange={put('greeting')} />
        <Text label="When it does not know" value={draft.fallbackMessage} onChange={put('fallbackMessage')} />
        <Text label="Instructions for a language model" rows={6} value={draft.instructions} onChange={put('instructions')} />
        <Check label="Visitors find it" value={draft.isActive} onChange={put('isActive')} />
      </Part>
      <ModelPart account={account} agent={agent} draft={draft.model} onChange={put('model')} />
      <Part title="Manner">
        <div className="agent-line">
          <Choice label="Tone" value={draft.tone} options={TONES} onChange={put('tone')} />
          <Choice label="Answers" value={draft.length} options={LENGTHS} onChange={put('length')} />
          <Choice label="Emoji" value={draft.emojiUsage} options={EMOJI} onChange={put('emojiUsage')} />
        </div>
        <Check label="Asks follow-up questions" value={draft.followUpQuestions} onChange={put('followUpQuestions')} />
        <Check label="Offers help by itself" value={draft.proactiveOffering} onChange={put('proactiveOffering')} />
        <Text label="When a conversation is closed" value={draft.endConversationMessage} onChange={put('endConversationMessage')} />
      </Part>
      <Part title="People">
        <Check label="Who asks for a person waits for one" value={draft.handoff} onChange={put('handoff')} />
        <Text label="Words that ask for a person too, one a line" value={draft.keywords} onChange={put('keywords')} />
        <Text label="When a person is called" value={draft.escalationMessage} onChange={put('escalationMessage')} />
      </Part>
      <Part title="Hours">
        <Field label="Time zone, such as Europe/Berlin" name="timezone" value={draft.timezone} onChange={put('timezone')} />
        <Check label="Always open" value={draft.alwaysOpen} onChange={(alwaysOpen) => setDraft((now) => ({ ...now, alwaysOpen, daysChanged: true }))} />
        {!draft.alwaysOpen && draft.days.map((day, i) => (
          <div className="agent-day" key={DAYS[i]} role="group" aria-label={DAYS[i]!}>
            <Check label={DAYS[i]!} value={day.isOpen} onChange={(isOpen) => putDay(i, { isOpen })} />
            {day.isOpen && (
              <>
                <Time label={`${DAYS[i]} opens`} value={day.openTime} onChange={(openTime) => putDay(i, { openTime })} />
                <Time label={`${DAYS[i]} closes`} value={day.closeTime} onChange={(closeTime) => putDay(i, { closeTime })} />
              </>
            )}
          </div>
        ))}
      </Part>
      <Part title="Sites">
        <Text label="Sites that may show it, one a line; none: every site" value={draft.origins} onChange={put('origins')} />
        <Snippet agentId={agent.id} />
      </Part>
      <Part title="Safety">
        <Choice label="Messages that give it orders" value={draft.injection} options={INJECTION} onChange={put('injection')} />
        <Check label="Take personal data out of answers" value={draft.redactOutput} onChange={put('redactOutput')} />
        <Check label="Take secrets out of answers" value={draft.scanSecrets} onChange={put('scanSecrets')} />
        <Check label="Take personal data out of what a language model is given" value={draft.redactInput} onChange={put('redactInput')} />
        <Check label="Take personal data out of what is stored of messages" value={draft.redactStored} onChange={put('redactStored')} />
        <Check label="Take personal data out of the log" value={draft.redactLogs} onChange={put('redactLogs')} />
        <Check label="Refuse card numbers" value={draft.blockCards} onChange={put('blockCards')} />
      </Part>
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
      <div className="agent-foot">
        <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>Save</Button>
        <Button className="button" onPress={onClose}>Back to the agents</Button>
      </div>
    </Form>
  );
}

function Snippet({ agentId }: { agentId: string }) {
  const [copied, setCopied] = useState(false);
  const text = `<script src="${location.origin}/functions/v1/serve-widget" data-agent-id="${agentId}" async></script>`;
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // A browser that does not let pages copy: the text can be selected.
    }
  }
  return (
    <div className="secret-line">
      <input className="input" readOnly aria-label="The line for your page" value={text} onFocus={(event) => event.currentTarget.select()} />
      <Button className="button" onPress={() => void copy()}>
        {copied && <Icon name="check" size={16} />}{copied ? 'Copied' : 'Copy'}
      </Button>
      <span className="sr-only" role="status">{copied ? 'Copied' : ''}</span>
    </div>
  );
}
