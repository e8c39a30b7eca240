// The dialog: header, conversation, text area, and the live region that reads whole answers to those who cannot see them.

import type { Chat } from './chat';
import { isComposing } from './composer';
import { button, el } from './dom';
import { icon } from './icons';

export function createPanel(chat: Chat, ...parts: readonly HTMLElement[]): HTMLElement {
  const { texts, language, target, close } = chat;
  const title = texts('title');
  const panel = el(
    'section',
    {
      class: 'panel',
      role: target ? 'region' : 'dialog',
      'aria-label': title,
      lang: language,
      dir: language === 'ar' ? 'rtl' : 'ltr',
      tabindex: '-1',
    },
    el(
      'header',
      {},
      el('h2', { dir: 'auto' }, title),
      button('tool', chat.startAnew, texts('new'), icon('compose')),
      button('tool close', close, texts('close'), icon('close')),
    ),
    ...parts,
  );
  panel.hidden = true;
  // What is typed here is not the page's short cuts.
  panel.onkeypress = panel.onkeyup = (event) => event.stopPropagation();
  panel.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === 'Escape' && !isComposing(event)) close();
    if (event.key === 'Tab' && chat.isSheet()) keepFocusInside(panel, event);
  };
  return panel;
}

/** Lets Tab go round inside of `panel` while it covers the page. */
function keepFocusInside(panel: HTMLElement, event: KeyboardEvent): void {
  const stops = [
    ...panel.querySelectorAll<HTMLElement>('button:enabled, a, textarea, [tabindex="0"]'),
  ].filter((stop) => stop.offsetParent);
  if (event.shiftKey) stops.reverse();
  if (event.target !== stops.at(-1) && event.target !== panel) return;
  event.preventDefault();
  stops[0]?.focus();
}
