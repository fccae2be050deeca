// Too fast is 429 with Retry-After; limits as a fresh installation has them (scale 1).
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { fn, say, visitor } from '../lib/callers.mjs';
import { sleep, startServer } from '../lib/server.mjs';

let server;
before(async () => {
  server = await startServer({ rateScale: 1 });
});
after(() => server?.stop());

it('a visitor who writes too fast is told when to come back, and may then', async () => {
  const guest = await visitor(server);
  let refused;
  for (let i = 0; i < 200 && !refused; i += 1) {
    const reply = await say(server, guest, `Message ${i}`);
    if (reply.status !== 200) refused = reply;
  }
  assert.ok(refused, 'no limit was met in 200 messages');
  assert.equal(refused.status, 429);
  assert.equal(refused.body.code, 'too_many_requests');
  const wait = Number(refused.headers.get('retry-after'));
  assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 120, `Retry-After: ${wait}`);
  assert.ok(refused.headers.get('access-control-allow-origin'));

  const forged = await say(server, guest, 'Another address?');
  const spoofed = await fn(server, 'widget-chat', { agentId: guest.agentId, message: 'Hi' }, { token: guest.token, headers: { 'x-forwarded-for': '203.0.113.9' } });
  assert.deepEqual([forged.status, spoofed.status], [429, 429]);

  const other = await visitor(server);
  assert.equal((await say(server, other, 'I am somebody else.')).status, 200);

  if (wait <= 15) {
    await sleep(wait * 1000 + 200);
    assert.equal((await say(server, guest, 'Patient now.')).status, 200);
  }
});

it('guessing passwords is limited', async () => {
  // All at once: one after the other, a slow machine gives the limit time to refill.
  const statuses = await Promise.all(Array.from({ length: 90 }, async (_, i) => {
    const reply = await fetch(`${server.url}/auth/v1/token?grant_type=password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', apikey: server.env.SUPABASE_ANON_KEY },
      body: JSON.stringify({ email: 'demo@chatpad.example', password: `guess ${i}` }),
    });
    await reply.text();
    if (reply.status === 429) assert.ok(Number(reply.headers.get('retry-after')) >= 1);
    return reply.status;
  }));
  assert.ok(statuses.includes(429), `${statuses.length} guesses, no limit: ${statuses}`);
  assert.ok(!statuses.includes(200));
});
