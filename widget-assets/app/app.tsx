// The surface as a whole: header, notices, transcript, composer. Decides what of it is there; the
// parts do the rest.

import { Component, createRef, type ComponentType } from 'preact';
import { Composer } from './composer.tsx';
import type { ContactFormProps } from './contact_form.tsx';
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
  /** The form's code comes when somebody wants it. */
  Form: ComponentType<ContactFormProps> | null;
  sent: boolean;
}

export class App extends Component<Props, Local> {
  override state: Local = { Form: null, sent: false };
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

  openForm = async () => {
    const { ContactForm } = await import('./contact_form.tsx');
    this.setState({ Form: ContactForm, sent: false });
  };

  closeForm = () => {
    this.setState({ Form: null });
    this.box.current?.focus();
  };

  override render({ host, session, store }: Props, { Form, sent }: Local) {
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
    const canContact = config.config.features.leadCapture !== false && (!Form || sent);
    return (
      <div class="app">
        <Header host={host} config={config} person={person} />
        <Notices state={state} />
        <Log state={state} host={host} session={session} onContact={canContact ? this.openForm : null}>
          {Form && <Form session={session} sent={sent} onSent={() => this.setState({ sent: true })} onClose={this.closeForm} />}
        </Log>
        <footer>
          {state.ended ? (
            <div class="ended">
              <p role="status">This conversation has ended.</p>
              <button type="button" class="primary" onClick={session.startOver}>Start a new conversation</button>
            </div>
          ) : (
            <Composer
              box={this.box}
              session={session}
              name={person?.name || config.agent.name}
              onContact={canContact ? this.openForm : null}
            />
          )}
        </footer>
      </div>
    );
  }
}
