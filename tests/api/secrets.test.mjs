// Secrets of accounts: written through the API, never read back, sealed in the database for their
// account and name, and sealed anew with another key while the server runs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { account, fn, member } from '../lib/callers.mjs';
import { parseEnvFile, programPath, startServer } from '../lib/server.mjs';

let server;
let ours;
let theirs;
before(async () => {
  server = await startServer();
  [ours, theirs] = [await account(server, 'ours'), await account(server, 'theirs')];
});
after(() => server?.stop());

const set = (who, name, value, accountId = who.id) => fn(server, 'set-secret', { accountId, name, value }, { token: who.token });
const list = (who, accountId = who.id) => fn(server, 'list-secrets', { accountId }, { token: who.token });
const remove = (who, name, accountId = who.id) => fn(server, 'delete-secret', { accountId, name }, { token: who.token });
const stored = (accountId, name) => server.sql`
  select sealed, key_id from private.account_secrets where user_id = ${accountId} and name = ${name}`.then((rows) => rows[0]);
const rotate = () => promisify(execFile)(programPath(), ['secrets', 'rotate'], { env: { ...process.env, ...server.variables } });
const homeKey = () => parseEnvFile(readFileSync(server.envFile, 'utf8')).CHATPAD_SECRET_KEY;
const secretOf = () => `sk-${randomBytes(24).toString('hex')}`;

describe('a secret', () => {
  it('is stored, listed with its last four characters, replaced and deleted', async () => {
    const [first, second] = [secretOf(), secretOf()];
    const made = await set(ours, 'openai.api_key', first);
    assert.equal(made.status, 200, made.text);
    assert.equal(made.body.secret.last4, first.slice(-4));
    const replaced = await set(ours, 'openai.api_key', second);
    assert.equal(replaced.status, 200, replaced.text);
    const { body } = await list(ours);
    assert.deepEqual(body.secrets.map(({ name, last4 }) => ({ name, last4 })), [{ name: 'openai.api_key', last4: second.slice(-4) }]);
    assert.deepEqual(Object.keys(body.secrets[0]).sort(), ['createdAt', 'last4', 'name', 'updatedAt']);
    assert.equal((await remove(ours, 'openai.api_key')).status, 200);
    assert.equal((await remove(ours, 'openai.api_key')).status, 404);
    assert.deepEqual((await list(ours)).body.secrets, []);
  });

  it('stands in no answer, log, metric or column in clear', async () => {
    const value = secretOf();
    const answers = [await set(ours, 'slack.bot_token', value), await list(ours), await set(ours, 'NOT A NAME', value)];
    answers.push(await fn(server, 'set-secret', `{"accountId": "${ours.id}", "name": "x", "value": "${value}"`, { token: ours.token }));
    for (const answer of answers) assert.ok(!answer.text.includes(value), answer.text);
    const { sealed } = await stored(ours.id, 'slack.bot_token');
    assert.match(sealed, /^v1\.[0-9a-f]{16}\.[\w-]+$/);
    assert.ok(!sealed.includes(value) && !Buffer.from(sealed.split('.')[2], 'base64url').includes(value));
    assert.ok(!server.stderr.includes(value) && !server.stdout.includes(value));
  });

  it('shows no character when it is short', async () => {
    const made = await set(ours, 'short', 'hunter2');
    assert.equal(made.body.secret.last4, '');
    await remove(ours, 'short');
  });

  it('needs a name and a value of the right form', async () => {
    for (const [name, value, field] of [['', 'x', 'name'], ['x'.repeat(64), 'x', 'name'], ['x', '', 'value'], ['x', 'x'.repeat(8193), 'value'], ['x', 7, 'value']]) {
      const refused = await set(ours, name, value);
      assert.equal(refused.status, 400, refused.text);
      assert.equal(refused.body.details, field);
    }
    for (const name of ['Upper', '1st', 'a b', "a'--", '.a', 'ä']) {
      const refused = await set(ours, name, 'x');
      assert.equal(refused.body.code, 'validation_failed', `${name}: ${refused.text}`);
    }
  });

  it('is kept by people of role admin only', async () => {
    for (const role of ['manager', 'member', 'client']) {
      const person = { ...(await member(server, ours.id, role)) };
      for (const reply of [await set(person, 'x', 'y', ours.id), await list(person, ours.id), await remove(person, 'slack.bot_token', ours.id)]) {
        assert.equal(reply.status, 403, `${role}: ${reply.text}`);
        assert.equal(reply.body.code, 'insufficient_role');
      }
    }
    const admin = await member(server, ours.id, 'admin');
    assert.equal((await list(admin, ours.id)).status, 200);
  });

  it('of another account looks like one of no account', async () => {
    for (const ask of [(id) => set(ours, 'x', 'y', id), (id) => list(ours, id), (id) => remove(ours, 'x', id)]) {
      const [foreign, unknown] = [await ask(theirs.id), await ask(randomUUID())];
      assert.equal(foreign.status, 404);
      assert.equal(foreign.text, unknown.text);
    }
  });

  it('is one of at most a hundred', async () => {
    const person = await account(server, 'hoarder');
    await server.sql`insert into private.account_secrets (user_id, name, sealed)
      select ${person.id}, 's' || n, 'v1.0123456789abcdef.AAAA' from generate_series(1, 99) n`;
    const made = await Promise.all([set(person, 'one', 'x'), set(person, 'two', 'x')]);
    assert.deepEqual(made.map((reply) => reply.status).sort(), [200, 409]);
    assert.equal((await set(person, made[0].status === 200 ? 'one' : 'two', 'again')).status, 200, 'replacing one is none more');
    await server.sql`delete from private.account_secrets where user_id = ${person.id}`;
  });
});

describe('chatpad secrets rotate', () => {
  it('seals everything anew while the server stores and replaces, and loses nothing', async () => {
    const before = homeKey();
    for (let i = 0; i < 12; i += 1) assert.equal((await set(ours, `kept.${i}`, secretOf())).status, 200);
    const old = await stored(ours.id, 'kept.0');
    const running = rotate();
    const writes = [];
    for (let i = 0; i < 40; i += 1) writes.push(await set(theirs, `busy.${i % 5}`, secretOf()));
    const { stdout } = await running;
    for (const write of writes) assert.equal(write.status, 200, write.text);
    assert.notEqual(homeKey(), before);
    assert.ok(!homeKey().includes(','), 'the old key is gone');
    const rows = await server.sql`select distinct key_id from private.account_secrets`;
    assert.equal(rows.length, 1, stdout);
    assert.notEqual(rows[0].key_id, old.key_id);
    // The server, which was started with the old key, goes on with the new one.
    const after = await set(theirs, 'busy.0', secretOf());
    assert.equal(after.status, 200, after.text);
    assert.equal((await stored(theirs.id, 'busy.0')).key_id, rows[0].key_id);
  });

  it('goes on where an earlier one was cut off', async () => {
    const [{ key_id: now }] = await server.sql`select key_id from private.sealing`;
    await server.sql`update private.sealing set key_id = '0123456789abcdef'`; // another program began one
    const refused = await set(ours, 'late', secretOf());
    assert.equal(refused.status, 500, 'this program has no such key');
    assert.equal(await stored(ours.id, 'late'), undefined);
    await rotate();
    const rows = await server.sql`select distinct key_id from private.account_secrets`;
    assert.equal(rows.length, 1);
    assert.notEqual(rows[0].key_id, now);
    assert.equal((await set(ours, 'late', secretOf())).status, 200);
  });

  it('names the secret that no key opens, and leaves both keys', async () => {
    const mine = await stored(ours.id, 'kept.1');
    await server.sql`update private.account_secrets set sealed = ${mine.sealed} where user_id = ${theirs.id} and name = 'busy.1'`;
    await assert.rejects(rotate(), (error) => error.stderr.includes('account_secrets.busy.1') && error.code === 1);
    assert.ok(homeKey().includes(','), 'the old key still opens the rest');
    await server.sql`delete from private.account_secrets where user_id = ${theirs.id} and name = 'busy.1'`;
    await rotate();
    assert.ok(!homeKey().includes(','));
    assert.equal((await server.sql`select distinct key_id from private.account_secrets`).length, 1);
  });
});
