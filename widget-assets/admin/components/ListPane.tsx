// The left column: search, filter, and the list itself with its states.
import { useEffect, useMemo, useRef, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { GridList, type Selection } from 'react-aria-components/GridList';
import { Input } from 'react-aria-components/Input';
import { SearchField } from 'react-aria-components/SearchField';
import { ToggleButton } from 'react-aria-components/ToggleButton';
import { ToggleButtonGroup } from 'react-aria-components/ToggleButtonGroup';
import { openConversation, route } from '../route';
import { inbox, loadMore, reload, setFilter, setSearch, shown, type Filter, type InboxState } from '../state/inbox';
import { useStore } from '../store';
import { Empty, Failure, Skeleton } from './bits';
import { ConversationRow } from './ConversationRow';
import { Icon } from './Icon';
import { useGlide } from './reorder';

const SEARCH_WAIT_MS = 220;
const FILTERS: [Filter, string][] = [
  ['all', 'All'], ['waiting', 'Waiting'], ['open', 'Open'], ['human_takeover', 'Taken over'], ['closed', 'Closed'],
];

export function ListPane() {
  const state = useStore(inbox, (value) => value);
  return (
    <section className="list-pane" aria-label="Conversation list">
      <header className="list-head">
        <h1>Inbox</h1>
        <Search key={state.accountId} />
        <ToggleButtonGroup className="filters" aria-label="Show" selectionMode="single"
          disallowEmptySelection selectedKeys={[state.filter]}
          onSelectionChange={(keys) => setFilter([...keys][0] as Filter)}>
          {FILTERS.map(([key, word]) => (
            <ToggleButton className="filter" id={key} key={key}>{word}</ToggleButton>
          ))}
        </ToggleButtonGroup>
      </header>
      <Conversations />
    </section>
  );
}

function Search() {
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSearch(text), SEARCH_WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <SearchField className="search" aria-label="Search conversations" value={text} onChange={setText}>
      <Icon name="search" size={18} />
      <Input className="search-input" placeholder="Search" />
      <Button className="icon-button search-clear" aria-label="Clear search"><Icon name="close" size={14} /></Button>
    </SearchField>
  );
}

function Conversations() {
  const state = useStore(inbox, (value) => value);
  const id = useStore(route, (value) => value.conversationId);
  const list = shown(state);
  // The same set while nothing changed: a new one would be announced as a new selection.
  const selected = useMemo(() => (id ? [id] : []), [id]);
  const rows = useRef<HTMLDivElement>(null);
  useGlide(rows, list.map((item) => item.id).join());

  if (state.phase === 'error') return <Failure text={state.error} onRetry={() => void reload()} />;
  if (state.phase === 'loading' && list.length === 0) {
    return (
      <div className="list-scroll" aria-busy="true">
        <span className="sr-only" role="status">Loading conversations</span>
        <Skeleton rows={7} kind="list" />
      </div>
    );
  }
  if (list.length === 0) {
    return (
      <div className="list-scroll">
        <NoneFound state={state} />
        <More state={state} word="Search further back" />
      </div>
    );
  }
  return (
    <div className="list-scroll">
      <GridList className="rows" ref={rows} aria-label="Conversations" items={list}
        selectionMode="single" selectionBehavior="replace" disallowEmptySelection
        selectedKeys={selected}
        onSelectionChange={(keys: Selection) => {
          const next = keys === 'all' ? undefined : [...keys][0];
          if (next) openConversation(String(next));
        }}>
        {(item) => <ConversationRow id={item.id} conversation={item} />}
      </GridList>
      <More state={state} word="Show older" />
    </div>
  );
}

// A search walks back piece by piece: a page may be empty and still not be the last.
function More({ state, word }: { state: InboxState; word: string }) {
  if (!state.cursor) return null;
  return (
    <Button className="button more" data-busy={state.loadingMore || undefined} onPress={() => void loadMore()}>
      {state.loadingMore ? 'Loading' : word}
    </Button>
  );
}

function NoneFound({ state }: { state: { search: string; filter: Filter } }) {
  if (state.search) return <Empty icon="search" title="Nothing found">Try another word.</Empty>;
  if (state.filter !== 'all') {
    return <Empty icon="check" title="Nothing here">No conversation is in this state right now.</Empty>;
  }
  return (
    <Empty icon="inbox" title="No conversations yet">
      As soon as a visitor writes, the conversation appears here by itself.
    </Empty>
  );
}
