// The visible conversation, kept in local storage so that it is there again after a reload. Several tabs may write it:
// saving must never drop what another tab has added, nor outlive a new conversation started there.

import { keepSession, storedSession } from './session';
import type { Store } from './storage';
import { uuid } from './uuid';

export const THREAD_KEY = 'os-chatbot-thread';

/** The page's storage is its owner's: we take a small part of it, and forget the oldest first. */
const MAX_TURNS = 50;
const MAX_CHARACTERS = 200_000;

/** One question and what became of it. Times are ms since the epoch; `answer` is empty until `answered`. */
export interface Turn {
  /** The `messageId` of the question, the same in every attempt. */
  readonly id: string;
  readonly text: string;
  readonly at: number;
  status: 'open' | 'answered' | 'failed';
  answer: string;
  answeredAt: number;
}

export class Thread {
  readonly turns: Turn[];
  readonly sessionId: string;
  private readonly store: Store;

  constructor(store: Store, sessionId: string) {
    this.store = store;
    this.sessionId = sessionId;
    this.turns = this.stored();
  }

  add(text: string): Turn {
    const turn: Turn = { id: uuid(), text, at: Date.now(), status: 'open', answer: '', answeredAt: 0 };
    this.turns.push(turn);
    this.save();
    return turn;
  }

  /** Writes the newest turns, together with those that other tabs have written. */
  save(): void {
    const current = storedSession(this.store);
    // Another tab has begun anew. A page that cleared its storage has not: the conversation goes on, and is kept again.
    if (current !== null && current !== this.sessionId) return;
    if (current === null) keepSession(this.store, this.sessionId);
    const all = new Map(this.turns.map((turn) => [turn.id, turn]));
    for (const stored of this.stored()) {
      if (supersedes(stored, all.get(stored.id))) all.set(stored.id, stored);
    }
    const turns = newest([...all.values()].sort((one, other) => one.at - other.at));
    this.store.set(THREAD_KEY, JSON.stringify({ sessionId: this.sessionId, turns }));
  }

  /** Takes over what other tabs have settled and returns those turns. Open turns stay with the tab that asked. */
  adopt(): Turn[] {
    const adopted: Turn[] = [];
    for (const stored of this.stored()) {
      const own = this.turns.find(({ id }) => id === stored.id);
      if (stored.status === 'open' || !supersedes(stored, own)) continue;
      if (own) Object.assign(own, stored);
      else this.turns.push(stored);
      adopted.push(own ?? stored);
    }
    return adopted;
  }

  private stored(): Turn[] {
    return parseThread(this.store.get(THREAD_KEY), this.sessionId);
  }
}

function supersedes(stored: Turn, own: Turn | undefined): boolean {
  return !own || (stored.status === 'answered' && own.status !== 'answered');
}

/** The turns of `sessionId` in `json`; none when it is of another session or not what we wrote. */
export function parseThread(json: string | null, sessionId: string): Turn[] {
  try {
    const kept = JSON.parse(json ?? '{}');
    return kept.sessionId === sessionId ? kept.turns.filter(isTurn) : [];
  } catch {
    return [];
  }
}

function isTurn(turn: Partial<Turn> | null): boolean {
  return (
    typeof turn?.id === 'string' &&
    typeof turn.text === 'string' &&
    typeof turn.answer === 'string' &&
    isTime(turn.at) &&
    isTime(turn.answeredAt) &&
    ['open', 'answered', 'failed'].includes(turn.status ?? '')
  );
}

function isTime(ms: number | undefined): boolean {
  return !Number.isNaN(new Date(ms ?? Number.NaN).getTime());
}

/** The newest turns that fit the bounds, at least one. */
export function newest(turns: readonly Turn[]): Turn[] {
  let characters = 0;
  let from = turns.length;
  while (from > 0 && turns.length - from < MAX_TURNS) {
    const turn = turns[from - 1] as Turn;
    characters += turn.text.length + turn.answer.length;
    if (characters > MAX_CHARACTERS && from < turns.length) break;
    from--;
  }
  return turns.slice(from);
}
