// Phoenix frames of vsn 2.0.0: text frames are arrays of five, binary frames from the server are of
// kind 4 (a broadcast). A codec without I/O: no socket, no state. A frame that is not understood
// decodes to null and is to be ignored. Source: docs/protocol.md.

export interface Frame {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: Record<string, unknown>;
}

const KIND_BROADCAST = 4;
const ENCODING_JSON = 1;
/** Kind, three lengths of one byte each, and the payload's encoding. */
const HEADER_BYTES = 5;

export function encodeFrame(frame: Frame): string {
  return JSON.stringify([frame.joinRef, frame.ref, frame.topic, frame.event, frame.payload]);
}

export function decodeFrame(data: string | ArrayBuffer): Frame | null {
  try {
    return typeof data === 'string' ? decodeText(data) : decodeBinary(new Uint8Array(data));
  } catch {
    return null;
  }
}

function decodeText(text: string): Frame | null {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts) || parts.length !== 5) return null;
  const [joinRef, ref, topic, event, payload] = parts;
  if (typeof topic !== 'string' || typeof event !== 'string') return null;
  return { joinRef: asRef(joinRef), ref: asRef(ref), topic, event, payload: asObject(payload) };
}

function decodeBinary(bytes: Uint8Array): Frame | null {
  if (bytes.length < HEADER_BYTES || bytes[0] !== KIND_BROADCAST) return null;
  if (bytes[4] !== ENCODING_JSON) return null;
  const lengths = [bytes[1]!, bytes[2]!, bytes[3]!];
  let at = HEADER_BYTES;
  if (at + lengths[0]! + lengths[1]! + lengths[2]! > bytes.length) return null;
  const utf8 = new TextDecoder();
  const take = (length: number) => utf8.decode(bytes.subarray(at, (at += length)));
  const topic = take(lengths[0]!);
  const event = take(lengths[1]!);
  const meta = take(lengths[2]!);
  const payload: Record<string, unknown> = {
    type: 'broadcast',
    event,
    payload: asObject(JSON.parse(utf8.decode(bytes.subarray(at)))),
  };
  if (meta) payload.meta = asObject(JSON.parse(meta));
  return { joinRef: null, ref: null, topic, event: 'broadcast', payload };
}

function asRef(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function asObject(value: unknown): Record<string, unknown> {
  return value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
