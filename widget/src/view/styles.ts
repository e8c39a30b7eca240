// Gives the shadow root its style sheet, without a `style` element or attribute where the browser can: a host page's
// Content-Security-Policy does not reach adopted style sheets.

import css from './widget.css';

export function adoptStyles(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Safari before 16.4 cannot construct style sheets.
    const style = document.createElement('style');
    style.textContent = css;
    root.append(style);
  }
}
