// The dialog: header, conversation, text area, and the live region that reads whole answers to those who cannot see them.

import { isComposing } from './composer';
import { el, iconButton } from './dom';
import { icon } from './icons';
import { fitAboveKeyboard, isSheet, keepFocusInside } from './sheet';

export interface PanelParts {
  readonly title: string;
  readonly log: HTMLElement;
  readonly composer: HTMLElement;
  readonly live: HTMLElement;
  startAnew(): void;
  close(): void;
}

export function createPanel(parts: PanelParts): HTMLElement {
  const anew = iconButton('tool', 'New conversation', icon('compose'));
  anew.addEventListener('click', parts.startAnew);
  const close = iconButton('tool close-sheet', 'Close chat', icon('close'));
  close.addEventListener('click', parts.close);
  const header = el('header', {}, el('h2', { dir: 'auto' }, parts.title), anew, close);
  const panel = el(
    'section',
    { class: 'panel', role: 'dialog', 'aria-label': parts.title, tabindex: '-1', hidden: '' },
    header,
    parts.log,
    parts.composer,
    parts.live,
  );
  fitAboveKeyboard(panel);
  listenToKeys(panel, parts.close);
  return panel;
}

export function showPanel(panel: HTMLElement, open: boolean): void {
  panel.hidden = !open;
  panel.setAttribute('aria-modal', String(open && isSheet()));
}

/** What keys do in the open panel. Those typed there are not the page's short cuts. */
function listenToKeys(panel: HTMLElement, close: () => void): void {
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !isComposing(event)) close();
    keepFocusInside(panel, event);
  });
  for (const type of ['keydown', 'keypress', 'keyup']) {
    panel.addEventListener(type, (event) => event.stopPropagation());
  }
}
