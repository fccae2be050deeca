// Signing out on one node is heard on every other: tokens and sockets end there as well, and a node
// that was away when it happened knows when it comes back.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { call, fn, signIn, supabase } from '../lib/callers.mjs';
import { startCluster } from '../lib/cluster.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually } from '../lib/server.mjs';
import { fresh } from '../lib/sign_in.mjs';

let cluster;
let a;
let b;
before(async () => {
  cluster = await startCluster();
  [a, b] = cluster.nodes;
});
after(() => cluster?.stop());

const PASSWORD = 'correct horse';
const status = async (node, token) => (await fn(node, 'list-accounts', {}, { token })).status;

it('ends tokens and sockets on every node, and on one that was away', async () => {
  const email = fresh();
  assert.equal((await supabase(a).auth.signUp({ email, password: PASSWORD })).error, null);
  const [one, two] = [await signIn(a, email, PASSWORD), await signIn(a, email, PASSWORD)];
  const socket = new Socket(b);
  await socket.opened;
  assert.equal((await socket.join(`realtime:account:${one.id}`, { private: true }, one.token)).status, 'ok');
  assert.equal(await status(b, one.token), 200);
  const began = performance.now();
  assert.equal((await call(a, '/auth/v1/logout?scope=local', { token: one.token })).status, 204);
  assert.deepEqual(await socket.closed, { code: 1008, reason: 'session_ended' });
  console.log(`# closed on the other node ${Math.round(performance.now() - began)} ms after signing out`);
  await eventually('the other node refuses the token', async () => (await status(b, one.token)) === 403);
  assert.equal(await status(b, two.token), 200);

  await b.halt();
  assert.equal((await call(a, '/auth/v1/logout?scope=local', { token: two.token })).status, 204);
  await b.start();
  await eventually('the node that was away refuses both', async () => (await status(b, two.token)) === 403 && (await status(b, one.token)) === 403);
});
