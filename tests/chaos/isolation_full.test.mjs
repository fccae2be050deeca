// The whole of chatpad verify-isolation: every form of every id, every caller of both accounts, and
// every policy, grant, key and flag taken away in turn.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { programPath } from '../lib/server.mjs';

const home = mkdtempSync(path.join(os.tmpdir(), 'chatpad-empty-'));
after(() => rmSync(home, { recursive: true, force: true }));
const verify = (...words) => promisify(execFile)(programPath(), ['verify-isolation', '--full', ...words], { env: { ...process.env, CHATPAD_HOME: home }, maxBuffer: 1 << 26 });
const summary = ({ stdout }) => {
  console.log(stdout.trim().split('\n').at(-1));
  const [, probes, seconds, holes] = /(\d+) probes in ([\d.]+) s, (\d+) holes/.exec(stdout);
  return { probes: Number(probes), seconds: Number(seconds), holes: Number(holes) };
};

describe('chatpad verify-isolation --full', () => {
  it('makes at least 5,000 probes in less than a minute and finds nothing', async () => {
    const { probes, seconds, holes } = summary(await verify());
    assert.equal(holes, 0);
    assert.ok(probes >= 5000, `${probes} probes`);
    assert.ok(seconds < 60, `${seconds} s`);
  });

  it('notices each policy, grant, key and flag that is taken away', async () => {
    const result = await verify('--mutate', '--matrix');
    assert.equal(summary(result).holes, 0);
    const tried = (what) => Number(new RegExp(`^mutation: ${what}[ .]*(\\d+)`, 'm').exec(result.stdout)?.[1] ?? 0);
    for (const [what, least] of [['drop policy', 50], ['not forced', 20], ['drop key', 60], ['revoke', 60], ['revoke column', 50], ['revoke execute', 130]]) {
      assert.ok(tried(what) >= least, `${what}: ${tried(what)}`);
    }
  });
});
