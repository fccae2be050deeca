// Secrets go in everywhere a request has room for them, and come out nowhere: not in the log, metrics,
// answers, process lists, environments of child processes, the database's log, its activity or a dump.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import Socket from 'ws';
import { account, apiKey, call, fn, say, supabase, visitor } from '../lib/callers.mjs';
import { eventually, programPath, startServer } from '../lib/server.mjs';
import { startSmtp } from '../lib/smtp.mjs';

const canary = (kind) => `canary${kind}${randomBytes(12).toString('hex')}`;
// What the operator hands over, and what callers send.
const OPERATOR = { CHATPAD_JWT_SECRET: canary('jwtsecretjwtsecret'), CHATPAD_SECRET_KEY: canary('sealingkeysealingkey'), CHATPAD_SMTP_PASSWORD: canary('smtppassword') };
const SENT = Object.fromEntries(['password', 'wrongpassword', 'bearer', 'apikey', 'cookie', 'refresh', 'query', 'path', 'provider', 'broken', 'visitor', 'nul'].map((kind) => [kind, canary(kind)]));
SENT.unknownkey = `cp_live_${randomBytes(24).toString('base64url')}`;
SENT.jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(`{"sub":"${canary('jwt')}"}`).toString('base64url')}.${randomBytes(32).toString('base64url')}`;

let server;
let smtp;
let ours;
let spare; // whose session the round through every route may end
const secrets = new Map(); // name -> text that must appear nowhere
const answers = [];

async function ask(method, target, options = {}) {
  const reply = await call(server, target, { method, ...options }).catch(() => null);
  if (reply) answers.push({ what: `${method} ${target.slice(0, 60)}`, text: reply.text, head: JSON.stringify([...reply.headers]) });
  return reply;
}

const routes = () => execFileSync(programPath(), ['routes'], { encoding: 'utf8', env: { ...process.env, CHATPAD_HOME: server.home } })
  .split('\n').map((line) => /^([A-Z]+)\s+(\S+)/.exec(line)).filter(Boolean).map(([, method, route]) => ({ method, route }));

before(async () => {
  smtp = await startSmtp();
  server = await startServer({
    env: {
      ...OPERATOR, CHATPAD_LOG: 'debug', CHATPAD_AUTOCONFIRM: 'on', CHATPAD_SMTP_HOST: '127.0.0.1', CHATPAD_SMTP_PORT: String(smtp.port),
      CHATPAD_SMTP_TLS: 'none', CHATPAD_SMTP_USER: 'mailer', CHATPAD_SMTP_FROM: 'chat@example.test', CHATPAD_MAIL_INTERVAL_S: '0',
    },
  });
  [ours, spare] = [await account(server, 'canaries'), await account(server, 'spare')];
  for (const [name, text] of Object.entries({ ...OPERATOR, ...SENT })) secrets.set(name, text);
  for (const name of ['SUPABASE_SERVICE_ROLE_KEY', 'CHATPAD_DEMO_PASSWORD', 'CHATPAD_DEMO_API_KEY']) secrets.set(name, server.env[name]);
  secrets.set('api key', ours.key);
  secrets.set('person', ours.token);
  secrets.set('refresh token', ours.session.refresh_token);
  secrets.set('visitor id', ours.guest.id);
  secrets.set('visitor token', ours.guest.token);
});
after(async () => {
  await server?.stop();
  await smtp?.stop();
});

// Strings that a secret may have been turned into on its way.
const shapes = (text) => [text, Buffer.from(text).toString('base64').replace(/=+$/, ''), Buffer.from(text).toString('hex'), encodeURIComponent(text), text.split('').reverse().join('')];

function found(text, { but = [] } = {}) {
  return [...secrets].filter(([name]) => !but.includes(name)).filter(([, secret]) => shapes(secret).some((shape) => text.includes(shape))).map(([name]) => name);
}

describe('canaries', () => {
  it('are sent to every route, in every place', async () => {
    const fields = { email: 'somebody@example.test', password: SENT.password, refresh_token: SENT.refresh, token: SENT.jwt, value: SENT.provider, visitorId: SENT.visitor, apiKey: SENT.unknownkey, code: SENT.wrongpassword, message: 7 };
    for (const { method, route } of routes()) {
      const target = route.replace(/\{\w+\}/g, SENT.path);
      const query = `?apikey=${SENT.query}&access_token=${SENT.jwt}&grant_type=password&token=${SENT.query}`;
      const withBody = method === 'GET' ? {} : { body: JSON.stringify(fields) };
      await ask(method, target + query, { ...withBody, headers: { cookie: `session=${SENT.cookie}` } });
      await ask(method, target, { ...withBody, token: SENT.jwt });
      await ask(method, target, { ...withBody, token: SENT.bearer, apikey: SENT.apikey });
      await ask(method, target, { ...withBody, token: SENT.unknownkey });
      await ask(method, target, { ...withBody, headers: { authorization: `Basic ${SENT.bearer}` } });
      if (method !== 'GET') {
        for (const credential of [{}, { token: spare.token }, { token: spare.key }, { token: spare.guest.token }]) {
          await ask(method, target, { ...credential, body: `{"password": "${SENT.broken}", "x": ` });
          await ask(method, target, { ...credential, body: JSON.stringify({ ...fields, message: `${SENT.nul}\u0000`, agentId: SENT.broken, accountId: spare.id, name: SENT.broken.toUpperCase() }) });
        }
      }
      await ask('PATCH', `${target}/${SENT.path}`, {});
    }
    assert.ok(answers.length > 200, `${answers.length} answers`);
  });

  it('are used the way they are meant, too', async () => {
    const email = 'canary-person@example.test';
    const signup = await ask('POST', '/auth/v1/signup', { body: { email, password: SENT.password } });
    assert.equal(signup.status, 200, signup.text);
    answers.pop(); // this answer is where tokens belong
    await ask('POST', '/auth/v1/token?grant_type=password', { body: { email, password: SENT.wrongpassword } });
    await ask('POST', '/auth/v1/token?grant_type=refresh_token', { body: { refresh_token: SENT.refresh } });
    const stored = await fn(server, 'set-secret', { accountId: ours.id, name: 'openai.api_key', value: SENT.provider }, { token: ours.token });
    assert.equal(stored.status, 200, stored.text);
    answers.push({ what: 'set-secret', text: stored.text, head: '' });
    const listed = await fn(server, 'list-secrets', { accountId: ours.id }, { token: ours.token });
    answers.push({ what: 'list-secrets', text: listed.text, head: '' });
    assert.equal((await say(server, ours.guest, 'Good day.')).status, 200);
    const again = await visitor(server, ours.agentId, { visitorId: ours.guest.id });
    assert.equal(again.id, ours.guest.id);
    assert.equal((await fn(server, 'validate-api-key', {}, { token: ours.key })).status, 200);
    const other = await apiKey(server, ours.id);
    assert.equal((await fn(server, 'validate-api-key', {}, { token: other })).status, 200);
    secrets.set('another api key', other);
    const exchanged = await call(server, '/auth/token', { body: { grant_type: 'client_credentials', client_secret: other } });
    secrets.set('token of a key', exchanged.body.access_token);
    const factor = await call(server, '/auth/v1/factors', { token: ours.token, body: { factor_type: 'totp' } });
    secrets.set('secret of a second factor', factor.body.totp.secret);
    // The mail server does not know the login at first: what it says of that is logged.
    smtp.refuse = (command) => (command.startsWith('AUTH') ? '535 5.7.8 no such login' : null);
    await ask('POST', '/auth/v1/recover', { body: { email } });
    await eventually('the login was refused', () => server.stderr.includes('mail_not_sent'));
    smtp.refuse = () => null;
    const mail = await smtp.next(email);
    secrets.set('token of a mail', new URL(mail.link).searchParams.get('token'));
    const { data, error } = await supabase(server).auth.refreshSession({ refresh_token: ours.session.refresh_token });
    assert.equal(error, null);
    secrets.set('next refresh token', data.session.refresh_token);
    secrets.set('next access token', data.session.access_token);
  });

  it('are refused on a socket without a word about them', async () => {
    for (const target of [`/realtime/v1/websocket?apikey=${SENT.query}&vsn=1.0.0`, `/realtime/v1/websocket?apikey=${SENT.jwt}&vsn=1.0.0`]) {
      const ended = await new Promise((resolve) => {
        const socket = new Socket(server.url.replace('http', 'ws') + target);
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      });
      assert.equal(ended, 'refused');
    }
    const reason = await new Promise((resolve) => {
      const socket = new Socket(`${server.url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${server.env.SUPABASE_ANON_KEY}&vsn=1.0.0`);
      socket.onopen = () => socket.send(JSON.stringify({ topic: 'realtime:x', event: 'phx_join', ref: '1', join_ref: '1', payload: { config: { private: true }, access_token: SENT.jwt } }));
      socket.onmessage = ({ data }) => { socket.close(); resolve(data); };
    });
    assert.deepEqual(found(reason), []);
  });

  it('stand in no answer', () => {
    for (const { what, text, head } of answers) {
      assert.deepEqual(found(text), [], `${what}: ${text.slice(0, 300)}`);
      assert.deepEqual(found(head), [], `${what}: ${head.slice(0, 300)}`);
    }
  });

  it('stand in neither the log nor the metrics nor the health report', async () => {
    assert.ok(server.stderr.includes('request'), 'the log is on');
    // A request's line has its path, where no endpoint takes a secret.
    for (const line of server.stderr.split('\n')) assert.deepEqual(found(line, { but: ['path'] }), [], line.slice(0, 400));
    // The banner of a start tells the operator the demo's password and key.
    assert.deepEqual(found(server.stdout, { but: ['CHATPAD_DEMO_PASSWORD', 'CHATPAD_DEMO_API_KEY'] }), []);
    for (const target of ['/metrics', '/health', '/functions/v1/nothing']) {
      assert.deepEqual(found((await call(server, target, { method: 'GET' })).text), [], target);
    }
  });

  it('stand in no command line, and in no environment of a child process', () => {
    const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(` ${server.child.pid} `) && pid !== String(server.child.pid);
      } catch {
        return false;
      }
    });
    assert.ok(children.length > 0, 'the database is a child');
    for (const pid of [String(server.child.pid), ...children]) {
      assert.deepEqual(found(readFileSync(`/proc/${pid}/cmdline`, 'utf8')), [], pid);
    }
    for (const pid of children) assert.deepEqual(found(readFileSync(`/proc/${pid}/environ`, 'utf8')), [], pid);
    assert.deepEqual(found(execFileSync('ps', ['axww', '-o', 'args'], { encoding: 'utf8' })), []);
  });

  it('would not be written into a core file', () => {
    const limits = readFileSync(`/proc/${server.child.pid}/limits`, 'utf8');
    assert.match(limits, /Max core file size\s+0\s+0\s/);
  });

  it('stand in neither the log nor the activity nor the statistics of the database', async () => {
    const host = new URL(server.env.DATABASE_URL.replace('postgresql:///', 'postgresql://localhost/')).searchParams.get('host');
    const [{ folder }] = await server.sql`select current_setting('data_directory') as folder`;
    const logs = [path.dirname(folder), folder, path.dirname(host)].filter(existsSync)
      .flatMap((place) => readdirSync(place).filter((name) => name.includes('.log')).map((name) => path.join(place, name)));
    assert.ok(logs.length > 0, 'the database has a log');
    for (const log of logs) assert.deepEqual(found(readFileSync(log, 'utf8')), [], log);
    const activity = await server.sql`select string_agg(query, E'\n') as text from pg_stat_activity`;
    assert.deepEqual(found(activity[0].text), []);
  });

  it('stand in no dump of the database, but for the ids of visitors', () => {
    const url = server.env.DATABASE_URL;
    const dump = execFileSync('/usr/lib/postgresql/15/bin/pg_dump', ['--inserts', url], { encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.ok(dump.includes('canary-person@example.test'), 'the dump has the rows');
    assert.deepEqual(found(dump, { but: ['visitor id'] }), []);
  });

  it('stand in no file of the home but the env file', () => {
    const files = execFileSync('find', [server.home, '-maxdepth', '1', '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
    for (const file of files) {
      if (path.basename(file) !== 'env') assert.deepEqual(found(readFileSync(file, 'utf8')), [], file);
    }
    assert.equal(server.envFileMode, 0o600);
  });
});
