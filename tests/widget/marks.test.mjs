// The lines between the messages of the inbox: admin/state/marks.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begun, handedBack, marksOf, placeOf } from '../../widget-assets/admin/state/marks.ts';

const at = (second) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
const takeover = (id, from, to = null) => ({ id, memberId: id, memberName: id.toUpperCase(), startedAt: at(from), endedAt: to && at(to) });
const words = (takeovers, status) => marksOf(takeovers, { status }).map((mark) => mark.text);

test('what comes live and what is loaded make the same marks', () => {
  const one = takeover('a', 1, 2);
  assert.deepEqual(marksOf([one], { status: 'active' }), [begun(one), handedBack(one)]);
});

test('who takes over from another hands nothing back, nor does who closes', () => {
  const [back, a, b] = ['Handed back to the assistant', 'A took over', 'B took over'];
  assert.deepEqual(words([takeover('a', 1, 3), takeover('b', 3)], 'human_takeover'), [a, b]);
  assert.deepEqual(words([takeover('a', 1, 3), takeover('b', 4, 5)], 'active'), [a, back, b, back]);
  assert.deepEqual(words([takeover('a', 1, 3)], 'closed'), [a]);
  assert.deepEqual(words([], 'active'), []);
});

test('a mark stands behind what was written before, whatever came first', () => {
  const messages = [1, 2, 4].map((second) => ({ createdAt: at(second) }));
  assert.deepEqual([0, 1, 3, 5].map((second) => placeOf(begun(takeover('a', second)), messages)), [0, 1, 2, 3]);
  assert.equal(placeOf(begun(takeover('a', 1)), []), 0);
});
