// The button that copies an answer or a block of code. Browsers offer a clipboard on pages with https only; elsewhere there is
// no button.

import type { Chat } from './chat';
import { button } from './dom';
import { icon } from './icons';

/** Long enough to be seen. */
const DONE_MS = 2000;

/** A button that copies what `text` says when it is pressed; nothing where nothing can be copied. */
export function copyButton({ texts, announce }: Chat, text: () => string): Node | string {
  const { clipboard } = navigator;
  if (!clipboard) return '';
  const done = () => {
    announce(`${texts('copy')} ✓`);
    made.replaceChildren(icon('done'));
    setTimeout(() => made.replaceChildren(icon('copy')), DONE_MS);
  };
  // A frame may be kept from the clipboard: then nothing says that it was done.
  const press = () => clipboard.writeText(text()).then(done, () => {});
  const made = button('tool', press, texts('copy'), icon('copy'));
  return made;
}
