// The transcript: greeting, messages, unconfirmed messages, the answer being written, who is typing.
// It follows the newest line while the reader is at the end, and never moves a reader who is not.

import { Component, createRef, type ComponentChildren } from 'preact';
import { Bubble, DraftNote } from './bubble.tsx';
import type { Host } from './host.ts';
import { Icon } from './icons.tsx';
import { rows, type Row } from './rows.ts';
import type { Session } from './session.ts';
import type { State } from './state.ts';

/** So close to the end counts as being there. */
const AT_END_PX = 60;

interface Props {
  state: State;
  host: Host;
  session: Session;
  /** Null when no details can be left now. */
  onContact: (() => void) | null;
  children: ComponentChildren;
}

export class Log extends Component<Props, { behind: boolean }> {
  override state = { behind: false };
  box = createRef<HTMLDivElement>();
  content = createRef<HTMLDivElement>();
  atEnd = true;
  height = 0;
  observer = new ResizeObserver(() => {
    this.height = this.box.current!.scrollHeight;
    if (this.atEnd) this.toEnd();
  });

  override componentDidMount() {
    this.observer.observe(this.box.current!);
    this.observer.observe(this.content.current!);
  }

  override componentWillUnmount() {
    this.observer.disconnect();
  }

  override componentDidUpdate({ state: before }: Props) {
    const { state } = this.props;
    if (state.drafts.length > before.drafts.length) this.toEnd();
    else if (!this.atEnd && state.messages.length > before.messages.length) this.setState({ behind: true });
  }

  toEnd = () => {
    const box = this.box.current!;
    box.scrollTop = box.scrollHeight;
    this.atEnd = true;
    if (this.state.behind) this.setState({ behind: false });
  };

  onScroll = () => {
    const box = this.box.current!;
    // The content has changed and the observer is not there yet: this is not the reader's scrolling.
    if (box.scrollHeight !== this.height) return;
    this.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < AT_END_PX;
    if (this.atEnd && this.state.behind) this.setState({ behind: false });
  };

  row(row: Row, index: number, all: Row[]) {
    const { state, host, session, onContact } = this.props;
    const { agent, config } = state.config!;
    const { draft } = row;
    return (
      <Bubble
        key={row.key}
        row={row}
        agentName={agent.name}
        base={host.pageUrl()}
        showSources={config.behavior.showSources !== false}
      >
        {draft && <DraftNote draft={draft} onRetry={() => session.retry(draft.clientMessageId)} />}
        {onContact && index === all.length - 1 && row.text === agent.fallbackMessage && (
          <button type="button" class="offer" onClick={onContact}>Leave my details</button>
        )}
      </Bubble>
    );
  }

  override render({ state, children }: Props) {
    const typing = state.typing ?? (state.thinking ? state.config!.agent.name : null);
    return (
      <div class="scroller" tabIndex={0} ref={this.box} onScroll={this.onScroll}>
        <div class="content" ref={this.content}>
          <div role="log" aria-label="Messages" aria-live="polite" aria-busy={state.live !== null || state.loadingHistory} class="log">
            {rows(state).map(this.row, this)}
          </div>
          <div role="status" class="typing" dir="auto">
            {typing && (
              <>
                <span class="dots" aria-hidden="true"><i /><i /><i /></span>
                <span>{typing} is typing</span>
              </>
            )}
          </div>
          {children}
        </div>
        {this.state.behind && (
          <button type="button" class="pill" onClick={this.toEnd}>
            <Icon name="down" size={16} />New messages
          </button>
        )}
      </div>
    );
  }
}
