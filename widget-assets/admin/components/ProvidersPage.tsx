// The account's own sign-in providers: whoever comes through one becomes a member of the team. For its
// owners. A client secret goes in and is never shown again.
import { useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { api } from '../api';
import { accounts } from '../state/accounts';
import { useAct, useLoaded } from '../state/settings';
import { useStore } from '../store';
import type { Account, SignInProvider } from '../types';
import { Empty } from './bits';
import { Asking, Choice, Field, SettingsPage } from './settings';

const PROTOCOLS = [['oidc', 'OpenID Connect (Okta, Auth0, Azure AD, Google, ...)'], ['saml', 'SAML 2.0']] as const;
const ROLES = [['client', 'Client'], ['member', 'Member'], ['manager', 'Manager'], ['admin', 'Admin']] as const;

export default function ProvidersPage() {
  const account = useStore(accounts, (state) => state.open);
  return account ? <Providers key={account.id} account={account} /> : null;
}

function Providers({ account }: { account: Account }) {
  const loaded = useLoaded(account.id, () => api.providers(account.id), () => false);
  return (
    <SettingsPage title="Sign-in" about={`Where people of ${account.name} may sign in besides here`} loaded={loaded}>
      {({ providers }) => (
        <>
          <Add account={account} onDone={loaded.reload} />
          <section aria-label="Providers">
            {providers.length === 0 ? <Empty icon="key" title="No providers yet">People sign in with their address and password.</Empty> : (
              <ul className="rows">{providers.map((one) => <Row key={one.id} item={one} onDone={loaded.reload} />)}</ul>
            )}
          </section>
        </>
      )}
    </SettingsPage>
  );
}

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);

function Add({ account, onDone }: { account: Account; onDone: () => void }) {
  const [protocol, setProtocol] = useState('oidc');
  const [role, setRole] = useState('member');
  const [failure, setFailure] = useState('');
  const [busy, run] = useAct();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const of = (name: string) => String(new FormData(form).get(name) ?? '').trim();
    setFailure('');
    await run(async () => {
      const domains = words(of('domains'));
      await api.addProvider(account.id, {
        protocol, name: of('name'), defaultRole: role, ...(domains.length > 0 ? { domains } : {}),
        ...(protocol === 'saml' ? { metadataUrl: of('metadataUrl') }
          : { issuer: of('issuer'), clientId: of('clientId'), clientSecret: of('clientSecret') }),
      });
      form.reset();
      onDone();
    }, setFailure);
  }

  return (
    <Form className="settings-form" onSubmit={(event) => void submit(event)} validationBehavior="aria" aria-label="Add a provider">
      <Choice label="Kind" value={protocol} options={PROTOCOLS} onChange={setProtocol} />
      <Field label="Name" name="name" autoComplete="off" required />
      {protocol === 'saml' ? <Field label="URL of its metadata" name="metadataUrl" type="url" required /> : (
        <>
          <Field label="Issuer" name="issuer" type="url" required />
          <Field label="Client ID" name="clientId" autoComplete="off" required />
          <Field label="Client secret" name="clientSecret" type="password" autoComplete="off" />
        </>
      )}
      <Field label="E-mail domains" name="domains" autoComplete="off" required={protocol === 'saml'} />
      <Choice label="Role of who signs in here" value={role} options={ROLES} onChange={setRole} />
      <Button type="submit" className="button" data-look="primary" data-busy={busy || undefined}>Add provider</Button>
      {failure && <p className="settings-note" role="alert" data-tone="bad">{failure}</p>}
    </Form>
  );
}

function Row({ item, onDone }: { item: SignInProvider; onDone: () => void }) {
  const [busy, run] = useAct();
  return (
    <li className="row" aria-busy={busy || undefined} data-off={!item.enabled || undefined}>
      <div className="row-main">
        <span className="row-title" dir="auto">
          {item.name}
          {!item.enabled && <span className="chip" data-tone="alert">Off</span>}
        </span>
        <span className="muted">{item.protocol === 'saml' ? 'SAML' : item.issuer} {item.domains.join(', ')}</span>
        {item.protocol === 'oidc' && (
          <span className="muted">Redirect URI for the provider: <code>{`${location.origin}/auth/v1/callback/${item.id}`}</code></span>
        )}
        <span className="muted">Id for <code>signInWithSSO</code>: <code>{item.id}</code></span>
      </div>
      <div className="row-side">
        <Button className="button" data-size="small" aria-label={`${item.enabled ? 'Turn off' : 'Turn on'} ${item.name}`}
          onPress={() => void run(() => api.setProvider(item.id, { enabled: !item.enabled })).then(onDone)}>
          {item.enabled ? 'Turn off' : 'Turn on'}
        </Button>
        <Asking word="Remove" label={`Remove ${item.name}`} question="Remove for good?" yes="Remove"
          onYes={() => void run(() => api.removeProvider(item.id)).then(onDone)} />
      </div>
    </li>
  );
}
