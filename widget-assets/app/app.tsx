// The surface as a whole: header, notices, transcript, composer. Decides what of it is there; the
// parts do the rest.

import { useEffect, useRef, useState } from 'preact/hooks';
import { Composer } from './composer.tsx';
import { ContactForm } from './contact_form.tsx';
import { Header } from './header.tsx';
import type { Host } from './host.ts';
import { Log } from './log.tsx';
import { Notices } from './notices.tsx';
import type { Session } from './session.ts';
import { useStore, type Store } from './store.ts';
import { applyTheme } from './theme.ts';

interface Props {
  host: Host;
  session: Session;
  store: Store;
}

export function App({ host, session, store }: Props) {
  const state = useStore(store);
  const [form, setForm] = useState<'closed' | 'open' | 'sent'>('closed');
  const box = useRef<HTMLTextAreaElement>(null);
  const { config } = state;

  useEffect(() => {
    if (config) applyTheme(config, state.theme);
  }, [config]);
  useEffect(() => {
    host.onOpen((open, focus) => {
      session.setOpen(open);
      if (open && focus) box.current?.focus();
    });
  }, [config]);

  if (state.phase === 'refused') return <p class="refusal" role="alert">{state.refusal}</p>;
  if (!config) {
    return (
      <div class="loading" role="status">
        <span class="dots" aria-hidden="true"><i /><i /><i /></span>
        <span class="hidden">{state.connection === 'lost' ? 'Reconnecting' : 'Loading the chat'}</span>
      </div>
    );
  }
  const openForm = () => setForm('open');
  return (
    <div class="app">
      <Header host={host} config={config} person={state.person} />
      <Notices state={state} />
      <Log state={state} host={host} session={session} onContact={openForm}>
        {form !== 'closed' && (
          <ContactForm
            session={session}
            sent={form === 'sent'}
            onSent={() => setForm('sent')}
            onClose={() => {
              setForm('closed');
              box.current?.focus();
            }}
          />
        )}
      </Log>
      <footer>
        {state.ended ? (
          <div class="ended">
            <p role="status">This conversation has ended.</p>
            <button type="button" class="primary" onClick={() => session.startOver()}>Start a new conversation</button>
          </div>
        ) : (
          <Composer
            box={box}
            session={session}
            agentName={state.person?.name || config.agent.name}
            onContact={config.config.features.leadCapture === false || form === 'open' ? null : openForm}
          />
        )}
      </footer>
    </div>
  );
}
