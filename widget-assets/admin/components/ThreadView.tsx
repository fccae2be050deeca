// The open conversation: head with its actions, transcript, and what stands below it.
import { useEffect, useRef } from 'react';
import { Button } from 'react-aria-components/Button';
import { ago, visitorName } from '../format';
import { useMedia, useNow } from '../hooks';
import { hrefOf } from '../route';
import { accounts, mayWrite } from '../state/accounts';
import { handBack, setClosed, takeOver } from '../state/actions';
import { current } from '../state/current';
import { catchUp } from '../state/follow';
import { inbox } from '../state/inbox';
import { showPanel, usePanel } from '../state/panel';
import { session } from '../state/session';
import { NEW_THREAD, patchThread, threads } from '../state/threads';
import { markSeen } from '../state/unread';
import { useStore } from '../store';
import type { Conversation } from '../types';
import { Avatar, Empty, Failure, Skeleton, StatusChip } from './bits';
import { Composer } from './Composer';
import { Icon } from './Icon';
import { Transcript } from './Transcript';

export function useConversation(id: string): Conversation | undefined {
  const listed = useStore(inbox, (state) => state.items.get(id));
  const open = useStore(current, (state) => (state.id === id ? state.conversation : null));
  return open ?? listed;
}

export function ThreadView({ id }: { id: string }) {
  const conversation = useConversation(id);
  const thread = useStore(threads, (state) => state.byId.get(id) ?? NEW_THREAD);
  const title = useRef<HTMLHeadingElement>(null);
  const alone = useMedia('(max-width: 719px)');
  const Heading = alone ? 'h1' : 'h2';
  useSeen(id, conversation);

  // On a phone the list has just gone: the focus follows to what has taken its place.
  const ready = conversation !== undefined;
  useEffect(() => {
    if (alone && ready) title.current?.focus();
  }, [alone, ready]);

  if (thread.phase === 'missing') {
    return (
      <section className="thread" aria-label="Conversation">
        <Empty icon="search" title="This conversation cannot be found">
          It may have been removed, or belong to another account. <a href={hrefOf('inbox')}>Back to the inbox</a>
        </Empty>
      </section>
    );
  }
  const name = conversation ? visitorName(conversation, thread.lead) : '';
  return (
    <section className="thread" aria-label="Conversation" data-status={conversation?.status}>
      <header className="thread-head">
        <a className="icon-button back" href={hrefOf('inbox')} aria-label="Back to the list"><Icon name="back" /></a>
        {conversation && (
          <>
            <Avatar id={id} name={name} known={Boolean(thread.lead?.name)} />
            <div className="thread-who">
              <Heading className="thread-name" ref={title} tabIndex={-1}>{name}</Heading>
              <Owner conversation={conversation} />
            </div>
            <Actions conversation={conversation} />
          </>
        )}
      </header>
      {thread.phase === 'error'
        ? <Failure text={thread.error} onRetry={() => {
            patchThread(id, { phase: 'loading' });
            void catchUp(id);
          }} />
        : thread.phase === 'loading' && thread.messages.length === 0
          ? <div className="transcript" aria-busy="true"><Skeleton rows={5} kind="chat" /></div>
          : <Transcript id={id} thread={thread} visitor={name} agent={conversation?.agentName ?? 'Assistant'} />}
      {conversation && <Composer conversation={conversation} />}
    </section>
  );
}

// What is on a visible screen is read.
function useSeen(id: string, conversation: Conversation | undefined): void {
  const seq = conversation?.lastSeq;
  useEffect(() => {
    if (seq === undefined) return;
    const look = () => {
      if (document.visibilityState === 'visible') markSeen(id, seq);
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [id, seq]);
}

function Owner({ conversation }: { conversation: Conversation }) {
  const myId = useStore(session, (state) => state.user?.id);
  const now = useNow();
  const { status, takenOverBy, agentName } = conversation;
  const words = status === 'active'
    ? conversation.escalated ? 'The visitor waits for a person' : `${agentName} is answering`
    : status === 'human_takeover'
      ? takenOverBy?.id === myId ? 'You are in charge' : `${takenOverBy?.name ?? 'A colleague'} is in charge`
      : ago(conversation.updatedAt, now);
  return (
    <p className="thread-owner">
      <StatusChip conversation={conversation} myId={myId} />
      <span className="thread-owner-text">{words}</span>
    </p>
  );
}

function Actions({ conversation }: { conversation: Conversation }) {
  const account = useStore(accounts, (state) => state.open);
  const { shown } = usePanel();
  const { id, status } = conversation;
  return (
    <div className="thread-actions">
      {mayWrite(account) && <StatusButtons conversation={conversation} />}
      {mayWrite(account) && (status === 'active' || status === 'human_takeover') && (
        <Button className="icon-button on-wide" aria-label="Close conversation"
          onPress={() => void setClosed(id, 'closed')}>
          <Icon name="archive" />
        </Button>
      )}
      <Button className="icon-button details-toggle" aria-label="Details" aria-expanded={shown}
        onPress={() => showPanel(!shown)}>
        <Icon name="panel" />
      </Button>
    </div>
  );
}

export function StatusButtons({ conversation }: { conversation: Conversation }) {
  const myId = useStore(session, (state) => state.user?.id);
  const { id, status, takenOverBy } = conversation;
  if (status === 'closed') {
    return (
      <Button className="button" onPress={() => void setClosed(id, 'active')}>
        <Icon name="reopen" size={18} />Reopen
      </Button>
    );
  }
  if (status === 'archived') return null;
  if (status === 'human_takeover' && takenOverBy?.id === myId) {
    return (
      <Button className="button" onPress={() => void handBack(id)}>
        <Icon name="handback" size={18} />Hand back
      </Button>
    );
  }
  return (
    <Button className="button" data-look="primary" onPress={() => void takeOver(id)}>Take over</Button>
  );
}
