// Who may sign up when the operator has said so, and with what passwords.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { call, supabase } from '../lib/callers.mjs';
import { startServer } from '../lib/server.mjs';
import { client, fresh } from '../lib/sign_in.mjs';

let server;
before(async () => {
  server = await startServer({
    env: {
      CHATPAD_SIGNUP: 'domain', CHATPAD_SIGNUP_DOMAINS: 'Tea.example, tea.test', CHATPAD_SIGNUP_ANONYMOUS: 'off',
      CHATPAD_PASSWORD_MIN: '8', CHATPAD_PASSWORD_NEEDS: 'lower,upper,digit,symbol',
    },
  });
});
after(() => server?.stop());

const GOOD = 'Tea4two!';

it('lets in addresses of the domains, by every way in', async () => {
  const signUp = (email, password = GOOD) => supabase(server).auth.signUp({ email, password });
  assert.equal((await signUp('ann@tea.example')).error, null);
  assert.equal((await signUp('BOB@TEA.TEST')).error, null);
  for (const email of [fresh(), 'eve@sub.tea.example', 'eve@tea.example.evil.test', 'eve@eviltea.example']) {
    const { error } = await signUp(email);
    assert.equal(error.code, 'email_address_not_authorized', email);
    assert.equal((await supabase(server).auth.signInWithOtp({ email })).error.code, 'email_address_not_authorized');
  }
  assert.equal((await supabase(server).auth.signInAnonymously()).error.code, 'anonymous_provider_disabled');
  assert.equal((await server.sql`select count(*)::int as n from auth.users where email like '%eve@%' or is_anonymous`)[0].n, 0);
  const admin = client(server, { key: server.env.SUPABASE_SERVICE_ROLE_KEY });
  assert.equal((await admin.auth.admin.createUser({ email: fresh() })).error, null, 'administrators decide for themselves');
});

it('asks for strong passwords wherever one is set, and says what is missing', async () => {
  const reasons = { 'Tea4t!': ['length'], 'teafortwo': ['characters'], tea: ['length', 'characters'] };
  for (const [password, expected] of Object.entries(reasons)) {
    const { error } = await supabase(server).auth.signUp({ email: 'weak@tea.test', password });
    assert.equal(error.name, 'AuthWeakPasswordError');
    assert.equal(error.status, 422);
    assert.deepEqual(error.reasons, expected, password);
  }
  const me = supabase(server);
  await me.auth.signUp({ email: 'cho@tea.test', password: GOOD });
  assert.equal((await me.auth.updateUser({ password: 'teafortwo' })).error.name, 'AuthWeakPasswordError');
  const older = await call(server, '/auth/v1/signup', { body: { email: 'weak@tea.test', password: 'tea' }, apikey: server.env.SUPABASE_ANON_KEY });
  assert.deepEqual([older.body.code, older.body.error_code, older.body.weak_password.reasons], [422, 'weak_password', ['length', 'characters']]);
});
