// One question and its answer on the screen. The question is plain text; the answer is drawn as it grows, a slice a frame,
// so that no length of text makes the page stand still.

import { type Markdown, markdown } from '../markdown/markdown';
import type { Turn } from '../thread';
import type { Chat } from './chat';
import { copyButton } from './copy-button';
import { button, el, set } from './dom';
import { icon } from './icons';
import { soon } from './soon';

/** As much of an answer is drawn at once, in UTF-16 units. */
const SLICE = 2000;

export interface TurnView {
  readonly element: HTMLElement;
  /** Draws the turn as it is now, with a note below it; a failed one can be tried again after so many `seconds`. */
  show(note?: string, seconds?: number): void;
}

export function turnView(turn: Turn, chat: Chat): TurnView {
  const { texts } = chat;
  const box = words('');
  const reply = speech('answer', texts('title'), box);
  reply.hidden = true;
  let writing: Markdown | undefined;
  let shown = '';
  let note = '';
  let seconds = 0;
  /** What stands below the answer's text, and what it was made for. */
  let below = el('p');
  let madeFor = '';

  const draw = () => {
    const { answer } = turn;
    if (!writing || !(answer && answer.startsWith(shown))) {
      box.replaceChildren();
      shown = '';
      writing = markdown(box, (text) => copyButton(chat, text));
    }
    const slice = answer.slice(shown.length, shown.length + SLICE);
    if (slice) writing(slice);
    shown += slice;
    if (shown !== answer) soon(draw);
    drawBelow(shown === answer);
  };

  const drawBelow = (isWhole: boolean) => {
    const { status, stopped, answeredAt, rating } = turn;
    const now = [status, stopped, answeredAt, isWhole, !shown, note].join();
    if (now !== madeFor) {
      madeFor = now;
      below.remove();
      below = el('p', { class: 'below' });
      makeBelow(isWhole);
      if (below.firstChild) reply.append(below);
    }
    for (const pressed of below.querySelectorAll('.up, .down')) {
      set(pressed, { 'aria-pressed': `${pressed.classList.contains(rating ?? 'none')}` });
    }
  };

  const makeBelow = (isWhole: boolean) => {
    if (note) notice();
    else if (turn.status === 'open') typing();
    else if (isWhole) done();
  };

  const typing = () => {
    if (shown) return;
    set(below, { class: 'dots', role: 'img', 'aria-label': '…' });
    below.append(el('i'), el('i'), el('i'));
  };

  /** What there is to do about a whole answer, and when it came. */
  const done = () => {
    const rate = (rating: 'up' | 'down', name: string) =>
      button(`tool ${rating}`, () => chat.conversation().rate(turn, rating), texts(name), icon('good'));
    writing?.();
    if (turn.stopped) below.append(texts('stopped'));
    if (turn.answer) {
      below.append(copyButton(chat, () => turn.answer));
      if (chat.conversation().isPrivate) below.append(rate('up', 'good'), rate('down', 'bad'));
    }
    below.append(time(turn.answeredAt));
  };

  const retry = () => {
    // The button goes away with the click; the focus it had must not fall back to the page.
    (reply.closest('.log') as HTMLElement).focus({ preventScroll: true });
    chat.conversation().retry(turn);
  };

  /** The note; after a failure with a button, shut until the server will listen again. */
  const notice = () => {
    set(below, { class: 'note' });
    below.append(note);
    if (turn.status === 'open') return;
    const again = button('pill', retry, texts('retry'));
    const until = Date.now() + seconds * 1000;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      again.disabled = left > 0;
      again.textContent = texts('retry') + (left > 0 ? ` (${left} s)` : '');
      if (left > 0) setTimeout(tick, 250);
    };
    tick();
    below.append(again);
  };

  return {
    element: el(
      'div',
      { class: 'turn' },
      speech('question', texts('you'), words(turn.text), time(turn.at)),
      reply,
    ),
    show(newNote = turn.status === 'failed' ? note || texts('failed') : '', newSeconds = seconds) {
      note = newNote;
      seconds = newSeconds;
      reply.hidden = false;
      soon(draw);
    },
  };
}

/** Something said by `who`, as an article of the log. */
export function speech(kind: string, who: string, ...parts: readonly HTMLElement[]): HTMLElement {
  return el('article', { class: kind, 'aria-label': who }, ...parts);
}

/** A box of words in whatever direction they are written. */
export function words(text: string): HTMLElement {
  return el('div', { class: 'text', dir: 'auto' }, text);
}

/** When it was, as the reader's own locale has it. */
function time(ms: number): HTMLElement {
  return el('time', {}, new Date(ms).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }));
}
