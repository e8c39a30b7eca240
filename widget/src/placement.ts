// The widget's place on the page: an element of the body, or of the element that the owner names. Pages of today replace
// their body at will; the widget goes where its place has gone, and never fights over it within one task.

import { inkOn, opaqueColour } from './accent';
import type { Config } from './config';
import { el } from './view/dom';
import { soon } from './view/soon';

/** On phones an open chat is a sheet over the whole screen. */
const SHEET = '(max-width: 480px), (max-height: 420px) and (max-width: 960px)';

export interface Placement {
  readonly host: HTMLElement;
  /** Puts the widget into its place, now or once there is one, and again whenever it was taken out. */
  attach(): void;
  /** Takes the owner's accent, and the ink that reads on it. */
  paint(): void;
}

/** The place of what `root` holds, until `signal` fires; calls `moved` when it was put there, as that scrolls to the start. */
export function createPlacement(
  { position, theme, target, accent }: Config,
  root: HTMLElement,
  signal: AbortSignal,
  moved: () => void,
): Placement {
  const host = el('div', { id: 'os-chat-widget-root', 'data-position': position, 'data-theme': theme });
  const observer = new MutationObserver(() => soon(attach));
  const attach = () => {
    observer.disconnect();
    if (signal.aborted) return;
    const { documentElement, body } = document;
    const place = target ? document.querySelector(target) : body;
    if (place && host.parentNode !== place) {
      place.append(host);
      paint();
      moved();
    }
    for (const watched of [documentElement, body]) {
      if (watched) observer.observe(watched, { childList: true, subtree: !!target });
    }
  };
  const paint = () => {
    const themed = getComputedStyle(host).getPropertyValue('--chat-accent');
    const colour = opaqueColour(themed || accent);
    root.style.cssText = `--accent:rgb(${colour.join()});--on-accent:${inkOn(colour)}`;
  };
  return {
    host,
    attach,
    paint,
  };
}

/** Calls `changed` now, and whenever the chat becomes a sheet or is none any more: the window was resized, the page zoomed. */
export function watchSheet(changed: (isSheet: boolean) => void, signal: AbortSignal): void {
  const sheet = matchMedia(SHEET);
  sheet.addEventListener('change', () => changed(sheet.matches), { signal });
  changed(sheet.matches);
}

/** Makes the sheet as high as what the on-screen keyboard leaves: iOS slides the keyboard over fixed elements. */
export function fitAboveKeyboard(panel: HTMLElement, signal: AbortSignal): void {
  const visible = window.visualViewport;
  const fit = () => {
    // A page zoomed in by pinching has a small viewport too, and must be left alone.
    if (!visible || visible.scale > 1) return;
    panel.style.cssText = `--top:${visible.offsetTop}px;--height:${visible.height}px`;
  };
  for (const type of ['resize', 'scroll']) visible?.addEventListener(type, fit, { signal });
}
