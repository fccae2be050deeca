// A throw-away server for one test file: its own home, port and database, removed when it stops.
//
//   const server = await startServer();            // at most one per test file
//   after(() => server.stop());                    // fails the file on a sanitizer report
//
// The program is $CHATPAD_PROGRAM, else the sanitizer build, else the release build. The scripted
// provider (test only) replaces the built-in answers: provider: {tokenMs: 50, tokens: 40} streams
// 40 words, one every 50 ms.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import postgres from 'postgres';

const root = path.resolve(import.meta.dirname, '../..');
const START_MS = 90_000; // a sanitizer build on a busy two-core machine, with initdb
const STOP_MS = 30_000;
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
  const end = Date.now() + limitMs;
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

export async function startServer({ provider, rateScale = 1000, env = {} } = {}) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'chatpad-'));
  chmodSync(home, 0o755); // the database runs as another user when the tests run as root
  const port = await freePort();
  const variables = {
    CHATPAD_HOME: home,
    CHATPAD_HOST: '127.0.0.1',
    CHATPAD_PORT: String(port),
    CHATPAD_RATE_SCALE: String(rateScale),
    ...env,
  };
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
