// Gets one message answered over a bad connection: the same `messageId` again and again, a bounded number of times. The
// server attaches such a request to the running answer from its first token, so nothing is asked or stored twice.

import type { Server } from './config';
import { type Message, type Outcome, post, secondsToWait } from './transport';

/** Pauses in ms before the second and every further attempt, up to a quarter shorter or longer by chance. */
export const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

/** A server that says "come back in a minute" is asked again by the visitor, not by us. */
const LONGEST_PAUSE_S = 10;

export interface Progress {
  /** What has come of the answer since its first token, at this attempt. */
  received(text: string): void;
  /** The connection is gone and will be tried again. */
  waiting(): void;
}

/** The last attempt's outcome. Ends soon after `stop` fires; while the browser is offline it waits without end. */
export async function deliver(
  server: Server,
  message: Message,
  progress: Progress,
  stop: AbortSignal,
): Promise<Outcome> {
  for (let attempt = 0; ; attempt++) {
    let text = '';
    const outcome = await post(
      server,
      message,
      (token) => {
        text += token;
        progress.received(text);
      },
      stop,
    );
    // Whoever gets tokens gets on: only attempts in a row without any are counted.
    if (text) attempt = 0;
    const offline = isOffline();
    const pause = PAUSES_MS[offline ? 0 : attempt];
    const wait = secondsToWait(outcome);
    const passes =
      outcome.status === 'cut' || (/50[234]/.test(`${outcome.status}`) && wait <= LONGEST_PAUSE_S);
    if (stop.aborted || !pause || !passes) return outcome;
    progress.waiting();
    await new Promise<unknown>((wake) => {
      if (!offline) setTimeout(wake, Math.max(pause * (0.75 + Math.random() / 2), wait * 1000));
      globalThis.addEventListener?.('online', wake, { once: true });
      stop.addEventListener('abort', wake);
    });
    if (stop.aborted) return outcome;
  }
}

export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}
