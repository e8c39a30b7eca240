// Where the visitor writes: a text area that grows, with the send button inside. What has been typed is never lost to a
// refusal, an Enter that ends an IME composition never sends, and while an answer comes an empty field's button stops it.

import { characters, MAX_CHARACTERS, sendable } from '../message';
import type { Chat } from './chat';
import { button, el, rename, set } from './dom';
import { icon } from './icons';

/** From here on the hint says how much there is. */
const NEARLY_FULL = MAX_CHARACTERS * 0.9;

export interface Composer {
  readonly element: HTMLElement;
  focus(): void;
  /** Whether there is an answer to be stopped. */
  busy(busy: boolean): void;
}

export function createComposer({ texts, announce, conversation, send }: Chat): Composer {
  let isBusy = false;
  /** Whether the button stops the answer. */
  let stops = false;
  const hint = el('p', { class: 'hint', id: 'hint' });
  const input = el('textarea', {
    rows: '1',
    placeholder: texts('placeholder'),
    enterkeyhint: 'send',
    'aria-label': texts('placeholder'),
    'aria-describedby': 'hint',
  });
  const typed = () => {
    const count = characters(sendable(input.value));
    const left = MAX_CHARACTERS - count;
    stops = isBusy && !count;
    rename(press, texts(stops ? 'stop' : 'send'));
    // Not `disabled`: that would throw the focus out of the panel.
    press.replaceChildren(icon(stops ? 'stop' : 'send'));
    set(press, { 'aria-disabled': `${!stops && (!count || left < 0)}` });
    set(input, { 'aria-invalid': `${left < 0}` });
    hint.textContent = count < NEARLY_FULL ? '' : `${count} / ${MAX_CHARACTERS}`;
    hint.classList.toggle('bad', left < 0);
    input.style.height = 'auto';
    // Before the chat is on the page nothing has a height yet: then the field stays as high as its one row.
    if (input.scrollHeight) input.style.height = `${input.scrollHeight}px`;
  };
  const submit = () => {
    if (send(input.value)) {
      input.value = '';
      typed();
    } else announce(hint.textContent as string);
  };
  const press = button(
    'press',
    () => {
      if (stops) conversation().stop();
      else submit();
      input.focus();
    },
    '',
  );
  input.oninput = typed;
  input.onkeydown = (event) => {
    if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    submit();
  };
  typed();
  return {
    element: el('div', { class: 'composer' }, el('div', { class: 'field' }, input, press), hint),
    focus: () => input.focus(),
    busy(busy) {
      isBusy = busy;
      typed();
    },
  };
}

/** Safari tells of the Enter that ends a composition only by the old key code. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
