// What a node leaves behind: rates that count everywhere, a death in the middle of everything, and
// nodes that do not belong.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { account, fn, supabase, visitor } from '../lib/callers.mjs';
import { metric, startCluster } from '../lib/cluster.mjs';
import { eventually, sleep } from '../lib/server.mjs';

let cluster;
let a;
let b;
let shop;
const clients = [];
before(async () => {
  cluster = await startCluster({ rateScale: 1 });
  [a, b] = cluster.nodes;
  shop = await account(a);
  clients.push(shop.client);
});
after(async () => {
  for (const client of clients) client.realtime.disconnect();
  await cluster?.stop();
});

async function helper() {
  const { outputFiles } = await build({ entryPoints: [path.resolve(import.meta.dirname, '../../widget-assets/shared/recover.ts')], bundle: true, format: 'esm', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

describe('nodes that belong together', () => {
  it('seeded the demo once, and have the same keys for it', () => {
    for (const name of ['CHATPAD_DEMO_AGENT_ID', 'CHATPAD_DEMO_PASSWORD', 'CHATPAD_DEMO_API_KEY', 'SUPABASE_JWT_SECRET']) {
      assert.equal(a.env[name], b.env[name], name);
    }
  });

  it('count a caller together: what one admitted, the others do not admit again', async () => {
    const guest = await visitor(a, shop.agentId);
    const began = performance.now();
    // 20 in a minute: a burst, then one every 3 s.
    const leave = async (node) => (await fn(node, 'create-widget-lead', { agentId: shop.agentId, email: `${randomUUID()}@example.test` }, { token: guest.token })).status;
    for (let n = 0; n < 15; n += 1) assert.equal(await leave(a), 201);
    await sleep(500);
    let admitted = 15;
    for (;;) {
      const status = await leave(b);
      if (status === 429) break;
      assert.equal(status, 201);
      admitted += 1;
      assert.ok(admitted < 60, 'node b never refused');
    }
    const refilled = (performance.now() - began) / 3000;
    assert.ok(admitted <= 20 + Math.ceil(refilled), `${admitted} admitted, ${refilled} came free meanwhile`);
    await sleep(200);
    const statuses = [await leave(a), await leave(a)];
    assert.ok(statuses.includes(429), 'and back again');
  });

  it('need no more of Redis than one kind of channel', async () => {
    const added = await cluster.redis.command('ACL', 'SETUSER', 'chat:pad', 'on', '>of the nodes', 'resetchannels', '&chatpad:*', '+ping', '+publish', '+subscribe');
    assert.equal(added, '+OK\r\n');
    const node = await cluster.node({ CHATPAD_REDIS_URL: `redis://chat%3Apad:of%20the%20nodes@localhost:${cluster.redis.port}/0` }, 'serve');
    await node.start();
    await eventually('it hears the others', async () => (await metric(node, 'chatpad_bus_nodes')) === 2);
    await node.halt();
  });
});

describe('nodes that do not belong', () => {
  const endOf = async (node) => {
    await assert.rejects(node.start(), /ended at once/);
    await node.closeDatabase();
    return node.tail();
  };

  it('are told when their secret is another, before they change anything', async () => {
    for (const verb of ['serve', 'migrate', 'up']) {
      const text = await endOf(await cluster.node({ CHATPAD_JWT_SECRET: 'another secret, as long as it has to be: 0123' }, verb));
      assert.match(text, /CHATPAD_JWT_SECRET/, verb);
    }
    const third = await cluster.node({}, 'serve');
    await third.start();
    await eventually('it is heard', async () => (await metric(third, 'chatpad_bus_nodes')) === 2);
    await third.halt();
  });

  it('are told when the URL of their Redis cannot be used, which is not shown', async () => {
    for (const [url, words] of [
      ['rediss://user:hunter2@127.0.0.1:6379', /TLS/], ['http://hunter2@127.0.0.1', /like redis:/],
      ['redis://:hunter2@', /like redis:/], ['redis://:hunter2@host:99999/0', /like redis:/],
    ]) {
      const text = await endOf(await cluster.node({ CHATPAD_REDIS_URL: url }, 'serve'));
      assert.match(text, words);
      assert.match(text, /CHATPAD_REDIS_URL/);
      assert.ok(!text.includes('hunter2'), 'no password');
    }
  });

  it('go on alone when their password of Redis is wrong, and the log has neither', async () => {
    const node = await cluster.node({ CHATPAD_REDIS_URL: `redis://:hunter2@127.0.0.1:${cluster.redis.port}/0` }, 'serve');
    await node.start();
    await eventually('it says why', () => /bus_away.*(WRONGPASS|invalid password)/i.test(node.stderr));
    assert.deepEqual(await (await fetch(`${node.url}/health`)).json(), { status: 'degraded', database: 'ok', realtime: 'ok', bus: 'away' });
    await node.halt();
    assert.ok(!node.stderr.includes('hunter2'));
    assert.ok(!readFileSync(node.envFile, 'utf8').includes('hunter2'));
  });
});

describe('kill -9 of a node', () => {
  it('its clients come back on another one and miss nothing; its presences end', async () => {
    const topic = `account:${shop.id}`;
    const { recoverable } = await helper();
    // People behind the balancer, whose clients reconnect by themselves.
    cluster.balancer.aim(a);
    const people = [];
    for (let i = 0; i < 12; i += 1) {
      const behind = supabase({ url: cluster.balancer.url, env: a.env }, { token: shop.token });
      clients.push(behind);
      await behind.realtime.setAuth(shop.token);
      const heard = [];
      const room = recoverable(behind, topic, { onGap: () => assert.fail('a gap') });
      room.on('stress', ({ payload, meta }) => heard.push({ n: payload.n, id: meta.id }));
      room.channel.subscribe();
      people.push({ room, heard });
    }
    for (const { room } of people) await eventually('a cursor', () => room.cursor.horizon);

    const lobby = `lobby-${randomUUID().slice(0, 8)}`;
    const enter = async (node, key) => {
      const client = supabase(node);
      clients.push(client);
      const channel = client.channel(lobby, { config: { presence: { key } } });
      channel.on('presence', { event: 'sync' }, () => {});
      await new Promise((resolve) => channel.subscribe((status) => status === 'SUBSCRIBED' && resolve()));
      await channel.track({});
      return channel;
    };
    const dying = await enter(a, 'dying');
    const staying = await enter(b, 'staying');
    const keys = () => Object.keys(staying.presenceState()).sort().join();
    await eventually('both are there', () => keys() === 'dying,staying');

    let written = 0;
    let writing = true;
    const writer = (async () => {
      while (writing) {
        await cluster.sql`insert into realtime.messages (topic, extension, event, private, payload)
          values (${topic}, 'broadcast', 'stress', true, ${cluster.sql.json({ n: written })})`;
        written += 1;
        await sleep(2);
      }
    })();
    await eventually('some came', () => people.every(({ heard }) => heard.length > 100));
    cluster.balancer.aim(b);
    await a.kill();
    dying.socket.disconnect();
    const had = people[0].heard.length;
    await eventually('it goes on', () => people.every(({ heard }) => heard.length > had + 200), 60_000);
    writing = false;
    await writer;
    await eventually('everything came', () => people.every(({ heard }) => heard.length >= written), 30_000);
    for (const { heard } of people) {
      assert.deepEqual(heard.map((one) => one.n), Array.from({ length: written }, (_, n) => n), 'in order, nothing missing, nothing twice');
      assert.equal(new Set(heard.map((one) => one.id)).size, written);
    }

    await eventually('the dead node\'s presence ends', () => keys() === 'staying', 45_000);
    await a.start();
    await eventually('it is heard again', async () => (await metric(b, 'chatpad_bus_nodes')) >= 1);
    const again = await enter(a, 'again');
    await eventually('and its people are seen', () => keys() === 'again,staying');
    await eventually('the state of all', () => Object.keys(again.presenceState()).sort().join() === 'again,staying');
    await a.halt();
    await eventually('a node that is stopped says that its people leave', () => keys() === 'staying', 10_000);
  });
});
