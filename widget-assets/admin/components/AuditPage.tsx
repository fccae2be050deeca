// The audit log: who did what to the account, newest first, filtered, and as a file.
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { api, messageOf, type AuditQuery } from '../api';
import { timeFull, timeShort } from '../format';
import { useNow } from '../hooks';
import { accounts } from '../state/accounts';
import { useAct, useLoaded } from '../state/settings';
import { toast } from '../state/toasts';
import { useStore } from '../store';
import type { Account, AuditRow } from '../types';
import { Empty } from './bits';
import { Choice, Field, SettingsPage } from './settings';

const KINDS = [
  ['', 'Everything'], ['member.*', 'Team'], ['invitation.*', 'Invitations'], ['api_key.*', 'API keys'],
  ['agent.*', 'Agents'], ['account.*', 'Account'], ['plan.*', 'Plan'], ['takeover.*', 'Takeovers'],
  ['session.*', 'Sign-ins'], ['export.*', 'Exports'],
] as const;
const WORDS: Record<string, string> = {
  'member.added': 'joined the team', 'member.role_changed': 'changed a role', 'member.removed': 'removed a member',
  'member.left': 'left the team', 'invitation.created': 'invited somebody', 'invitation.accepted': 'accepted an invitation',
  'invitation.revoked': 'took an invitation back', 'api_key.created': 'made an API key', 'api_key.rotated': 'replaced an API key',
  'api_key.revoked': 'revoked an API key', 'account.updated': 'changed the account', 'plan.changed': 'changed the plan',
  'agent.created': 'made an agent', 'agent.updated': 'changed an agent', 'agent.deleted': 'deleted an agent',
  'knowledge_source.created': 'added knowledge', 'knowledge_source.deleted': 'deleted knowledge',
  'takeover.started': 'took a conversation over', 'takeover.ended': 'handed a conversation back',
  'session.created': 'signed in', 'factor.added': 'added a second factor', 'factor.removed': 'lost a second factor',
  'super_admin.granted': 'became an admin of the platform', 'super_admin.revoked': 'is no admin of the platform any more', 'export.requested': 'asked for an export', 'export.downloaded': 'fetched an export',
};
const wordsOf = (row: AuditRow) => (row.action === 'member.added' && row.actor_id !== row.resource_id
  ? 'added somebody to the team' : (WORDS[row.action] ?? row.action));
const ACTORS: Record<string, string> = {
  user: 'Somebody', super_admin: 'The platform', api_key: 'An API key', visitor: 'A visitor', service: 'The server', system: 'The server',
};
const POLL_MS = 1_500;
const dayStart = (date: string, days = 0) => {
  const at = new Date(`${date}T00:00:00`);
  at.setDate(at.getDate() + days);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
};

export default function AuditPage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <Audit key={account.id} account={account} /> : null;
}

function Audit({ account }: { account: Account }) {
  const [action, setAction] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const begin = from && dayStart(from);
  const end = to && dayStart(to, 1);
  const query: AuditQuery = {
    tenant_id: account.id, ...(action ? { action } : {}), ...(begin ? { from: begin } : {}), ...(end ? { to: end } : {}),
  };
  const key = JSON.stringify(query);
  const loaded = useLoaded(key, () => api.audit(query), (event) => /^(member|invitation|api_key|account|audit_export|takeover|config)\./.test(event));
  return (
    <SettingsPage title="Audit log" about={`What was done to ${account.name}, by whom; nobody can change it`} loaded={loaded}>
      {(page) => (
        <>
          <div className="settings-form" role="search" aria-label="Filter">
            <Choice label="Show" value={action} options={KINDS} onChange={setAction} />
            <Field label="From" name="from" type="date" value={from} onChange={setFrom} />
            <Field label="To" name="to" type="date" value={to} onChange={setTo} />
            <Export query={query} />
          </div>
          <Rows key={key} first={page} query={query} />
        </>
      )}
    </SettingsPage>
  );
}

interface Page {
  data: AuditRow[];
  next_cursor: string | null;
}

function Rows({ first, query }: { first: Page; query: AuditQuery }) {
  const now = useNow();
  const [older, setOlder] = useState<Page | null>(null);
  const [busy, run] = useAct();
  const cursor = older ? older.next_cursor : first.next_cursor;
  const known = new Set(first.data.map((row) => row.id));
  const rows = [...first.data, ...(older?.data ?? []).filter((row) => !known.has(row.id))];
  const more = () => run(async () => {
    if (!cursor) return;
    const page = await api.audit({ ...query, cursor });
    // What new rows push off the first page stays in sight.
    setOlder({ data: [...(older?.data ?? first.data), ...page.data], next_cursor: page.next_cursor });
  });
  if (rows.length === 0 && !cursor) return <Empty icon="log" title="Nothing here">No entry fits these filters.</Empty>;
  return (
    <section aria-label="Entries">
      <ul className="rows">
        {rows.map((row) => <EntryRow key={row.id} row={row} now={now} />)}
      </ul>
      {cursor && (
        <Button className="button more" data-busy={busy || undefined} onPress={() => void more()}>
          {busy ? 'Loading' : 'Show older'}
        </Button>
      )}
    </section>
  );
}

function EntryRow({ row, now }: { row: AuditRow; now: number }) {
  const detail = Object.entries(row.detail).map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') : String(value)}`);
  const from = row.ip_address ? `from ${row.ip_address}` : '';
  return (
    <li className="row">
      <div className="row-main">
        <span className="row-title">
          <b dir="auto">{row.actor_name ?? ACTORS[row.actor_type] ?? row.actor_type}</b> {wordsOf(row)}
        </span>
        <span className="muted"><code>{row.action}</code> {[...detail, from].filter(Boolean).join(', ')}</span>
      </div>
      <div className="row-side">
        {row.seq === null && <span className="chip">Not sealed yet</span>}
        <time className="muted" dateTime={row.created_at} title={timeFull(row.created_at)}>{timeShort(row.created_at, now)}</time>
      </div>
    </li>
  );
}

function Export({ query }: { query: AuditQuery }) {
  const [format, setFormat] = useState<'csv' | 'jsonl'>('csv');
  const [asked, setAsked] = useState<{ id: string; url: string } | null>(null);
  const [ready, setReady] = useState(false);
  const [busy, run] = useAct();
  const id = asked?.id;
  useEffect(() => {
    if (!id || ready) return;
    const timer = setInterval(() => {
      void api.exportStatus(id).then(({ status }) => {
        if (status === 'ready') setReady(true);
        else if (status !== 'pending') {
          toast('The export could not be made. Narrow its filters.', 'bad');
          setAsked(null);
        }
      }, (error: unknown) => {
        toast(messageOf(error), 'bad');
        setAsked(null);
      });
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [id, ready]);
  const ask = () => run(async () => {
    const made = await api.exportAudit(query, format);
    setReady(false);
    setAsked({ id: made.export.id, url: made.download_url });
  });
  return (
    <div className="settings-export">
      <Choice label="Format of the export" hideLabel value={format} onChange={(value) => setFormat(value as 'csv' | 'jsonl')}
        options={[['csv', 'CSV'], ['jsonl', 'JSON lines']]} />
      {asked && ready ? (
        <a className="button" data-look="primary" href={asked.url} download
          onClick={() => setTimeout(() => setAsked(null))}>Download</a>
      ) : (
        <Button className="button" data-busy={busy || asked !== null || undefined} isDisabled={asked !== null}
          onPress={() => void ask()}>{asked ? 'Preparing…' : 'Export'}</Button>
      )}
      <span className="sr-only" role="status">{asked ? (ready ? 'The export is ready' : 'The export is being made') : ''}</span>
    </div>
  );
}
