// The Phoenix frames of the widget's realtime client: shared/frames.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame, encodeFrame } from '../../widget-assets/shared/frames.ts';

function broadcast(topic, event, payload, meta = '', encoding = 1) {
  const parts = [topic, event, meta, payload].map((part) => Buffer.from(part));
  return new Uint8Array(Buffer.concat([Buffer.from([4, parts[0].length, parts[1].length, parts[2].length, encoding]), ...parts])).buffer;
}

test('a frame is an array of five', () => {
  const frame = { joinRef: '1', ref: '2', topic: 'realtime:a', event: 'phx_join', payload: { config: {} } };
  assert.equal(encodeFrame(frame), '["1","2","realtime:a","phx_join",{"config":{}}]');
  assert.deepEqual(decodeFrame(encodeFrame(frame)), frame);
});

test('a binary broadcast carries event, payload and meta', () => {
  const frame = decodeFrame(broadcast('realtime:conversation:é', 'typing', '{"active":true}', '{"id":"7"}'));
  assert.deepEqual(frame, {
    joinRef: null,
    ref: null,
    topic: 'realtime:conversation:é',
    event: 'broadcast',
    payload: { type: 'broadcast', event: 'typing', payload: { active: true }, meta: { id: '7' } },
  });
});

test('a binary broadcast may have no meta', () => {
  assert.equal('meta' in decodeFrame(broadcast('realtime:a', 'b', '{}')).payload, false);
});

test('whatever is no frame is ignored', () => {
  const texts = ['', 'null', '{}', '[]', '["1","2","t","e"]', '[1,2,3,4,5]', '["1","2",null,"e",{}]', '["1"', '\u0000'];
  for (const text of texts) assert.equal(decodeFrame(text), null, text);
  const binary = [
    new ArrayBuffer(0),
    new Uint8Array([4, 1, 1]).buffer,
    new Uint8Array([3, 0, 0, 0, 1]).buffer,
    new Uint8Array([4, 255, 255, 255, 1, 65]).buffer,
    broadcast('realtime:a', 'b', '{"broken":'),
    broadcast('realtime:a', 'b', 'raw', '', 0),
    broadcast('realtime:a', 'b', '{}', '{"broken":'),
  ];
  for (const bytes of binary) assert.equal(decodeFrame(bytes), null);
});

test('a payload that is no object counts as empty', () => {
  for (const payload of ['null', '[]', '"text"', '7']) {
    assert.deepEqual(decodeFrame(`[null,null,"realtime:a","system",${payload}]`).payload, {});
    assert.deepEqual(decodeFrame(broadcast('realtime:a', 'b', payload)).payload.payload, {});
  }
});

test('random bytes never throw', () => {
  let seed = 7;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256));
    if (bytes.length && random() < 0.7) bytes[0] = 4;
    decodeFrame(bytes.buffer);
    decodeFrame(String.fromCharCode(...bytes));
  }
});
