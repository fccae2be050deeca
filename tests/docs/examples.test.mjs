// The shell examples of docs/api/ against a real server: every block of a document runs in order, in
// one shell, and no answer is an error.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startServer } from '../lib/server.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const MARK = '--- end of an example ---';
let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

// Resolves with [{heading, output}], one per block.
async function run(document) {
  const text = readFileSync(path.join(root, document), 'utf8');
  const blocks = [];
  let heading = '';
  for (const part of text.split(/^(?=## )/m)) {
    heading = /^## (.*)/.exec(part)?.[1] ?? heading;
    for (const [, code] of part.matchAll(/^```sh\n(.*?)^```/gms)) blocks.push({ heading, code });
  }
  const script = [`. '${server.envFile}'`, 'api=$SUPABASE_URL/functions/v1', ...blocks.map(({ code }) => `${code}\necho; echo '${MARK}'`)];
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script.join('\n')], { maxBuffer: 10_000_000 });
  const outputs = stdout.split(MARK);
  return blocks.map(({ heading: of }, i) => ({ heading: of, output: outputs[i].trim() }));
}

describe('the examples of the documents', () => {
  for (const document of ['docs/api/functions.md', 'docs/api/agents.md', 'docs/api/chatbot-widget.md', 'docs/api/auth.md', 'docs/api/accounts.md', 'docs/api/conversations.md', 'docs/api/knowledge.md']) {
    it(`${document} shows answers, not errors`, async () => {
      const results = await run(document);
      assert.ok(results.length >= 3);
      for (const { heading, output } of results) {
        assert.doesNotMatch(output, /"code":\s*"|HTTP\/1\.1 [45]/, heading);
      }
    });
  }

  it('docs/api/functions.md streams an answer with its citation', async () => {
    const { output } = (await run('docs/api/functions.md')).find((result) => result.output.includes('event: done'));
    assert.match(output, /event: token[^]*event: citation[^]*event: done/);
  });
});
