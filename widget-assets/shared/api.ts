// Calls of the server's functions: JSON in and out, errors as ApiError, and the reader of a streamed
// answer. It keeps no state: tokens and repetitions belong to the caller, who asks `retryable` what
// may succeed later. Texts come from the server and are written for people (docs/errors.md).

/** Longest a call without a stream may take; the server's own deadline is 10 s. */
const CALL_MS = 20_000;
/** One event of a stream; a longer one means a broken stream. */
const EVENT_CHARS_MAX = 1_000_000;

export class ApiError extends Error {
  /** `network` when no answer came, else a code of docs/errors.md. */
  code: string;
  hint: string;
  /** HTTP status, 0 without an answer. */
  status: number;
  /** What the server asks to wait, in ms; 0 when it did not say. */
  retryAfterMs: number;

  constructor(code: string, message: string, hint = '', status = 0, retryAfterMs = 0) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** May the same request succeed later? True for a lost connection and what the server calls so. */
export function retryable(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500;
}

/** Does the server want another token? */
export function tokenRefused(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return ['bad_jwt', 'no_authorization', 'origin_not_allowed'].includes(error.code);
}

/** Posts to /functions/v1/<name> and returns the answer of status 2xx; throws ApiError. */
export async function post(name: string, body: unknown, token?: string, signal?: AbortSignal, lastEventId?: string): Promise<Response> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (lastEventId) headers['Last-Event-ID'] = lastEventId;
  if (token) headers.Authorization = `Bearer ${token}`;
  let response: Response;
  try {
    response = await fetch(`/functions/v1/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: signal ?? AbortSignal.timeout(CALL_MS),
    });
  } catch {
    throw new ApiError('network', 'The chat cannot be reached right now.');
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(
    text(problem.code) || 'internal',
    text(problem.message) || 'Something went wrong.',
    text(problem.hint),
    response.status,
    1000 * (Number(response.headers.get('Retry-After')) || 0),
  );
}

export async function call<T>(name: string, body: unknown, token?: string): Promise<T> {
  const response = await post(name, body, token);
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError('network', 'The connection broke.');
  }
}

/** The data of each server-sent event of an answer, `seen` its id. A stream that breaks throws `network`. */
export async function* events<T>(response: Response, seen: (id: string) => void): AsyncGenerator<T> {
  const reader = response.body!.getReader();
  const utf8 = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += utf8.decode(value, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop()!;
      if (rest.length > EVENT_CHARS_MAX) throw new Error('event too long');
      for (const block of blocks) {
        const data = sseField(block, 'data');
        if (!data) continue;
        seen(sseField(block, 'id'));
        yield JSON.parse(data) as T;
      }
    }
  } catch {
    void reader.cancel().catch(() => {});
    throw new ApiError('network', 'The connection broke.');
  }
}

/** The lines of one field of an event, joined; empty when there are none. */
export function sseField(block: string, name: string): string {
  const at = name.length + 1;
  return block
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(line[at] === ' ' ? at + 1 : at))
    .join('\n');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
