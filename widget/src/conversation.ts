// Sends the turns of one thread, one after another in their order, and keeps thread and screen in step. One instance a
// session: a new conversation stops the old instance and makes another.

import { Answer, type Page } from './answer';
import type { Config } from './config';
import { deliver } from './delivery';
import type { Thread, Turn } from './thread';
import type { Outcome } from './transport';
import { failureWords } from './words';

/** One turn as the visitor sees it. */
export interface TurnDisplay extends Page {
  /** No text yet, or none any more: somebody is typing. */
  thinking(): void;
  /** Text is coming: nothing else is to be said. */
  talking(): void;
  reconnecting(): void;
  answered(turn: Turn): void;
  /** Offers to try again, after `seconds` if more than 0. */
  failed(words: string, seconds: number): void;
}

export interface Screen {
  /** The display of `turn`, made when it is new. */
  display(turn: Turn): TurnDisplay;
  announce(words: string): void;
}

export class Conversation {
  private readonly config: Config;
  private readonly thread: Thread;
  private readonly screen: Screen;
  private readonly abort = new AbortController();
  private current: Turn | null = null;

  constructor(config: Config, thread: Thread, screen: Screen) {
    this.config = config;
    this.thread = thread;
    this.screen = screen;
  }

  /** Shows what is kept, and asks again for answers that a reload interrupted. */
  resume(): void {
    for (const turn of this.thread.turns) this.show(turn);
    void this.run();
  }

  send(text: string): void {
    this.screen.display(this.thread.add(text));
    void this.run();
  }

  retry(turn: Turn): void {
    if (turn.status !== 'failed') return;
    turn.status = 'open';
    this.thread.save();
    void this.run();
  }

  /** Shows what other tabs have settled. */
  adopt(): void {
    for (const turn of this.thread.adopt()) {
      if (turn !== this.current) this.show(turn);
    }
  }

  stop(): void {
    this.abort.abort();
  }

  private async run(): Promise<void> {
    if (this.current) return;
    try {
      for (;;) {
        const next = this.thread.turns.find((turn) => turn.status === 'open');
        if (!next || this.abort.signal.aborted) return;
        this.current = next;
        await this.answer(next);
      }
    } finally {
      this.current = null;
    }
  }

  private async answer(turn: Turn): Promise<void> {
    const display = this.screen.display(turn);
    const answer = new Answer(display);
    display.thinking();
    const outcome = await deliver(
      this.config,
      { sessionId: this.thread.sessionId, message: turn.text, messageId: turn.id },
      {
        attempt: () => answer.restart(),
        token(token) {
          display.talking();
          answer.push(token);
        },
        waiting: () => display.reconnecting(),
      },
      this.abort.signal,
    );
    if (this.abort.signal.aborted) return;
    if (outcome.kind === 'done') {
      answer.finish(outcome.message);
      this.settle(turn, outcome.message);
    } else if (turn.status === 'answered') {
      // Another tab was luckier with the same question.
      this.show(turn);
    } else {
      this.fail(turn, outcome);
    }
  }

  private settle(turn: Turn, message: string): void {
    Object.assign(turn, { status: 'answered', answer: message, answeredAt: Date.now() });
    this.thread.save();
    this.screen.display(turn).answered(turn);
    this.screen.announce(message);
  }

  private fail(turn: Turn, outcome: Exclude<Outcome, { kind: 'done' }>): void {
    turn.status = 'failed';
    this.thread.save();
    const { visitor, owner } = failureWords(outcome, this.config);
    if (owner) console.error(`Open Chat Widget: ${owner}`);
    const seconds = outcome.kind === 'refused' && outcome.status === 429 ? outcome.retryAfter : 0;
    this.screen.display(turn).failed(visitor, seconds);
    this.screen.announce(visitor);
  }

  private show(turn: Turn): void {
    const display = this.screen.display(turn);
    if (turn.status === 'answered') {
      display.replace(turn.answer);
      display.answered(turn);
    }
    if (turn.status === 'failed') display.failed('This message got no answer.', 0);
  }
}
