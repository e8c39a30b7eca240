// One question and its answer on the screen. Text only ever enters as text nodes, and a growing answer is appended to,
// never drawn anew.

import type { TurnDisplay } from '../conversation';
import type { Turn } from '../thread';
import { el } from './dom';

const RECONNECTING = "Couldn't reach the server. Trying again…";

export class TurnView implements TurnDisplay {
  readonly element: HTMLElement;
  private readonly text = new Text();
  private readonly answer: HTMLElement;
  /** What stands below the answer's text: typing dots, a note, the time. */
  private below: HTMLElement | null = null;
  private readonly retry: () => void;

  constructor(turn: Turn, assistant: string, retry: () => void) {
    this.retry = retry;
    const question = speech('question', 'You', new Text(turn.text), time(turn.at));
    this.answer = speech('answer', assistant, this.text);
    this.answer.hidden = true;
    this.element = el('div', { class: 'turn' }, question, this.answer);
  }

  thinking(): void {
    this.text.data = '';
    const dots = el('p', { class: 'dots', role: 'img', 'aria-label': 'Typing' });
    dots.append(el('i'), el('i'), el('i'));
    this.show(dots);
  }

  talking(): void {
    this.show(null);
  }

  append(text: string): void {
    this.text.appendData(text);
  }

  replace(text: string): void {
    this.text.data = text;
  }

  reconnecting(): void {
    this.show(el('p', { class: 'note' }, RECONNECTING));
  }

  answered(turn: Turn): void {
    this.show(time(turn.answeredAt));
  }

  failed(words: string, seconds: number): void {
    const said = el('span', {}, words);
    const button = el('button', { type: 'button', class: 'retry' }, 'Retry');
    button.addEventListener('click', this.retry);
    const note = el('p', { class: 'note bad' }, said, button);
    this.show(note);
    if (seconds > 0) countDown(words, seconds, said, button);
  }

  private show(below: HTMLElement | null): void {
    this.answer.hidden = false;
    if (below === this.below) return;
    this.below?.remove();
    this.below = below;
    if (below) this.answer.append(below);
  }
}

/** Something said by `who`, as an article of the log. */
export function speech(
  kind: 'question' | 'answer',
  who: string,
  text: Text,
  ...below: readonly HTMLElement[]
): HTMLElement {
  const words = el('div', { class: 'text', dir: 'auto' }, text);
  return el('article', { class: kind, 'aria-label': who }, words, ...below);
}

function time(ms: number): HTMLElement {
  const date = new Date(ms);
  const today = date.toDateString() === new Date().toDateString();
  const words = date.toLocaleString(
    [],
    today ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' },
  );
  return el('time', { datetime: date.toISOString() }, words);
}

/** Keeps the button shut until the server will listen again. */
function countDown(words: string, seconds: number, said: HTMLElement, button: HTMLButtonElement): void {
  const until = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    said.textContent = left > 0 ? `${words} Try again in ${duration(left)}.` : words;
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 250);
  tick();
}

function duration(seconds: number): string {
  const [count, unit] = seconds < 120 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
