// The conversation as it scrolls: the welcome, then a view a turn.

import type { Turn } from '../thread';
import { el } from './dom';
import { followEnd } from './follow';
import { speech, TurnView } from './turn-view';

export class Log {
  /** Focusable, for it scrolls; `aria-live` is off, for the panel announces whole answers itself. */
  readonly element = el('div', {
    class: 'log',
    role: 'log',
    'aria-live': 'off',
    'aria-label': 'Conversation',
    tabindex: '0',
  });
  private readonly views = new Map<string, TurnView>();
  private readonly assistant: string;
  private readonly welcome: string;
  private readonly toEnd: () => void;
  private readonly retry: (turn: Turn) => void;

  constructor(assistant: string, welcome: string, retry: (turn: Turn) => void) {
    this.assistant = assistant;
    this.welcome = welcome;
    this.retry = retry;
    this.toEnd = followEnd(this.element);
  }

  clear(): void {
    this.views.clear();
    this.element.replaceChildren(speech('answer', this.assistant, new Text(this.welcome)));
  }

  /** The view of `turn`; a new one goes to the end, and the reader with it. */
  display(turn: Turn): TurnView {
    const known = this.views.get(turn.id);
    if (known) return known;
    const view = new TurnView(turn, this.assistant, () => {
      // The button goes away with the click; the focus it had must not fall back to the page.
      this.element.focus({ preventScroll: true });
      this.retry(turn);
    });
    this.views.set(turn.id, view);
    this.element.append(view.element);
    this.toEnd();
    return view;
  }
}
