// The place of the contact form in the surface: fetches it, shows it, and thanks.

import { Component, createRef } from 'preact';
import { Icon } from './icons.tsx';
import { advice } from './sender.ts';
import type { Session } from './session.ts';

interface Props {
  session: Session;
  state: ContactState;
  onState(state: ContactState): void;
}

/** failed: the form's code could not be fetched. */
export type ContactState = 'none' | 'open' | 'sent' | 'failed';

export class Contact extends Component<Props> {
  card = createRef<HTMLDivElement>();

  override componentDidUpdate(before: Props) {
    const { state, onState } = this.props;
    if (state === 'open' && before.state !== 'open') this.show().catch(() => onState('failed'));
  }

  async show(): Promise<void> {
    const { session, onState } = this.props;
    const { showContactForm } = await import('./contact_form.ts');
    showContactForm(this.card.current!, {
      close: () => onState('none'),
      async submit(fields) {
        await session.leaveDetails(fields).catch((error) => {
          throw new Error(advice(error));
        });
        onState('sent');
      },
    });
  }

  override render({ state }: Props) {
    return (
      <>
        <p role="status" class="thanks">
          {state === 'sent' && <><Icon name="check" /><span><b>Thank you</b> We have your details and will be in touch.</span></>}
          {state === 'failed' && 'The form could not be loaded. Please reload the page.'}
        </p>
        {state === 'open' && <div class="card" ref={this.card} />}
      </>
    );
  }
}
