// The helper for supabase-js, over a client made of paper: shared/recover.ts. With the real client and
// under load: tests/realtime/recovery.test.mjs.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { recoverable } from '../../widget-assets/shared/recover.ts';

let joinConfig; // the object that supabase-js sends with every join
let say; // by kind
let told;
const client = {
  channel(name, { config }) {
    assert.equal(name, 'account:a');
    joinConfig = config;
    return { on: (kind, filter, handler) => (say[kind] = handler) };
  },
};
const event = (id, more = {}) => say.broadcast({ event: 'e', payload: { id }, meta: { id, horizon: `1.1.${id}`, ...more } });
const options = { onGap: (gap) => told.push(['gap', gap]), onCaughtUp: (horizon) => told.push(['caught up', horizon]) };
beforeEach(() => {
  say = {};
  told = [];
});

test('the cursor in the join is that of the newest event, or of the end of a history', () => {
  const room = recoverable(client, 'account:a', options);
  assert.deepEqual(joinConfig, { private: true, broadcast: { ack: false, self: false, recover: {} } });
  say.system({ extension: 'recover', status: 'ok', horizon: '1.1.5' });
  assert.deepEqual(joinConfig.broadcast.recover, { horizon: '1.1.5' });
  event(7);
  say.broadcast({ event: 'typing', payload: {} });
  say.broadcast({ event: 'e', payload: {}, meta: { id: 'without a horizon' } });
  say.system({ extension: 'system', status: 'ok', horizon: 'not this one' });
  assert.deepEqual(joinConfig.broadcast.recover, { horizon: '1.1.7' });
  assert.equal(room.cursor, joinConfig.broadcast.recover);
  assert.deepEqual(told, [['caught up', '1.1.5']]);
});

test('a cursor of an earlier page is used and left alone', () => {
  const cursor = { seq: 7 };
  recoverable(client, 'account:a', { ...options, cursor });
  event(9);
  assert.deepEqual(joinConfig.broadcast.recover, { seq: 7, horizon: '1.1.9' });
  assert.deepEqual(cursor, { seq: 7 });
});

test('each event once, to whoever listens to it or to all', () => {
  const heard = [];
  recoverable(client, 'account:a', options)
    .on('e', ({ payload }) => heard.push(`e ${payload.id}`))
    .on('other', () => heard.push('other'))
    .on('*', ({ event: name, meta }) => heard.push(`* ${name} ${meta?.replayed ?? false}`));
  event('one', { replayed: true });
  event('one');
  say.broadcast({ event: 'typing', payload: {} });
  assert.deepEqual(heard, ['e one', '* e true', '* typing false']);
});

test('a gap is told instead of the end', () => {
  recoverable(client, 'account:a', options);
  const gap = { from: '1.1.1', to: '1.1.50' };
  say.system({ extension: 'recover', status: 'error', gap, horizon: '1.1.50' });
  assert.deepEqual(told, [['gap', gap]]);
  assert.deepEqual(joinConfig.broadcast.recover, { horizon: '1.1.50' });
});
