// The form for contact details, fetched when somebody wants it. Plain DOM and no imports, so that it
// is one small file beside the app, its look included: the app gives it an element and what to do
// with the fields.
//
// At least one way to reach the visitor is needed. Errors are said at their field, and the first one
// gets the focus.

export interface LeadFields {
  name: string;
  email: string;
  phone: string;
  message: string;
}

export interface ContactForm {
  /** Sends the details; throws an Error whose message a person can act on. */
  submit(fields: LeadFields): Promise<void>;
  close(): void;
}

interface Field {
  name: keyof LeadFields;
  label: string;
  autocomplete: AutoFill;
  inputMode: string;
  chars_max: number;
}

const FIELDS: Field[] = [
  { name: 'name', label: 'Name', autocomplete: 'name', inputMode: 'text', chars_max: 200 },
  { name: 'email', label: 'E-mail', autocomplete: 'email', inputMode: 'email', chars_max: 200 },
  { name: 'phone', label: 'Phone', autocomplete: 'tel', inputMode: 'tel', chars_max: 50 },
  { name: 'message', label: 'Message', autocomplete: 'off', inputMode: 'text', chars_max: 4000 },
];

const CSS = `
.card{margin-top:8px;padding:16px;border-radius:calc(var(--radius) + 4px);background:var(--surface);box-shadow:inset 0 0 0 1px var(--line),var(--shadow)}
.card form,.field{display:grid;gap:4px}
.card form{gap:12px}
.card h2{font-size:15px;font-weight:650}
.field label{font-size:13px;font-weight:600}
.field input,.field textarea{width:100%;min-height:44px;padding:9px 12px;font-size:16px;border:1px solid var(--field);border-radius:9px;background:var(--surface);resize:vertical;outline-offset:-1px}
.field [aria-invalid=true]{border-color:var(--danger)}
.error{font-size:13px;color:var(--danger)}
.error:empty{display:none}
.buttons{display:flex;justify-content:flex-end;gap:12px}
`;
let styled = false;

function addStyle(): void {
  if (styled) return;
  styled = true;
  const style = new CSSStyleSheet();
  style.replaceSync(CSS);
  document.adoptedStyleSheets.push(style);
}

export function showContactForm(parent: HTMLElement, { submit, close }: ContactForm): void {
  addStyle();
  const form = make('form', { noValidate: true, ariaLabel: 'Contact details' });
  const title = make('h2', { textContent: 'How can we reach you?' });
  const cancel = make('button', { type: 'button', className: 'text', textContent: 'Cancel', onclick: close });
  const send = make('button', { type: 'submit', className: 'primary', textContent: 'Send details' });
  const problem = make('p', { className: 'error' });
  problem.setAttribute('role', 'alert');
  const boxes = FIELDS.map((field) => makeField(field));
  const buttons = make('div', { className: 'buttons' });
  buttons.append(cancel, send);
  form.append(title, ...boxes.map((box) => box.row), problem, buttons);

  form.onsubmit = async (event) => {
    event.preventDefault();
    if (send.ariaDisabled === 'true') return;
    const fields = Object.fromEntries(boxes.map(({ name, input }) => [name, input.value.trim()])) as unknown as LeadFields;
    const errors = check(fields);
    for (const box of boxes) box.say(errors[box.name] ?? '');
    problem.textContent = '';
    const first = boxes.find((box) => errors[box.name]);
    if (first) {
      first.input.focus();
      return;
    }
    send.ariaDisabled = 'true';
    send.textContent = 'Sending…';
    try {
      await submit(fields);
    } catch (error) {
      problem.textContent = (error as Error).message;
      send.ariaDisabled = 'false';
      send.textContent = 'Send details';
    }
  };
  parent.replaceChildren(form);
  boxes[0]!.input.focus();
  form.scrollIntoView({ block: 'nearest' });
}

/** What is wrong, in words that say what to do. */
export function check(fields: LeadFields): Partial<LeadFields> {
  const errors: Partial<LeadFields> = {};
  if (!fields.email && !fields.phone) errors.email = 'Please give an e-mail address or a phone number.';
  if (fields.email && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(fields.email)) {
    errors.email = 'Please check the e-mail address, for example ada@example.com.';
  }
  if (fields.phone && (fields.phone.match(/\d/g)?.length ?? 0) < 5) errors.phone = 'Please check the phone number.';
  return errors;
}

function makeField({ name, label, autocomplete, inputMode, chars_max }: Field) {
  const id = `contact-${name}`;
  const row = make('div', { className: 'field' });
  const input = name === 'message' ? make('textarea', { rows: 2 }) : make('input', {});
  Object.assign(input, { id, name, autocomplete, inputMode, maxLength: chars_max, dir: 'auto' });
  const error = make('p', { className: 'error', id: `${id}-error` });
  row.append(make('label', { htmlFor: id, textContent: label }), input, error);
  const say = (text: string) => {
    error.textContent = text;
    input.ariaInvalid = String(text !== '');
    if (text) input.setAttribute('aria-describedby', error.id);
    else input.removeAttribute('aria-describedby');
  };
  return { name, row, input, say };
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, properties: object): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), properties);
}
