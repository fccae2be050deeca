// The form for contact details. At least one way to reach the visitor is needed; errors are said at
// their field and the first one gets the focus.

import { Component, createRef, type ComponentChildren } from 'preact';
import { Icon } from './icons.tsx';
import { advice } from './sender.ts';
import type { LeadFields, Session } from './session.ts';

export interface ContactFormProps {
  session: Session;
  sent: boolean;
  onSent(): void;
  onClose(): void;
}

/** The name is also what the browser fills in by. */
const FIELDS = [
  { name: 'name', label: 'Name', inputMode: 'text', max: 200 },
  { name: 'email', label: 'E-mail', inputMode: 'email', max: 200 },
  { name: 'phone', label: 'Phone', inputMode: 'tel', max: 50 },
] as const;

type Errors = Partial<Record<keyof LeadFields | 'form', string>>;

interface Local {
  errors: Errors;
  busy: boolean;
}

export class ContactForm extends Component<ContactFormProps, Local> {
  override state: Local = { errors: {}, busy: false };
  card = createRef<HTMLDivElement>();

  override componentDidMount() {
    this.focus('input');
  }

  override componentDidUpdate(before: ContactFormProps, { errors }: Local) {
    if (errors !== this.state.errors) this.focus('[aria-invalid="true"]');
    if (this.props.sent && !before.sent) this.card.current!.scrollIntoView({ block: 'nearest' });
  }

  focus(selector: string): void {
    this.card.current!.querySelector<HTMLElement>(selector)?.focus();
  }

  submit = async (event: Event) => {
    event.preventDefault();
    if (this.state.busy) return;
    const fields = read(event.target as HTMLFormElement);
    const errors = check(fields);
    this.setState({ errors });
    if (Object.keys(errors).length) return;
    this.setState({ busy: true });
    try {
      await this.props.session.leaveDetails(fields);
      this.props.onSent();
    } catch (error) {
      this.setState({ errors: { form: advice(error) } });
    }
    this.setState({ busy: false });
  };

  override render({ sent, onClose }: ContactFormProps, { errors, busy }: Local) {
    return (
      <div class="card" ref={this.card}>
        <p role="status" class="thanks">
          {sent && <><Icon name="check" /><span><b>Thank you</b> We have your details and will be in touch.</span></>}
        </p>
        {!sent && (
          <form noValidate onSubmit={this.submit} aria-label="Contact details">
            <div class="card-top">
              <h2>How can we reach you?</h2>
              <button type="button" class="plain" aria-label="Close form" onClick={onClose}><Icon name="close" size={18} /></button>
            </div>
            {FIELDS.map(({ name, label, inputMode, max }) => (
              <Field key={name} name={name} label={label} error={errors[name]}>
                <input
                  id={`contact-${name}`} name={name} inputMode={inputMode} autocomplete={name === 'phone' ? 'tel' : name} maxLength={max} dir="auto"
                  aria-invalid={Boolean(errors[name])} aria-describedby={errors[name] ? `contact-${name}-error` : undefined}
                />
              </Field>
            ))}
            <Field name="message" label="Message">
              <textarea id="contact-message" name="message" rows={2} maxLength={4000} dir="auto" />
            </Field>
            {errors.form && <p class="error" role="alert">{errors.form}</p>}
            <button type="submit" class="primary" aria-disabled={busy}>{busy ? 'Sending…' : 'Send details'}</button>
          </form>
        )}
      </div>
    );
  }
}

function Field(props: { name: string; label: string; error?: string; children: ComponentChildren }) {
  const { name, label, error, children } = props;
  return (
    <div class="field">
      <label for={`contact-${name}`}>{label}</label>
      {children}
      {error && <p class="error" id={`contact-${name}-error`}>{error}</p>}
    </div>
  );
}

function read(form: HTMLFormElement): LeadFields {
  const data = new FormData(form);
  const field = (name: string) => String(data.get(name) ?? '').trim();
  return { name: field('name'), email: field('email'), phone: field('phone'), message: field('message') };
}

/** What is wrong, in words that say what to do. */
export function check(fields: LeadFields): Errors {
  const errors: Errors = {};
  if (!fields.email && !fields.phone) errors.email = 'Please give an e-mail address or a phone number.';
  if (fields.email && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(fields.email)) {
    errors.email = 'Please check the e-mail address, for example ada@example.com.';
  }
  if (fields.phone && (fields.phone.match(/\d/g)?.length ?? 0) < 5) errors.phone = 'Please check the phone number.';
  return errors;
}
