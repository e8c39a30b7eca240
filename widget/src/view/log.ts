// The conversation as it scrolls: the welcome with what may be asked, then a view a turn.

import type { Turn } from '../thread';
import type { Chat } from './chat';
import { button, el } from './dom';
import { followEnd } from './follow';
import { speech, type TurnView, turnView, words } from './turn-view';

export interface Log {
  /** Focusable, for it scrolls; `aria-live` is off, for the panel announces whole answers itself. */
  readonly element: HTMLElement;
  /** Shows these turns and no others, in this order. */
  arrange(turns: readonly Turn[]): void;
  show(turn: Turn, note?: string, seconds?: number): void;
  /** Goes to the end, and stays there while it grows. */
  toEnd(): void;
}

export function createLog(chat: Chat): Log {
  const { texts, suggestions } = chat;
  const views = new Map<Turn, TurnView>();
  const chips = el(
    'div',
    { class: 'chips' },
    ...suggestions.map((question) => button('pill', () => chat.send(question), question)),
  );
  const element = el(
    'div',
    { class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': texts('title'), tabindex: '0' },
    speech('answer', texts('title'), words(texts('welcome')), chips),
  );
  const toEnd = followEnd(element);
  return {
    element,
    arrange(turns) {
      chips.hidden = !!turns[0];
      let place = element.firstChild as ChildNode;
      for (const turn of turns) {
        let view = views.get(turn);
        if (!view) {
          view = turnView(turn, chat);
          views.set(turn, view);
          toEnd();
        }
        if (place.nextSibling !== view.element) place.after(view.element);
        place = view.element;
      }
      while (place.nextSibling) place.nextSibling.remove();
    },
    show: (turn, note, seconds) => views.get(turn)?.show(note, seconds),
    toEnd,
  };
}
