// The program's own verbs on the home of a test's server, as an operator types them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { programPath } from './server.mjs';

// Resolves with what it printed; rejects with {code, stderr} when it failed.
export async function chatpad(server, ...words) {
  const { stdout } = await promisify(execFile)(programPath(), words, { env: { ...process.env, ...server.variables } });
  return stdout;
}

// Makes a signing key (es256, rs256) and lets it sign; resolves with its id.
export async function newSigningKey(server, algorithm) {
  const id = /[0-9a-f-]{36}/.exec(await chatpad(server, 'keys', 'create', algorithm))[0];
  await chatpad(server, 'keys', 'rotate');
  return id;
}
