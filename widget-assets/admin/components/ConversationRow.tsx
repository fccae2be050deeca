// One conversation in the list: who, when, the last words, and who answers.
import { GridListItem } from 'react-aria-components/GridList';
import { activityAt, statusWord, timeFull, timeShort, visitorName } from '../format';
import { useNow } from '../hooks';
import { leads } from '../state/leads';
import { session } from '../state/session';
import { isUnread, seen } from '../state/unread';
import { useStore } from '../store';
import type { Conversation } from '../types';
import { Avatar, StatusChip } from './bits';
import { Icon } from './Icon';

export function ConversationRow({ id, conversation }: { id: string; conversation: Conversation }) {
  const lead = useStore(leads, (state) => state.byConversation.get(conversation.id));
  const unread = useStore(seen, (state) => isUnread(state, conversation));
  const myId = useStore(session, (state) => state.user?.id);
  const now = useNow();
  const name = visitorName(conversation, lead);
  const at = activityAt(conversation);
  const words = [name, statusWord(conversation, myId), conversation.preview, unread ? 'Unread' : ''];
  return (
    <GridListItem className="row" id={id} textValue={words.filter(Boolean).join(', ')}
      data-unread={unread || undefined}>
      <Avatar id={conversation.id} name={name} known={Boolean(lead?.name)} />
      <span className="row-body">
        <span className="row-top">
          <span className="row-name">{name}</span>
          <time className="row-time" dateTime={at} title={timeFull(at)}>
            {timeShort(at, now)}
          </time>
        </span>
        <span className="row-preview">{conversation.preview || 'No message yet'}</span>
        <span className="row-foot">
          <StatusChip conversation={conversation} myId={myId} />
          {conversation.escalated && (
            <span className="chip" data-tone="alert"><Icon name="alert" size={13} />Needs a person</span>
          )}
          {lead && <span className="chip" data-tone="lead">Lead {lead.score}</span>}
          {unread && <span className="dot"><span className="sr-only">Unread</span></span>}
        </span>
      </span>
    </GridListItem>
  );
}
