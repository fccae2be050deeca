// Second factors of the person who is signed in: what authenticator apps make codes of. supabase-js does
// the talking; here its failures become sentences.
import type { AuthError, Session } from '@supabase/supabase-js';
import { ApiError } from '../api';
import { supabase } from '../client';

export interface Factor {
  id: string;
  name: string;
  createdAt: string;
}

export interface Enrolling {
  id: string;
  qr: string;
  secret: string;
}

const WORDS: Record<string, string> = {
  mfa_verification_failed: 'That code is not right. Type the one the app shows now.',
  mfa_challenge_expired: 'That took too long. Type the code the app shows now.',
  mfa_factor_name_conflict: 'Another app has this name. Choose another one.',
  mfa_factor_not_found: 'That took too long. Begin again.',
  too_many_enrolled_mfa_factors: 'There are ten already. Remove one first.',
  over_request_rate_limit: 'Too many wrong codes. Wait a minute or two, then try again.',
  session_not_found: 'Your session has ended. Sign in again.',
};

function sentence(error: AuthError): ApiError {
  return new ApiError(error.code ?? 'other', WORDS[error.code ?? ''] ?? (error.name === 'AuthRetryableFetchError'
    ? 'The server cannot be reached. Check the connection and try again.' : error.message));
}

// Does the session wait for a code before it is good for anything else?
export function isDue(session: Session): boolean {
  try {
    const payload = session.access_token.split('.')[1] ?? '';
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>;
    return claims.second_factor === 'due';
  } catch {
    return false;
  }
}

export async function listFactors(): Promise<Factor[]> {
  const { data, error } = await supabase.auth.mfa.listFactors();
  if (error) throw sentence(error);
  return data.totp.map((factor) => ({
    id: factor.id, name: factor.friendly_name || 'Authenticator app', createdAt: factor.created_at,
  }));
}

export async function giveCode(factorId: string, code: string): Promise<void> {
  const { error } = await supabase.auth.mfa.challengeAndVerify({ factorId, code: code.replaceAll(/\s/g, '') });
  if (error) throw sentence(error);
}

export async function enroll(name: string): Promise<Enrolling> {
  const { data, error } = await supabase.auth.mfa.enroll({ factorType: 'totp', friendlyName: name, issuer: 'ChatPad' });
  if (error) throw sentence(error);
  return { id: data.id, qr: data.totp.qr_code, secret: data.totp.secret };
}

export async function removeFactor(factorId: string): Promise<void> {
  const { error } = await supabase.auth.mfa.unenroll({ factorId });
  if (error) throw sentence(error);
}

// One that was begun and not finished, so that its name is free again; nothing depends on it.
export async function giveUp(factorId: string): Promise<void> {
  await supabase.auth.mfa.unenroll({ factorId }).catch(() => {});
}
