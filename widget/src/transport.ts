// One POST of one message, read until the stream ends. It tells how it ended and decides nothing: trying again is
// `delivery.ts`, words are `words.ts`. It must never wait for ever on a connection that has died silently.

import type { Config } from './config';
import { NdjsonReader } from './stream';

/** The server sends a keep-alive every 15 s; three missing ones mean that nobody is there. */
export const SILENCE_MS = 45_000;

export interface Message {
  readonly sessionId: string;
  readonly message: string;
  readonly messageId: string;
}

export type Outcome =
  | { readonly kind: 'done'; readonly message: string }
  /** The turn ended with an `error` line. */
  | { readonly kind: 'failed'; readonly error: string }
  /** An HTTP status, or 0 for an answer that is not a chat stream. `retryAfter` is in seconds, 0 if not said. */
  | { readonly kind: 'refused'; readonly status: number; readonly retryAfter: number }
  /** The stream broke off, or fell silent. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'unreachable' };

export async function post(
  config: Config,
  message: Message,
  onToken: (token: string) => void,
  stop: AbortSignal,
): Promise<Outcome> {
  const abort = new AbortController();
  const hangUp = () => abort.abort();
  let silence = setTimeout(hangUp, SILENCE_MS);
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(hangUp, SILENCE_MS);
  };
  stop.addEventListener('abort', hangUp);
  try {
    const response = await request(config, message, abort.signal);
    if (!response) return { kind: 'unreachable' };
    if (!response.ok || !isStream(response)) return refusal(response);
    heard();
    return await readAnswer(response, onToken, heard);
  } finally {
    clearTimeout(silence);
    stop.removeEventListener('abort', hangUp);
  }
}

async function request(config: Config, message: Message, signal: AbortSignal): Promise<Response | null> {
  try {
    return await fetch(config.apiUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': config.apiKey },
      body: JSON.stringify(message),
      credentials: 'omit',
      cache: 'no-store',
      signal,
    });
  } catch {
    return null;
  }
}

function isStream(response: Response): boolean {
  return response.body !== null && !!response.headers.get('content-type')?.includes('ndjson');
}

function refusal(response: Response): Outcome {
  const retryAfter = Math.max(0, Math.ceil(Number(response.headers.get('retry-after')) || 0));
  return { kind: 'refused', status: response.ok ? 0 : response.status, retryAfter };
}

async function readAnswer(
  response: Response,
  onToken: (token: string) => void,
  heard: () => void,
): Promise<Outcome> {
  const chunks = (response.body as ReadableStream<Uint8Array>).getReader();
  const ndjson = new NdjsonReader();
  for (;;) {
    // A failing connection rejects; to us that is the same as an end without `done`.
    const chunk = await chunks.read().catch(() => ({ done: true, value: undefined }));
    heard();
    for (const event of chunk.value ? ndjson.push(chunk.value) : ndjson.end()) {
      if (event.type === 'token') onToken(event.token);
      else if (event.type === 'done') return { kind: 'done', message: event.message };
      else return { kind: 'failed', error: event.error };
    }
    if (chunk.done) return { kind: 'cut' };
  }
}
