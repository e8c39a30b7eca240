// On phones the panel is a sheet over the whole screen. There it acts as a modal dialog: the focus stays inside, and the
// on-screen keyboard must not cover the text area.

/** The same condition as in `widget.css`. */
const SHEET = '(max-width: 480px), (max-height: 420px) and (max-width: 960px)';

export function isSheet(): boolean {
  return matchMedia(SHEET).matches;
}

/** Calls `then` when the panel becomes a sheet or is none any more: the window was resized, the page zoomed. */
export function whenSheetChanges(then: () => void): void {
  matchMedia(SHEET).addEventListener('change', then);
}

/** Makes the sheet as high as what the on-screen keyboard leaves: iOS slides the keyboard over fixed elements. */
export function fitAboveKeyboard(panel: HTMLElement): void {
  const visible = window.visualViewport;
  if (!visible) return;
  const fit = () => {
    // A page zoomed in by pinching has a small viewport too, and must be left alone.
    if (visible.scale > 1) return;
    panel.style.setProperty('--sheet-top', `${visible.offsetTop}px`);
    panel.style.setProperty('--sheet-height', `${visible.height}px`);
  };
  visible.addEventListener('resize', fit);
  visible.addEventListener('scroll', fit);
}

/** Lets Tab go round inside `panel` while it covers the page. */
export function keepFocusInside(panel: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== 'Tab' || !isSheet()) return;
  const stops = [...panel.querySelectorAll<HTMLElement>('button:enabled, textarea, [tabindex="0"]')];
  const end = event.shiftKey ? stops[0] : stops[stops.length - 1];
  if (event.target !== end && event.target !== panel) return;
  event.preventDefault();
  (event.shiftKey ? stops[stops.length - 1] : stops[0])?.focus();
}
