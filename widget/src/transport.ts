// One POST of one message, read until the stream ends. It tells how it ended and decides nothing: trying again is
// `delivery.ts`, words are `words.ts`. It must never wait for ever on a connection that has died silently.

import type { Server } from './config';
import { ndjsonReader } from './stream';

/** The server sends a keep-alive every 15 s; three missing ones mean that nobody is there. */
export const SILENCE_MS = 45_000;

export interface Message {
  readonly sessionId: string;
  readonly message: string;
  readonly messageId: string;
}

/** What became of a message. */
export interface Outcome {
  /**
   * `done`; `failed`: the turn ended with an `error` line; `cut`: no answer, or the stream broke off or fell silent;
   * else the HTTP status.
   */
  readonly status: 'done' | 'failed' | 'cut' | number;
  /** The answer, or the text of the `error` line. */
  readonly text?: string;
  readonly stopped?: boolean;
  /** The refusal. */
  readonly response?: Response;
}

export async function post(
  server: Server,
  message: Message,
  onToken: (token: string) => void,
  stop: AbortSignal,
): Promise<Outcome> {
  const abort = new AbortController();
  const hangUp = () => abort.abort();
  let heard = Date.now();
  // The clock goes on while a laptop sleeps, timers do not.
  const watch = setInterval(() => Date.now() - heard >= SILENCE_MS && hangUp(), 1000);
  stop.addEventListener('abort', hangUp);
  // Another network: the connection over the old one is dead, though nobody says so.
  globalThis.addEventListener?.('online', hangUp);
  try {
    const response = await ask(server, server.apiUrl, message, abort.signal);
    if (!response.ok) return { status: response.status, response };
    const chunks = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = ndjsonReader();
    for (;;) {
      const { value } = await chunks.read();
      heard = Date.now();
      for (const event of read(value)) {
        if (event.type === 'token') onToken(event.token);
        else if (event.type === 'error') return { status: 'failed', text: event.error };
        else return { status: 'done', text: event.message, stopped: event.stopped === true };
      }
      if (!value) break;
    }
  } catch {
    // A connection that fails is to the caller the same as an end without `done`.
  } finally {
    clearInterval(watch);
    globalThis.removeEventListener?.('online', hangUp);
  }
  return { status: 'cut' };
}

/** A request with the server's key: a POST of `body`, a GET without. */
export function ask(
  { apiKey }: Server,
  url: string,
  body?: object,
  signal: AbortSignal | null = null,
): Promise<Response> {
  return fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
    body: JSON.stringify(body),
    signal,
    credentials: 'omit',
  });
}

/** The seconds after which a refused message may come again; 0 if not said. */
export function secondsToWait({ response }: Outcome): number {
  return Math.ceil(response?.headers.get('retry-after') as unknown as number) || 0;
}
