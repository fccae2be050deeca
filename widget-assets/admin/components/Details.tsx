// The panel beside the transcript: the lead with its score and reasons, the customer a site vouches for, who
// answers, and the times.
import { useEffect, useRef, type ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { safeUrl } from '../../shared/links.ts';
import { shorterGaps } from '../../shared/text.ts';
import { activityAt, leadName, reasonName, timeFull } from '../format';
import { accounts, mayWrite } from '../state/accounts';
import { setClosed } from '../state/actions';
import { showPanel, usePanel } from '../state/panel';
import { session } from '../state/session';
import { NEW_THREAD, threads } from '../state/threads';
import { useStore } from '../store';
import type { Lead, Visitor } from '../types';
import { ScoreRing } from './bits';
import { Icon, type IconName } from './Icon';
import { useConversation } from './ThreadView';

export function Details({ id }: { id: string }) {
  const conversation = useConversation(id);
  const { lead, visitor } = useStore(threads, (state) => state.byId.get(id) ?? NEW_THREAD);
  const account = useStore(accounts, (state) => state.open);
  const myId = useStore(session, (state) => state.user?.id);
  const closer = useFocusInside();
  if (!conversation) return <aside className="details" aria-label="Details" />;
  const { status, takenOverBy } = conversation;
  const open = status === 'active' || status === 'human_takeover';
  const answers = status === 'human_takeover'
    ? takenOverBy?.id === myId ? 'You' : (takenOverBy?.name ?? 'A colleague')
    : status === 'active' ? 'The assistant' : 'Nobody';
  return (
    <aside className="details" aria-label="Details">
      <header className="details-head">
        <h2>Details</h2>
        <Button className="icon-button" aria-label="Hide details" ref={closer} onPress={() => showPanel(false)}>
          <Icon name="close" size={18} />
        </Button>
      </header>
      {lead ? <LeadCard lead={lead} /> : (
        <section className="card" data-quiet="">
          <h3>Lead</h3>
          <p className="muted">No contact details yet. They appear here when the visitor leaves them.</p>
        </section>
      )}
      {visitor && <VisitorCard visitor={visitor} />}
      <section className="card">
        <h3>Conversation</h3>
        <dl className="facts">
          <Fact word="In charge">{answers}</Fact>
          <Fact word="Agent">{conversation.agentName}</Fact>
          <Fact word="Channel">{conversation.channel === 'web' ? 'Website' : conversation.channel.toUpperCase()}</Fact>
          <PageFact metadata={conversation.metadata} />
          <Fact word="Messages">{conversation.messageCount}</Fact>
          <Fact word="Started"><time dateTime={conversation.createdAt}>{timeFull(conversation.createdAt)}</time></Fact>
          <Fact word="Last activity">
            <time dateTime={activityAt(conversation)}>{timeFull(activityAt(conversation))}</time>
          </Fact>
        </dl>
      </section>
      {mayWrite(account) && open && (
        <Button className="button on-narrow" onPress={() => void setClosed(id, 'closed')}>
          <Icon name="archive" size={18} />Close conversation
        </Button>
      )}
    </aside>
  );
}

// A panel that covers the transcript takes the focus, and gives it back to the button that opened it.
function useFocusInside() {
  const { covers } = usePanel();
  const closer = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!covers) return;
    closer.current?.focus();
    return () => document.querySelector<HTMLElement>('.details-toggle')?.focus();
  }, [covers]);
  return closer;
}

function Fact({ word, children }: { word: string; children: ReactNode }) {
  return <div className="fact"><dt>{word}</dt><dd>{children}</dd></div>;
}

// The shop's page on which the visitor began to write, as the widget told it.
function PageFact({ metadata }: { metadata: Record<string, unknown> | null }) {
  const address = metadata?.pageUrl;
  const url = typeof address === 'string' ? safeUrl(address, location.origin) : null;
  if (!url?.host) return null;
  return (
    <Fact word="Page">
      <a href={url.href} target="_blank" rel="noopener noreferrer nofollow">{url.host + url.pathname}</a>
    </Fact>
  );
}

// The identifier is proven by a signature; the rest is what the site's page says.
function VisitorCard({ visitor }: { visitor: Visitor }) {
  return (
    <section className="card" aria-label="Customer">
      <h3>Customer</h3>
      <dl className="facts">
        <Fact word="Identifier">{visitor.identifier}</Fact>
        {visitor.name && <Fact word="Name">{visitor.name}</Fact>}
        {visitor.email && <Fact word="E-mail"><a href={`mailto:${visitor.email}`}>{visitor.email}</a></Fact>}
        {visitor.phone && <Fact word="Phone">{visitor.phone}</Fact>}
        {visitor.groups.length > 0 && <Fact word="Groups">{visitor.groups.join(', ')}</Fact>}
        {Object.entries(visitor.customAttributes).map(([name, value]) => (
          <Fact key={name} word={name}>{String(value)}</Fact>
        ))}
      </dl>
    </section>
  );
}

function LeadCard({ lead }: { lead: Lead }) {
  return (
    <section className="card">
      <h3>Lead</h3>
      <div className="lead-head">
        <ScoreRing score={lead.score} size={48} />
        <div className="lead-who">
          <p className="lead-name">{leadName(lead)}</p>
          <p className="muted">
            {[lead.jobTitle, lead.company].filter(Boolean).join(', ') || `Score ${lead.score} of 100`}
          </p>
        </div>
      </div>
      <ul className="contacts">
        <Contact icon="mail" text={lead.email} href={lead.email && `mailto:${lead.email}`} />
        <Contact icon="phone" text={lead.phone} href={lead.phone && `tel:${lead.phone.replaceAll(' ', '')}`} />
        <Contact icon="building" text={lead.company} />
      </ul>
      {lead.message && <blockquote className="lead-message" dir="auto">{shorterGaps(lead.message)}</blockquote>}
      <Reasons lead={lead} />
    </section>
  );
}

function Contact({ icon, text, href }: { icon: IconName; text: string | null; href?: string | null }) {
  if (!text) return null;
  return <li><Icon name={icon} size={16} />{href ? <a href={href}>{text}</a> : <span>{text}</span>}</li>;
}

function Reasons({ lead }: { lead: Lead }) {
  if (lead.reasons.length === 0) return null;
  return (
    <div className="reasons">
      <h4>Why {lead.score}</h4>
      <ul>
        {lead.reasons.map((reason) => (
          <li key={reason.criterion} data-none={reason.points === 0 || undefined}>
            <span className="reason-name">{reasonName(reason)}</span>
            <span className="reason-points">+{reason.points}</span>
            <span className="reason-note">{reason.note}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
