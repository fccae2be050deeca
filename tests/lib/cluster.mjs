// Several programs on one throw-away PostgreSQL and one Redis, as a site with more than one machine
// has them; all of it is removed by stop().
//
//   const cluster = await startCluster();          // cluster.nodes: two Servers of server.mjs
//   after(() => cluster.stop());
//   await cluster.redis.stop(); await cluster.redis.start();
//   cluster.balancer: {url, aim(node)}             // one address for clients, any node behind it
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { connectDatabase, eventually, freePort, Server } from './server.mjs';

const PG_BIN = process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin';
export const SECRET = 'a secret that every node of this cluster has: 0123456789abcdef';
const DATABASE_PASSWORD = 'of-the-superuser';
const REDIS_PASSWORD = 'of the "bus" %@/:';

// A child process whose end can be waited for.
function run(program, args, options) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (child.output = (child.output + bytes).slice(-100_000)));
  child.gone = new Promise((resolve) => child.once('close', resolve));
  return child;
}

async function startPostgres(folder) {
  // PostgreSQL refuses to run as root.
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const user = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  const home = path.join(folder, 'pg');
  mkdirSync(home, { mode: 0o700 });
  if (user.uid) chownSync(home, user.uid, user.gid);
  const options = { cwd: home, ...user };
  const data = path.join(home, 'data');
  execFileSync(`${PG_BIN}/initdb`, ['-D', data, '-U', 'postgres', '--auth-local=trust', '--auth-host=scram-sha-256', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'],
    { stdio: 'ignore', ...options });
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: home, wal_level: 'logical', fsync: 'off', max_connections: 150, jit: 'off' };
  const child = run(`${PG_BIN}/postgres`, ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], options);
  const local = (database) => `postgresql:///${database}?host=${home}&port=${port}&user=postgres`;
  const sql = connectDatabase(local('postgres'), { max: 1 });
  await eventually('PostgreSQL answers', () => sql`select 1`, 30_000);
  await sql.unsafe(`alter role postgres password '${DATABASE_PASSWORD}'`);
  await sql.unsafe('create database chatpad');
  await sql.end();
  return {
    url: `postgresql://postgres:${DATABASE_PASSWORD}@127.0.0.1:${port}/chatpad`,
    local: local('chatpad'),
    async stop() {
      child.kill('SIGINT');
      await child.gone;
    },
  };
}

class Redis {
  constructor(folder, port) {
    Object.assign(this, { folder, port, url: `redis://:${encodeURIComponent(REDIS_PASSWORD)}@127.0.0.1:${port}/0` });
  }
  async start() {
    this.child = run('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--requirepass', REDIS_PASSWORD, '--dir', this.folder]);
    await eventually('Redis answers', () => this.command('PING'));
  }
  async stop(signal = 'SIGKILL') {
    this.child.kill(signal);
    await this.child.gone;
  }
  // One command over a connection of its own; resolves with the raw reply once `lines` lines of it came.
  command(...args) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1');
      const parts = [];
      const encode = (words) => Buffer.concat([Buffer.from(`*${words.length}\r\n`),
        ...words.flatMap((word) => [Buffer.from(`$${Buffer.byteLength(word)}\r\n`), Buffer.from(word), Buffer.from('\r\n')])]);
      socket.on('data', (bytes) => parts.push(bytes));
      socket.on('error', reject);
      socket.on('close', () => {
        const reply = Buffer.concat(parts).toString('latin1');
        if (!reply.startsWith('+OK\r\n')) reject(new Error(reply));
        else resolve(reply.slice(5));
      });
      socket.end(Buffer.concat([encode(['AUTH', REDIS_PASSWORD]), encode(args)]));
    });
  }
  // The name of the channel that the nodes speak on.
  async channel() {
    const reply = await this.command('PUBSUB', 'CHANNELS');
    return /chatpad:[0-9a-f]+/.exec(reply)?.[0];
  }
  // Hears what the nodes say, as bytes.
  listen(channel, heard) {
    const socket = net.connect(this.port, '127.0.0.1');
    let left = Buffer.alloc(0);
    socket.write(`*2\r\n$4\r\nAUTH\r\n$${Buffer.byteLength(REDIS_PASSWORD)}\r\n${REDIS_PASSWORD}\r\n*2\r\n$9\r\nSUBSCRIBE\r\n$${channel.length}\r\n${channel}\r\n`);
    socket.on('data', (bytes) => {
      left = Buffer.concat([left, bytes]);
      for (;;) {
        const at = left.indexOf('*3\r\n$7\r\nmessage\r\n');
        const head = at < 0 ? null : /^\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]+\r\n\$(\d+)\r\n/.exec(left.subarray(at, at + 200).toString('latin1'));
        if (!head || left.length < at + head[0].length + Number(head[1])) return;
        const from = at + head[0].length;
        heard(Buffer.from(left.subarray(from, from + Number(head[1]))));
        left = left.subarray(from + Number(head[1]));
      }
    });
    return socket;
  }
}

// One address in front of the nodes: new connections go to the node it is aimed at.
async function startBalancer(nodes) {
  const open = new Set();
  let aim = nodes[0];
  const server = net.createServer((client) => {
    const behind = net.connect(aim.port, '127.0.0.1');
    for (const [from, to] of [[client, behind], [behind, client]]) {
      open.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    aim: (node) => (aim = node),
    stop() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function startCluster({ nodes: count = 2, rateScale = 1000, provider, env = {} } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chatpad-nodes-'));
  chmodSync(folder, 0o755);
  const cluster = { nodes: [], folder };
  const stops = [];
  cluster.stop = async () => {
    const errors = [];
    for (const stop of stops.reverse()) await Promise.resolve(stop()).catch((error) => errors.push(error));
    if (!process.env.CHATPAD_TEST_KEEP) rmSync(folder, { recursive: true, force: true });
    if (errors.length) throw errors[0];
  };
  // A further node, not started.
  cluster.node = async (variables = {}, verb = 'up') => {
    const home = path.join(folder, `node${cluster.nodes.length}-${Math.random().toString(36).slice(2)}`);
    mkdirSync(home);
    const port = await freePort();
    const node = new Server(home, port, {
      CHATPAD_HOME: home,
      CHATPAD_PORT: String(port),
      CHATPAD_PUBLIC_URL: cluster.nodes[0]?.url ?? `http://127.0.0.1:${port}`,
      CHATPAD_DATABASE_URL: cluster.postgres.url,
      CHATPAD_REDIS_URL: cluster.redis.url,
      CHATPAD_JWT_SECRET: SECRET,
      CHATPAD_RATE_SCALE: String(rateScale),
      CHATPAD_LOOPS: '2',
      CHATPAD_POOL: '4',
      ...(provider ? { CHATPAD_TEST_PROVIDER_TOKEN_MS: String(provider.tokenMs), CHATPAD_TEST_PROVIDER_TOKENS: String(provider.tokens) } : {}),
      ...env,
      ...variables,
    }, verb);
    node.sql = connectDatabase(cluster.postgres.local);
    node.exited = {};
    stops.push(async () => {
      await node.closeDatabase();
      if (node.child && node.alive) await node.halt();
    });
    return node;
  };
  try {
    cluster.postgres = await startPostgres(folder);
    stops.push(() => cluster.postgres.stop());
    cluster.sql = connectDatabase(cluster.postgres.local);
    stops.push(() => cluster.sql.end({ timeout: 1 }));
    cluster.redis = new Redis(folder, await freePort());
    await cluster.redis.start();
    stops.push(() => cluster.redis.stop());
    for (let i = 0; i < count; i += 1) cluster.nodes.push(await cluster.node());
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await Promise.all(cluster.nodes.map((node) => eventually('the bus works', async () => (await health(node)).bus === 'ok')));
    cluster.balancer = await startBalancer(cluster.nodes);
    stops.push(() => cluster.balancer.stop());
  } catch (error) {
    await cluster.stop().catch(() => {});
    throw error;
  }
  return cluster;
}

export const health = async (node) => (await fetch(`${node.url}/health`)).json();
export async function metric(node, name) {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}
