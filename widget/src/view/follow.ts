// Keeps the end of the conversation in view while it grows, unless the reader has scrolled up. Reading back must never be
// interrupted, and following must never be lost to text that grows faster than scroll events come.

import { soon } from './soon';

/** This near to the end, in px, counts as the end. */
const NEAR = 24;

/** Starts following; the function returned goes to the end and follows again. */
export function followEnd(log: HTMLElement): () => void {
  let following = true;
  let last = 0;
  const scroll = () => {
    if (following) log.scrollTop = log.scrollHeight;
  };
  const grown = () => soon(scroll);
  log.addEventListener('scroll', () => {
    const toEnd = log.scrollHeight - log.clientHeight - log.scrollTop;
    if (toEnd < NEAR) following = true;
    else if (log.scrollTop < last) following = false;
    last = log.scrollTop;
  });
  new MutationObserver(grown).observe(log, { childList: true, subtree: true, characterData: true });
  new ResizeObserver(grown).observe(log);
  return () => {
    following = true;
    grown();
  };
}
