// The program that asks a file of questions over extracted documents (tests/knowledge/retrieval_main.cc).
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { passagesDir } from './documents.mjs';
import { fail, root } from './tools.mjs';

const program = process.env.RETRIEVAL_EVAL ?? path.join(root, 'build/release/retrieval_eval');
if (!process.env.RETRIEVAL_EVAL) {
  const built = spawnSync('cmake', ['--build', path.join(root, 'build/release'), '--target', 'retrieval_eval'], { encoding: 'utf8' });
  if (built.status !== 0) fail(`retrieval_eval does not build\n${built.stdout}`);
}

// As it compares a passage with the phrase that answers.
export const comparable = (text) => text.replaceAll(/[‘’]/g, "'").replaceAll(/[“”]/g, '"').replace(/\s+/g, ' ').trim().toLowerCase();

// For each set of the file the ranks of its questions, from 1; 0: not among the first hundred.
export function ranksOf(file, words = []) {
  const ran = spawnSync(program, [...words, file, passagesDir], { encoding: 'utf8', cwd: root, maxBuffer: 1 << 26 });
  if (ran.status !== 0) fail(`${program}: ${ran.stderr}`);
  return JSON.parse(ran.stdout.trim().split('\n').at(-1)).sets.map(({ ranks }) => ranks);
}
