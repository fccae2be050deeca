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

export type ContactState = 'none' | 'open' | 'sent';

export class Contact extends Component<Props, { failed: boolean }> {
  override state = { failed: false };
  card = createRef<HTMLDivElement>();

  override componentDidUpdate(before: Props) {
    if (this.props.state === 'open' && before.state !== 'open') void this.show();
  }

  async show(): Promise<void> {
    const { session, onState } = this.props;
    try {
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
      this.setState({ failed: false });
    } catch {
      // Not there any more, or no network.
      this.setState({ failed: true });
    }
  }

  override render({ state }: Props, { failed }: { failed: boolean }) {
    return (
      <>
        <p role="status" class="thanks">
          {state === 'sent' && <><Icon name="check" /><span><b>Thank you</b> We have your details and will be in touch.</span></>}
          {state === 'open' && failed && 'The form could not be loaded. Please reload the page.'}
        </p>
        {state === 'open' && <div class="card" ref={this.card} />}
      </>
    );
  }
}
