// The visible conversation, kept in local storage so that it is there at once after a reload. Several tabs may write it:
// saving must never drop what another tab has added, nor outlive a new conversation started there. Where the server tells
// what was said, its word is taken.

import { SESSION_KEY, storedSession } from './session';
import type { Store } from './storage';
import { uuid } from './uuid';
import type { History, Rating } from './visitor';

export const THREAD_KEY = 'os-chatbot-thread';

/** The page's storage is its owner's: we take a small part of it, and forget the oldest first. */
const MAX_TURNS = 50;

/** One question and what became of it. Times are ms since the epoch. */
export interface Turn {
  /** The `messageId` of the question, the same in every attempt. */
  readonly id: string;
  readonly text: string;
  readonly at: number;
  status: 'open' | 'answered' | 'failed';
  /** As far as it has come. */
  answer: string;
  answeredAt: number;
  stopped?: boolean;
  rating?: Rating;
}

export interface Thread {
  turns: Turn[];
  add(text: string): Turn;
  /** Takes over what other tabs have added and got answered. */
  adopt(): void;
  /** Takes over from other tabs, and writes the newest turns. */
  save(): void;
  /** Takes what the server says; of what it does not know only that stays which has not reached it. */
  take(history: History): void;
}

export function openThread(store: Store, sessionId: string): Thread {
  const thread: Thread = {
    turns: [],
    add(text) {
      const turn = newTurn(uuid(), text, Date.now());
      thread.turns.push(turn);
      thread.save();
      return turn;
    },
    adopt() {
      for (const stored of parseThread(store.get(THREAD_KEY), sessionId)) {
        const own = thread.turns.find(({ id }) => id === stored.id);
        if (!own) thread.turns.push(stored);
        else if (own.status !== 'answered' && stored.status === 'answered') Object.assign(own, stored);
      }
    },
    save() {
      const current = storedSession(store) ?? sessionId;
      // Another tab has begun anew. A page that cleared its storage has not: the conversation goes on, and is kept again.
      if (current !== sessionId) return;
      store.set(SESSION_KEY, sessionId);
      thread.adopt();
      write();
    },
    take(history) {
      thread.turns = merge(thread.turns, history);
      write();
    },
  };
  const write = () => {
    store.set(THREAD_KEY, JSON.stringify({ sessionId, turns: thread.turns.slice(-MAX_TURNS) }));
  };
  thread.adopt();
  return thread;
}

function merge(own: readonly Turn[], { messages, running }: History): Turn[] {
  const unknown = new Map(own.map((turn) => [turn.id, turn]));
  const turns: Turn[] = [];
  for (const { messageId: id, role, content, createdAt, status, rating } of messages) {
    if (role === 'user') {
      const turn = unknown.get(id) ?? newTurn(id, content, createdAt, 'failed');
      unknown.delete(id);
      turns.push(turn);
      if (running?.messageId === id) turn.status = 'open';
      // Until its answer comes: a question without one was stopped before the first word.
      else if (status !== 'failed') settle(turn, '', createdAt, true);
    } else if (turns[0]) settle(turns.at(-1) as Turn, content, createdAt, status === 'stopped', rating);
  }
  return [...turns, ...[...unknown.values()].filter((turn) => turn.status !== 'answered')];
}

function newTurn(id: string, text: string, at: number, status: Turn['status'] = 'open'): Turn {
  return { id, text, at, status, answer: '', answeredAt: 0 };
}

export function settle(
  turn: Turn,
  answer: string,
  answeredAt: number,
  stopped?: boolean,
  rating?: Rating,
): void {
  Object.assign(turn, { status: 'answered', answer, answeredAt, stopped, rating });
}

/** The turns of `sessionId` in `json`; none when it is of another session or not what we wrote. */
export function parseThread(json: string | null, sessionId: string): Turn[] {
  try {
    const kept = JSON.parse(json as string);
    return kept.sessionId === sessionId ? kept.turns.filter(isTurn) : [];
  } catch {
    return [];
  }
}

function isTurn(turn: Partial<Turn> | null): boolean {
  return [turn?.id, turn?.text, turn?.answer].every((text) => typeof text === 'string');
}
