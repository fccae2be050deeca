// A throw-away server for one test file: its own home, port and database, removed when it stops.
//
//   const server = await startServer();            // at most one per test file
//   after(() => server.stop());                    // fails the file on a sanitizer report
//
// The program is $CHATPAD_PROGRAM, else the sanitizer build, else the release build. The scripted
// provider (test only) replaces the built-in answers: provider: {tokenMs: 50, tokens: 40} streams
// 40 words, one every 50 ms.
//
// Every home is a copy of one that a first start made (`prepareHome`), with its secrets and its demo
// shop; `fresh: true` is a first start of its own.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import postgres from 'postgres';

const root = path.resolve(import.meta.dirname, '../..');
// How many times longer than on a machine of its own a test waits for what has to come. What comes is not waited for.
export const PATIENCE = Number(process.env.CHATPAD_TEST_PATIENCE ?? 3);
const START_MS = PATIENCE * 90_000; // a sanitizer build on a busy two-core machine, with initdb
const STOP_MS = PATIENCE * 30_000;
const SANITIZER_REPORT = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY: \w+Sanitizer/;

export function programPath() {
  const candidates = [process.env.CHATPAD_PROGRAM, `${root}/build/dev/chatpad`, `${root}/build/release/chatpad`];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (!found) throw new Error('no chatpad program; run ./dev build dev');
  return found;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls `probe` until it gives something truthy; fails with `what` after `limitMs`.
export async function eventually(what, probe, limitMs = 15_000) {
  const end = Date.now() + limitMs * PATIENCE;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not in ${limitMs} ms: ${what}`, { cause: last });
    await sleep(20);
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// NAME='value' lines as a shell reads them: '\'' is a quote inside the value.
export function parseEnvFile(text) {
  const env = {};
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)='(.*)'$/.exec(line);
    if (match) env[match[1]] = match[2].replaceAll(`'\\''`, `'`);
  }
  return env;
}

// postgres.js reads no `host=` directory out of a URL, so it gets the parts.
export function connectDatabase(url, options = {}) {
  const parsed = new URL(url.replace('postgresql:///', 'postgresql://localhost/'));
  const query = parsed.searchParams;
  return postgres({
    host: query.get('host') ?? parsed.hostname,
    port: Number(query.get('port') ?? 5432),
    user: query.get('user') ?? 'postgres',
    database: parsed.pathname.slice(1),
    max: 4,
    onnotice: () => {},
    ...options,
  });
}

export class Server {
  // `verb`: up brings a database along unless it is given one; serve wants one that is migrated.
  constructor(home, port, variables, verb = 'up') {
    this.verb = verb;
    this.home = home;
    this.port = port;
    this.variables = variables;
    this.stderr = '';
    this.stdout = '';
    this.url = `http://127.0.0.1:${port}`;
  }

  // Starts the program on this home; resolves with the milliseconds until /health said 200.
  async start() {
    const began = performance.now();
    this.exited = null;
    this.child = spawn(programPath(), [this.verb], {
      cwd: this.home,
      env: { ...process.env, ...this.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout.on('data', (bytes) => (this.stdout = (this.stdout + bytes).slice(-1_000_000)));
    this.child.stderr.on('data', (bytes) => (this.stderr = (this.stderr + bytes).slice(-4_000_000)));
    this.gone = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.exited = { code, signal };
        resolve(this.exited);
      });
      this.child.once('error', (error) => resolve((this.exited = { code: -1, error })));
    });
    for (;;) {
      if (this.exited) throw new Error(`the server ended at once: ${JSON.stringify(this.exited)}\n${this.tail()}`);
      if (performance.now() - began > START_MS) {
        this.child.kill('SIGKILL');
        throw new Error(`the server was not ready in ${START_MS} ms\n${this.tail()}`);
      }
      const ready = await fetch(`${this.url}/health`).then((reply) => reply.status === 200, () => false);
      if (ready) break;
      await sleep(5);
    }
    const ms = performance.now() - began;
    this.env = parseEnvFile(readFileSync(this.envFile, 'utf8'));
    this.sql ??= connectDatabase(this.env.DATABASE_URL);
    return ms;
  }

  get envFile() {
    return path.join(this.home, 'env');
  }
  get envFileMode() {
    return statSync(this.envFile).mode & 0o777;
  }
  get alive() {
    return this.exited === null;
  }
  tail() {
    return `${this.stdout.slice(-2000)}\n${this.stderr.slice(-6000)}`;
  }

  residentKiB() {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]);
  }

  async closeDatabase() {
    await this.sql?.end({ timeout: 1 });
    this.sql = undefined;
  }

  // Ctrl-C: the data stays. Throws on a bad exit code or a sanitizer report.
  async halt(signal = 'SIGTERM') {
    await this.closeDatabase();
    if (this.alive) {
      this.child.kill(signal);
      let timer;
      const ended = await Promise.race([this.gone, new Promise((resolve) => (timer = setTimeout(resolve, STOP_MS)))]);
      clearTimeout(timer);
      if (!ended) {
        this.child.kill('SIGKILL');
        throw new Error(`the server did not stop in ${STOP_MS} ms\n${this.tail()}`);
      }
    }
    this.refuseReports();
    if (this.exited.code !== 0) throw new Error(`the server ended with ${JSON.stringify(this.exited)}\n${this.tail()}`);
  }

  refuseReports() {
    const at = this.stderr.search(SANITIZER_REPORT);
    if (at >= 0) throw new Error(`sanitizer report:\n${this.stderr.slice(Math.max(0, at - 500), at + 6000)}`);
  }

  // kill -9, as a power cut of the process; the database stays orphaned.
  async kill() {
    await this.closeDatabase();
    this.child.kill('SIGKILL');
    await this.gone;
  }

  async stop() {
    try {
      await this.halt();
    } finally {
      if (!process.env.CHATPAD_TEST_KEEP) rmSync(this.home, { recursive: true, force: true });
    }
  }
}

function makeHome() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'chatpad-'));
  chmodSync(home, 0o755); // the database runs as another user when the tests run as root
  return home;
}

const variablesOf = (home, port, more) =>
  ({ CHATPAD_HOME: home, CHATPAD_HOST: '127.0.0.1', CHATPAD_PORT: String(port), ...more });

// Settings that say which database and which secrets a home has: those are no copy's.
const OWN_START = ['CHATPAD_DATABASE_URL', 'CHATPAD_JWT_SECRET', 'CHATPAD_SECRET_KEY', 'CHATPAD_SECRET_KEY_FILE'];
// A copy lives for one file of tests and never sees a power cut.
const THROW_AWAY = 'fsync = off\nfull_page_writes = off\n';

// The home that is copied, beside the program, made once for each build of it. Whoever comes second while
// it is being made makes another and uses that.
export async function prepareHome() {
  const program = programPath();
  const { mtimeMs, size } = statSync(program);
  const folder = path.join(path.dirname(program), 'prepared-home');
  const prepared = path.join(folder, `${Math.round(mtimeMs)}-${size}`);
  if (existsSync(prepared)) return prepared;
  const home = makeHome();
  try {
    const server = new Server(home, await freePort(), {});
    server.variables = variablesOf(home, server.port);
    await server.start();
    await server.halt();
    writeFileSync(path.join(home, 'postgres/postgresql.user.conf'), THROW_AWAY);
    mkdirSync(folder, { recursive: true });
    const beside = mkdtempSync(path.join(folder, 'making-'));
    execFileSync('cp', ['-a', `${home}/.`, beside]);
    for (const name of readdirSync(folder)) {
      if (!name.startsWith('making-') && name !== path.basename(prepared)) rmSync(path.join(folder, name), { recursive: true, force: true });
    }
    try {
      renameSync(beside, prepared);
    } catch (error) {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      rmSync(beside, { recursive: true });
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return prepared;
}

export async function startServer({ provider, rateScale = 1000, env = {}, fresh } = {}) {
  const home = makeHome();
  if (!fresh && !OWN_START.some((name) => name in env)) {
    execFileSync('cp', ['-a', '--reflink=auto', `${await prepareHome()}/.`, home]);
    chmodSync(home, 0o755);
  }
  const port = await freePort();
  const variables = variablesOf(home, port, { CHATPAD_RATE_SCALE: String(rateScale), ...env });
  if (provider) {
    variables.CHATPAD_TEST_PROVIDER_TOKEN_MS = String(provider.tokenMs);
    variables.CHATPAD_TEST_PROVIDER_TOKENS = String(provider.tokens);
  }
  const server = new Server(home, port, variables);
  try {
    await server.start();
  } catch (error) {
    if (server.alive) server.child.kill('SIGKILL');
    if (!process.env.CHATPAD_TEST_KEEP) rmSync(home, { recursive: true, force: true });
    throw error;
  }
  return server;
}
