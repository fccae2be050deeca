// Who works in the account, who is invited, and what each may do. Owners and admins change it.
import { useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { api } from '../api';
import { timeFull, timeShort } from '../format';
import { useNow } from '../hooks';
import { accounts, isAtLeast } from '../state/accounts';
import { useAct, useLoaded } from '../state/settings';
import { toast } from '../state/toasts';
import { useStore } from '../store';
import type { Account, Invitation, Member, Role } from '../types';
import { Avatar } from './bits';
import { RequireFactor } from './RequireFactor';
import { Asking, Choice, Field, Secret, SettingsPage } from './settings';

const ROLES: readonly [Role, string][] = [
  ['owner', 'Owner'], ['admin', 'Admin'], ['manager', 'Manager'], ['member', 'Member'], ['client', 'Client'],
];
const WHAT: Record<Role, string> = {
  owner: 'everything, and decides who else is an owner',
  admin: 'team, API keys, audit log and everything below',
  manager: 'agents, knowledge, leads and everything below',
  member: 'answers in conversations',
  client: 'looks on',
};
const wordOf = (role: Role) => ROLES.find(([key]) => key === role)?.[1] ?? role;

export default function TeamPage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <Team key={account.id} account={account} /> : null;
}

function Team({ account }: { account: Account }) {
  const loaded = useLoaded(account.id, () => api.team(account.id),
    (event) => event === 'member.updated' || event === 'invitation.updated');
  const admin = isAtLeast(account, 'admin');
  return (
    <SettingsPage title="Team" about={`Who works in ${account.name}, and as what`} loaded={loaded}>
      {({ members, invitations }) => (
        <>
          {admin && <Invite account={account} onDone={loaded.reload} />}
          <section aria-label="Members">
            <h2>{members.length === 1 ? '1 member' : `${members.length} members`}</h2>
            <ul className="rows">
              {members.map((member) => (
                <MemberRow key={member.id} account={account} member={member} admin={admin} onDone={loaded.reload} />
              ))}
            </ul>
          </section>
          {isAtLeast(account, 'owner') && <RequireFactor account={account} members={members} />}
          {invitations.length > 0 && (
            <section aria-label="Invitations">
              <h2>Invited</h2>
              <ul className="rows">
                {invitations.map((one) => <InvitationRow key={one.id} invitation={one} onDone={loaded.reload} />)}
              </ul>
            </section>
          )}
        </>
      )}
    </SettingsPage>
  );
}

function Invite({ account, onDone }: { account: Account; onDone: () => void }) {
  const [role, setRole] = useState<Role>('member');
  const [email, setEmail] = useState('');
  const [made, setMade] = useState<{ email: string; link: string } | null>(null);
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();
  const roles = isAtLeast(account, 'owner') ? ROLES : ROLES.slice(1);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setFailure('');
    const address = email.trim();
    if (!address) return setFailure('Fill in the address of the person you want to invite.');
    await run(async () => {
      const { link, invitation } = await api.invite(account.id, address, role);
      setMade({ email: invitation.email, link });
      setEmail('');
      onDone();
    }, setFailure);
  }

  if (made) {
    return (
      <Secret title={`${made.email} is invited`} text={made.link} label="Invitation link" onDone={() => setMade(null)}>
        Send this link to {made.email}. It works for seven days, once, and for that address only.
      </Secret>
    );
  }
  return (
    <Form className="settings-form" onSubmit={(event) => void submit(event)} validationBehavior="aria" aria-label="Invite a person">
      <Field label="E-mail of a colleague" name="email" type="email" autoComplete="off" required value={email}
        onChange={setEmail} isInvalid={failure !== ''} />
      <Choice label="Role" value={role} options={roles} onChange={(value) => setRole(value as Role)} />
      <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>Invite</Button>
      <p className="settings-note" role={failure ? 'alert' : undefined} data-tone={failure ? 'bad' : undefined}>
        {failure || `${wordOf(role)}: ${WHAT[role]}.`}
      </p>
    </Form>
  );
}

interface MemberRowProps {
  account: Account;
  member: Member;
  admin: boolean;
  onDone: () => void;
}

function MemberRow({ account, member, admin, onDone }: MemberRowProps) {
  const [busy, run] = useAct();
  const owner = isAtLeast(account, 'owner');
  const mayChange = admin && (owner || member.role !== 'owner');
  const roles = owner || member.role === 'owner' ? ROLES : ROLES.slice(1);
  const setRole = (role: Role) => run(async () => {
    await api.setRole(account.id, member.id, role);
    toast(`${member.name} is ${role === 'owner' || role === 'admin' ? 'an' : 'a'} ${wordOf(role).toLowerCase()} now.`);
  }).then(onDone);
  const remove = () => run(() => api.removeMember(account.id, member.id)).then(onDone);
  return (
    <li className="row" aria-busy={busy || undefined}>
      <Avatar id={member.id} name={member.name} known />
      <div className="row-main">
        <span className="row-title" dir="auto">
          {member.name}{member.isYou && <span className="chip" data-tone="lead">You</span>}
          {member.secondFactor && <span className="chip" data-tone="lead">Two steps</span>}
        </span>
        <span className="muted" dir="auto">{member.email}</span>
      </div>
      <div className="row-side">
        {mayChange ? (
          <Choice label={`Role of ${member.name}`} hideLabel value={member.role} options={roles} disabled={busy}
            onChange={(value) => void setRole(value as Role)} />
        ) : <span className="chip" data-tone="lead">{wordOf(member.role)}</span>}
        {member.isYou ? (
          <Asking word="Leave" label="Leave the account" question={`Leave ${account.name}?`} yes="Leave"
            onYes={() => void remove()} />
        ) : mayChange && (
          <Asking word="Remove" label={`Remove ${member.name}`} question={`Remove ${member.name}?`} yes="Remove"
            onYes={() => void remove()} />
        )}
      </div>
    </li>
  );
}

function InvitationRow({ invitation, onDone }: { invitation: Invitation; onDone: () => void }) {
  const now = useNow();
  const [busy, run] = useAct();
  return (
    <li className="row" aria-busy={busy || undefined}>
      <div className="row-main">
        <span className="row-title" dir="auto">{invitation.email}</span>
        <span className="muted">
          {wordOf(invitation.role)}{invitation.invitedBy && `, invited by ${invitation.invitedBy}`},{' '}
          <time dateTime={invitation.createdAt} title={timeFull(invitation.createdAt)}>
            {timeShort(invitation.createdAt, now)}
          </time>
        </span>
      </div>
      <div className="row-side">
        <Asking word="Take back" label={`Take back the invitation of ${invitation.email}`} question="Take it back?"
          yes="Take back" onYes={() => void run(() => api.revokeInvitation(invitation.id)).then(onDone)} />
      </div>
    </li>
  );
}
