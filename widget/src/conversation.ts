// Sends the turns of one thread, one after another in their order, and keeps thread, server and screen in step. One
// instance a session: a new conversation ends the old instance and makes another.

import type { Config } from './config';
import { deliver } from './delivery';
import type { Store } from './storage';
import { openThread, settle, type Turn } from './thread';
import { type Outcome, secondsToWait } from './transport';
import { type History, isPrivate, type Rating, visit } from './visitor';
import { nameOfFailure } from './words';

/** What the conversation is shown on. */
export interface Screen {
  /** These turns are all there is, in this order. */
  arrange(turns: readonly Turn[]): void;
  /**
   * Draws `turn` as it is now, with a note below it; after a failure it may be retried in so many `seconds`. What failed
   * keeps its note until there is another.
   */
  show(turn: Turn, note?: string, seconds?: number): void;
  /** An answer is coming, or none any more. */
  busy(busy: boolean): void;
  announce(words: string): void;
  /** Something happened that the page may want to know of. */
  tell(event: 'message' | 'answer' | 'error', detail: object): void;
}

export type Conversation = ReturnType<typeof converse>;

export function converse(config: Config, store: Store, sessionId: string, screen: Screen) {
  const { texts } = config;
  const thread = openThread(store, sessionId);
  let current: Turn | undefined;
  let ended = false;
  /** How often the thread was changed here. */
  let changes = 0;
  /** The ratings so far are with the server. */
  let rated = Promise.resolve();
  /** Ends the attempt to get an answer. */
  let stop = new AbortController();

  const changed = () => {
    changes++;
    thread.save();
  };

  /** Shows what is kept, and asks again for answers that were interrupted. */
  const resume = () => {
    if (ended) return;
    screen.arrange(thread.turns);
    for (const turn of thread.turns) {
      if (turn.status !== 'open') screen.show(turn);
    }
    void run();
  };

  const run = async () => {
    if (current) return;
    for (;;) {
      current = thread.turns.find((turn) => turn.status === 'open');
      screen.busy(!!current);
      if (!current) return;
      await answer(current);
      if (ended) return;
    }
  };

  const answer = async (turn: Turn) => {
    stop = new AbortController();
    const { signal } = stop;
    screen.show(turn);
    const outcome = await deliver(
      config,
      { sessionId, message: turn.text, messageId: turn.id },
      {
        received(text) {
          // What the reader already has stays put while the server repeats it.
          if (text.length > turn.answer.length || !turn.answer.startsWith(text)) turn.answer = text;
          screen.show(turn);
        },
        waiting: () => screen.show(turn, `${texts('unreachable')} …`),
      },
      signal,
    );
    if (ended) return;
    if (signal.aborted) end(turn, turn.answer, true);
    else if (outcome.status === 'done') end(turn, outcome.text as string, outcome.stopped);
    // Unless another tab was luckier with the same question.
    else if (turn.status === 'open') fail(turn, outcome);
    else screen.show(turn);
  };

  const end = (turn: Turn, text: string, stopped?: boolean) => {
    settle(turn, text, Date.now(), stopped, turn.rating);
    changed();
    screen.show(turn);
    screen.announce(text);
    screen.tell('answer', { id: turn.id, text, stopped: !!stopped });
  };

  const fail = (turn: Turn, outcome: Outcome) => {
    const { status } = outcome;
    turn.status = 'failed';
    changed();
    const text = texts(nameOfFailure(outcome, config));
    screen.show(turn, text, status === 429 ? secondsToWait(outcome) : 0);
    screen.announce(text);
    screen.tell('error', { id: turn.id, text, status });
  };

  /** Ends the answer that is coming; what there is of it stays. */
  const halt = () => {
    const attempt = stop;
    // A server that cannot be told, or does not know the message yet, is at least not listened to any more.
    if (current) visit(config, sessionId, `/${current.id}/stop`, {}).catch(() => attempt.abort());
  };

  /** Takes over what other tabs have that this one has not. */
  const adopt = () => {
    thread.adopt();
    resume();
  };

  return {
    /** Whether answers can be rated. */
    isPrivate: isPrivate(sessionId),
    resume,
    adopt,
    send(text: string) {
      const turn = thread.add(text);
      changes++;
      screen.arrange(thread.turns);
      screen.tell('message', { id: turn.id, text });
      void run();
    },
    retry(turn: Turn) {
      if (turn.status !== 'failed') return;
      turn.status = 'open';
      turn.answer = '';
      changed();
      void run();
    },
    stop: halt,
    /** Gives `turn` a rating, or takes it back; one after another, so that the last word is the last to reach the server. */
    rate(turn: Turn, wanted: Rating) {
      rated = rated
        .then(async () => {
          const rating = turn.rating === wanted ? null : wanted;
          await visit(config, sessionId, `/${turn.id}/rating`, { rating });
          turn.rating = rating;
          changed();
          screen.show(turn);
        })
        .catch(() => screen.announce(texts('failed')));
    },
    /** Takes over what other tabs and the server have that this one has not. */
    async sync() {
      adopt();
      if (!isPrivate(sessionId)) return;
      const before = changes;
      try {
        const history: History = await (await visit(config, sessionId)).json();
        // What has changed here in the meantime tells of its own end.
        if (before !== changes) return;
        thread.take(history);
        resume();
        // It was stopped while the server could not be told.
        if (current?.stopped) halt();
      } catch {
        // What is kept here has to do.
      }
    },
    end() {
      ended = true;
      stop.abort();
    },
  };
}
