// The widget's transcript: app/state.ts and app/rows.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rows } from '../../widget-assets/app/rows.ts';
import { initial, lastSeq, merge, reduce } from '../../widget-assets/app/state.ts';

const message = (seq, role = 'assistant', content = `text ${seq}`, more = {}) => ({
  id: `id-${seq}`, seq, role, content, citations: [], cutOff: false, createdAt: '2026-01-01T00:00:00.000Z',
  conversationId: 'c', author: null, running: false, ...more,
});
const after = (...actions) => actions.reduce(reduce, initial);
const texts = (state) => rows(state).map((row) => row.text);
const draft = (clientMessageId, content) => ({ type: 'draft', clientMessageId, content });

test('messages are shown once, by seq, in whatever order they come', () => {
  const state = after(
    { type: 'messages', messages: [message(3), message(1)] },
    { type: 'messages', messages: [message(2), message(3), message(1)] },
  );
  assert.deepEqual(texts(state), ['text 1', 'text 2', 'text 3']);
  assert.equal(lastSeq(state), 3);
});

test('the cursor stops before a hole', () => {
  const state = after({ type: 'messages', messages: [message(1), message(2), message(4), message(5)] });
  assert.equal(lastSeq(state), 2);
  assert.equal(lastSeq(initial), 0);
});

test('any split and order of a transcript merges to the same', () => {
  const all = Array.from({ length: 8 }, (_, index) => message(index + 1));
  for (let round = 0; round < 200; round += 1) {
    const shuffled = [...all, ...all].sort(() => Math.random() - 0.5);
    let state = initial;
    while (shuffled.length) {
      const messages = shuffled.splice(0, 1 + Math.floor(Math.random() * 4));
      state = reduce(state, { type: 'messages', messages });
    }
    assert.deepEqual(texts(state), all.map((one) => one.content));
  }
});

test('a later copy replaces an earlier one but keeps its key', () => {
  const old = [{ key: 'kept', seq: 1, content: 'old' }];
  assert.deepEqual(merge(old, [{ key: 'other', seq: 1, content: 'new' }]), [{ key: 'kept', seq: 1, content: 'new' }]);
});

test('a draft becomes its message without changing its key', () => {
  let state = after(draft('a', 'Hello'));
  assert.deepEqual(rows(state).map((row) => row.key), ['a']);
  state = reduce(state, { type: 'accepted', clientMessageId: 'a', message: message(1, 'visitor', 'Hello') });
  assert.deepEqual(rows(state).map((row) => [row.key, row.text]), [['a', 'Hello']]);
  assert.equal(state.drafts.length, 0);
});

test('a message that comes on the channel before its own answer is not shown twice', () => {
  const own = message(1, 'visitor', 'Hello');
  let state = after(draft('a', 'Hello'), { type: 'messages', messages: [own] });
  assert.deepEqual(texts(state), ['Hello']);
  state = reduce(state, { type: 'accepted', clientMessageId: 'a', message: own });
  assert.deepEqual(rows(state).map((row) => [row.key, row.draft]), [['a', undefined]]);
});

test('two equal messages stay two', () => {
  const state = after(
    draft('a', 'Hello'), draft('b', 'Hello'),
    { type: 'messages', messages: [message(1, 'visitor', 'Hello')] },
  );
  assert.deepEqual(texts(state), ['Hello', 'Hello']);
});

test('the streamed answer stands after the message it answers and before what waits', () => {
  const state = after(
    draft('a', 'First'), { type: 'draft_state', clientMessageId: 'a', state: 'sending' }, draft('b', 'Second'),
    { type: 'token', messageId: 'm', text: 'One ' }, { type: 'token', messageId: 'm', text: 'two' },
  );
  assert.deepEqual(texts(state), ['First', 'One two', 'Second']);
  assert.equal(rows(state)[1].done, false);
});

test('the stored answer takes the place of the streamed one', () => {
  const reply = message(2, 'assistant', 'One', { id: 'm', cutOff: true });
  const state = after(
    { type: 'token', messageId: 'm', text: 'One two three' }, { type: 'answered', reply },
  );
  assert.deepEqual(rows(state).map((row) => [row.key, row.text, row.cutOff]), [['m', 'One', true]]);
  assert.equal(state.live, null);
});

test('an answer that is cut by a takeover ends the stream at once', () => {
  const state = after(
    { type: 'token', messageId: 'm', text: 'One two three' },
    { type: 'messages', messages: [message(2, 'assistant', 'One', { id: 'm', cutOff: true })] },
  );
  assert.deepEqual(texts(state), ['One']);
});

test('a takeover is told from its end and from the end of the conversation', () => {
  const taken = after({ type: 'status', status: 'human_takeover', name: 'Maria' });
  assert.deepEqual([taken.person, taken.handedBack], [{ name: 'Maria' }, false]);
  const back = reduce(taken, { type: 'status', status: 'active' });
  assert.deepEqual([back.person, back.handedBack, back.ended], [null, true, false]);
  assert.equal(reduce(back, draft('a', 'Hi')).handedBack, false);
  const closed = reduce(taken, { type: 'status', status: 'closed' });
  assert.deepEqual([closed.person, closed.handedBack, closed.ended], [null, false, true]);
});

test('a person is waited for until one comes, or nobody waits any more', () => {
  const waits = after({ type: 'status', status: 'active', waiting: true });
  assert.equal(waits.waiting, true);
  assert.equal(reduce(waits, { type: 'status', status: 'active' }).waiting, true, 'who does not know changes nothing');
  const there = reduce(waits, { type: 'status', status: 'human_takeover', name: 'Maria', waiting: true });
  assert.equal(there.waiting, false);
  assert.equal(reduce(there, { type: 'status', status: 'active', waiting: false }).waiting, false);
  assert.equal(reduce(waits, { type: 'status', status: 'active', waiting: false }).waiting, false);
  assert.equal(reduce(waits, { type: 'status', status: 'closed', waiting: true }).waiting, false);
  assert.equal(reduce(waits, { type: 'conversation', id: null }).waiting, false);
});

test('who has taken over is known from what they wrote', () => {
  const state = after(
    { type: 'messages', messages: [message(1, 'human', 'Hi', { author: { name: 'Maria' } })] },
    { type: 'status', status: 'human_takeover' },
  );
  assert.equal(state.person.name, 'Maria');
});

test('a conversation that is gone leaves the drafts to the next one', () => {
  const state = after(
    { type: 'messages', messages: [message(1)] }, draft('a', 'Hello'), { type: 'conversation', id: null },
  );
  assert.deepEqual(texts(state), ['Hello']);
  assert.equal(state.conversationId, null);
});

test('a failed message keeps its place and says why', () => {
  const state = after(
    draft('a', 'Hello'), { type: 'draft_state', clientMessageId: 'a', state: 'failed', error: 'Too long.' },
  );
  assert.deepEqual([rows(state)[0].draft.state, rows(state)[0].draft.error], ['failed', 'Too long.']);
});

test('lines of one writer in a row are joined', () => {
  const state = after({ type: 'messages', messages: [message(1), message(2), message(3, 'visitor'), message(4)] });
  assert.deepEqual(rows(state).map((row) => row.follows), [false, true, false, false]);
});
