// The leads: everybody who left contact details, newest first, with the score and what it rests on.
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { leadName, reasonName, timeFull, timeShort } from '../format';
import { useNow } from '../hooks';
import { api } from '../api';
import { hrefOf } from '../route';
import { saveFile } from '../save_file';
import { accounts, mayWrite } from '../state/accounts';
import { leads, loadMoreLeads, putLead, reloadLeads } from '../state/leads';
import { useAct } from '../state/settings';
import { useStore } from '../store';
import type { Lead } from '../types';
import { Empty, Failure, Loading, ScoreRing } from './bits';
import { Icon } from './Icon';

const REASONS_SHOWN_MAX = 3;
const STATUSES = ['new', 'contacted', 'qualified', 'converted', 'lost'] as const;
const STAGES: Record<string, string> = {
  discovery: 'Looking around', qualification: 'Qualifying', demonstration: 'Wants to see it', closing: 'Wants to buy',
};

export default function LeadsPage() {
  const state = useStore(leads, (value) => value);
  // What arrived before this page opened is marked once, then counts as seen.
  const [arrived] = useState(state.arrived);
  useEffect(() => () => leads.set({ arrived: new Set() }), []);
  return (
    <div className="leads">
      <header className="leads-head">
        <h1>Leads</h1>
        {state.items.length > 0 && (
          <p className="muted">
            {`${state.items.length}${state.cursor ? '+' : ''} ${state.items.length === 1 ? 'person' : 'people'} left contact details`}
          </p>
        )}
        {state.items.length > 0 && <Export />}
      </header>
      <Body arrived={arrived} />
    </div>
  );
}

function Export() {
  const account = useStore(accounts, (state) => state.open);
  const [busy, run] = useAct();
  if (!account || !mayWrite(account)) return null;
  const save = () => run(async () => {
    saveFile('leads.csv', await api.exportLeads(account.id), 'text/csv');
  });
  return <Button className="button" data-size="small" data-busy={busy || undefined} onPress={() => void save()}>Save as CSV</Button>;
}

function StatusOf({ lead }: { lead: Lead }) {
  const account = useStore(accounts, (state) => state.open);
  const [busy, run] = useAct();
  if (!mayWrite(account)) return <span className="muted">{lead.status}</span>;
  const change = (status: string) => run(async () => putLead((await api.changeLead(lead.id, { status })).lead, false));
  return (
    <select className="input lead-status" aria-label={`Status of ${leadName(lead)}`} value={lead.status} aria-busy={busy || undefined}
      onChange={(event) => void change(event.target.value)}>
      {STATUSES.map((status) => <option key={status} value={status}>{`${status[0]!.toUpperCase()}${status.slice(1)}`}</option>)}
    </select>
  );
}

function Body({ arrived }: { arrived: ReadonlySet<string> }) {
  const state = useStore(leads, (value) => value);
  const now = useNow();
  if (state.phase === 'error') return <Failure text={state.error} onRetry={() => void reloadLeads()} />;
  if (state.phase === 'loading' && state.items.length === 0) {
    return <Loading word="Loading leads" />;
  }
  if (state.items.length === 0) {
    return (
      <Empty icon="leads" title="No leads yet">
        When a visitor leaves an e-mail address or a phone number, it appears here by itself.
      </Empty>
    );
  }
  return (
    <>
      <table className="table" aria-label="Leads" role="table">
        <thead role="rowgroup">
          <tr role="row">
            {['Score', 'Lead', 'Contact', 'Why', 'Status', 'When', 'Conversation'].map((word) => (
              <th scope="col" role="columnheader" key={word}>{word}</th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {state.items.map((lead) => (
            <LeadRow key={lead.id} lead={lead} now={now} isNew={arrived.has(lead.id) || state.arrived.has(lead.id)} />
          ))}
        </tbody>
      </table>
      {state.cursor && (
        <Button className="button more" data-busy={state.loadingMore || undefined} onPress={() => void loadMoreLeads()}>
          {state.loadingMore ? 'Loading' : 'Show older'}
        </Button>
      )}
    </>
  );
}

function LeadRow({ lead, now, isNew }: { lead: Lead; now: number; isNew: boolean }) {
  const reasons = lead.reasons.filter((reason) => reason.points > 0).slice(0, REASONS_SHOWN_MAX);
  const place = [lead.jobTitle, lead.company].filter(Boolean).join(', ');
  return (
    <tr role="row" data-new={isNew || undefined}>
      <td role="cell" className="cell-score"><ScoreRing score={lead.score} /></td>
      <td role="cell" className="cell-name">
        <span className="lead-name" dir="auto">
          {leadName(lead)}{isNew && <span className="chip" data-tone="lead">New</span>}
        </span>
        {place && <span className="muted" dir="auto">{place}</span>}
        {lead.message && <span className="cell-message" dir="auto">{lead.message}</span>}
        {lead.conversationContext?.summary && (
          <span className="muted cell-summary" dir="auto">
            <b>{STAGES[lead.conversationContext.journeyStage] ?? lead.conversationContext.journeyStage}.</b> {lead.conversationContext.summary}
          </span>
        )}
      </td>
      <td role="cell" className="cell-contact">
        {lead.email && <a href={`mailto:${lead.email}`}>{lead.email}</a>}
        {lead.phone && <a href={`tel:${lead.phone.replaceAll(' ', '')}`}>{lead.phone}</a>}
      </td>
      <td role="cell" className="cell-why">
        {reasons.map((reason) => (
          <span className="why" key={reason.criterion} title={reason.note}>
            {reasonName(reason)} <b>+{reason.points}</b>
          </span>
        ))}
      </td>
      <td role="cell" className="cell-status"><StatusOf lead={lead} /></td>
      <td role="cell" className="cell-time">
        <time dateTime={lead.createdAt} title={timeFull(lead.createdAt)}>{timeShort(lead.createdAt, now)}</time>
      </td>
      <td role="cell" className="cell-link">
        {lead.conversationId && (
          <a className="button" data-size="small" href={hrefOf('inbox', lead.conversationId)}
            aria-label={`Open the conversation with ${leadName(lead)}`}>
            <Icon name="chat" size={16} /><span className="open-word">Open</span>
          </a>
        )}
      </td>
    </tr>
  );
}
