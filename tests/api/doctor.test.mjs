// chatpad doctor: says what is weak, published or readable by others, and nothing of a secret.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { startServer, programPath, parseEnvFile } from '../lib/server.mjs';

const JWT_EXAMPLE = 'your-super-secret-jwt-token-with-at-least-32-characters-long';
const DEMO_KEY = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${Buffer.from('{"iss":"supabase-demo","role":"service_role","exp":1983812996}').toString('base64url')}.c2lnbmF0dXJl`;

let server;
before(async () => {
  server = await startServer();
});
after(() => rmSync(server.home, { recursive: true, force: true }));

const doctor = (more = {}) => new Promise((resolve) => {
  execFile(programPath(), ['doctor'], { env: { ...process.env, ...server.variables, ...more } }, (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
});

describe('chatpad doctor', () => {
  it('finds nothing to mend in a home that up has made', async () => {
    await server.sql`create role analyst login`; // anybody's role without rights is nobody's business
    await server.halt();
    const { stdout } = await doctor();
    // How old the installed PostgreSQL is says nothing about the home.
    const wrong = stdout.split('\n').filter((line) => line.startsWith('  WRONG') && !line.includes('PostgreSQL 15.'));
    assert.deepEqual(wrong, [], stdout);
    for (const good of ['no secret is weak', 'nobody else can read the secrets', 'no role gets past the policies', 'sealed with a key of this home', 'files are read in a sandbox']) {
      assert.ok(stdout.includes(`  ok    `) && stdout.includes(good), stdout);
    }
  });

  it('refuses weak and published secrets, files that others may read, and roles past the policies', async () => {
    await server.start();
    await server.sql`alter role analyst bypassrls`;
    await server.sql`create role boss superuser login`;
    await server.halt();
    const env = parseEnvFile(readFileSync(server.envFile, 'utf8'));
    const weak = { ...env, SUPABASE_JWT_SECRET: JWT_EXAMPLE, CHATPAD_SECRET_KEY: 'abcabcabcabcabcabcabcabcabcabcabcabc', SUPABASE_SERVICE_ROLE_KEY: DEMO_KEY, CHATPAD_DEMO_PASSWORD: 'password' };
    writeFileSync(server.envFile, Object.entries(weak).map(([name, value]) => `${name}='${value}'\n`).join(''));
    chmodSync(server.envFile, 0o644);
    const { code, stdout, stderr } = await doctor({ CHATPAD_REDIS_URL: 'redis://:changeme@127.0.0.1:6379' });
    assert.equal(code, 1, stdout + stderr);
    for (const [what, word] of [['SUPABASE_JWT_SECRET', 'published'], ['CHATPAD_SECRET_KEY', 'over and over'], ['SUPABASE_SERVICE_ROLE_KEY', 'publishes'], ['CHATPAD_DEMO_PASSWORD', 'published'], ['CHATPAD_REDIS_URL', 'published'], ['/env', 'others may read'], ['analyst', 'BYPASSRLS'], ['boss', 'superuser']]) {
      assert.ok(stdout.split('\n').some((line) => line.startsWith('  WRONG') && line.includes(what) && line.includes(word)), `${what}: ${stdout}`);
    }
    for (const secret of [JWT_EXAMPLE, DEMO_KEY, 'changeme', 'abcabcabc']) assert.ok(!stdout.includes(secret), secret);
  });
});
