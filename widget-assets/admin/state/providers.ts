// Signing in elsewhere: which providers this server has, the way there, and the way back. The browser
// comes back to this page with a code that only it can redeem, or with what went wrong.
import { supabase } from '../client';

export interface Offers {
  providers: { provider: string; name: string }[];
  sso: boolean;
}

export async function offers(): Promise<Offers> {
  const reply = await fetch('/auth/v1/settings');
  if (!reply.ok) return { providers: [], sso: false };
  const body = (await reply.json()) as { providers?: Offers['providers']; sso_enabled?: boolean };
  return { providers: body.providers ?? [], sso: body.sso_enabled === true };
}

const here = () => location.origin + location.pathname;

export async function goTo(provider: string): Promise<void> {
  // The names are the server's own; supabase-js knows those of Supabase.
  const known = provider as Parameters<typeof supabase.auth.signInWithOAuth>[0]['provider'];
  await supabase.auth.signInWithOAuth({ provider: known, options: { redirectTo: here() } });
}

// Where the people of an address's organisation sign in; null: on the way.
export async function goByAddress(email: string): Promise<string | null> {
  const domain = email.slice(email.lastIndexOf('@') + 1).trim();
  if (!domain) return 'Fill in your e-mail address; your organisation is found by it.';
  const { error } = await supabase.auth.signInWithSSO({ domain, options: { redirectTo: here() } });
  if (!error) return null;
  return error.code === 'sso_provider_not_found'
    ? 'No organisation here has this domain. Sign in with your password.' : error.message;
}

// By the code alone: the rest of the address is anybody's text, and this page says it in our name.
const PROBLEMS = new Map([
  ['forbidden', 'The sign-in was refused or cancelled.'],
  ['access_denied', 'The sign-in was refused or cancelled.'],
  ['otp_expired', 'This link has expired or has been used. Ask for another one.'],
  ['bad_oauth_state', 'This sign-in took too long, or ended in another browser than it began in. Sign in again.'],
  ['user_banned', 'You may not sign in here at the moment. Ask whoever keeps this server.'],
  ['signup_disabled', 'You need an invitation to sign up here.'],
  ['email_address_not_authorized', 'Your address may not sign in this way.'],
  ['provider_email_needs_verification', 'The provider has not verified your address. Verify it there, then sign in again.'],
  ['email_not_proven', 'Somebody has this address already. Sign in with your password.'],
  ['identity_already_exists', 'This identity belongs to somebody already.'],
]);
const PROBLEM = 'The sign-in did not work. Try again, or sign in with your password.';

// Null unless this page was opened on the way back and something is wrong.
export async function comeBack(): Promise<string | null> {
  const query = new URLSearchParams(location.search);
  const code = query.get('code');
  const failed = ['error', 'error_code', 'error_description'].some((name) => query.has(name));
  const problem = failed ? PROBLEMS.get(query.get('error_code') ?? '') ?? PROBLEM : null;
  if (!code && !problem) return null;
  history.replaceState(null, '', location.pathname + (problem ? '' : location.hash));
  if (problem) return problem;
  const { error } = await supabase.auth.exchangeCodeForSession(code!);
  return error ? 'This link was opened in another browser, or has been used. Sign in again.' : null;
}
