// What an agent knows: its sources with what is under way, and the ways to add some - files, pages, sites,
// questions, texts. Everybody of the account reads; managers add, read again and delete.
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { api } from '../api';
import { ago } from '../format';
import { useNow } from '../hooks';
import { saveFile } from '../save_file';
import { accounts, isAtLeast } from '../state/accounts';
import { onKnowledgeProgress, type Progress } from '../state/knowledge';
import { useAct, useLoaded } from '../state/settings';
import { useStore } from '../store';
import type { Account, AgentRow, Item, Source } from '../types';
import { Empty } from './bits';
import { AddKnowledge } from './AddKnowledge';
import { Asking, Choice, SettingsPage } from './settings';

const KINDS: Record<Source['source_type'], string> = {
  text: 'Text', file: 'File', url: 'Page', site: 'Site', items: 'List',
};
const STATES: Record<Source['status'], string> = {
  pending: 'Waiting', processing: 'Being read', ready: 'Answers', failed: 'Not read',
};

export default function KnowledgePage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <Knowledge key={account.id} account={account} /> : null;
}

function Knowledge({ account }: { account: Account }) {
  const [chosen, setChosen] = useState('');
  const loaded = useLoaded(account.id, () => api.agents(account.id), (event) => event === 'config.updated');
  return (
    <SettingsPage title="Knowledge" about={`What the agents of ${account.name} answer from`} loaded={loaded}>
      {({ agents }) => {
        const agent = agents.find((one) => one.id === chosen) ?? agents[0];
        if (!agent) return <Empty icon="book" title="No agent yet">Knowledge belongs to an agent.</Empty>;
        return (
          <>
            {agents.length > 1 && (
              <Choice label="Agent" value={agent.id} onChange={setChosen}
                options={agents.map((one: AgentRow) => [one.id, one.name] as const)} />
            )}
            <Sources key={agent.id} agent={agent} canWrite={isAtLeast(account, 'manager')} />
          </>
        );
      }}
    </SettingsPage>
  );
}

function Sources({ agent, canWrite }: { agent: AgentRow; canWrite: boolean }) {
  const loaded = useLoaded(agent.id, () => api.sources(agent.id), (event) => /^knowledge\.(updated|synced|deleted)$/.test(event));
  const [older, setOlder] = useState<{ sources: Source[]; cursor: string | null } | null>(null);
  const [busy, run] = useAct();
  const cursor = older ? older.cursor : loaded.value?.next_cursor;
  const first = loaded.value?.sources ?? [];
  const known = new Set(first.map((one) => one.id));
  const sources = [...first, ...(older?.sources ?? []).filter((one) => !known.has(one.id))];
  const more = () => run(async () => {
    const page = await api.sources(agent.id, cursor ?? undefined);
    setOlder({ sources: [...(older?.sources ?? []), ...page.sources], cursor: page.next_cursor });
  });
  return (
    <>
      {canWrite && <AddKnowledge agent={agent} onAdded={loaded.reload} />}
      {loaded.error && <p className="settings-note" role="alert" data-tone="bad">{loaded.error}</p>}
      <section aria-label="Sources" aria-busy={loaded.value === null || undefined}>
        {loaded.value && sources.length === 0 ? (
          <Empty icon="book" title="Nothing yet">Add a file, a page or some questions: answers are made of them.</Empty>
        ) : (
          <ul className="rows">
            {sources.map((source) => <SourceRow key={source.id} source={source} canWrite={canWrite} onDone={loaded.reload} />)}
          </ul>
        )}
        {cursor && (
          <Button className="button more" data-busy={busy || undefined} onPress={() => void more()}>{busy ? 'Loading' : 'Show older'}</Button>
        )}
      </section>
    </>
  );
}

const counted = (count: number, word: 'entr' | 'page') =>
  `${count} ${word}${word === 'page' ? (count === 1 ? '' : 's') : count === 1 ? 'y' : 'ies'}`;

interface RowProps {
  source: Source;
  canWrite: boolean;
  onDone: () => void;
}

function SourceRow({ source, canWrite, onDone }: RowProps) {
  const now = useNow();
  const [busy, run] = useAct();
  const [failure, setFailure] = useState('');
  const job = source.job;
  const isUnderWay = job !== null && ['queued', 'running', 'cancelling'].includes(job.status);
  const progress = useProgress(source, isUnderWay);
  const facts = [
    KINDS[source.source_type],
    source.pages ? counted(source.pages, source.source_type === 'items' ? 'entr' : 'page') : '',
    source.chunks ? `${source.chunks} passages` : '',
    source.last_synced_at ? `read ${ago(source.last_synced_at, now)}` : `added ${ago(source.created_at, now)}`,
  ].filter(Boolean);
  const act = (what: () => Promise<unknown>) => run(async () => {
    setFailure('');
    await what();
    onDone();
  }, setFailure);
  const why = source.error ? source.error.message : '';
  const areQuestions = source.settings.item_type === 'faq';
  return (
    <li className="row" aria-busy={busy || isUnderWay || undefined} data-source={source.id}>
      <div className="row-main">
        <span className="row-title" dir="auto">
          {source.name}
          <span className="chip" data-tone={source.status === 'failed' ? 'alert' : undefined}>{STATES[source.status]}</span>
        </span>
        {source.url && <span className="muted" dir="auto">{source.url}</span>}
        <span className="muted">{facts.join(', ')}</span>
        {isUnderWay && <Bar name={source.name} progress={progress} />}
        {why && !isUnderWay && <span className="settings-note" data-tone="bad">{why}</span>}
        {failure && <span className="settings-note" role="alert" data-tone="bad">{failure}</span>}
      </div>
      {(canWrite || areQuestions) && (
        <div className="row-side">
          {areQuestions && (
            <Button className="button" data-size="small" aria-label={`Save as CSV: ${source.name}`}
              onPress={() => void act(() => saveQuestions(source.agent_id))}>Save as CSV</Button>
          )}
          {canWrite && (isUnderWay && job ? (
            <Button className="button" data-size="small" aria-label={`Stop reading ${source.name}`}
              isDisabled={job.status === 'cancelling'} onPress={() => void act(() => api.cancelJob(job.id))}>
              {job.status === 'cancelling' ? 'Stopping' : 'Stop'}
            </Button>
          ) : ['file', 'url', 'site'].includes(source.source_type) && (
            <Button className="button" data-size="small" aria-label={`Read again: ${source.name}`}
              onPress={() => void act(() => api.syncSource(source.id))}>Read again</Button>
          ))}
          {canWrite && (
            <Asking word="Delete" label={`Delete ${source.name}`} question="Delete for good?" yes="Delete"
              onYes={() => void act(() => api.deleteSource(source.id))} />
          )}
        </div>
      )}
    </li>
  );
}

// Oldest first, as they were written.
async function saveQuestions(agentId: string) {
  const items: Item[] = [];
  for (let cursor: string | null = null, first = true; first || cursor; first = false) {
    const page: { items: Item[]; next_cursor: string | null } = await api.questions(agentId, cursor);
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  const { writeQuestions } = await import('../state/questions');
  const text = writeQuestions(items.reverse().map(({ title, content, metadata }) => ({
    question: title, answer: content, tags: Array.isArray(metadata.tags) ? metadata.tags.map(String) : [],
  })));
  saveFile('questions.csv', text, 'text/csv');
}

// The last the server said, and what it says while the page is open.
function useProgress(source: Source, isUnderWay: boolean): Progress {
  const [told, setTold] = useState<Progress | null>(null);
  useEffect(() => {
    setTold(null);
    return isUnderWay ? onKnowledgeProgress(source.id, setTold) : undefined;
  }, [source.id, isUnderWay]);
  return told ?? source.job?.progress ?? { done: 0, total: null, note: null };
}

function Bar({ name, progress }: { name: string; progress: Progress }) {
  const { done, total, note } = progress;
  const words = note || 'Waiting for its turn';
  return (
    <span className="progress">
      {total ? <progress max={total} value={done} aria-label={`Reading ${name}`} /> : <progress aria-label={`Reading ${name}`} />}
      <span className="muted">{words}</span>
    </span>
  );
}
