// The surface as a whole: header, notices, transcript, composer. Decides what of it is there; the
// parts do the rest.

import { Component, createRef } from 'preact';
import { Composer } from './composer.tsx';
import { Contact, type ContactState } from './contact.tsx';
import { Header } from './header.tsx';
import type { Host } from './host.ts';
import { Log } from './log.tsx';
import { Notices } from './notices.tsx';
import type { Session } from './session.ts';
import type { Store } from './store.ts';
import { applyTheme } from './theme.ts';

interface Props {
  host: Host;
  session: Session;
  store: Store;
}

interface Local {
  contact: ContactState;
}

export class App extends Component<Props, Local> {
  override state: Local = { contact: 'none' };
  box = createRef<HTMLTextAreaElement>();
  painted = false;

  override componentDidMount() {
    const { host, session, store } = this.props;
    let focus = !host.framed && matchMedia('(pointer: fine)').matches;
    const takeFocus = () => {
      if (!focus || !this.box.current) return;
      focus = false;
      this.box.current.focus();
    };
    store.onChange = () => this.forceUpdate(takeFocus);
    host.onOpen((open, wanted) => {
      session.setOpen(open);
      focus = wanted;
      takeFocus();
    });
  }

  /** A link into the page behind: on a phone the chat covers it. */
  onClick = (event: Event) => {
    const link = (event.target as Element).closest('a');
    if (link?.target === '_top' && innerWidth < 480) this.props.host.close();
  };

  setContact = (contact: ContactState) => {
    this.setState({ contact });
    if (contact !== 'open') this.box.current?.focus();
  };

  openForm = () => this.setContact('open');

  override render({ host, session, store }: Props, { contact }: Local) {
    const state = store.get();
    const { config, person } = state;
    if (state.phase === 'refused') return <p class="refusal" role="alert">{state.refusal}</p>;
    if (!config) {
      return (
        <div class="loading" role="status">
          <span class="dots" aria-hidden="true"><i /><i /><i /></span>
          <span class="hidden">{state.connection === 'lost' ? 'Reconnecting' : 'Loading the chat'}</span>
        </div>
      );
    }
    if (!this.painted) applyTheme(config, state.theme);
    this.painted = true;
    const onContact = config.config.features.leadCapture === false || contact === 'open' ? null : this.openForm;
    return (
      <div class="app" onClick={this.onClick}>
        <Header host={host} config={config} person={person} />
        <main>
          <Notices state={state} />
          <Log state={state} host={host} session={session} onContact={onContact}>
            <Contact session={session} state={contact} onState={this.setContact} />
          </Log>
        </main>
        <footer>
          <p role="status" class="waiting">{state.waiting && 'We are getting a person for you. You can keep writing.'}</p>
          {state.ended ? (
            <div class="ended">
              <p role="status">This conversation has ended.</p>
              <button type="button" class="primary" onClick={session.startOver}>Start a new conversation</button>
            </div>
          ) : (
            <Composer box={this.box} session={session} name={person?.name || config.agent.name} onContact={onContact} />
          )}
          {config.config.branding.poweredBy && <p class="brand">Powered by ChatPad</p>}
        </footer>
      </div>
    );
  }
}
