// Where the visitor writes: a text area that grows, with the send button inside. What has been typed is never lost to a
// refusal, and an Enter that ends an IME composition never sends.

import { characters, MAX_CHARACTERS, sendable } from '../message';
import { el, iconButton } from './dom';
import { icon } from './icons';

/** From here on the hint says how much room is left. */
const NEARLY_FULL = MAX_CHARACTERS * 0.9;

export class Composer {
  readonly element: HTMLElement;
  private readonly input: HTMLTextAreaElement;
  private readonly button = iconButton('send', 'Send', icon('send'));
  private readonly hint = el('p', { class: 'hint', id: 'hint' });
  private readonly send: (text: string) => void;
  private readonly announce: (words: string) => void;

  constructor(placeholder: string, send: (text: string) => void, announce: (words: string) => void) {
    this.send = send;
    this.announce = announce;
    this.input = el('textarea', {
      rows: '1',
      placeholder,
      dir: 'auto',
      enterkeyhint: 'send',
      'aria-label': 'Message',
      'aria-describedby': 'hint',
    });
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      this.submit();
    });
    this.button.addEventListener('click', () => {
      this.submit();
      this.focus();
    });
    const field = el('div', { class: 'field' }, this.input, this.button);
    this.element = el('div', { class: 'composer' }, field, this.hint);
    this.typed();
  }

  focus(): void {
    this.input.focus();
  }

  private submit(): void {
    const text = sendable(this.input.value);
    if (!text) return;
    if (characters(text) > MAX_CHARACTERS) {
      this.announce(roomLeft(characters(text)));
      return;
    }
    this.input.value = '';
    this.typed();
    this.send(text);
  }

  private typed(): void {
    const text = sendable(this.input.value);
    const count = characters(text);
    const over = count > MAX_CHARACTERS;
    // Not `disabled`: that would throw the focus out of the panel.
    this.button.setAttribute('aria-disabled', String(!text || over));
    this.input.setAttribute('aria-invalid', String(over));
    this.hint.textContent = roomLeft(count);
    this.input.style.height = 'auto';
    // Before the chat is on the page nothing has a height yet: then the field stays as high as its one row.
    if (this.input.scrollHeight > 0) this.input.style.height = `${this.input.scrollHeight}px`;
  }
}

function roomLeft(count: number): string {
  const left = MAX_CHARACTERS - count;
  if (left < 0) return `${-left} too many: a message has room for ${MAX_CHARACTERS} characters.`;
  return count < NEARLY_FULL ? '' : `${left} characters left.`;
}

/** Safari tells of the Enter that ends a composition only by the old key code. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
