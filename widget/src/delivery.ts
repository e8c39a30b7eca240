// Gets one message answered over a bad connection: the same `messageId` again and again, a bounded number of times. The
// server attaches such a request to the running answer from its first token, so nothing is asked or stored twice.

import type { Config } from './config';
import { type Message, type Outcome, post } from './transport';

/** Pauses in ms before the second and every further attempt, up to a quarter shorter or longer by chance. */
export const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

/** A server that says "come back in a minute" is asked again by the visitor, not by us. */
const LONGEST_PAUSE_MS = 10_000;

export interface Progress {
  /** An attempt begins: the next token is the answer's first one. */
  attempt(): void;
  token(token: string): void;
  /** The connection is gone and will be tried again. */
  waiting(): void;
}

/** The last attempt's outcome. Ends soon after `stop` fires. */
export async function deliver(
  config: Config,
  message: Message,
  progress: Progress,
  stop: AbortSignal,
): Promise<Outcome> {
  for (let attempt = 0; ; attempt++) {
    progress.attempt();
    const outcome = await post(config, message, progress.token, stop);
    const pause = PAUSES_MS[attempt];
    if (stop.aborted || pause === undefined || !mayPass(outcome)) return outcome;
    progress.waiting();
    await sleep(Math.max(pause * (0.75 + Math.random() / 2), askedToWait(outcome)), stop);
    if (stop.aborted) return outcome;
  }
}

function mayPass(outcome: Outcome): boolean {
  if (outcome.kind === 'refused') {
    return [502, 503, 504].includes(outcome.status) && askedToWait(outcome) <= LONGEST_PAUSE_MS;
  }
  return outcome.kind === 'cut' || outcome.kind === 'unreachable';
}

function askedToWait(outcome: Outcome): number {
  return outcome.kind === 'refused' ? outcome.retryAfter * 1000 : 0;
}

function sleep(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const wake = () => {
      clearTimeout(timer);
      resolve();
    };
    stop.addEventListener('abort', wake, { once: true });
  });
}
