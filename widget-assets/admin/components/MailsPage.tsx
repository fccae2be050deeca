// The outbox: for super admins of the platform every mail that this server has written, for an account's
// admins those that were written for it. Without a mail server this is where links and codes are found.
import { Button } from 'react-aria-components/Button';
import { safeUrl } from '../../shared/links.ts';
import { api } from '../api';
import { ago, timeFull } from '../format';
import { useNow } from '../hooks';
import { accounts } from '../state/accounts';
import { useLoaded } from '../state/settings';
import { useStore } from '../store';
import type { Mail } from '../types';
import { Empty } from './bits';
import { CopyButton, SettingsPage } from './settings';

const STATUS: Record<Mail['status'], readonly [word: string, tone: string]> = {
  waiting: ['Waiting', 'person'], sent: ['Sent', 'ai'], failed: ['Failed', 'alert'], expired: ['Expired', 'closed'],
};
const KINDS: Record<string, string> = {
  signup: 'Confirms an address', invite: 'Invitation', magiclink: 'Sign-in link', recovery: 'New password',
  email_change_current: 'Change of address, the old one', email_change_new: 'Change of address, the new one',
  reauthentication: 'Code to go on', team_invitation: 'Invitation into the team',
};

export default function MailsPage() {
  const { open, superAdmin } = useStore(accounts, (state) => state);
  const of = superAdmin ? null : (open?.id ?? null);
  const loaded = useLoaded(`outbox ${of}`, () => api.mails(of), (event) => event === 'invitation.updated');
  const about = of ? `The newest mails of ${open?.name}` : 'The newest mails of this server, for everybody';
  return (
    <SettingsPage title="Outbox" about={about} loaded={loaded}>
      {({ mails }) => (
        <>
          <div className="settings-bar">
            <p className="muted">Without a mail server they wait here until they expire.</p>
            <Button className="button" data-size="small" onPress={loaded.reload}>Look again</Button>
          </div>
          <section aria-label="Mails">
            {mails.length === 0 ? <Empty icon="mail" title="No mails">{of ? 'Invitations into the team' : 'Confirmations, sign-in links and new passwords'} appear here.</Empty> : (
              <ul className="rows">{mails.map((mail) => <MailRow key={mail.id} mail={mail} />)}</ul>
            )}
          </section>
        </>
      )}
    </SettingsPage>
  );
}

function MailRow({ mail }: { mail: Mail }) {
  const now = useNow();
  const [word, tone] = STATUS[mail.status];
  const link = mail.link ? safeUrl(mail.link, location.href) : null;
  const facts = [
    KINDS[mail.kind] ?? mail.kind.replaceAll('_', ' '),
    mail.sentAt ? `sent ${ago(mail.sentAt, now)}` : `written ${ago(mail.createdAt, now)}`,
    mail.attempts > 0 && !mail.sentAt ? `${mail.attempts} ${mail.attempts === 1 ? 'attempt' : 'attempts'}` : '',
    mail.status === 'waiting' ? `good until ${timeFull(mail.expiresAt)}` : '',
  ].filter(Boolean);
  return (
    <li className="row mail" data-off={mail.status === 'expired' || undefined}>
      <div className="row-main">
        <span className="row-title" dir="auto">{mail.recipient}<span className="chip" data-tone={tone}>{word}</span></span>
        <span className="muted">{facts.join(', ')}</span>
        {mail.lastError && <span className="settings-note" data-tone="bad" dir="auto">{mail.lastError}</span>}
        {mail.confidential && !mail.text && mail.status === 'waiting' && (
          <span className="muted">What it says is for who gets it.</span>
        )}
        {mail.text && (
          <details className="mail-text">
            <summary>{mail.subject || 'What it says'}</summary>
            <pre dir="auto" tabIndex={0}>{mail.text}</pre>
          </details>
        )}
      </div>
      {(link || mail.code) && (
        <div className="row-side">
          {link && <CopyButton text={link.href} word="Copy link" label={`Copy the link for ${mail.recipient}`} />}
          {mail.code && <CopyButton text={mail.code} word="Copy code" label={`Copy the code for ${mail.recipient}`} />}
        </div>
      )}
    </li>
  );
}
